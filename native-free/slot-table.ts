/**
 * The table of slots: one row for each task that is in routers' hands or placed.
 *
 * Runs on: `SlotTableWriter` on the front end, `SlotTableReader` on routers.
 * Invariant: a row's columns change only while no living entry names the slot; so a proposal whose
 * generation still is the slot's when the front end reads it was made from that task's row.
 *
 * The plain columns are written before the ring entry, so the ring's tail publishes them. A slot
 * that is released and offered again meanwhile can show a router a mixed row: its proposal then
 * carries the old generation, and the front end drops it.
 */
import type { ClassIndex, Generation, SlotIndex } from './brands.ts'
import type { SharedMemory } from './memory-map.ts'
import * as slotState from './slot-state.ts'

/** The front end's handle: life cycle and columns. */
export class SlotTableWriter {
  private readonly words: Int32Array
  private readonly memory: SharedMemory
  private readonly columns: slotState.SlotColumns

  constructor(memory: SharedMemory) {
    this.words = memory.words
    this.memory = memory
    this.columns = slotState.slotColumns(memory)
  }

  /**
   * Fills a free slot for a task; the caller then writes its entry to a ring, or places it inline.
   * @param level priority level, 0 … 4.
   * @param flags any 32 bits.
   * @param offeredUs stamp of the front end's clock, µs, wrapping; 0 if not wanted.
   * @param key hash of the key by which tasks go to the same agent; 0 without.
   * @returns the generation that the entry must carry.
   * @throws Error when the slot is not free.
   */
  offer(
    slot: SlotIndex,
    classIndex: ClassIndex,
    strategyIndex: number,
    level: number,
    flags: number,
    offeredUs = 0,
    key = 0,
  ): Generation {
    const generation = slotState.offer(this.columns, slot)
    const { words } = this
    const { map } = this.memory
    // Plain: published by the tail of the ring that carries the slot's entry (TaskRingProducer).
    words[map.slotClass + slot] = classIndex
    words[map.slotStrategy + slot] = strategyIndex
    words[map.slotLevel + slot] = level
    words[map.slotFlags + slot] = flags
    words[map.slotOfferedUs + slot] = offeredUs
    words[map.slotKey + slot] = key
    return generation
  }

  /** OFFERED → PLACED. @throws Error from any other state. */
  place(slot: SlotIndex): void {
    slotState.place(this.columns, slot)
  }

  /** Lets all entries of an offered slot die. @returns the generation for new ones. */
  withdraw(slot: SlotIndex): Generation {
    return slotState.withdraw(this.columns, slot)
  }

  /** Frees an offered or placed slot; its entries die. @throws Error when it is free. */
  release(slot: SlotIndex): void {
    slotState.release(this.columns, slot)
  }

  generation(slot: SlotIndex): Generation {
    return slotState.generationOf(this.columns, slot)
  }

  state(slot: SlotIndex): slotState.SlotState {
    return slotState.stateOf(this.columns, slot)
  }
}

/** A router's handle: reads only. */
export class SlotTableReader {
  private readonly words: Int32Array
  private readonly memory: SharedMemory
  private readonly columns: slotState.SlotColumns

  constructor(memory: SharedMemory) {
    this.words = memory.words
    this.memory = memory
    this.columns = slotState.slotColumns(memory)
  }

  /** One atomic load. *Stale* may be older than the front end's, never newer. */
  generation(slot: SlotIndex): Generation {
    return slotState.generationOf(this.columns, slot)
  }

  // The columns are plain: an entry taken from ring or deque saw the tail that published them.

  classIndex(slot: SlotIndex): ClassIndex {
    return this.words[this.memory.map.slotClass + slot] as ClassIndex
  }

  strategyIndex(slot: SlotIndex): number {
    return this.words[this.memory.map.slotStrategy + slot]
  }

  /** @returns 0 … 4. */
  level(slot: SlotIndex): number {
    return this.words[this.memory.map.slotLevel + slot]
  }

  flags(slot: SlotIndex): number {
    return this.words[this.memory.map.slotFlags + slot]
  }

  /** @returns the front end's stamp, µs, wrapping. */
  offeredUs(slot: SlotIndex): number {
    return this.words[this.memory.map.slotOfferedUs + slot]
  }
  /** @returns the hash of the task's key, 32 bits, signed; 0 without. */
  key(slot: SlotIndex): number {
    return this.words[this.memory.map.slotKey + slot]
  }
}
