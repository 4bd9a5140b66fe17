/**
 * As event-writer.ts, of graphs, of stages, of second attempts, and of agents that claim and decline.
 * Main thread.
 */

import type { NextStage } from '../options.ts'
import type { AgentState } from '../policy/agents.ts'
import { Flow, type Graph, type GraphNode } from '../policy/graphs.ts'
import type { Resolution } from '../policy/hedges.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { EventWriter, type Given } from './event-writer.ts'
import { Kind } from './format.ts'
import { joined, promisesText, routingText } from './texts.ts'

/** One task of a graph as it was before it was admitted. */
export interface GivenNode {
  readonly task: Given
  /** Agents that it and those that it is apart from must not come to. */
  readonly agents: readonly string[]
}

/** What `submitGraph` answers. */
export type GraphAnswer = ReturnType<typeof import('../policy/graph-admission.ts').submitGraph>

export class GraphEventWriter extends EventWriter {
  graphSubmitted(
    graph: Graph,
    given: readonly GivenNode[],
    answer: GraphAnswer,
    nowMs: number,
  ): void {
    const { writer } = this
    const flow = answer instanceof Flow ? answer : null
    const refusal = answer === null || answer === flow ? null : (answer as { code: string })
    const code = writer.name(refusal?.code ?? '')
    const node = writer.name(refusal === null ? '' : (refusal as { node?: string }).node!)
    const queue = writer.name(graph.flow?.queue ?? '')
    this.#nodes(graph.nodes, given, refusal === null)
    const out = this.begin(Kind.GRAPH, nowMs)
    out.int(code)
    out.int(node)
    out.int(graph.nodes.length)
    out.bool(graph.flow !== null)
    out.int(queue)
    out.bool(graph.flow?.id === '')
    out.text(flow?.id ?? graph.flow?.id ?? '')
    this.end()
  }

  /** A record for each, before the one of the whole. */
  #nodes(nodes: readonly GraphNode[], given: readonly GivenNode[], isTaken: boolean): void {
    const { writer } = this
    const groups = [...new Set(nodes.map(({ apart }) => apart).filter((apart) => apart !== null))]
    for (const [i, { record, name, after, onFailure, held, apart }] of nodes.entries()) {
      const { task, agents } = given[i]
      const queue = writer.name(record.queueName)
      const requires = writer.name(joined(record.requires))
      const said = writer.name(routingText(task.routing))
      const own = writer.name(promisesText(task.own))
      const node = writer.name(name)
      const failure = writer.name(onFailure)
      const kept = writer.name(joined(agents))
      const out = writer.before(Kind.NODE)
      this.task(out, record, task, queue, requires, said, own, task.id === '' && isTaken)
      out.int(node)
      out.int(failure)
      out.bool(held)
      out.int(apart === null ? -1 : groups.indexOf(apart))
      out.int(kept)
      out.int(after.length)
      for (const index of after) out.wide(index)
      out.end()
    }
  }

  /** It has succeeded, and a rule on its result says where it goes. */
  advanced(record: TaskRecord, slot: number, next: NextStage, nowMs: number): void {
    const names = this.#namesOf(next)
    const out = this.begin(Kind.ADVANCE, nowMs)
    this.taskAndSlot(out, record, slot)
    writeFollows(out, next, names)
    this.end()
  }

  /** Names go before the event that says them. */
  #namesOf(follows: Follows): Names {
    const { writer } = this
    const then = writer.name(follows.then)
    const queue = writer.name(follows.then === 'queue' ? follows.queue : '')
    return { then, queue, code: writer.name(follows.then === 'queue' ? '' : follows.code) }
  }

  hedged(record: TaskRecord, twin: TaskRecord, nowMs: number): void {
    const out = this.begin(Kind.HEDGE, nowMs)
    this.taskAndSlot(out, record, record.attempt!.slot)
    out.wide(twin.seq)
    out.int(twin.payloadBytes)
    this.end()
  }

  resolved(record: TaskRecord, how: Resolution, nowMs: number): void {
    const said = how.ok ? { code: '', message: '' } : how
    const follows = (how.ok ? how.next : null) ?? { then: '' as const, rule: -1, ...said }
    const names = this.#namesOf(follows)
    const out = this.begin(Kind.RESOLVE, nowMs)
    out.wide(record.seq)
    out.bool(how.ok)
    writeFollows(out, follows, names)
    this.end()
  }

  treeCancelled(record: TaskRecord, cancelled: number, nowMs: number): void {
    const out = this.begin(Kind.CANCEL_TREE, nowMs)
    out.wide(record.seq)
    out.int(cancelled)
    this.end()
  }

  parked(record: TaskRecord, slot: number): void {
    this.taskAndSlot(this.writer.event(Kind.PARK), record, slot)
    this.end()
  }

  unparked(count: number): void {
    this.writer.event(Kind.UNPARK).int(count)
    this.end()
  }

  claimed(record: TaskRecord, nowMs: number): void {
    this.taskAndSlot(this.begin(Kind.CLAIM, nowMs), record, record.attempt!.slot)
    this.end()
  }

  assigned(record: TaskRecord, agent: AgentState, nowMs: number): void {
    const out = this.begin(Kind.ASSIGN, nowMs)
    const { slot, generation, counter, dispatchSeq } = record.attempt!
    out.wide(record.seq)
    out.int(agent.index)
    out.int(slot)
    out.int(generation)
    out.wide(counter)
    out.int(dispatchSeq)
    this.end()
  }

  /** @param kind that its agent will not do it, or hands it to somebody else. */
  left(
    kind: typeof Kind.DECLINE | typeof Kind.HAND_ON,
    record: TaskRecord,
    slot: number,
    nowMs: number,
  ): void {
    this.taskAndSlot(this.begin(kind, nowMs), record, slot)
    this.end()
  }
}

/** What follows a result, or, where nothing does, why it is none. */
type Follows =
  | NextStage
  | {
      readonly then: ''
      readonly rule: number
      readonly code: string
      readonly message: string
    }

interface Names {
  readonly then: number
  readonly queue: number
  readonly code: number
}

function writeFollows(
  out: ReturnType<EventWriter['writer']['event']>,
  follows: Follows,
  { then, queue, code }: Names,
): void {
  const isOn = follows.then === 'queue'
  out.int(then)
  out.int(follows.rule)
  out.int(queue)
  out.int(isOn ? follows.level : 0)
  out.int(code)
  out.text(isOn ? '' : follows.message)
}
