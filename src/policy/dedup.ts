/**
 * Ids of named tasks that are forgotten, known for a while longer, so that a submit that comes again
 * late is still seen as the second one. Front-end thread.
 *
 * Invariant: an id is here only while its task finished less than the window ago as far as anybody is
 * told; there are at most `count`, and those that finished first go first. What is over goes when the
 * next one comes, not by a timer: it costs memory within the bound and nothing else.
 */
import type { PolicyState } from './state.ts'
import type { RecordState, TaskRecord } from './task-record.ts'

/** What became of a task. */
export interface Past {
  readonly state: RecordState
  /** Why it did not complete; null when it did. */
  readonly code: string | null
  /** Known until then, policy ms. */
  readonly untilMs: number
}

/** Entries that are over and go with one that comes, at most: more than come, so they run out. */
const SWEEP_MAX = 4

/** A final record is forgotten now. */
export function rememberPast(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const { past } = core
  const { windowSeconds, count } = core.options.dedup
  const untilMs = record.finishedAtMs + 1000 * windowSeconds
  if (!record.isNamed || untilMs <= nowMs || count === 0) return
  sweep(core, nowMs)
  const key = keyOf(record.queueName, record.givenId)
  // The last to finish stands last, whatever was known of the id before.
  past.delete(key)
  past.set(key, { state: record.state, code: record.code, untilMs })
  if (past.size <= count) return
  const [oldest] = past.keys()
  past.delete(oldest)
}

/** @returns what became of the task of that id, while its window lasts; else null. */
export function findPast(
  core: PolicyState,
  queueName: string,
  id: string,
  nowMs: number,
): Past | null {
  if (core.past.size === 0) return null
  const past = core.past.get(keyOf(queueName, id))
  return past !== undefined && past.untilMs > nowMs ? past : null
}

function sweep({ past }: PolicyState, nowMs: number): void {
  let swept = 0
  for (const [key, { untilMs }] of past) {
    if (untilMs > nowMs || swept++ === SWEEP_MAX) return
    past.delete(key)
  }
}

/** Neither has a slash in it. */
function keyOf(queueName: string, id: string): string {
  return `${queueName}/${id}`
}
