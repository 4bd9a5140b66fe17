/**
 * What the steps of an age plan do: warn, raise a level, tell of a breach and escalate, expire.
 * Front-end thread.
 *
 * Invariant: each step is done to a task once, however often it is come to: a warned task is not warned
 * again, one that is served at a level or above is not raised to it, one whose promise was judged
 * cannot break it.
 */
import { type AgeStep, BOOST, BREACH, WARN, warnAgeMs } from './age-plan.ts'
import { expire } from './expiry.ts'
import { armPromise } from './kept-promises.ts'
import { noteBoost } from './levels.ts'
import { relevel } from './matching.ts'
import { escalate } from './moves.ts'
import type { PolicyState } from './state.ts'
import { isFinal, type TaskRecord, WAITING } from './task-record.ts'
import { dueBy, slaOf } from './waits.ts'

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

/** Perhaps a time of a promise to complete has come: as the steps of a wait, without boosts. */
export function promiseDue(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const { promise } = record.extras!
  if (promise === null || promise.heapAt >= 0 || promise.dueMs > nowMs || isFinal(record.state))
    return
  const slaMs = slaOf(record)
  // It was moved to a queue that promises nothing.
  if (slaMs === 0 || record.cls!.queue.options.slaClock !== 'completed') return
  if (nowMs - record.firstReadyMs >= warnAgeMs(slaMs)) warn(core, record)
  if (nowMs - record.firstReadyMs >= slaMs) breach(core, record, nowMs)
  else armPromise(core, record, slaMs)
}
