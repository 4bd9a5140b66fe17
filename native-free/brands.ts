/**
 * Index types that cannot be mixed up, and the constants that structures answer with.
 *
 * Runs on: every thread.
 * Invariant: a brand exists for the type checker only; at run time each is a plain 32-bit integer.
 */

/** Row of the slot table, 0 … slotCount - 1. */
export type SlotIndex = number & { readonly __brand: 'SlotIndex' }
/** Row of the agent table, 0 … agentCountMax - 1. */
export type AgentIndex = number & { readonly __brand: 'AgentIndex' }
/** An interned class of tasks, 0 … classCountMax - 1. */
export type ClassIndex = number & { readonly __brand: 'ClassIndex' }
/** A router, 0 … routerCount - 1. */
export type RouterIndex = number & { readonly __brand: 'RouterIndex' }
/** How often a row was reused: 32 bits, wrapping, signed. Only compared for equality. */
export type Generation = number & { readonly __brand: 'Generation' }

/** No agent, no element. */
export const NONE = -1
/** Nothing was there. */
export const EMPTY = 0
/** One entry was taken. */
export const SUCCESS = 1
/** Another thread was faster; there may be more. */
export const RETRY = -1

/** Brands a number as a slot; nothing is checked. */
export function toSlot(index: number): SlotIndex {
  return index as SlotIndex
}

/** Brands a number as an agent; nothing is checked. */
export function toAgent(index: number): AgentIndex {
  return index as AgentIndex
}

/** Brands a number as a class; nothing is checked. */
export function toClass(index: number): ClassIndex {
  return index as ClassIndex
}

/** Brands a number as a router; nothing is checked. */
export function toRouter(index: number): RouterIndex {
  return index as RouterIndex
}

/** Wraps a number to a generation. */
export function toGeneration(value: number): Generation {
  return (value | 0) as Generation
}
