/**
 * What passes between the pool and a router thread besides shared memory.
 *
 * Runs on: both sides.
 * Invariant: everything a router says on its port is one of two numbers, a fault of a user's strategy,
 * or the error it dies of; its counts and proposals are in shared memory.
 */
import type { MessagePort } from 'node:worker_threads'
import type { MemoryShape } from '../../native-free/memory-map.ts'
import type { StrategyEntry } from '../routing/registry.ts'
import type { StrategyOptions } from '../strategy-options.ts'

/** "Look at the outboxes": sent when the front end was found asleep. */
export const BELL = 0
/** "My loop begins": sent once by each thread, after its strategies are loaded. */
export const RUNNING = 1

/**
 * `threw`, `nonsense` and `slow` are noticed by the router itself, which goes on; of the others the
 * thread ended in the strategy, or as it loaded its module.
 */
export type StrategyFaultKind =
  | 'threw'
  | 'nonsense'
  | 'slow'
  | 'stood_still'
  | 'exited'
  | 'not_loaded'

/** A user's strategy did what it must not. */
export interface StrategyFault {
  /** Its index. */
  readonly strategy: number
  readonly kind: StrategyFaultKind
  /** Half a sentence after its name: `threw "…"`. */
  readonly reason: string
}

/** What a thread says when it has switched a strategy off for itself. */
export interface FaultMessage {
  readonly fault: StrategyFault
}

/** What a thread says last. */
export interface LastWords {
  readonly threw: unknown
  /** It died of a user's module that could not be loaded. */
  readonly notLoaded?: StrategyFault
}

/** The one long task of a router thread. */
export interface RouterTask {
  readonly buffer: SharedArrayBuffer
  readonly shape: MemoryShape
  readonly routerIndex: number
  /** The thread's end; transferred. */
  readonly port: MessagePort
  readonly strategies: readonly StrategyEntry[]
  /** Weights and numbers of the strategies. */
  readonly routing: StrategyOptions
  /** Whether strategies that have a module are users', and watched. */
  readonly isGuarded: boolean
  /** A decision of a user's strategy that takes longer is slow, µs. */
  readonly budgetUs: number
  readonly seed: number
}
