/** Graphs, votes and second attempts for tests of the policy core, made as the front end makes them. */

import type { NextStage } from '../../src/options.ts'
import { Apart } from '../../src/policy/apart.ts'
import type { GraphRefusal } from '../../src/policy/graph-admission.ts'
import { Flow, type GraphNode } from '../../src/policy/graphs.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import type { ParentFailure } from '../../src/task.ts'
import { Policy, type TaskSpec } from './support.ts'

export interface NodeSpec extends TaskSpec {
  queue?: string
  /** Names of nodes before it. */
  needs?: string[]
  onFailure?: ParentFailure
}

/** By name, parents first. */
export type FlowSpec = Record<string, NodeSpec>

export function nodesOf(tasks: FlowSpec): GraphNode[] {
  const names = Object.keys(tasks)
  return names.map((name) => {
    const { queue = 'q', needs = [], onFailure = 'fail', ...spec } = tasks[name]
    const after = needs.map((need) => names.indexOf(need))
    return { record: Policy.record(queue, spec), name, after, onFailure, held: false, apart: null }
  })
}

/** @throws Error when it is refused. */
export function submitFlow(policy: Policy, tasks: FlowSpec, id = ''): Flow {
  const answer = offerFlow(policy, tasks, id)
  if (answer instanceof Flow) return answer
  throw new Error(`refused: ${answer?.code} at "${answer?.node}": ${answer?.message}`)
}

export function offerFlow(policy: Policy, tasks: FlowSpec, id = ''): Flow | GraphRefusal | null {
  return policy.core.submitGraph({ flow: { id, queue: 'q' }, nodes: nodesOf(tasks) }, policy.nowMs)
}

export function nodeOf(flow: Flow, name: string): TaskRecord {
  const record = flow.nodes[flow.names.indexOf(name)]
  if (record === null) throw new Error(`${name} is forgotten`)
  return record
}

export interface Question {
  readonly record: TaskRecord
  readonly votes: readonly TaskRecord[]
}

/** A task that several agents decide. @throws Error when it is refused. */
export function ask(policy: Policy, voters: number, queue = 'q', spec: TaskSpec = {}): Question {
  const question = ballotOf(voters, queue, spec)
  const refusal = policy.core.submitGraph({ flow: null, nodes: question.nodes }, policy.nowMs)
  if (refusal !== null) throw new Error(`refused: ${(refusal as GraphRefusal).code}`)
  return question
}

export function ballotOf(
  voters: number,
  queue: string,
  spec: TaskSpec = {},
): Question & { nodes: GraphNode[] } {
  const apart = new Apart()
  const { id: _, ...same } = spec
  const votes = Array.from({ length: voters }, () => Policy.record(queue, same))
  const record = Policy.record(queue, spec)
  const nodes = votes.map((vote, i): GraphNode => {
    return { record: vote, name: `vote-${i}`, after: [], onFailure: 'fail', held: false, apart }
  })
  const after = [...votes.keys()]
  nodes.push({ record, name: '', after, onFailure: 'continue', held: true, apart: null })
  return { record, votes, nodes }
}

/** A record for a second attempt. */
export function twinFor(record: TaskRecord): TaskRecord {
  return Policy.record(record.queueName, { level: record.baseLevel, bytes: record.payloadBytes })
}

/** Begins a second attempt. @throws Error when it is refused. */
export function hedge(policy: Policy, record: TaskRecord): TaskRecord {
  const twin = twinFor(record)
  const refusal = policy.core.hedge(record, twin, policy.nowMs)
  if (refusal !== null) throw new Error(`refused: ${refusal}`)
  return twin
}

export function toQueue(queue: string, level = 0, rule = 0): NextStage {
  return { then: 'queue', queue, level, rule }
}

export function toDead(code: string, rule = 0): NextStage {
  return { then: 'dead', code, message: `A rule says ${code}.`, rule }
}
