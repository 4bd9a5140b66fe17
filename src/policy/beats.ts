/**
 * Beats: an agent says that it lives, and which attempts it works on. Front-end thread.
 *
 * Invariant: an attempt that an agent does not know of is missed by two beats before anything is done
 * about it, since one may have crossed it on the way.
 */
import type { ErrorCode } from '../errors.ts'
import { setForeign } from './agent-limits.ts'
import type { AgentState } from './agents.ts'
import type { Attempt } from './attempt.ts'
import { lost } from './attempts.ts'
import { giveCredit, giveCreditBack } from './credit.ts'
import { fenceKey, seen } from './membership.ts'
import type { PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'

/**
 * @param running counters of the attempts that the agent says it works on; null when it reports
 *   none. An attempt that two consecutive beats after its dispatch lack has been lost on the way, it
 *   or its result: it ends, or is sent again to an agent that keeps.
 * @param foreign tasks in its hands that are not this scheduler's.
 */
export function beat(
  core: PolicyState,
  id: string,
  instance: string,
  running: ReadonlySet<number> | null,
  nowMs: number,
  foreign: number,
): ErrorCode | null {
  if (core.fencedInstances.has(fenceKey(id, instance))) return 'fenced'
  const agent = core.agents.get(id)
  if (agent === undefined || agent.instance !== instance) return 'agent_unknown'
  seen(core, agent, nowMs)
  setForeign(core, agent, foreign)
  if (running === null || !agent.beats) return null
  if (agent.keeps) repeatMissing(core, agent, running, nowMs)
  else endMissing(core, agent, running, nowMs)
  returnMissing(core, agent, running)
  return null
}

/** The same attempts once more, the oldest first; their time-outs go on. */
function repeatMissing(
  core: PolicyState,
  agent: AgentState,
  running: ReadonlySet<number>,
  nowMs: number,
): void {
  for (let record = agent.running.head; record !== null; record = record.next) {
    const attempt = record.attempt!
    if (running.has(attempt.counter)) named(attempt, nowMs)
    else if (++attempt.beatsMissed >= 2) {
      attempt.beatsMissed = 0
      core.counters.repeated++
      core.effects.repeat(record)
    }
  }
}

function endMissing(
  core: PolicyState,
  agent: AgentState,
  running: ReadonlySet<number>,
  nowMs: number,
): void {
  let record = agent.running.tail
  while (record !== null) {
    const before: TaskRecord | null = record.prev
    const attempt = record.attempt!
    if (running.has(attempt.counter)) named(attempt, nowMs)
    else if (++attempt.beatsMissed >= 2) {
      const message = `Agent "${agent.id}" does not know of attempt ${record.attempts}.`
      lost(core, record, 'agent_lost', message, nowMs)
      giveCredit(core, agent)
    }
    record = before
  }
}

/** What has ended and is not worked on any more is charged no longer. */
function returnMissing(core: PolicyState, agent: AgentState, running: ReadonlySet<number>): void {
  for (const [counter, ended] of agent.ended) {
    if (running.has(counter)) ended.beatsMissed = 0
    else if (++ended.beatsMissed >= 2) {
      agent.ended.delete(counter)
      giveCreditBack(core, agent, counter)
    }
  }
}

/** The agent works on it. */
function named(attempt: Attempt, nowMs: number): void {
  attempt.beatsMissed = 0
  attempt.heardAtMs = nowMs
}
