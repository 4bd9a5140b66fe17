/**
 * What the front end tells its learning: attempts that ended, agents that came and went, types of
 * tasks that are new. Main thread.
 *
 * Invariant: of each attempt at most one result is learned, and none that is not the agent's own doing.
 *
 * | how it ended            | what is learned                                           |
 * | ----------------------- | --------------------------------------------------------- |
 * | success                 | a success, dispatch to result                             |
 * | failure, to be retried  | a failure, dispatch to result                             |
 * | failure for good        | nothing: the task was bad, and whoever has it must say so |
 * | time-out                | a failure, as long as it ran                              |
 * | lost, nobody listened   | a failure without a time                                  |
 * | cancelled, not heard    | nothing                                                   |
 * | cut, another came first | a success, as long as it ran: it takes that long at least    |
 * | interrupted, called back | nothing: the first is our doing, the second was not begun |
 * | declined, handed on     | nothing: it is for others to do                           |
 *
 * An agent that says of everything that it failed for good keeps what it had learned of it before: it
 * is for the health of queues to notice, not for routing, which could only spread the failures.
 */

import { NO_TIME } from '../learning/learning.ts'
import type { AgentState } from '../policy/agents.ts'
import type { AttemptEnd } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { FrontEndContext } from './context.ts'

/** Longer than this, µs stamps of 32 bits wrap soon: 1,000 s. Policy time is exact enough then. */
const STAMPS_MS_MAX = 1_000_000

/** The agent's own word. Before the attempt ends. @param stampUs when it came. */
export function learnResult(
  context: FrontEndContext,
  record: TaskRecord,
  ok: boolean,
  stampUs: number,
): void {
  const attempt = record.attempt!
  const begunAtMs = attempt.agent!.claims ? attempt.claimedAtMs : record.startedAtMs
  const ranMs = context.nowMs - begunAtMs
  const sentUs = attempt.dispatchedUs === 0 ? attempt.committedUs : attempt.dispatchedUs
  // A stamp of one thread and a later one of another may be a µs the wrong way round.
  const isExact = ranMs <= STAMPS_MS_MAX && !attempt.agent!.claims
  const us = !isExact ? ranMs * 1_000 : Math.max(0, (stampUs - sentUs) | 0)
  context.learning.record(attempt.agent!.index, record.cls!.row, us, ok)
}

/** The attempt has ended without a word of its agent. */
export function learnEnd(
  context: FrontEndContext,
  record: TaskRecord,
  agent: AgentState,
  how: AttemptEnd,
): void {
  if (how === 'timeout') {
    const ranMs = agent.claims ? record.timeoutMs : context.nowMs - record.startedAtMs
    context.learning.record(agent.index, record.cls!.row, ranMs * 1_000, false)
  } else if (how === 'agent_lost' || how === 'dispatch_failed') {
    context.learning.record(agent.index, record.cls!.row, NO_TIME, false)
  }
}

/** Its task's second attempt came first. Unlearned, an agent that is always slow would be given more. */
export function learnCut(context: FrontEndContext, record: TaskRecord, agent: AgentState): void {
  const ranMs = context.nowMs - record.startedAtMs
  context.learning.record(agent.index, record.cls!.row, ranMs * 1_000, true)
}

export function learnAgent(context: FrontEndContext, agent: AgentState): void {
  context.learning.joined(agent.index)
  declareAll(context, agent)
}

/** A hello of a known instance may declare something else; what was learned of it stands. */
export function learnHello(context: FrontEndContext, agent: AgentState): void {
  context.learning.undeclare(agent.index)
  declareAll(context, agent)
}

function declareAll({ core, learning }: FrontEndContext, agent: AgentState): void {
  for (const type of Object.keys(agent.specializations)) {
    const row = core.rows.get(type)
    if (row !== undefined) learning.declare(agent.index, row, agent.specializations[type])
  }
}

/** After an admission: types that are new have rows now, about which agents have said something. */
export function learnRows(context: FrontEndContext): void {
  const { core } = context
  if (core.rows.size === context.rowsLearned) return
  for (const [type, row] of core.rows) {
    if (row <= context.rowsLearned) continue
    for (const agent of core.agents.values()) {
      if (!Object.hasOwn(agent.specializations, type)) continue
      context.learning.declare(agent.index, row, agent.specializations[type])
    }
  }
  context.rowsLearned = core.rows.size
}
