/**
 * Ids of named tasks and flows that are forgotten, known for a while longer, so that a submit that comes again
 * late is still seen as the second one. Front-end thread.
 *
 * Invariant: an id is here only while its task finished less than the window ago as far as anybody is
 * told; there are at most `count`, and those that finished first go first. What is over goes when the
 * next one comes, not by a timer: it costs memory within the bound and nothing else.
 */
import type { Flow } from './graphs.ts'
import type { PolicyState } from './state.ts'
import { CANCELLED, COMPLETED, FAILED, type RecordState, type TaskRecord } from './task-record.ts'

/** What became of a task. */
export class Past {
  /** Queue and id. */
  readonly key: string
  readonly state: RecordState
  /** Why it did not complete; null when it did. */
  readonly code: string | null
  /** Known until then, policy ms. */
  readonly untilMs: number
  /** A user gave it the form of one that is made up. */
  readonly isAlike: boolean
  /** The one that was forgotten next. */
  next: Past | null = null

  constructor(
    key: string,
    state: RecordState,
    code: string | null,
    untilMs: number,
    isAlike: boolean,
  ) {
    this.key = key
    this.state = state
    this.code = code
    this.untilMs = untilMs
    this.isAlike = isAlike
  }
}

/**
 * Past ids by key, and in the order in which they were forgotten. Not the map's own order: the first
 * of a map from whose beginning much was deleted is found by walking over all of that, 37 µs an id.
 */
export class PastIds {
  readonly byKey = new Map<string, Past>()
  /** Of those in the list, the ones that have the form of a made-up id: nearly always none. */
  private alike = 0
  private oldest: Past | null = null
  private newest: Past | null = null

  add(past: Past): void {
    this.byKey.set(past.key, past)
    if (past.isAlike) this.alike++
    if (this.newest === null) this.oldest = past
    else this.newest.next = past
    this.newest = past
  }

  /** @returns whether an id that is made up may be here. */
  get hasAlike(): boolean {
    return this.alike > 0
  }

  /** The oldest ones go that are over or were replaced by a later one of their key, at most `max`. */
  sweep(nowMs: number, max: number): void {
    for (let i = 0; i < max && this.oldest !== null; i++) {
      const { key, untilMs } = this.oldest
      if (untilMs > nowMs && this.byKey.get(key) === this.oldest) return
      this.dropOldest()
    }
  }

  /** There is one. */
  dropOldest(): void {
    const past = this.oldest!
    this.oldest = past.next
    if (past.isAlike) this.alike--
    if (past.next === null) this.newest = null
    if (this.byKey.get(past.key) === past) this.byKey.delete(past.key)
  }
}

/** In place of a queue's name, which is never empty. */
const FLOWS = ''
/** As tasks end that way. */
const FLOW_ENDS: Readonly<Record<Flow['state'], RecordState>> = {
  running: CANCELLED,
  completed: COMPLETED,
  failed: FAILED,
  cancelled: CANCELLED,
}

/** Entries that are over and go with one that comes, at most: more than come, so they run out. */
const SWEEP_MAX = 4

/** A final record is forgotten now. */
export function rememberPast(core: PolicyState, record: TaskRecord, nowMs: number): void {
  if (!record.isNamed) return
  const { past } = core
  const { windowSeconds, count } = core.options.dedup
  const untilMs = record.finishedAtMs + 1000 * windowSeconds
  if (untilMs <= nowMs || count === 0) return
  past.sweep(nowMs, SWEEP_MAX)
  const { queueName, givenId, state, code } = record
  const isAlike = givenId.startsWith(core.index.prefix)
  past.add(new Past(keyOf(queueName, givenId), state, code, untilMs, isAlike))
  // Ends: each round takes one out.
  while (past.byKey.size > count) past.dropOldest()
}

/** All tasks of an ended flow are forgotten; an id that was made up never comes again. */
export function rememberFlow(core: PolicyState, flow: Flow, nowMs: number): void {
  const { windowSeconds, count } = core.options.dedup
  const untilMs = flow.finishedAtMs + 1000 * windowSeconds
  if (!flow.isNamed || untilMs <= nowMs || count === 0) return
  const { past } = core
  past.sweep(nowMs, SWEEP_MAX)
  past.add(new Past(keyOf(FLOWS, flow.id), FLOW_ENDS[flow.state], null, untilMs, false))
  // Ends: each round takes one out.
  while (past.byKey.size > count) past.dropOldest()
}

/** @returns how the flow of that id ended, while its window lasts; else null. */
export function findPastFlow(core: PolicyState, id: string, nowMs: number): Past | null {
  return findPast(core, FLOWS, id, nowMs)
}

/** @returns what became of the task of that id, while its window lasts; else null. */
export function findPast(
  core: PolicyState,
  queueName: string,
  id: string,
  nowMs: number,
): Past | null {
  const { byKey } = core.past
  if (byKey.size === 0) return null
  const past = byKey.get(keyOf(queueName, id))
  return past !== undefined && past.untilMs > nowMs ? past : null
}

/** @returns whether the id that this number would make was a user's until lately. */
export function isPastNumber(
  core: PolicyState,
  queueName: string,
  seq: number,
  nowMs: number,
): boolean {
  if (!core.past.hasAlike) return false
  return findPast(core, queueName, core.index.prefix + seq, nowMs) !== null
}

/** Neither has a slash in it. */
function keyOf(queueName: string, id: string): string {
  return `${queueName}/${id}`
}
