/** What an agent may be given, computed anew from what is known of it. */
import type { AgentState } from '../../src/policy/agents.ts'
import type { ClassState } from '../../src/policy/classes.ts'
import type { PolicyCore } from '../../src/policy/core.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'

export function serves(agent: AgentState, cls: ClassState): boolean {
  const { queues } = agent
  if (!queues.includes('*') && !queues.includes(cls.queue.name)) return false
  return cls.match !== 'exact' || meetsAll(agent, cls)
}

/** It has all that is required, whatever the match. */
export function meetsAll(agent: AgentState, cls: ClassState): boolean {
  return cls.requires.every((term) => has(agent, term))
}

/** Nothing keeps the task from the agent. */
export function mayHave({ extras }: TaskRecord, { id }: AgentState): boolean {
  return extras?.apart?.agents.includes(id) !== true
}

/** A capability by its name, or a label that is at least so much, which is all that is asked here. */
export function has({ capabilities, labels }: AgentState, term: string): boolean {
  const [name, least] = term.split('>=')
  return least === undefined ? capabilities.includes(name) : labels[name] >= Number(least)
}

/** It is given something at all. */
export function accepts({ draining, paused, gone, limit }: AgentState): boolean {
  return !draining && !paused && !gone && limit !== 0
}

/** Tasks may wait for it alone. */
export function hasQueue({ pull, limit, foreign, concurrency }: AgentState): boolean {
  return !pull && limit === -1 && foreign < concurrency
}

/** Places in the agent's own queue. */
export function placesOf({ options }: PolicyCore, agent: AgentState): number {
  return accepts(agent) && hasQueue(agent) ? options.agentQueueMax - agent.bound.length : 0
}

/** What an agent adds to what a class may send. */
export function creditFor(core: PolicyCore, cls: ClassState, agent: AgentState): number {
  return freeOf(agent) + (cls.early ? placesOf(core, agent) : 0)
}

export function freeOf(agent: AgentState): number {
  return accepts(agent) ? Math.max(0, roomOf(agent)) : 0
}

/** Negative when it has more than it may take by now. */
export function roomOf(agent: AgentState): number {
  return capacityOf(agent) - chargedOf(agent)
}

export function chargedOf({ running, ended, held }: AgentState): number {
  return running.length + ended.size + held
}

/** What it has by its own count, less what is not ours, and no more than we let it. */
export function capacityOf(agent: AgentState): number {
  const { pull, granted, concurrency, prefetch, foreign, limit } = agent
  if (pull) return chargedOf(agent) + granted
  const own = concurrency + prefetch - foreign
  return Math.max(0, limit === -1 ? own : Math.min(own, limit))
}
