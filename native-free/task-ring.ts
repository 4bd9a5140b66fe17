/**
 * Tasks of one priority level on their way from the front end to any router: a one-to-many queue.
 *
 * Runs on: `TaskRingProducer` on the front end, `TaskRingConsumer` on routers.
 * Invariant: entries from head to tail are written and unclaimed; head never passes tail, tail
 * never passes head + capacity; each entry is claimed by exactly one successful move of the head.
 *
 * A consumer loads head and tail, *copies* the entries, and then claims them by one
 * compare-exchange of the head. What it copied counts only if that succeeds.
 *
 * **The copy is whole.** The producer writes cell i again only after it saw head > i. The exchange
 * succeeds only if the head still is what it was before the copying began (it moves forward only,
 * and 2^32 claims do not fit into one copy), so at no time during the copying could the producer
 * have written one of the copied cells. If the head moved, the copy may be mixed and is thrown
 * away.
 *
 * **A dead consumer blocks nobody.** Its only write is the exchange: before it nothing has
 * happened, after it the entries are its own, and they are published again with a new generation.
 *
 * Not taken: a sequence number per cell (Vyukov; the Disruptor's `availableBuffer`), because a
 * consumer that dies between claim and release of a cell stops the producer for ever; `add` on the
 * head, because it claims cells that are not there yet.
 *
 * Source: the batch steal of Tokio's and Go's run queues, seen from its producer.
 */
import * as atomics from './atomics.ts'
import { EMPTY, type Generation, RETRY, type SlotIndex } from './brands.ts'
import { ENTRY_WORDS, LINE_WORDS, type SharedMemory } from './memory-map.ts'

/** The front end's end. */
export class TaskRingProducer {
  private readonly words: Int32Array
  private readonly head: number
  private readonly tail: number
  private readonly entries: number
  private readonly capacity: number
  private readonly mask: number
  private written: number
  private published: number
  private seenHead: number

  /**
   * @param level priority level, 0 … 4.
   * *Threads* front end; one producer for the memory's whole life.
   */
  constructor(memory: SharedMemory, level: number) {
    const { map } = memory
    this.words = memory.words
    this.head = map.ringHeads + level * LINE_WORDS
    this.tail = map.ringTails + level * LINE_WORDS
    this.entries = map.ringEntries + level * map.ringEntriesStride
    this.capacity = memory.shape.ringCapacity
    this.mask = this.capacity - 1
    // sees its own earlier store; only the producer writes the tail
    this.written = atomics.load(this.words, this.tail)
    this.published = this.written
    // sees what was claimed; pairs with the exchange in TaskRingConsumer#claim
    this.seenHead = atomics.load(this.words, this.head)
  }

  /**
   * Writes one entry and publishes it, and whatever was written before it.
   * @returns false when full; what was written before is published all the same.
   */
  push(slot: SlotIndex, generation: Generation): boolean {
    const isWritten = this.write(slot, generation)
    this.publish()
    return isWritten
  }

  /**
   * Writes one entry that nobody sees before `publish`.
   * @returns false when full.
   * *Cost* two plain writes, and an atomic load when it seems full.
   */
  write(slot: SlotIndex, generation: Generation): boolean {
    const { words, written } = this
    if (((written - this.seenHead) | 0) >= this.capacity) {
      // sees the cells freed; pairs with the exchange in TaskRingConsumer#claim
      this.seenHead = atomics.load(words, this.head)
      if (((written - this.seenHead) | 0) >= this.capacity) return false
    }
    const at = this.entries + (written & this.mask) * ENTRY_WORDS
    // Plain: a consumer that still copies this cell has a head that moved, and throws its copy
    // away.
    words[at] = slot
    words[at + 1] = generation
    this.written = (written + 1) | 0
    return true
  }

  /**
   * Publishes all that was written; the caller then wakes a sleeper.
   * @returns how many entries became visible.
   */
  publish(): number {
    const count = (this.written - this.published) | 0
    if (count === 0) return 0
    this.published = this.written
    // publishes entries and slot columns; pairs with the load in TaskRingConsumer#claim
    // must come before Sleepers#wakeOne: otherwise a router looks, sees nothing, and sleeps on
    atomics.store(this.words, this.tail, this.written)
    return count
  }

  /** Counts entries published and not claimed. *Stale* may be too high. */
  size(): number {
    // sees what was claimed; pairs with the exchange in TaskRingConsumer#claim
    return (this.published - atomics.load(this.words, this.head)) | 0
  }

  /** Counts cells that `write` can take. *Stale* may be too low. */
  free(): number {
    // sees what was claimed; pairs with the exchange in TaskRingConsumer#claim
    return this.capacity - ((this.written - atomics.load(this.words, this.head)) | 0)
  }
}

/** A router's end. It holds no state: one that dies leaves nothing behind. */
export class TaskRingConsumer {
  private readonly words: Int32Array
  private readonly head: number
  private readonly tail: number
  private readonly entries: number
  private readonly mask: number

  /** @param level priority level, 0 … 4. */
  constructor(memory: SharedMemory, level: number) {
    const { map } = memory
    this.words = memory.words
    this.head = map.ringHeads + level * LINE_WORDS
    this.tail = map.ringTails + level * LINE_WORDS
    this.entries = map.ringEntries + level * map.ringEntriesStride
    this.mask = memory.shape.ringCapacity - 1
  }

  /**
   * Takes the oldest entries.
   * @param into slot and generation of each, oldest first; garbage beyond what is returned.
   * @param max at most so many, at least 1; `into` holds twice as many words.
   * @returns how many were taken, EMPTY, or RETRY when another router was faster.
   * *Threads* any router. *Cost* two atomic loads and one compare-exchange for all.
   */
  claim(into: Int32Array, max: number): number {
    const { words, mask } = this
    // sees how far is claimed; pairs with the exchange below
    const head = atomics.load(words, this.head)
    // sees entries and slot columns; pairs with the store in TaskRingProducer#publish
    const ready = (atomics.load(words, this.tail) - head) | 0
    // Head first, tail second: ready is never negative, and may reach beyond what is now unclaimed.
    if (ready <= 0) return EMPTY
    const count = Math.min(ready, max)
    for (let i = 0; i < count; i++) {
      const at = this.entries + ((head + i) & mask) * ENTRY_WORDS
      // Plain: whole if the exchange succeeds, thrown away otherwise.
      into[2 * i] = words[at]
      into[2 * i + 1] = words[at + 1]
    }
    // claims the copied entries; the loser returns RETRY
    const before = atomics.compareExchange(words, this.head, head, (head + count) | 0)
    return before === head ? count : RETRY
  }

  /** Counts entries published and not claimed. *Stale* either way. */
  size(): number {
    // sees how far is claimed; pairs with the exchange in TaskRingConsumer#claim
    const head = atomics.load(this.words, this.head)
    // sees entries; pairs with the store in TaskRingProducer#publish
    // must come after Sleepers#announce: otherwise an entry published in between wakes nobody
    return (atomics.load(this.words, this.tail) - head) | 0
  }
}
