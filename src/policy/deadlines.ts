/**
 * The overall time-out of a task, from acceptance to its end (`expiry.ts`). Front-end thread.
 *
 * Invariant: a deadline is armed from admission until the task is final; it stays the same through
 * retries and moves.
 */
import { DEADLINE } from './due-heap.ts'
import { extrasOf } from './extras.ts'
import type { PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'

/** At admission, before it waits: what is due first in its level goes by it. */
export function armDeadline(core: PolicyState, record: TaskRecord): void {
  const deadlineMs = record.extras?.own.deadlineMs ?? record.queue!.options.deadlineMs
  if (deadlineMs <= 0) return
  const extras = extrasOf(record)
  extras.deadline = core.dues.arm(null, record, DEADLINE, record.acceptedAtMs + deadlineMs)
}
