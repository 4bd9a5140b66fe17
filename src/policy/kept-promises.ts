/**
 * Whether promises were kept: counted on the queue that a task was submitted to, by the clock of
 * assignments and by that of completions. Front-end thread.
 *
 * Invariant: a promise is judged once for each clock: at the first start, and at the end.
 */
import { warnAgeMs } from './age-plan.ts'
import { AGE } from './due-heap.ts'
import { extrasOf } from './extras.ts'
import type { PolicyState } from './state.ts'
import { CANCELLED, COMPLETED, EXPIRED, type TaskRecord } from './task-record.ts'

/** An attempt has begun. */
export function judgeStart(record: TaskRecord, slaMs: number, nowMs: number): void {
  if (record.judged) return
  // Where it broke its promise it may have been moved to a queue that makes none.
  if (slaMs === 0 && !record.breached) return
  record.judged = true
  const queue = record.queue!
  if (isKept(record, slaMs, nowMs)) queue.slaKept++
  else queue.slaMissed++
}

function isKept(record: TaskRecord, slaMs: number, nowMs: number): boolean {
  return !record.breached && nowMs - record.firstReadyMs <= slaMs
}

/** Where tasks are to be completed in time, the promise goes on while the task runs. */
export function armPromise(core: PolicyState, record: TaskRecord, slaMs: number): void {
  const { slaClock } = record.cls!.queue.options
  if (slaMs > 0 && slaClock === 'completed' && !record.breached) {
    const extras = extrasOf(record)
    const dueMs = record.firstReadyMs + (record.warned ? slaMs : warnAgeMs(slaMs))
    extras.promise = core.dues.arm(extras.promise, record, AGE, dueMs)
  } else if (record.extras !== null) dropPromise(core, record)
}

function dropPromise(core: PolicyState, { extras }: TaskRecord): void {
  if (extras !== null && extras.promise !== null) core.dues.remove(extras.promise)
}

/** The task is final. */
export function endPromise(
  core: PolicyState,
  record: TaskRecord,
  slaMs: number,
  nowMs: number,
): void {
  dropPromise(core, record)
  const { state } = record
  if ((slaMs === 0 && !record.breached) || state === CANCELLED) return
  const queue = record.queue!
  if (state === EXPIRED && !record.judged) {
    record.judged = true
    queue.slaMissed++
  }
  if (state === COMPLETED && isKept(record, slaMs, nowMs)) queue.slaCompletedKept++
  else queue.slaCompletedMissed++
}
