/**
 * Whether promises were kept: counted on the queue that made them, which is the one that a task was
 * submitted to, or that a rule has sent it to; by the clock of assignments and by that of completions.
 * Front-end thread.
 *
 * Invariant: a promise is judged once for each clock: at the first start, and at the end; of a task that
 * goes through stages once in each.
 */
import { warnAgeMs } from './age-plan.ts'
import { AGE } from './due-heap.ts'
import { extrasOf } from './extras.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import { CANCELLED, COMPLETED, EXPIRED, type TaskRecord } from './task-record.ts'

/** An attempt has begun. */
export function judgeStart(record: TaskRecord, slaMs: number, nowMs: number): void {
  if (record.judged) return
  // Where it broke its promise it may have been moved to a queue that makes none.
  if (slaMs === 0 && !record.breached) return
  record.judged = true
  const queue = promiserOf(record)
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
  if ((slaMs === 0 && !record.breached) || state === CANCELLED || wasNotReleased(record)) return
  const queue = promiserOf(record)
  if (state === EXPIRED && !record.judged) {
    record.judged = true
    queue.slaMissed++
  }
  if (state === COMPLETED && isKept(record, slaMs, nowMs)) queue.slaCompletedKept++
  else queue.slaCompletedMissed++
}

/** A stage of the task is over, in good time or not: the next one has promises of its own. */
export function endStagePromise(
  core: PolicyState,
  record: TaskRecord,
  slaMs: number,
  nowMs: number,
): void {
  dropPromise(core, record)
  if (slaMs > 0 || record.breached) {
    const queue = promiserOf(record)
    if (isKept(record, slaMs, nowMs)) queue.slaCompletedKept++
    else queue.slaCompletedMissed++
  }
  record.judged = false
  record.warned = false
  record.breached = false
}

/** Where it was submitted, or where a rule has sent it. */
function promiserOf(record: TaskRecord): QueueState {
  const { extras } = record
  return extras === null || extras.promisedBy === null ? record.queue! : extras.promisedBy
}

/** It waited for others to its end: nothing was promised of it yet. */
function wasNotReleased({ extras, readyAtMs }: TaskRecord): boolean {
  const links = extras === null ? null : extras.links
  return readyAtMs === 0 && links !== null && !links.held
}
