/**
 * A second attempt elsewhere at a task whose first takes long, and ends of tasks that are decided by
 * others: by the second attempt, or by votes. Front-end thread.
 *
 *   RUNNING ──hedge──► RUNNING, and a twin that waits, runs, …
 *                         ├── the task ends, or goes elsewhere: the twin is cancelled
 *                         ├── the twin succeeds: so has the task, and its own attempt is revoked
 *                         └── the twin does not: the task goes on
 *
 *   BLOCKED, held ──resolve──► as a task whose attempt has just ended so
 *
 * Invariant: a twin is with another agent than its task; it is tried once, promises nothing, has no
 * letter and no twin, and one of the two gives the task its one outcome. A twin is a task of its own in
 * all counts.
 */

import type { NextStage } from '../options.ts'
import { boundsRefusal, enter } from './admission.ts'
import { Apart } from './apart.ts'
import { giveUp } from './dead-letter.ts'
import { dropVotes } from './dependencies.ts'
import { extrasOf, NOTHING } from './extras.ts'
import { putBack } from './matching.ts'
import { escalate } from './moves.ts'
import { hasCode } from './retries.ts'
import { succeedBy } from './stages.ts'
import type { PolicyState } from './state.ts'
import { finish, takeOut } from './take-out.ts'
import { BLOCKED, COMPLETED, FAILED, isFinal, RUNNING, type TaskRecord } from './task-record.ts'
import { partTwins } from './twins.ts'

export type HedgeRefusal = 'not_running' | 'hedged' | 'moved' | 'queue_full'
export type ResolveRefusal = 'finished' | 'not_held'

/** An end that is decided outside. */
export type Resolution =
  | {
      readonly ok: true
      /** Where a rule on the result sends the task; null where that is its outcome. */
      readonly next: NextStage | null
    }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** Why a task failed that several agents were to decide together. */
export const CONSENSUS_REQUIRED = 'consensus_required'

/** It waits for as long as its task does, by that one's clocks. */
const NO_PROMISES = { ...NOTHING, ttlMs: 0, slaTargetMs: 0 }

/**
 * @param twin a record with the same payload, that nobody waits for and that has no name.
 * @returns null when it waits for an agent now.
 */
export function hedge(
  core: PolicyState,
  record: TaskRecord,
  twin: TaskRecord,
  nowMs: number,
): HedgeRefusal | null {
  if (record.state !== RUNNING) return 'not_running'
  const before = record.extras
  if (before !== null && (before.twin !== null || before.standsFor !== null)) return 'hedged'
  const { queue } = record.cls!
  if (record.queue !== queue) return 'moved'
  if (boundsRefusal(queue, 1, twin.payloadBytes) !== null) return 'queue_full'
  const extras = extrasOf(record)
  if (extras.apart === null) {
    extras.apart = new Apart()
    extras.apart.agents.push(record.agentId!)
  }
  extras.twin = twin
  const twinExtras = extrasOf(twin)
  twinExtras.standsFor = record
  twinExtras.own = NO_PROMISES
  twinExtras.apart = extras.apart
  twin.level = record.baseLevel
  twin.baseLevel = record.baseLevel
  twin.keyHash = record.keyHash
  twin.timeoutMs = record.timeoutMs
  twin.retryCount = 0
  enter(core, twin, queue, record.cls!, nowMs)
  core.counters.hedged++
  putBack(core, twin, nowMs)
  return null
}

/** The twin's attempt has succeeded and ended: so has its task, whatever that is about. */
export function twinSucceeded(
  core: PolicyState,
  twin: TaskRecord,
  next: NextStage | null,
  nowMs: number,
): void {
  const record = twin.extras!.standsFor!
  partTwins(record, twin)
  core.counters.hedgesWon++
  record.view = twin.view
  record.viewStart = twin.viewStart
  record.resultBytes = twin.resultBytes
  twin.dropView()
  twin.resultBytes = 0
  takeOut(core, record, 'cancelled', nowMs)
  record.agentId = twin.agentId
  ended(record)
  succeedBy(core, record, next, nowMs)
  twin.code = null
  finish(core, twin, COMPLETED, nowMs)
}

/** What those who count votes on a task have decided. @returns null, or why it cannot be. */
export function resolve(
  core: PolicyState,
  record: TaskRecord,
  how: Resolution,
  nowMs: number,
): ResolveRefusal | null {
  if (isFinal(record.state)) return 'finished'
  const links = record.extras === null ? null : record.extras.links
  if (record.state !== BLOCKED || links === null || !links.held) return 'not_held'
  takeOut(core, record, 'cancelled', nowMs)
  ended(record)
  if (how.ok) succeedBy(core, record, how.next, nowMs)
  else endBadly(core, record, how.code, how.message, nowMs)
  // It goes on: what was voted may be read, and who has not voted need not.
  if (!isFinal(record.state)) dropVotes(core, links.parents, nowMs)
  return null
}

/** The record was taken out. */
function endBadly(
  core: PolicyState,
  record: TaskRecord,
  code: string,
  message: string,
  nowMs: number,
): void {
  record.code = code
  record.message = message
  record.retryable = false
  const { escalateOn } = record.cls!.queue.options
  // Who cannot agree needs somebody who decides, whoever else is sent there.
  const isEscalated = code === CONSENSUS_REQUIRED || hasCode(escalateOn, code)
  if (isEscalated && escalate(core, record, nowMs)) return
  giveUp(core, record, FAILED, nowMs)
}

/** As any whose attempt has just ended: in no list, and without an attempt. */
function ended(record: TaskRecord): void {
  record.state = RUNNING
}
