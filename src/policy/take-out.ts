/**
 * An open task leaves wherever it stands, and a task ends. Front-end thread.
 *
 * Invariant: what was taken out stands in no list but that of its wait, and has no slot; the caller ends
 * the wait, and puts it elsewhere or ends it, in the same event. A final record has nothing armed.
 */
import { leaveParked } from './apart.ts'
import { endCharged } from './attempt-end.ts'
import { leaveQueue } from './binding.ts'
import { unschedule } from './delays.ts'
import type { Extras } from './extras.ts'
import { endOffer, freeSlot, removeFromLane } from './matching.ts'
import type { PolicyState } from './state.ts'
import {
  BLOCKED,
  BOUND,
  CANCELLED,
  COMPLETED,
  EXPIRED,
  FAILED,
  isFinal,
  OFFERED,
  PARKED,
  type RecordState,
  RUNNING,
  SCHEDULED,
  type TaskRecord,
  WAITING,
} from './task-record.ts'
import { endWait } from './waits.ts'

/** @param why of an attempt that runs: it is revoked, and its credit stays charged. */
export function takeOut(
  core: PolicyState,
  record: TaskRecord,
  why: 'cancelled' | 'deadline_expired',
  nowMs: number,
): void {
  switch (record.state) {
    case WAITING:
      removeFromLane(core, record)
      break
    case OFFERED:
      endOffer(core, record)
      freeSlot(core, record)
      break
    case BOUND:
      leaveQueue(core, record, core.agents.get(record.agentId!)!)
      break
    case RUNNING:
      endCharged(core, record, why, nowMs)
      break
    case SCHEDULED:
      unschedule(core, record)
      break
    case BLOCKED:
      record.queue!.blocked--
      break
    case PARKED:
      leaveParked(core, record)
      break
  }
}

export function cancel(core: PolicyState, record: TaskRecord, nowMs: number): 'finished' | null {
  if (isFinal(record.state)) return 'finished'
  takeOut(core, record, 'cancelled', nowMs)
  record.code = 'cancelled'
  record.message = 'The task was cancelled.'
  record.retryable = false
  finish(core, record, CANCELLED, nowMs)
  return null
}

/** The one final outcome of a record that is in no list. */
export function finish(
  core: PolicyState,
  record: TaskRecord,
  state: RecordState,
  nowMs: number,
): void {
  record.state = state
  record.finishedAtMs = nowMs
  endWait(core, record, nowMs)
  const { extras } = record
  if (extras !== null) {
    if (extras.deadline !== null) core.dues.remove(extras.deadline)
    // Nobody goes on from it, and finished tasks are kept for long.
    extras.checkpoint = null
  }
  const queue = record.queue!
  const served = record.cls!.queue
  if (served !== queue) served.guests--
  queue.open--
  queue.openBytes -= record.payloadBytes
  count(core, state)
  core.effects.outcome(record)
  if (extras !== null && isLinked(extras)) core.linkedOver(record, nowMs)
  else core.kept.add(core, record, nowMs)
}

function isLinked({ links, twin, standsFor }: Extras): boolean {
  return links !== null || twin !== null || standsFor !== null
}

function count({ counters }: PolicyState, state: RecordState): void {
  if (state === COMPLETED) counters.completed++
  else if (state === FAILED) counters.failed++
  else if (state === CANCELLED) counters.cancelled++
  else if (state === EXPIRED) counters.expired++
  else counters.dead++
}
