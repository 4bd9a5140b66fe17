/**
 * Agents that tasks are escalated to: each serves the queue of its own name besides those that it says.
 * Front-end thread.
 *
 * Invariant: an agent whose name is some queue's `escalateToAgent`, or was, serves its own queue from its
 * next hello on at the latest, or at once when it is here already.
 */

import { changeQueues } from './agent-profiles.ts'
import type { AgentSpec, AgentState } from './agents.ts'
import type { PolicyState } from './state.ts'

/** A queue's options name this agent; '' for none. */
export function supervise(core: PolicyState, agentId: string): void {
  if (agentId === '' || core.supervisors.has(agentId)) return
  core.supervisors.add(agentId)
  const agent = core.agents.get(agentId)
  if (agent === undefined || servesOwn(agent)) return
  changeQueues(core, agent, withOwn(agent))
}

/** @returns what the agent says, and its own queue where it is a supervisor. */
export function withOwnQueue(core: PolicyState, spec: AgentSpec): AgentSpec {
  if (!core.supervisors.has(spec.id) || servesOwn(spec)) return spec
  return { ...spec, queues: withOwn(spec) }
}

type Named = Pick<AgentState, 'id' | 'queues'>

function servesOwn({ id, queues }: Named): boolean {
  return queues.includes('*') || queues.includes(id)
}

function withOwn({ id, queues }: Named): string[] {
  return [...queues, id].sort()
}
