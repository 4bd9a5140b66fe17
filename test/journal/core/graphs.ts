/** Graphs for tests of what is recorded of them. */

import type { NextStage } from '../../../src/options.ts'
import { type AgentSpec, AgentState, SILENT } from '../../../src/policy/agents.ts'
import { Apart } from '../../../src/policy/apart.ts'
import type { Graph, GraphNode } from '../../../src/policy/graphs.ts'
import type { ParentFailure } from '../../../src/task.ts'
import { Policy, type TaskSpec } from '../../policy/support.ts'

export interface NodeSpec extends Omit<TaskSpec, 'after'> {
  queue?: string
  after?: number[]
  onFailure?: ParentFailure
  held?: boolean
  apart?: Apart | null
}

export function nodeOf(name: string, spec: NodeSpec = {}): GraphNode {
  const { queue = 'q', after = [], onFailure = 'fail', held = false, apart = null } = spec
  const { after: _, ...said } = spec
  return { record: Policy.record(queue, said), name, after, onFailure, held, apart }
}

/** @param id null for a graph that is no flow. */
export function graphOf(nodes: GraphNode[], id: string | null = 'mine'): Graph {
  return { flow: id === null ? null : { id, queue: nodes[0].record.queueName }, nodes }
}

export function apartFrom(...agents: string[]): Apart {
  const apart = new Apart()
  apart.agents.push(...agents)
  return apart
}

/** What a rule says of where a task goes. @param level 0 for the queue's. */
export function goesOn(queue: string, level = 0, rule = 0): NextStage {
  return { then: 'queue', queue, level, rule }
}

export function ends(code: string, rule = 0): NextStage {
  return { then: 'dead', code, message: 'a rule says so', rule }
}

/** Somebody who claims what they are given, and may decline it. */
export function person(policy: Policy, id: string, more: Partial<AgentSpec> = {}): AgentState {
  const spec: AgentSpec = {
    ...{ id, instance: `${id}-1`, queues: ['*'], capabilities: [], labels: {} },
    ...{ specializations: {}, concurrency: 1, ...SILENT, claims: true, declines: true, link: null },
    ...more,
  }
  const agent = policy.core.hello(spec, policy.nowMs)
  if (!(agent instanceof AgentState)) throw new Error(`refused: ${agent}`)
  return agent
}
