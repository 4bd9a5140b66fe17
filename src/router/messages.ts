/**
 * What passes between the pool and a router thread besides shared memory.
 *
 * Runs on: both sides.
 * Invariant: everything a router says on its port is one of two numbers, or the error it dies of; its
 * counts and proposals are in shared memory.
 */
import type { MessagePort } from 'node:worker_threads'
import type { MemoryShape } from '../../native-free/memory-map.ts'
import type { StrategyEntry } from '../routing/registry.ts'

/** "Look at the outboxes": sent when the front end was found asleep. */
export const BELL = 0
/** "My loop begins": sent once by each thread, after its strategies are loaded. */
export const RUNNING = 1

/** What a thread says last when a strategy threw. */
export interface LastWords {
  readonly threw: unknown
}

/** The one long task of a router thread. */
export interface RouterTask {
  readonly buffer: SharedArrayBuffer
  readonly shape: MemoryShape
  readonly routerIndex: number
  /** The thread's end; transferred. */
  readonly port: MessagePort
  readonly strategies: readonly StrategyEntry[]
  readonly seed: number
}
