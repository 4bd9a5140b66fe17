/**
 * One attempt at a task: what exists only from its offer to the attempt's end. A million tasks may
 * wait, but no more than there are slots are out, so this is not part of their records. Main thread.
 *
 *   made at offer (slot, generation) ──commit──► runs (agent, token, time-out) ──► end
 *        └────────────── bounce, cancel ──────────────────────────────────────────┘
 *
 * Invariant: `record.attempt` is set while the record is OFFERED or RUNNING and at no other time, and
 * `attempt.record.attempt` is the attempt itself.
 *
 * Attempts are used again: who holds one beyond a call holds another one's. Not taken: one for each
 * slot; slots are given out oldest first, so all of them would be touched in turn.
 */
import type { AgentState } from './agents.ts'
import type { TaskRecord } from './task-record.ts'

/** About 150 bytes each; a burst beyond is given back to the collector. */
const FREE_MAX = 4_096

export class Attempt {
  record: TaskRecord | null = null
  slot = -1
  generation = 0
  offeredAtMs = 0

  /** Set while RUNNING; the attempt's token is (epoch, counter, dispatchSeq). */
  agent: AgentState | null = null
  counter = 0
  dispatchSeq = 0
  /** Consecutive beats since dispatch that lacked the token. */
  beatsMissed = 0

  timerNext: Attempt | null = null
  timerPrev: Attempt | null = null
  /** When its agent last told of it, or got it; policy ms. */
  heardAtMs = 0
  /** When the running time-out is due; 0 while disarmed. */
  timerDueMs = 0
  /** When it was last called back, policy ms; 0 for never. And who is to have it then. */
  recalledAtMs = 0
  recallTo: AgentState | null = null
  /** When its agent began it, where that is not when it got it; policy ms, 0 for not yet. */
  claimedAtMs = 0

  /** Latency stamps, µs, wrapping. */
  proposedUs = 0
  committedUs = 0
  dispatchedUs = 0
}

/** Attempts that have ended, to be used again. */
export class AttemptPool {
  private readonly free: Attempt[] = []
  private freeCount = 0

  /** @returns a blank attempt at `record`, which has it from now on. */
  take(record: TaskRecord): Attempt {
    const attempt = this.freeCount === 0 ? new Attempt() : this.free[--this.freeCount]
    attempt.record = record
    record.attempt = attempt
    return attempt
  }

  /** Ends the attempt at `record`; its time-out is disarmed already. */
  give(record: TaskRecord): void {
    const attempt = record.attempt!
    record.attempt = null
    attempt.record = null
    if (this.freeCount >= FREE_MAX) return
    attempt.slot = -1
    attempt.generation = 0
    attempt.offeredAtMs = 0
    attempt.agent = null
    attempt.counter = 0
    attempt.dispatchSeq = 0
    attempt.beatsMissed = 0
    attempt.heardAtMs = 0
    attempt.recalledAtMs = 0
    attempt.recallTo = null
    attempt.claimedAtMs = 0
    attempt.proposedUs = 0
    attempt.committedUs = 0
    attempt.dispatchedUs = 0
    this.free[this.freeCount++] = attempt
  }
}
