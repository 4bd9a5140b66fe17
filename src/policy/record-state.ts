/** The states of a record, as small integers, and what each is called outside. Front-end thread. */
import type { TaskState } from '../task.ts'

export const WAITING = 0
export const OFFERED = 1
export const RUNNING = 2
export const COMPLETED = 3
export const FAILED = 4
export const CANCELLED = 5
export const DEAD = 6
/** In the own queue of an agent that has no credit. */
export const BOUND = 7
/** Not to be tried before a time: delayed, or between two attempts. */
export const SCHEDULED = 8
/** Waited too long, or passed its deadline. */
export const EXPIRED = 9
/** Waits for other tasks, or for whoever holds it. */
export const BLOCKED = 10
/** Waits for an agent other than those that are free: in no lane. */
export const PARKED = 11
export type RecordState = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11

const STATE_NAMES: readonly TaskState[] = [
  'pending',
  'pending',
  'processing',
  'completed',
  'failed',
  'cancelled',
  'dead',
  'assigned',
  'scheduled',
  'expired',
  'blocked',
  'pending',
]
export function stateName(state: RecordState): TaskState {
  return STATE_NAMES[state]
}

export function isFinal(state: RecordState): boolean {
  return state >= COMPLETED && state <= EXPIRED && state !== BOUND && state !== SCHEDULED
}
