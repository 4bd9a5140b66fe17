/**
 * Dependencies: a task waits for others to complete before it may be tried. Front-end thread.
 *
 *   admission ──all parents completed──► its lane (or its delay)
 *       │
 *       └─► BLOCKED ──the last parent completed──► its lane (or its delay)
 *              ├── a parent did not ──fail──► FAILED, parent_failed ──► and so on downwards
 *              │                   ├─skip──► CANCELLED, skipped
 *              │                   └─continue─► as if it had
 *              └── held: only `resolve` ends it, and its end ends the votes on it
 *
 * Invariant: a task with parents is in no lane before each of them is final; a final task is pinned, and
 * so not forgotten, while one that depends on it or its flow is open, because its result is an input.
 *
 * The ends of a long chain are taken one after the other from `core.settling`, not in one another: a
 * thousand nodes would be a thousand calls deep.
 */
import { schedule } from './delays.ts'
import { extrasOf } from './extras.ts'
import { type Flow, Links } from './graphs.ts'
import { putBack } from './matching.ts'
import type { PolicyState } from './state.ts'
import { cancel, finish } from './take-out.ts'
import {
  BLOCKED,
  CANCELLED,
  COMPLETED,
  FAILED,
  isFinal,
  type TaskRecord,
  WAITING,
} from './task-record.ts'

/** Why a task that waited for another ended without being tried. */
export const PARENT_FAILED = 'parent_failed'
export const SKIPPED = 'skipped'

/** The record is admitted, and in no list: from here it waits for its parents. */
export function linkParents(core: PolicyState, record: TaskRecord, links: Links): void {
  extrasOf(record).links = links
  for (const [i, parent] of links.parents.entries()) {
    const isOver = isFinal(parent.state)
    if (linksOf(parent).openChildren === 0 && isOver) pin(core, parent)
    links.enter(record, i)
    if (!isOver) links.open++
  }
}

/** A task that nobody linked before has nobody before it. */
function linksOf(record: TaskRecord): Links {
  const extras = extrasOf(record)
  extras.links ??= new Links([], [], [], 'fail', false, null, '')
  return extras.links
}

/** Whether an admitted record waits for others, or for whoever holds it; then it does from now on. */
export function block(record: TaskRecord): boolean {
  const { open, held } = record.extras!.links!
  if (open === 0 && !held) return false
  record.state = BLOCKED
  record.queue!.blocked++
  return true
}

/** An admitted record waits for nobody: to its lane, to its delay, or to its end before it is tried. */
export function begin(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const links = record.extras === null ? null : record.extras.links
  const failed = links === null ? undefined : failedOf(links)
  if (failed === undefined) makeReady(core, record, nowMs)
  else endUntried(core, record, failed, nowMs)
}

/** Whether a parent was final before it was admitted, and ends it. */
export function hasFailedParent({ extras }: TaskRecord): boolean {
  return failedOf(extras!.links!) !== undefined
}

function failedOf({ parents, onFailure }: Links): TaskRecord | undefined {
  if (onFailure === 'continue') return undefined
  return parents.find(({ state }) => isFinal(state) && state !== COMPLETED)
}

function makeReady(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const delayMs = record.extras === null ? 0 : record.extras.own.delayMs
  if (delayMs > 0) schedule(core, record, delayMs, 'delay', nowMs)
  else putBack(core, record, nowMs)
}

/** A record with links is final: its outcome is told. */
export function over(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const links = record.extras!.links!
  const { parents, flow, held, children } = links
  for (const [i, parent] of parents.entries()) {
    links.leave(record, i)
    if (parent.extras!.links!.openChildren === 0) unpin(core, parent, nowMs)
  }
  links.parents = []
  // Until the end of its flow all of it can be looked up.
  if (children.length > 0 || flow !== null) core.pinned.pushBack(record)
  else core.kept.add(core, record, nowMs)
  if (held) dropVotes(core, parents, nowMs)
  if (flow !== null && --flow.open === 0) endFlow(core, flow, nowMs)
  if (children.length === 0) return
  core.settling.push(record)
  if (!core.isSettling) settle(core, nowMs)
}

/** Ends: each round takes a task that has ended, once for each. */
function settle(core: PolicyState, nowMs: number): void {
  core.isSettling = true
  for (;;) {
    const record = core.settling.pop()
    if (record === undefined) break
    // A copy: who ends leaves.
    for (const child of [...record.extras!.links!.children]) {
      settleChild(core, child, record, nowMs)
    }
  }
  core.isSettling = false
}

function settleChild(
  core: PolicyState,
  child: TaskRecord,
  parent: TaskRecord,
  nowMs: number,
): void {
  // It goes on without waiting for the votes on it any more.
  if (child.state !== BLOCKED) return
  const links = child.extras!.links!
  links.open--
  if (parent.state !== COMPLETED && links.onFailure !== 'continue') {
    child.queue!.blocked--
    endUntried(core, child, parent, nowMs)
  } else if (links.open === 0 && !links.held) release(core, child, nowMs)
}

function release(core: PolicyState, record: TaskRecord, nowMs: number): void {
  record.queue!.blocked--
  record.state = WAITING
  // What it promises counts from here: before, nobody could have begun it.
  const extras = record.extras!
  extras.releasedAtMs = nowMs + extras.own.delayMs
  core.effects.noted(record, 'ready', 'parents')
  makeReady(core, record, nowMs)
}

/** The record is in no list. It has no letter: that of the task that failed first says it all. */
function endUntried(
  core: PolicyState,
  record: TaskRecord,
  parent: TaskRecord,
  nowMs: number,
): void {
  const isSkipped = record.extras!.links!.onFailure === 'skip'
  record.code = isSkipped ? SKIPPED : PARENT_FAILED
  record.message = `Task ${nameOf(parent, record)}, which it depends on, did not complete (${parent.code}).`
  record.retryable = false
  finish(core, record, isSkipped ? CANCELLED : FAILED, nowMs)
}

/** In a flow by the name that its user gave it, elsewhere by its id. */
function nameOf(parent: TaskRecord, child: TaskRecord): string {
  const { flow, node } = parent.extras!.links!
  const isOfSame = flow !== null && flow === child.extras!.links!.flow
  return isOfSame ? `"${node}" of the same flow` : `"${parent.id}"`
}

/** Nobody counts the votes any more. */
export function dropVotes(core: PolicyState, votes: readonly TaskRecord[], nowMs: number): void {
  for (const vote of votes) cancel(core, vote, nowMs)
}

/** @returns how many were cancelled: the task and all that depend on it, as far as they are open. */
export function cancelSubtree(core: PolicyState, root: TaskRecord, nowMs: number): number {
  const found = new Set([root])
  for (const record of found) {
    for (const child of record.extras?.links?.children ?? []) found.add(child)
  }
  let cancelled = 0
  // From the leaves upwards, which came last, or the first would fail those below it.
  for (const record of [...found].sort((a, b) => b.seq - a.seq)) {
    if (cancel(core, record, nowMs) === null) cancelled++
  }
  return cancelled
}

function endFlow(core: PolicyState, flow: Flow, nowMs: number): void {
  flow.finishedAtMs = nowMs
  flow.state = flowStateOf(flow)
  core.effects.flowEnded(flow)
  for (const record of flow.nodes) {
    if (record !== null && record.extras!.links!.openChildren === 0) unpin(core, record, nowMs)
  }
}

/** As its last nodes end, so does a flow: what they did without is no matter. */
function flowStateOf({ nodes, after }: Flow): Flow['state'] {
  const isParent = new Set(after.flat())
  const leaves = nodes.filter((record, i) => record !== null && !isParent.has(i))
  const isWell = ({ state, code }: TaskRecord) => state === COMPLETED || code === SKIPPED
  if (leaves.every((record) => isWell(record!))) return 'completed'
  const isStopped = (record: TaskRecord) => isWell(record) || record.state === CANCELLED
  return leaves.every((record) => isStopped(record!)) ? 'cancelled' : 'failed'
}

/** Whether a final record stands among the pinned, and not among the kept. */
export function isPinned({ extras }: TaskRecord): boolean {
  const links = extras === null ? null : extras.links
  if (links === null) return false
  return links.openChildren > 0 || (links.flow !== null && links.flow.open > 0)
}

/** One that is final, and has its first child now, is not to be forgotten. */
function pin(core: PolicyState, record: TaskRecord): void {
  if (isPinned(record)) return
  core.kept.take(record)
  core.pinned.pushBack(record)
}

/** It has no open child, or its flow has ended: one of the two was last. */
function unpin(core: PolicyState, record: TaskRecord, nowMs: number): void {
  if (!isFinal(record.state) || isPinned(record)) return
  core.pinned.remove(record)
  core.kept.add(core, record, nowMs)
}
