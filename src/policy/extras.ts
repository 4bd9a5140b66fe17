/**
 * What only few tasks have: promises of their own, a delay, a deadline, a time to be tried again, a
 * queue that they moved to, what an interrupted attempt left behind. Main thread.
 *
 * Invariant: a task that has none of it has no extras, so that a million plain tasks cost a word each.
 */
import type { Due } from './due-heap.ts'
import type { QueueState } from './queues.ts'
import type { OwnPromises, TaskRecord } from './task-record.ts'

export const NOTHING: OwnPromises = {
  ttlMs: null,
  deadlineMs: null,
  slaTargetMs: null,
  retryDelayMs: null,
  delayMs: 0,
}
const NOWHERE: readonly string[] = []

export class Extras {
  /** After a move its retry delay, time to live and SLA are let go: the queue that serves it has its own. */
  own: OwnPromises
  /** Armed while its deadline is ahead. */
  deadline: Due | null = null
  /** Until it is ready while SCHEDULED, then its next age. */
  phase: Due | null = null
  /** Its next age by the clock of completions, armed from its first start to its end. */
  promise: Due | null = null
  /** Armed while it runs, where its queue asks for heartbeats. */
  heartbeat: Due | null = null
  /** Which of its own ages it has come to in this wait. */
  ageStep = 0
  /** Where it was submitted, once it has moved elsewhere. */
  home: QueueState | null = null
  /** Queues that it was moved away from. */
  failedDestinations: readonly string[] = NOWHERE
  /** Escalated: it does not expire by waiting any more. */
  shedsTtl = false
  preemptions = 0
  /** Asked to stop for a critical task: of the running attempt. */
  preempting = false
  /** What the last interrupted attempt handed back. */
  checkpoint: Uint8Array | null = null
  /** Name of its dead letter. */
  deadLetter: string | null = null

  constructor(own: OwnPromises = NOTHING) {
    this.own = own
  }
}

/** @returns what the record has beside what all have, made when it has none yet. */
export function extrasOf(record: TaskRecord): Extras {
  record.extras ??= new Extras()
  return record.extras
}
