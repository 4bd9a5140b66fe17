/**
 * What is shown of promises: queues with their health, attainment and ageing, dead letters, histories.
 * Shared by library, API and CLI.
 */
import type { QueueOptions, SlaClock } from './options.ts'
import type { PriorityLevel, PriorityName, TaskState } from './task.ts'

/** Source document 004, in the order in which they are looked for, the last one first. */
export const HEALTH_STATES = ['healthy', 'slow', 'degraded', 'unhealthy'] as const
export type HealthState = (typeof HEALTH_STATES)[number]

export interface QueueHealth {
  state: HealthState
  /** A sentence with numbers for each thing that is amiss; none when all is well. */
  reasons: string[]
  /** Share of the last attempts that failed or timed out, 0 to 1; null before the first. */
  errorRate: number | null
  /** Mean running time of the last attempts, ms; null before the first. */
  meanMs: number | null
  /** How long the oldest waiting task has waited, ms; null when none waits. */
  oldestMs: number | null
  /** Attempts that have ended since the scheduler started: two of them make a rate. */
  ended: number
}

export interface Attainment {
  kept: number
  missed: number
  /** kept / (kept + missed); null before the first. */
  rate: number | null
}

export interface QueueSla {
  clock: SlaClock
  /** By priority, ms; null where there is no promise. */
  targetsMs: Record<PriorityName, number | null>
  /** Share that is to be kept. */
  goal: number
  assigned: Attainment
  completed: Attainment
}

/** How waiting makes a task of a priority go before others. */
export interface AgeingRow {
  priority: PriorityName
  /** Waited so long, it is served at the level named. */
  boosts: { afterMs: number; to: PriorityName }[]
  /**
   * From then on no later task goes before it that is not critical; null when its waiting has no such
   * bound. What stood before it by then still does.
   */
  boundMs: number | null
}

/** Whether those who work can keep the promise, by arithmetic. */
export interface Feasibility {
  feasible: boolean
  /** With all numbers: `5 tasks, 1 place, 90 min each: 2 of 5 (40 %) begin within 120 min, 90 % are promised`. */
  arithmetic: string
  tasks: number
  places: number
  meanMs: number
  targetMs: number
  /** Share of the waiting tasks that can begin in time, 0 to 1. */
  attainable: number
  /** Places that would do; 0 where none are needed, or no number of them would do. */
  placesNeeded: number
}

export interface QueueView {
  queue: string
  paused: boolean
  open: number
  waiting: number
  scheduled: number
  running: number
  /** In agents' own queues. */
  bound: number
  /** Open tasks of other queues that it serves, because they moved here; they count there, not here. */
  guests: number
  health: QueueHealth
  sla: QueueSla | null
  ageing: AgeingRow[]
  /** null without a promise, or before anything is known of running times. */
  feasibility: Feasibility | null
  /** Name of its dead letters, and how many are kept there. */
  deadLetters: { name: string; count: number }
  options: QueueOptions
}

/** A row of `queue list`. */
export type QueueRow = Omit<QueueView, 'ageing' | 'feasibility' | 'options'>

export interface DeadLetterView {
  name: string
  id: string
  queue: string
  state: TaskState
  /** What became of it: `kept`, `file: PATH`, `moved: QUEUE`, `replayed: ID`. */
  route: string
  priority: PriorityLevel
  code: string
  message: string
  attempts: number
  agent: string | null
  acceptedAt: number
  diedAt: number
  payloadBytes: number
  /** UTF-8 text of the payload when it is at most 64 KiB, only when one is shown; else null. */
  payload: string | null
  failedDestinations: string[]
}

/** One thing that happened to a task, from the ledger. */
export interface HistoryEntry {
  /** Wall clock, ms since 1970. */
  at: number
  what: string
  attempt: number | null
  agent: string | null
  detail: string
}

/** Which dead letters a list shows; any other key is answered `not_supported`. */
export interface ListDeadLettersOptions {
  /** Of this name only. */
  name?: string
  /** Of tasks of this queue only. */
  queue?: string
  /** At most so many, 1 to 1,000; 100 by default. */
  limit?: number
  /** Go on behind an earlier page, with the same name and queue. */
  cursor?: string
}

export interface DeadLetterPage {
  /** The newest first, their payloads left out. */
  letters: DeadLetterView[]
  /** Give it to go on; null when there is nothing more. */
  cursor: string | null
}

/** Which dead letters become tasks again; any other key is answered `not_supported`. */
export interface ReplayOptions {
  name: string
  /** The newest letter of this id; without one all of the name that are kept, the oldest first. */
  id?: string
  /** Instead of the task's own; only with `id`. Bytes pass as they are, everything else as JSON. */
  payload?: unknown
  /** At most so many; only without `id`. */
  max?: number
}

export interface ReplayResult {
  /** The letters' ids, and those of the new tasks. */
  replayed: { id: string; as: string }[]
  /** Letters that stay as they are, and why. */
  refused: { id: string; code: string; message: string }[]
}

/** Which dead letters are deleted; any other key is answered `not_supported`. */
export interface PurgeOptions {
  name: string
  /** The newest letter of this id; without one all of the name. */
  id?: string
}

export interface PurgeResult {
  purged: number
}
