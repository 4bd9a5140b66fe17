/**
 * What only few tasks have: promises of their own, a delay, a deadline, a time to be tried again, a
 * queue that they moved to, what an interrupted attempt left behind. Main thread.
 *
 * Invariant: a task that has none of it has no extras, so that a million plain tasks cost a word each.
 */
import type { TaskAfter, TaskVotes } from '../task.ts'
import type { Apart } from './apart.ts'
import type { ClassState } from './classes.ts'
import type { Due } from './due-heap.ts'
import type { Links } from './graphs.ts'
import type { QueueState } from './queues.ts'
import type { Stage } from './stages.ts'
import type { OwnPromises, TaskRecord } from './task-record.ts'

export const NOTHING: OwnPromises = {
  ttlMs: null,
  deadlineMs: null,
  slaTargetMs: null,
  retryDelayMs: null,
  delayMs: 0,
}
const NOWHERE: readonly string[] = []
const NO_STAGES: readonly Stage[] = []

/** What a task asked for where it was submitted: a move lets go of it, a replay asks for it again. */
export class AtHome {
  readonly cls: ClassState
  /** Its own: a stage may give it another. */
  readonly level: number
  readonly timeoutMs: number
  readonly retryCount: number
  readonly own: OwnPromises

  /** @param record on its first move away, before anything of it has changed but its level, by a rule. */
  constructor(record: TaskRecord, { own, stages }: Extras) {
    this.cls = record.cls!
    this.level = stages.length > 0 ? stages[0].level : record.baseLevel
    this.timeoutMs = record.timeoutMs
    this.retryCount = record.retryCount
    this.own = own
  }
}

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
  /** Made with `home`. */
  atHome: AtHome | null = null
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
  /** Tasks that it names as its parents, until it is admitted. */
  after: TaskAfter | null
  /** Its place in a graph; null outside of one. */
  links: Links | null = null
  /** When it could be tried first, where that is not when it was accepted; policy ms, 0 for that. */
  releasedAtMs = 0
  /** The queue that it went to by a rule: what that promises is counted there. null for its own. */
  promisedBy: QueueState | null = null
  /** Agents that it must not come to. */
  apart: Apart | null = null
  /** Queues that it has left by a rule on its result. */
  stages: readonly Stage[] = NO_STAGES
  /** A second attempt at it, and whose second attempt it is. */
  twin: TaskRecord | null = null
  standsFor: TaskRecord | null = null
  /** The front end's: how sure its last result was, 0 to 100; -1 when none said. */
  confidence = -1
  /** How several agents are to decide it, until it is admitted; null for one alone, or the queue's way. */
  votes: TaskVotes | null

  constructor(
    own: OwnPromises = NOTHING,
    after: TaskAfter | null = null,
    votes: TaskVotes | null = null,
  ) {
    this.own = own
    this.after = after
    this.votes = votes
  }
}

/** @returns what the record has beside what all have, made when it has none yet. */
export function extrasOf(record: TaskRecord): Extras {
  record.extras ??= new Extras()
  return record.extras
}
