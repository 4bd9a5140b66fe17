/**
 * Call-back: an attempt that was sent and perhaps not begun is asked for, for another agent that has
 * nothing to do, or because its agent is to have less. Front-end thread.
 *
 *   RUNNING ──recall──► asked ──handed back──► RUNNING at the other agent, or WAITING
 *                         └── it had begun, or the word was lost: the attempt goes on as any
 *
 * Invariant: an attempt ends as `recalled` only by its agent's word that it has not begun it and never
 * will; so nothing is run twice by it, and nothing counts as a failure. Whatever else ends it
 * meanwhile (a result, a time-out, cancel, loss) ends it as ever, and the word comes too late.
 *
 * Not from agents that pull: what they asked for is theirs, and they might not ask again.
 */
import type { AgentState } from './agents.ts'
import { end } from './attempt-end.ts'
import { startOn } from './attempts.ts'
import { giveCredit } from './credit.ts'
import { putBack } from './matching.ts'
import type { PolicyState } from './state.ts'
import { canBegin, mayServe } from './stealing.ts'
import { RUNNING, type TaskRecord } from './task-record.ts'

/** Why an attempt is not called back. */
export type RecallRefusal =
  | 'not_running'
  | 'protected'
  | 'not_allowed'
  | 'begun'
  | 'asked'
  | 'paused'
  | 'same_agent'
  | 'not_accepting'
  | 'not_served'

/** @returns how many of its attempts an agent that lets work be called back has not begun, at most. */
export function unbegunOf(agent: AgentState): number {
  if (!agent.recalls || agent.pull) return 0
  return Math.max(0, agent.running.length - Math.max(0, agent.concurrency - agent.foreign))
}

/** @returns null when the attempt may be called back for `thief`, or, without one, for its lane. */
export function recallRefusal(
  core: PolicyState,
  record: TaskRecord,
  thief: AgentState | null,
  nowMs: number,
): RecallRefusal | null {
  if (record.state !== RUNNING) return 'not_running'
  if (record.baseLevel >= core.options.protectFrom) return 'protected'
  const { agent, recalledAtMs } = record.attempt!
  if (agent === thief) return 'same_agent'
  if (!agent!.recalls || agent!.pull || record.extras?.preempting === true) return 'not_allowed'
  if (unbegunOf(agent!) === 0) return 'begun'
  // A word that was lost may be said again, not more often than agents say anything.
  if (recalledAtMs > 0 && nowMs - recalledAtMs < core.options.leaseMs) return 'asked'
  return thief === null ? null : thiefRefusal(core, record, thief)
}

function thiefRefusal(
  core: PolicyState,
  record: TaskRecord,
  thief: AgentState,
): RecallRefusal | null {
  // It would only go back to its lane.
  if (record.cls!.queue.paused) return 'paused'
  if (!thief.accepting) return 'not_accepting'
  return mayServe(core, record, thief) ? null : 'not_served'
}

/** @returns null when its agent was asked. */
export function recall(
  core: PolicyState,
  record: TaskRecord,
  thief: AgentState | null,
  nowMs: number,
): RecallRefusal | null {
  const refusal = recallRefusal(core, record, thief, nowMs)
  if (refusal !== null) return refusal
  const attempt = record.attempt!
  attempt.recalledAtMs = Math.max(1, nowMs)
  attempt.recallTo = thief
  core.counters.recallsAsked++
  core.effects.recall(record, attempt.agent!)
  return null
}

/**
 * Whether what its agent hands back now was called back. One that it is asked to stop besides is
 * handed back as interrupted; and whoever hands something over with it had begun.
 */
export function isRecalled(record: TaskRecord, checkpoint: Uint8Array | null): boolean {
  if (checkpoint !== null || record.extras?.preempting === true) return false
  return record.attempt!.recalledAtMs > 0
}

/**
 * The attempt was handed back: its task runs elsewhere at once, or waits. Why an earlier attempt failed
 * is said of it still, since nothing has happened to it.
 */
export function recalled(core: PolicyState, record: TaskRecord, nowMs: number): void {
  const { agent, recallTo: thief } = record.attempt!
  agent!.lastSeenMs = nowMs
  end(core, record, 'recalled', false)
  giveCredit(core, agent!)
  core.counters.recalled++
  if (thief !== null && canTake(core, record, thief)) startOn(core, record, thief, nowMs)
  else putBack(core, record, nowMs)
}

function canTake(core: PolicyState, record: TaskRecord, thief: AgentState): boolean {
  // Paused meanwhile, or allowed fewer tasks at a time.
  if (!thief.accepting || record.cls!.queue.held) return false
  return canBegin(core, thief) && mayServe(core, record, thief)
}
