/** Whether an agent may have a task, and has room for it, by what the ledger knows of it. */
import type { AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { Broken, holds, type KnownAgent, nameOf } from './known.ts'

/** Credit that it has; of one without any 0 or less. */
export function roomOf(agent: KnownAgent): number {
  const { spec, granted, charged, held } = agent
  return spec.pull ? granted : sizeOf(agent) - charged.size - held
}

/** How many tasks at a time it may have, of one that does not pull. */
export function sizeOf({ spec, prefetch, foreign, limit }: KnownAgent): number {
  const own = spec.concurrency + prefetch - foreign
  return Math.max(0, limit < 0 ? own : Math.min(own, limit))
}

/** Whether tasks may wait for it alone. */
export function hasQueue({ spec, limit, foreign }: KnownAgent): boolean {
  return !spec.pull && limit < 0 && foreign < spec.concurrency
}

/** It has all that is required, however its queue matches. */
export function hasAll(record: TaskRecord, { capabilities }: AgentState): boolean {
  // What has moved to another queue requires nothing there.
  return record.cls!.requires.every((term) => capabilities.includes(term))
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
  holds(agent.limit !== 0, () => `${name} was given to ${spec.id}, which may have nothing`)
  holds(!agent.isPaused, () => `${name} was given to ${spec.id}, which does not answer`)
  return agent
}
