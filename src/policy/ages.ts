/**
 * Time passes for what waits: each step of an age plan is taken in the first tick at or after its time,
 * in the order of time. Front-end thread.
 */

import { promiseDue, takeStep } from './service-levels.ts'
import type { PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'
import { ALONE, armNext, listOf, planOfAlone } from './waits.ts'

/** @returns how many steps were taken or looked for, at most `budget`. */
export function tick(core: PolicyState, nowMs: number, budget: number): number {
  for (let used = 0; used < budget; used++) {
    const list = core.ages.top
    if (list === null || list.boundMs > nowMs) return used
    const dueMs = list.nextDueMs()
    if (dueMs > list.boundMs) {
      core.ages.update(list, dueMs)
      continue
    }
    const next = list.nextStep()
    takeStep(core, list.advance(next), list.steps[next], nowMs)
  }
  return budget
}

/** @returns when `tick` has something to do, in policy ms, or Infinity. */
export function nextDueMs(core: PolicyState): number {
  return core.ages.nextDueMs()
}

/** A time of a task that is timed alone has come: of its wait, or of its promise to complete. */
export function ageDue(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const extras = record.extras!
  promiseDue(core, record, nowMs)
  const list = listOf(record)
  if (list.level !== ALONE || !list.has(record)) return
  // One at a time: what others have to do is perhaps due before its next.
  const step = planOfAlone(record, extras)[extras.ageStep]
  if (step !== undefined && record.readyAtMs + step.ageMs <= nowMs) {
    extras.ageStep++
    takeStep(core, record, step, nowMs)
  }
  // Unless it has expired or moved: with that its wait here is over.
  if (listOf(record) === list && list.has(record)) armNext(core, record, extras)
}
