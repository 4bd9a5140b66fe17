/**
 * As events.ts, of graphs, stages, second attempts, and agents that claim and decline. Any thread.
 */

import type { NextStage } from '../options.ts'
import { Apart } from '../policy/apart.ts'
import { Flow, type GraphNode } from '../policy/graphs.ts'
import type { Resolution } from '../policy/hedges.ts'
import { OFFERED, RUNNING } from '../policy/task-record.ts'
import { PARENT_FAILURES, type ParentFailure } from '../task.ts'
import { agentAt } from './agent-events.ts'
import { Kind } from './format.ts'
import type { RecordedCore } from './recorder.ts'
import type { Replayer } from './replayer.ts'
import { blankTask } from './state-classes.ts'
import { split } from './texts.ts'
import {
  attemptIn,
  countOf,
  entered,
  sameAttempt,
  sameTask,
  type Told,
  taskIn,
  taskOf,
  taskOfTold,
  taskTold,
} from './told.ts'

type Apply = (replayer: Replayer, core: RecordedCore, nowMs: number) => void

/** One task of a graph. */
export interface ToldNode {
  readonly task: Told
  readonly name: string
  readonly onFailure: string
  readonly held: boolean
  /** Those of one number share what they are kept from; -1 for none. */
  readonly apart: number
  readonly agents: readonly string[]
  readonly after: readonly number[]
}

export const GRAPH_EVENTS: Readonly<Record<number, Apply>> = {
  [Kind.GRAPH]: graph,
  [Kind.ADVANCE]: advance,
  [Kind.HEDGE]: hedge,
  [Kind.RESOLVE]: resolve,
  [Kind.CANCEL_TREE]: (replayer, core, nowMs) => {
    const record = taskOf(replayer, replayer.reader.wide())
    const cancelled = replayer.reader.int()
    replayer.reader.close()
    replayer.same('cancelled', cancelled, core.cancelSubtree(record, nowMs))
  },
  [Kind.PARK]: (replayer, core) => core.park(taskIn(replayer, OFFERED)),
  [Kind.UNPARK]: (replayer, core) => {
    const unparked = replayer.reader.int()
    replayer.reader.close()
    replayer.same('unparked', unparked, core.unpark(unparked))
  },
  [Kind.CLAIM]: (replayer, core, nowMs) => {
    replayer.same('answer', null, core.claim(taskIn(replayer, RUNNING), nowMs))
  },
  [Kind.ASSIGN]: (replayer, core, nowMs) => {
    const record = taskOf(replayer, replayer.reader.wide())
    const next = attemptIn(replayer)
    replayer.reader.close()
    const agent = agentAt(replayer, core, next.agent)
    replayer.same('answer', null, core.assign(record, agent, nowMs))
    sameAttempt(replayer, next, record)
  },
  [Kind.DECLINE]: (replayer, core, nowMs) => core.declined(taskIn(replayer, RUNNING), nowMs),
  [Kind.HAND_ON]: (replayer, core, nowMs) => {
    replayer.same('answer', null, core.handedOn(taskIn(replayer, RUNNING), nowMs))
  },
}

/** Reads the task of a graph that stands before the event. */
export function nodeTold(replayer: Replayer): ToldNode {
  const { reader } = replayer
  const node = {
    task: taskTold(replayer),
    name: reader.string(),
    onFailure: reader.string(),
    held: reader.bool(),
    apart: reader.int(),
    agents: split(reader.string()),
    after: Array.from({ length: countOf(replayer) }, () => reader.wide()),
  }
  reader.close()
  const { length } = replayer.nodes
  const isKnown = (PARENT_FAILURES as readonly string[]).includes(node.onFailure)
  if (!isKnown) reader.broken(`says "${node.onFailure}" of what a failure does`)
  if (node.after.some((index) => index >= length)) reader.broken('comes before what it follows')
  return node
}

function graph(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.string()
  const node = reader.string()
  const count = reader.int()
  const isFlow = reader.bool()
  const queue = reader.string()
  const isMadeUp = reader.bool()
  const id = reader.text()
  reader.close()
  const told = replayer.nodes.splice(0)
  replayer.same('count', count, told.length)
  const groups = new Map<number, Apart>()
  const nodes = told.map((one) => nodeOf(one, groups))
  const flow = isFlow ? { id: isMadeUp ? '' : id, queue } : null
  const found = core.submitGraph({ flow, nodes }, nowMs)
  const refusal = found === null || found instanceof Flow ? null : found
  replayer.same('answer', answer, refusal?.code ?? '')
  replayer.same('node', node, refusal?.node ?? '')
  for (const [i, { task }] of told.entries()) sameTask(replayer, task, nodes[i].record)
  if (refusal !== null) return
  replayer.same('flow', id, found instanceof Flow ? found.id : '')
  for (const [i, { task }] of told.entries()) entered(replayer, task, nodes[i].record)
}

function nodeOf(told: ToldNode, groups: Map<number, Apart>): GraphNode {
  const { task, name, onFailure, held, after, apart: group, agents } = told
  let apart: Apart | null = null
  if (group >= 0) {
    apart = groups.get(group) ?? new Apart()
    if (!groups.has(group)) apart.agents.push(...agents)
    groups.set(group, apart)
  }
  const record = taskOfTold(task, null)
  return { record, name, after, onFailure: onFailure as ParentFailure, held, apart }
}

function advance(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const record = taskIn(replayer, RUNNING, false)
  const next = nextOf(replayer, followsTold(replayer))
  reader.close()
  core.succeeded(record, nowMs, next)
}

/** What follows a result: where a rule sends the task; `then` is '' where nothing does. */
function followsTold(replayer: Replayer) {
  const { reader } = replayer
  const then = reader.string()
  const rule = reader.int()
  const queue = reader.string()
  const level = reader.int()
  const code = reader.string()
  const message = reader.text()
  if (level < 0 || level > 5) replayer.mismatch('level', '0 to 5', level)
  return { then, rule, queue, level, code, message }
}

function nextOf(
  replayer: Replayer,
  { then, rule, queue, level, code, message }: ReturnType<typeof followsTold>,
): NextStage {
  const isOn = then === 'queue'
  if (!isOn) replayer.same('then', then, 'dead')
  return isOn ? { then: 'queue', queue, level, rule } : { then: 'dead', code, message, rule }
}

function hedge(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const record = taskIn(replayer, RUNNING, false)
  const seq = reader.wide()
  const payloadBytes = reader.int()
  reader.close()
  const options = { level: record.baseLevel, requires: [], timeoutMs: null, retryCount: null }
  const twin = blankTask('', record.queueName, options)
  ;(twin as { payloadBytes: number }).payloadBytes = payloadBytes
  replayer.same('answer', null, core.hedge(record, twin, nowMs))
  replayer.same('twin', seq, twin.seq)
  replayer.tasks.set(seq, twin)
}

function resolve(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const record = taskOf(replayer, reader.wide())
  const ok = reader.bool()
  const told = followsTold(replayer)
  reader.close()
  const next = told.then === '' ? null : nextOf(replayer, told)
  const how: Resolution = ok ? { ok, next } : { ok, code: told.code, message: told.message }
  replayer.same('answer', null, core.resolve(record, how, nowMs))
}
