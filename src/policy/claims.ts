/**
 * Work of people: it is assigned to them, and begins when they claim it; they may also take a task that
 * waits, hand one back, or hand it on. Front-end thread.
 *
 *   WAITING ──placed, or assigned──► RUNNING, not claimed ──claim──► RUNNING, its time-out counts
 *                                        │  └──declined──► its lane, for somebody else
 *                                        └─────handed on──► the queue's `escalateTo`
 *
 * Invariant: an attempt at an agent that claims has no time-out before it is claimed, since what lies in
 * an inbox is not being worked on; a task that everybody has declined does not wait for ever.
 */
import type { AgentIndex } from '../../native-free/index.ts'
import type { AgentState } from './agents.ts'
import { Apart, hasOther } from './apart.ts'
import { end } from './attempt-end.ts'
import { startOn } from './attempts.ts'
import { giveCredit } from './credit.ts'
import { giveUp } from './dead-letter.ts'
import { extrasOf } from './extras.ts'
import { putBack } from './matching.ts'
import { escalate, mayEscalate } from './moves.ts'
import type { PolicyState } from './state.ts'
import { mayServe } from './stealing.ts'
import { takeOut } from './take-out.ts'
import { BOUND, FAILED, OFFERED, PARKED, RUNNING, type TaskRecord, WAITING } from './task-record.ts'

export type ClaimRefusal = 'not_running' | 'not_supported' | 'claimed'
export type AssignRefusal = 'not_waiting' | 'held' | 'not_accepting' | 'not_served' | 'no_room'

/** Its agent begins. @returns null, or why not: `not_supported` where an attempt begins by itself. */
export function claim(core: PolicyState, record: TaskRecord, nowMs: number): ClaimRefusal | null {
  if (record.state !== RUNNING) return 'not_running'
  const attempt = record.attempt!
  if (!attempt.agent!.claims) return 'not_supported'
  if (attempt.claimedAtMs > 0) return 'claimed'
  attempt.claimedAtMs = Math.max(1, nowMs)
  attempt.heardAtMs = nowMs
  attempt.agent!.lastSeenMs = nowMs
  core.timeouts.arm(record, nowMs)
  return null
}

/**
 * A task that waits is taken by an agent that may have it, before its turn: from its lane, from a router
 * that was to choose for it, or from among those that wait for somebody else than who is free.
 * @returns null: it RUNS there, and is to be sent.
 */
export function assign(
  core: PolicyState,
  record: TaskRecord,
  agent: AgentState,
  nowMs: number,
): AssignRefusal | null {
  const { state } = record
  if (state !== WAITING && state !== OFFERED && state !== PARKED) return 'not_waiting'
  // An offer is in its queue's hands already, and its slot is free for this.
  const isHeld = record.cls!.queue.paused || (record.cls!.queue.held && state !== OFFERED)
  if (isHeld) return 'held'
  if (!agent.accepting) return 'not_accepting'
  if (!mayServe(core, record, agent)) return 'not_served'
  if (!hasCredit(core, agent) || (core.freeSlots.size === 0 && state !== OFFERED)) return 'no_room'
  takeOut(core, record, 'cancelled', nowMs)
  startOn(core, record, agent, nowMs)
  return null
}

/** And nothing that it is to have before. */
function hasCredit(core: PolicyState, agent: AgentState): boolean {
  return agent.bound.length === 0 && core.table.credit(agent.index as AgentIndex) > 0
}

/**
 * Its agent will not do it: no failure, and another one's turn. With nobody left to ask it waits while its
 * second attempt is with somebody; when that one is declined too, both are over.
 */
export function declined(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const agent = leave(core, record, 'declined', nowMs)
  core.counters.declined++
  const extras = extrasOf(record)
  if (extras.apart === null) {
    extras.apart = new Apart()
    extras.apart.agents.push(agent.id)
  }
  const { standsFor, twin } = extras
  setDeclined(record, agent)
  if (hasOther(record) || (twin !== null && isTaken(twin))) {
    putBack(core, record, nowMs)
    return
  }
  endDeclined(core, record, nowMs)
  if (standsFor === null || isTaken(standsFor)) return
  // The task waits, and for nobody: the two are kept from the same agents.
  takeOut(core, standsFor, 'cancelled', nowMs)
  standsFor.state = RUNNING
  setDeclined(standsFor, agent)
  endDeclined(core, standsFor, nowMs)
}

function setDeclined(record: TaskRecord, { id }: AgentState): void {
  record.code = 'declined'
  record.message = `Agent "${id}" declined it.`
  record.retryable = true
}

/** Some agent has it. */
function isTaken({ state }: TaskRecord): boolean {
  return state === RUNNING || state === BOUND
}

/** The record is in no list and has no attempt, and there is nobody else for it here. */
function endDeclined(core: PolicyState, record: TaskRecord, nowMs: number): void {
  if (!escalate(core, record, nowMs)) giveUp(core, record, FAILED, nowMs)
}

/**
 * Its agent hands it to whom the queue escalates to.
 * @returns null; `not_supported` where there is nobody, or it was there: its agent has it still.
 */
export function handedOn(
  core: PolicyState,
  record: TaskRecord,
  nowMs: number,
): 'not_supported' | null {
  if (!mayEscalate(record)) return 'not_supported'
  const agent = leave(core, record, 'handed_on', nowMs)
  record.code = 'handed_on'
  record.message = `Agent "${agent.id}" handed it on.`
  record.retryable = true
  // There may be as many queues as there can be.
  if (!escalate(core, record, nowMs)) putBack(core, record, nowMs)
  return null
}

function leave(
  core: PolicyState,
  record: TaskRecord,
  how: 'declined' | 'handed_on',
  nowMs: number,
): AgentState {
  const agent = record.attempt!.agent!
  agent.lastSeenMs = nowMs
  end(core, record, how, false)
  giveCredit(core, agent)
  return agent
}
