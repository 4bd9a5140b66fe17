/**
 * The life of a slot. The only file that writes a slot's state or generation.
 *
 * Runs on: the front end; routers read the generation.
 * Invariant: an entry in ring, deque or outbox is alive exactly while its generation equals its
 * slot's, and a slot's generation changes whenever its entries must die.
 *
 * ```
 *             offer                 place
 *   FREE ─────────────► OFFERED ─────────────► PLACED
 *    ▲  ▲                │ │ ▲                   │
 *    │  └────────────────┘ └─┘ withdraw          │
 *    │       release, +1       +1, stays         │
 *    └───────────────────────────────────────────┘
 *                    release, +1
 * ```
 *
 * FREE     owned by the front end's list of free slots; the columns mean nothing.
 * OFFERED  a task waits for a proposal; its entries of this generation may be anywhere.
 * PLACED   a proposal was committed; entries of this generation are used up.
 *
 * A transition from the wrong state is a programmer's error and throws: going on would place a task
 * twice or never.
 *
 * Source of the idea: Tokio's `runtime/task/state`: one file owns the life cycle, one function a
 * transition.
 */
import * as atomics from './atomics.ts'
import type { Generation, SlotIndex } from './brands.ts'
import type { SharedMemory } from './memory-map.ts'

/** States of a slot; all zero means free. */
export const SlotState = { FREE: 0, OFFERED: 1, PLACED: 2 } as const
export type SlotState = (typeof SlotState)[keyof typeof SlotState]

const STATE_NAMES = ['FREE', 'OFFERED', 'PLACED']

/** Where the two life-cycle columns lie; made once per thread. */
export interface SlotColumns {
  readonly words: Int32Array
  readonly slotCount: number
  /** Int32Array[slotCount], a SlotState, written by the front end, read by whoever explains. */
  readonly state: number
  /** Int32Array[slotCount], wrapping, written by the front end, read by routers. */
  readonly generation: number
}

/** Finds the life-cycle columns of a memory. */
export function slotColumns(memory: SharedMemory): SlotColumns {
  return {
    words: memory.words,
    slotCount: memory.shape.slotCount,
    state: memory.map.slotState,
    generation: memory.map.slotGeneration,
  }
}

/** Reads a slot's state. */
export function stateOf(table: SlotColumns, slot: SlotIndex): SlotState {
  // sees the state; pairs with the stores of this file
  return atomics.load(table.words, table.state + slot) as SlotState
}

/** Reads a slot's generation. *Stale* on routers: the front end compares again. */
export function generationOf(table: SlotColumns, slot: SlotIndex): Generation {
  // sees the generation; pairs with the store in slot-state.ts#nextGeneration
  return atomics.load(table.words, table.generation + slot) as Generation
}

/**
 * FREE → OFFERED. The plain columns must be written before the ring entry is published.
 * @returns the generation that the entries carry.
 * @throws Error when the slot is not free.
 */
export function offer(table: SlotColumns, slot: SlotIndex): Generation {
  expectState(table, slot, 'offer', SlotState.FREE, SlotState.FREE)
  setState(table, slot, SlotState.OFFERED)
  return generationOf(table, slot)
}

/**
 * OFFERED → PLACED: a proposal was committed, or the task was placed inline. The generation stays;
 * whoever places inline while entries are about calls `withdraw` first.
 * @throws Error when the slot is not offered.
 */
export function place(table: SlotColumns, slot: SlotIndex): void {
  expectState(table, slot, 'place', SlotState.OFFERED, SlotState.OFFERED)
  setState(table, slot, SlotState.PLACED)
}

/**
 * OFFERED → OFFERED with the next generation: entries that are about die, the slot can be
 * published again.
 * @returns the new generation.
 * @throws Error when the slot is not offered.
 */
export function withdraw(table: SlotColumns, slot: SlotIndex): Generation {
  expectState(table, slot, 'withdraw', SlotState.OFFERED, SlotState.OFFERED)
  return nextGeneration(table, slot)
}

/**
 * OFFERED or PLACED → FREE with the next generation: the task is final, or back in its lane.
 * @throws Error when the slot is free already.
 */
export function release(table: SlotColumns, slot: SlotIndex): void {
  expectState(table, slot, 'release', SlotState.OFFERED, SlotState.PLACED)
  nextGeneration(table, slot)
  setState(table, slot, SlotState.FREE)
}

function expectState(
  table: SlotColumns,
  slot: SlotIndex,
  transition: string,
  first: SlotState,
  last: SlotState,
): void {
  if (slot < 0 || slot >= table.slotCount) {
    throw new Error(`slot ${slot}: ${transition} outside of ${table.slotCount} slots`)
  }
  const state = stateOf(table, slot)
  if (state < first || state > last) {
    throw new Error(`slot ${slot}: ${transition} from ${STATE_NAMES[state] ?? state}`)
  }
}

function setState(table: SlotColumns, slot: SlotIndex, state: SlotState): void {
  // publishes the state; pairs with the load in slot-state.ts#stateOf
  atomics.store(table.words, table.state + slot, state)
}

function nextGeneration(table: SlotColumns, slot: SlotIndex): Generation {
  const next = ((generationOf(table, slot) + 1) | 0) as Generation
  // publishes the generation; pairs with the load in slot-state.ts#generationOf
  atomics.store(table.words, table.generation + slot, next)
  return next
}
