/**
 * Waits: when they begin and end, and where a waiting task stands meanwhile. Front-end thread.
 *
 *   admission, delay over, ─┐                                                   ┌─► an attempt
 *   put back, moved ────────┴─► beginWait ──steps of its age plan──► endWait ───┼─► a delay
 *                                            (`ages.ts`)                        └─► the end
 *
 * Invariant: from the beginning of its wait to its end a record stands in one age list of the queue
 * that serves it, offered and bound as well as in its lane; of those that are timed one by one the next
 * step is armed in `extras.phase`.
 */
import { LIMITS } from '../options.ts'
import { PRIORITIES } from '../task.ts'
import { AgeList } from './age-lists.ts'
import { type AgeStep, planOf, slaTargetOf } from './age-plan.ts'
import { AGE } from './due-heap.ts'
import type { Extras } from './extras.ts'
import { armPromise, endPromise, judgeStart } from './kept-promises.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import { isFinal, RUNNING, type TaskRecord } from './task-record.ts'

/** Index of the list of tasks that are timed one by one. */
export const ALONE = 0

/** The record is ready to be tried from now on. It stands in no lane yet: its rank is made here. */
export function beginWait(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const list = listOf(record)
  record.readyAtMs = nowMs
  record.position = -1
  record.dueMs = dueOf(record, slaIn(list, record))
  // It has risen where it was: what comes later does not go before it here either.
  if (record.level > record.baseLevel) record.dueMs = dueBy(record, nowMs)
  const nextMs = list.append(record)
  if (nextMs < list.boundMs) core.ages.update(list, nextMs)
  if (list.level !== ALONE) return
  record.extras!.ageStep = 0
  armNext(core, record, record.extras!)
}

/** Its wait ends, if it is in one: an attempt has begun, or the record's state says what else. */
export function endWait(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const list = listOf(record)
  if (list.has(record)) {
    list.remove(record)
    if (list.level === ALONE) disarm(core, record.extras!)
  }
  const { state } = record
  if (state === RUNNING) {
    record.level = record.baseLevel
    record.pendingLevel = 0
  }
  const slaMs = slaIn(list, record)
  // Nearly all tasks: nothing was promised.
  if (slaMs === 0 && record.extras === null && !record.breached) return
  if (state === RUNNING) {
    judgeStart(record, slaMs, nowMs)
    armPromise(core, record, slaMs)
  } else if (isFinal(state)) endPromise(core, record, slaMs, nowMs)
}

/** @returns of the tasks that a queue serves the one that has waited longest; null when none waits. */
export function oldestOf(queue: QueueState): TaskRecord | null {
  let oldest: TaskRecord | null = null
  for (const list of queue.ages) {
    const head = list === null ? null : list.head
    if (head !== null && (oldest === null || head.readyAtMs < oldest.readyAtMs)) oldest = head
  }
  return oldest
}

/** The options of a queue have changed. What has been done to a task is not done again. */
export function planAges(core: PolicyState, queue: QueueState): void {
  for (const list of queue.ages) {
    if (list === null) continue
    if (list.level === ALONE) {
      for (let record = list.head; record !== null; record = record.ageNext) {
        record.extras!.ageStep = 0
        armNext(core, record, record.extras!)
      }
    } else planList(core, list)
  }
}

/**
 * Its place in its level: by its deadline or the promise to begin, whichever is earlier; with neither a
 * high one is due after a while, any other never, which is 0.
 */
export function dueOf(record: TaskRecord, slaMs: number): number {
  const promisedMs = slaMs > 0 ? record.firstReadyMs + slaMs : 0
  const deadline = record.extras === null ? null : record.extras.deadline
  if (deadline === null) {
    if (promisedMs > 0 || record.baseLevel !== PRIORITIES.high) return promisedMs
    return record.firstReadyMs + LIMITS.highDueMs
  }
  return promisedMs === 0 ? deadline.dueMs : Math.min(promisedMs, deadline.dueMs)
}

/** @returns its promise, ms; 0 without one. */
export function slaOf(record: TaskRecord): number {
  return slaIn(listOf(record), record)
}

function slaIn(list: AgeList, record: TaskRecord): number {
  if (list.level !== ALONE) return list.slaMs
  return slaTargetOf(list.queue.options, record.baseLevel, record.extras!.own)
}

/** @returns when it is due so that nothing that is accepted after `timeMs` goes before it in its level. */
export function dueBy({ dueMs }: TaskRecord, timeMs: number): number {
  // 0 stands for no such time.
  const byMs = Math.max(1, timeMs)
  return dueMs === 0 ? byMs : Math.min(dueMs, byMs)
}

/** The steps of the record's own wait, whether they are its queue's or its own. */
export function stepsOf(record: TaskRecord): readonly AgeStep[] {
  const list = listOf(record)
  return list.level === ALONE ? planOfAlone(record, record.extras!) : list.steps
}

export function listOf(record: TaskRecord): AgeList {
  const { queue } = record.cls!
  const level = isAlone(record.extras) ? ALONE : record.baseLevel
  return queue.ages[level] ?? newList(queue, level)
}

function isAlone(extras: Extras | null): boolean {
  return extras !== null && (extras.own.ttlMs !== null || extras.own.slaTargetMs !== null)
}

function newList(queue: QueueState, level: number): AgeList {
  const list = new AgeList(queue, level)
  queue.ages[level] = list
  if (level === ALONE) return list
  const { options } = queue
  list.setPlan(planOf(options, level, null), slaTargetOf(options, level, null))
  return list
}

function planList(core: PolicyState, list: AgeList): void {
  const { options } = list.queue
  list.setPlan(planOf(options, list.level, null), slaTargetOf(options, list.level, null))
  core.ages.update(list, list.nextDueMs())
}

export function planOfAlone(record: TaskRecord, { own }: Extras): readonly AgeStep[] {
  return planOf(record.cls!.queue.options, record.baseLevel, own)
}

export function armNext(core: PolicyState, record: TaskRecord, extras: Extras): void {
  const steps = planOfAlone(record, extras)
  if (extras.ageStep < steps.length) {
    const dueMs = record.readyAtMs + steps[extras.ageStep].ageMs
    extras.phase = core.dues.arm(extras.phase, record, AGE, dueMs)
  } else disarm(core, extras)
}

function disarm(core: PolicyState, { phase }: Extras): void {
  if (phase !== null) core.dues.remove(phase)
}
