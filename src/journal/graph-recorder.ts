/**
 * The doors of a policy core that are about graphs, stages, second attempts and people, each of which
 * becomes an event (recorder.ts has the others). Main thread.
 *
 * Invariant: a door that refuses has changed nothing, and is not written; but a graph that is refused
 * may have made a queue, and counts where it is known.
 */

import type { NextStage } from '../options.ts'
import type { AgentState } from '../policy/agents.ts'
import type { AssignRefusal, ClaimRefusal } from '../policy/claims.ts'
import { PolicyCore } from '../policy/core.ts'
import type { Graph } from '../policy/graphs.ts'
import type { HedgeRefusal, Resolution, ResolveRefusal } from '../policy/hedges.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { givenOf } from './event-writer.ts'
import { Kind } from './format.ts'
import type { GraphAnswer, GraphEventWriter } from './graph-event-writer.ts'

const NO_PARENTS: readonly number[] = []

export abstract class GraphRecorder extends PolicyCore {
  protected journal: GraphEventWriter | null = null

  override succeeded(record: TaskRecord, nowMs: number, next: NextStage | null = null): void {
    const { slot } = record.attempt!
    super.succeeded(record, nowMs, next)
    if (this.journal === null) return
    if (next === null) this.journal.succeeded(record, slot, nowMs)
    else this.journal.advanced(record, slot, next, nowMs)
  }

  override submitGraph(graph: Graph, nowMs: number): GraphAnswer {
    const { journal } = this
    if (journal === null) return super.submitGraph(graph, nowMs)
    const given = graph.nodes.map(({ record, apart }) => {
      return { task: givenOf(record), agents: [...(apart?.agents ?? [])] }
    })
    const answer = super.submitGraph(graph, nowMs)
    journal.graphSubmitted(graph, given, answer, nowMs)
    return answer
  }

  override hedge(record: TaskRecord, twin: TaskRecord, nowMs: number): HedgeRefusal | null {
    const refusal = super.hedge(record, twin, nowMs)
    if (refusal === null) this.journal?.hedged(record, twin, nowMs)
    return refusal
  }

  override resolve(record: TaskRecord, how: Resolution, nowMs: number): ResolveRefusal | null {
    const answer = super.resolve(record, how, nowMs)
    if (answer === null) this.journal?.resolved(record, how, nowMs)
    return answer
  }

  override cancelSubtree(record: TaskRecord, nowMs: number): number {
    const cancelled = super.cancelSubtree(record, nowMs)
    if (cancelled > 0) this.journal?.treeCancelled(record, cancelled, nowMs)
    return cancelled
  }

  override park(record: TaskRecord): void {
    const { slot } = record.attempt!
    super.park(record)
    this.journal?.parked(record, slot)
  }

  override unpark(max: number): number {
    const count = super.unpark(max)
    if (count > 0) this.journal?.unparked(count)
    return count
  }

  override claim(record: TaskRecord, nowMs: number): ClaimRefusal | null {
    const refusal = super.claim(record, nowMs)
    if (refusal === null) this.journal?.claimed(record, nowMs)
    return refusal
  }

  override assign(record: TaskRecord, agent: AgentState, nowMs: number): AssignRefusal | null {
    const refusal = super.assign(record, agent, nowMs)
    if (refusal === null) this.journal?.assigned(record, agent, nowMs)
    return refusal
  }

  override declined(record: TaskRecord, nowMs: number): void {
    const { slot } = record.attempt!
    super.declined(record, nowMs)
    this.journal?.left(Kind.DECLINE, record, slot, nowMs)
  }

  override handedOn(record: TaskRecord, nowMs: number): 'not_supported' | null {
    const { slot } = record.attempt!
    const refusal = super.handedOn(record, nowMs)
    if (refusal === null) this.journal?.left(Kind.HAND_ON, record, slot, nowMs)
    return refusal
  }
}

/**
 * Before it is submitted: afterwards it may be over already, and its own id be one of those.
 * @returns numbers of those that it names as its parents, each once, as far as they are not forgotten.
 */
export function parentsOf(core: PolicyCore, { extras, queueName }: TaskRecord): readonly number[] {
  const after = extras === null ? null : extras.after
  if (after === null) return NO_PARENTS
  return [...new Set(after.ids.flatMap((id) => found(core, id, queueName)))]
}

function found(core: PolicyCore, said: string, home: string): number[] {
  const slash = said.indexOf('/')
  const id = said.slice(slash + 1)
  const record =
    slash < 0 ? (core.find(id, home) ?? core.find(id)) : core.find(id, said.slice(0, slash))
  return record === undefined ? [] : [record.seq]
}
