/**
 * The overall time-out of a task, from acceptance to its end, and what becomes of one that has passed a
 * time: the deadline in any state, the time to live while it waits. Front-end thread.
 *
 * Invariant: a deadline is armed from admission until the task is final; it stays the same through
 * retries and moves.
 */
import { giveUp } from './dead-letter.ts'
import { DEADLINE } from './due-heap.ts'
import { extrasOf } from './extras.ts'
import type { PolicyState } from './state.ts'
import { takeOut } from './take-out.ts'
import { EXPIRED, isFinal, type TaskRecord } from './task-record.ts'

/** At admission, before it waits: what is due first in its level goes by it. */
export function armDeadline(core: PolicyState, record: TaskRecord): void {
  const deadlineMs = record.extras?.own.deadlineMs ?? record.queue!.options.deadlineMs
  if (deadlineMs <= 0) return
  const extras = extrasOf(record)
  extras.deadline = core.dues.arm(null, record, DEADLINE, record.acceptedAtMs + deadlineMs)
}

/** An open task ends, or goes on where its dead letters go; one that runs is revoked. */
export function expire(
  core: PolicyState,
  record: TaskRecord,
  code: 'ttl_expired' | 'deadline_expired',
  nowMs: number,
): void {
  if (isFinal(record.state)) return
  takeOut(core, record, 'deadline_expired', nowMs)
  record.code = code
  record.message =
    code === 'ttl_expired'
      ? `No agent had it after ${nowMs - record.readyAtMs} ms.`
      : `It was not finished ${nowMs - record.acceptedAtMs} ms after its acceptance.`
  record.retryable = false
  giveUp(core, record, EXPIRED, nowMs)
}
