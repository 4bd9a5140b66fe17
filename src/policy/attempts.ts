/**
 * Attempts: a task in an agent's hands, from commit to its end. Found by (agent, token), never by
 * slot alone; the slot only says where to look first. An attempt that ends without a result
 * (time-out, silence, deadline, cancel) leaves its credit charged, since the agent may still be working
 * on it: the credit comes back with the late result, with two beats that lack the token, or when the
 * agent goes. Front-end thread.
 *
 * Invariant: an attempt that ended leaves its task in no list; the same event puts it elsewhere or ends
 * it.
 */
import type { SlotIndex } from '../../native-free/index.ts'
import type { NextStage } from '../options.ts'
import type { AgentState } from './agents.ts'
import { keepApart } from './apart.ts'
import { end, endCharged } from './attempt-end.ts'
import { leaveQueue, unbindAll } from './binding.ts'
import { giveCredit, giveCreditBack, pauseAgent, takeCredit } from './credit.ts'
import { giveUp } from './dead-letter.ts'
import { schedule } from './delays.ts'
import { armHeartbeat, isSilent } from './heartbeats.ts'
import { twinSucceeded } from './hedges.ts'
import { endOffer, putBack, takeSlot } from './matching.ts'
import { escalate } from './moves.ts'
import { hasCode, isRetried, retryDelayMs } from './retries.ts'
import { succeedBy } from './stages.ts'
import type { PolicyState } from './state.ts'
import { DEAD, FAILED, RUNNING, type TaskRecord } from './task-record.ts'
import { endWait } from './waits.ts'

/** Commit of an offered task. */
export function start(
  core: PolicyState,
  record: TaskRecord,
  agent: AgentState,
  nowMs: number,
): void {
  endOffer(core, record)
  begin(core, record, agent, nowMs)
}

/** What is bound to an agent that has credit by now starts. @returns it, or null when nothing can. */
export function startBound(core: PolicyState, nowMs: number): TaskRecord | null {
  if (core.ready.length === 0 || core.freeSlots.size === 0) return null
  const agent = core.ready[0]
  const record = agent.bound.head!
  leaveQueue(core, record, agent)
  startOn(core, record, agent, nowMs)
  return record
}

/** A task that stands nowhere begins with an agent that has credit; there is a slot. */
export function startOn(
  core: PolicyState,
  record: TaskRecord,
  agent: AgentState,
  nowMs: number,
): void {
  takeSlot(core, record, nowMs)
  begin(core, record, agent, nowMs)
}

/** The task has a slot: the only place where credit is taken for one. */
function begin(core: PolicyState, record: TaskRecord, agent: AgentState, nowMs: number): void {
  const attempt = record.attempt!
  core.slots.place(attempt.slot as SlotIndex)
  takeCredit(core, agent)
  record.state = RUNNING
  attempt.agent = agent
  attempt.counter = core.nextCounter++
  attempt.dispatchSeq = ++agent.dispatchSeq
  record.agentId = agent.id
  record.attempts++
  record.startedAtMs = nowMs
  record.progress = null
  agent.running.pushBack(record)
  record.queue!.running++
  core.counters.started++
  if (agent.claims) attempt.heardAtMs = nowMs
  else {
    core.timeouts.arm(record, nowMs)
    armHeartbeat(core, record, nowMs)
  }
  keepApart(record, agent)
  endWait(core, record, nowMs)
}

/** @returns the running attempt of that token, or null. */
export function runningIn(
  core: PolicyState,
  agentId: string,
  slot: number,
  epoch: number,
  counter: number,
): TaskRecord | null {
  const record = slot < core.recordAt.length ? core.recordAt[slot] : null
  const running =
    record !== null &&
    record.state === RUNNING &&
    record.attempt!.counter === counter &&
    epoch === core.options.epoch &&
    record.agentId === agentId
  return running ? record : null
}

export function find(
  core: PolicyState,
  agentId: string,
  slot: number,
  epoch: number,
  counter: number,
): TaskRecord | 'late_result' | 'result_unknown' {
  const record = runningIn(core, agentId, slot, epoch, counter)
  if (record !== null) return record
  const given = epoch === core.options.epoch && counter > 0 && counter < core.nextCounter
  if (!given) return 'result_unknown'
  core.counters.lateResults++
  const agent = core.agents.get(agentId)
  if (agent?.ended.delete(counter)) giveCreditBack(core, agent, counter)
  return 'late_result'
}

/** The agent said something of an attempt that runs: it lives. */
export function heard(record: TaskRecord, progress: string, nowMs: number): void {
  record.progress = progress
  record.attempt!.heardAtMs = nowMs
  record.attempt!.agent!.lastSeenMs = nowMs
}

/** @param next where it goes on by a rule on its result; null where that is its outcome. */
export function succeeded(
  core: PolicyState,
  record: TaskRecord,
  next: NextStage | null,
  nowMs: number,
): void {
  const agent = record.attempt!.agent!
  agent.completed++
  agent.lastSeenMs = nowMs
  end(core, record, 'succeeded', false)
  giveCredit(core, agent)
  if (isTwin(record)) twinSucceeded(core, record, next, nowMs)
  else succeedBy(core, record, next, nowMs)
}

export function failed(
  core: PolicyState,
  record: TaskRecord,
  code: string,
  message: string,
  retryable: boolean,
  nowMs: number,
): void {
  const agent = record.attempt!.agent!
  agent.failed++
  agent.lastSeenMs = nowMs
  // Before the end: who is told of that wants to know why.
  record.code = code
  record.message = message
  record.retryable = retryable
  end(core, record, 'failed', false)
  giveCredit(core, agent)
  retryOrFail(core, record, nowMs)
}

export function timedOut(core: PolicyState, record: TaskRecord, nowMs: number): void {
  core.counters.timedOut++
  endCharged(core, record, 'timeout', nowMs)
  record.code = 'timeout'
  record.message = `Attempt ${record.attempts} ran longer than ${record.timeoutMs} ms.`
  record.retryable = true
  retryOrFail(core, record, nowMs)
}

/** The time of an attempt's heartbeat is reached; it may have told of itself meanwhile. */
export function heartbeatDue(core: PolicyState, record: TaskRecord, nowMs: number): void {
  if (!isSilent(core, record, nowMs)) return
  core.counters.timedOut++
  const silentMs = nowMs - record.attempt!.heardAtMs
  endCharged(core, record, 'heartbeat_timeout', nowMs)
  record.code = 'heartbeat_timeout'
  record.message = `Attempt ${record.attempts} told nothing of itself for ${silentMs} ms.`
  record.retryable = true
  retryOrFail(core, record, nowMs)
}

function retryOrFail(core: PolicyState, record: TaskRecord, nowMs: number): void {
  record.failures++
  const { options } = record.cls!.queue
  if (hasCode(options.escalateOn, record.code) && escalate(core, record, nowMs)) return
  if (!isRetried(options, record)) {
    giveUp(core, record, FAILED, nowMs)
    return
  }
  core.counters.retried++
  const ownDelayMs = record.extras === null ? null : record.extras.own.retryDelayMs
  const delayMs = retryDelayMs(options, ownDelayMs, core.options.epoch, record)
  if (delayMs > 0) schedule(core, record, delayMs, 'retry', nowMs)
  else putBack(core, record, nowMs)
}

/** The agent went with the task in its hands; its credit goes with it or was given back. */
export function lost(
  core: PolicyState,
  record: TaskRecord,
  code: 'agent_lost' | 'dispatch_failed',
  message: string,
  nowMs: number,
): void {
  record.attempt!.agent!.lost++
  end(core, record, code, false)
  core.counters.attemptsLost++
  record.losses++
  record.code = code
  record.message = message
  record.retryable = true
  const isLast = record.losses > record.cls!.queue.options.lossLimit || isTwin(record)
  if (isLast) giveUp(core, record, DEAD, nowMs)
  else putBack(core, record, nowMs)
}

/**
 * Nobody had it. An agent that says hello and does not listen is a loss, or the task would go to and
 * fro with its beats; one without lease says nothing, is tried again after growing pauses only, and
 * its task waits as long as it must.
 */
export function dispatchFailed(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const agent = record.attempt!.agent!
  core.counters.dispatchFailed++
  const message = `Nobody listens for agent "${agent.id}".`
  if (agent.leased) lost(core, record, 'dispatch_failed', message, nowMs)
  else undelivered(core, record, message, nowMs)
  giveCredit(core, agent)
  pauseAgent(core, agent)
  unbindAll(core, agent)
}

/** Tried once: its task goes on without it. */
function isTwin({ extras }: TaskRecord): boolean {
  return extras !== null && extras.standsFor !== null
}

function undelivered(core: PolicyState, record: TaskRecord, message: string, nowMs: number): void {
  end(core, record, 'undelivered', false)
  record.code = 'dispatch_failed'
  record.message = message
  record.retryable = true
  putBack(core, record, nowMs)
}
