/**
 * What the steps of an age plan do: warn, raise a level, tell of a breach and escalate, expire; and
 * whether promises were kept. Front-end thread.
 *
 * Invariant: each step is done to a task once, however often it is come to: a warned task is not warned
 * again, one that is served at a level or above is not raised to it, one whose promise was judged
 * cannot break it. A promise is judged once for each clock: at the first start, and at the end.
 *
 * A level changes only while a task stands in no lane and is no offer. So a boost that comes while it
 * is offered or bound waits in `pendingLevel`, and has its effect when it is back in a lane.
 */
import { type AgeStep, BOOST, type BoostCause, BREACH, WARN, warnAgeMs } from './age-plan.ts'
import { dueBy, slaOf, stepsOf } from './ages.ts'
import { expire } from './deadlines.ts'
import { AGE } from './due-heap.ts'
import { extrasOf } from './extras.ts'
import { relevel } from './matching.ts'
import { escalate } from './moves.ts'
import type { PolicyState } from './state.ts'
import { CANCELLED, COMPLETED, EXPIRED, isFinal, type TaskRecord, WAITING } from './task-record.ts'

/** A waiting task has come to a step of its plan. */
export function takeStep(
  core: PolicyState,
  record: TaskRecord,
  step: AgeStep,
  nowMs: number,
): void {
  switch (step.kind) {
    case WARN:
      if (!record.judged) warn(core, record)
      return
    case BOOST:
      boost(core, record, step, nowMs)
      return
    case BREACH:
      if (!record.judged) breach(core, record, nowMs)
      return
    default:
      if (record.extras?.shedsTtl !== true) expire(core, record, 'ttl_expired', nowMs)
  }
}

function warn(core: PolicyState, record: TaskRecord): void {
  if (record.warned) return
  record.warned = true
  core.counters.slaWarnings++
  core.effects.noted(record, 'warned', '')
}

function breach(core: PolicyState, record: TaskRecord, nowMs: number): void {
  if (record.breached) return
  record.breached = true
  core.counters.slaBreaches++
  core.effects.noted(record, 'breached', '')
  escalate(core, record, nowMs)
}

function boost(core: PolicyState, record: TaskRecord, { to, cause }: AgeStep, nowMs: number): void {
  if (Math.max(record.level, record.pendingLevel) >= to) return
  if (record.state !== WAITING) {
    record.pendingLevel = to
    return
  }
  relevel(core, record, to, dueBy(record, nowMs))
  noteBoost(core, record, cause)
}

function noteBoost(core: PolicyState, record: TaskRecord, cause: BoostCause): void {
  core.counters.boosted++
  core.effects.noted(record, 'boosted', cause)
}

/** The record is about to enter a lane, from none: boosts that came meanwhile have their effect now. */
export function takePendingLevel(core: PolicyState, record: TaskRecord): void {
  const { pendingLevel } = record
  record.pendingLevel = 0
  if (pendingLevel <= record.level) return
  const steps = stepsOf(record)
  record.position = -1
  // It had its turn already, so it goes before all that rose since its wait began.
  record.dueMs = dueBy(record, record.readyAtMs)
  for (let to = record.level + 1; to <= pendingLevel; to++) {
    record.level = to
    noteBoost(core, record, steps.find((step) => step.to === to)?.cause ?? 'age')
  }
}

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

/** Perhaps a time of a promise to complete has come: as the steps of a wait, without boosts. */
export function promiseDue(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const { promise } = record.extras!
  if (promise === null || promise.at >= 0 || promise.dueMs > nowMs || isFinal(record.state)) return
  const slaMs = slaOf(record)
  // It was moved to a queue that promises nothing.
  if (slaMs === 0 || record.cls!.queue.options.slaClock !== 'completed') return
  if (nowMs - record.firstReadyMs >= warnAgeMs(slaMs)) warn(core, record)
  if (nowMs - record.firstReadyMs >= slaMs) breach(core, record, nowMs)
  else armPromise(core, record, slaMs)
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
