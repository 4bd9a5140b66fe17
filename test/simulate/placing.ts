/** Whether an agent may have a task, and has room for it, by what the ledger knows of it. */
import type { AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { Broken, holds, type KnownAgent, nameOf } from './known.ts'

/** Credit that it has; of one without any 0 or less. */
export function roomOf({ spec, granted, prefetch, charged, held }: KnownAgent): number {
  return spec.pull ? granted : spec.concurrency + prefetch - charged.size - held
}

/** @returns the agent that is to have it, when it may, whether it has credit or not. */
export function mayHave(
  agents: ReadonlyMap<string, KnownAgent>,
  record: TaskRecord,
  state: AgentState | null | undefined,
): KnownAgent {
  const name = nameOf(record)
  const agent = agents.get(record.agentId!)
  if (agent === undefined || agent.state !== state) {
    throw new Broken(`${name} was given to ${record.agentId}, which has gone`)
  }
  const { spec } = agent
  const { name: queue } = record.cls!.queue
  // One that tasks are escalated to serves a queue of its own name besides.
  const isServed = ['*', queue].some((one) => spec.queues.includes(one)) || spec.id === queue
  holds(isServed, () => `${name} was given to ${spec.id}, which does not serve the queue`)
  const isExact = record.cls!.match === 'exact'
  const lacks = isExact && record.requires.find((one) => !spec.capabilities.includes(one))
  holds(!lacks, () => `${name} was given to ${spec.id}, which lacks ${lacks}`)
  holds(!agent.isDraining, () => `${name} was given to ${spec.id}, which is draining`)
  holds(!agent.isPaused, () => `${name} was given to ${spec.id}, which does not answer`)
  return agent
}
