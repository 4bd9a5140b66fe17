/**
 * A task that has passed a time ends: its deadline in any state, the time to live while it waits.
 * Front-end thread.
 */
import { giveUp } from './dead-letter.ts'
import type { PolicyState } from './state.ts'
import { takeOut } from './take-out.ts'
import { EXPIRED, isFinal, type TaskRecord } from './task-record.ts'

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
