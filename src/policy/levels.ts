/**
 * Levels that waiting has raised. A level changes only while a task stands in no lane and is no offer:
 * a boost that comes while it is offered or bound waits in `pendingLevel`, and has its effect when it
 * is back in a lane. Front-end thread.
 *
 * Invariant: each boost is told once, when the level is the record's.
 */
import type { BoostCause } from './age-plan.ts'
import type { PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'
import { dueBy, stepsOf } from './waits.ts'

export function noteBoost(core: PolicyState, record: TaskRecord, cause: BoostCause): void {
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
