/**
 * A task and its second attempt, and tasks that are only a part of another one. Front-end thread.
 *
 * Invariant: `twin` and `standsFor` name each other while both are open and in the same stage. What is
 * a part of another task, a second attempt or a vote, goes nowhere else and leaves no letter: what its
 * end means is for that other task.
 */
import type { PolicyState } from './state.ts'
import { cancel } from './take-out.ts'
import type { TaskRecord } from './task-record.ts'

/** The task goes elsewhere: nobody waits for its twin any more. */
export function dropTwin(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const twin = record.extras!.twin!
  partTwins(record, twin)
  cancel(core, twin, nowMs)
}

/** The twin is over, and its task goes on without it. */
export function twinEnded(twin: TaskRecord): void {
  const { standsFor } = twin.extras!
  if (standsFor !== null) partTwins(standsFor, twin)
}

export function partTwins(record: TaskRecord, twin: TaskRecord): void {
  record.extras!.twin = null
  twin.extras!.standsFor = null
}

/** It is a second attempt, or one of the votes on a task that waits for them. */
export function isPart(record: TaskRecord): boolean {
  const { extras } = record
  if (extras === null) return false
  return extras.standsFor !== null || questionOf(record) !== null
}

/** @returns the task that it is a vote on, while that waits for votes. */
export function questionOf({ extras }: TaskRecord): TaskRecord | null {
  const links = extras === null ? null : extras.links
  return links?.children.find((child) => child.extras!.links!.held) ?? null
}
