/**
 * The doors of the policy core that are about more than one task, or about people: graphs, votes, second
 * attempts, tasks that not everybody may have. What is true of all doors stands in `core.ts`. Front-end
 * thread.
 *
 * Invariant: a door that refuses has changed nothing; what is decided (votes, stragglers, hours) is
 * decided outside, what is done is done here.
 */
import type { AgentState } from './agents.ts'
import { park, unpark } from './apart.ts'
import {
  type AssignRefusal,
  assign,
  type ClaimRefusal,
  claim,
  declined,
  handedOn,
} from './claims.ts'
import { cancelSubtree, over } from './dependencies.ts'
import { submitGraph } from './graph-admission.ts'
import type { Graph } from './graphs.ts'
import {
  type HedgeRefusal,
  hedge,
  type Resolution,
  type ResolveRefusal,
  resolve,
} from './hedges.ts'
import { PolicyState } from './state.ts'
import { cancel } from './take-out.ts'
import type { TaskRecord } from './task-record.ts'
import { partTwins, twinEnded } from './twins.ts'

export abstract class GraphDoors extends PolicyState {
  /** Event: tasks that are to be admitted together or not at all. */
  submitGraph(graph: Graph, nowMs: number): ReturnType<typeof submitGraph> {
    return submitGraph(this, graph, nowMs)
  }

  /** Event: a second attempt elsewhere at a running task. @returns null: `twin` waits for an agent. */
  hedge(record: TaskRecord, twin: TaskRecord, nowMs: number): HedgeRefusal | null {
    return hedge(this, record, twin, nowMs)
  }

  /**
   * Event: those who decide a held task together have. Of one that completes the result is the record's.
   * Votes that are open still are cancelled.
   */
  resolve(record: TaskRecord, how: Resolution, nowMs: number): ResolveRefusal | null {
    return resolve(this, record, how, nowMs)
  }

  /** Event: a task and all that depend on it are not wanted any more. @returns how many were open. */
  cancelSubtree(record: TaskRecord, nowMs: number): number {
    return cancelSubtree(this, record, nowMs)
  }

  /** Event: whoever is free must not have the offered task: it waits until credit comes free. */
  park(record: TaskRecord): void {
    park(this, record)
  }

  /** Event, while `parkedToTry` is not 0: credit has come free. @returns how many, at most `max`. */
  unpark(max: number): number {
    return unpark(this, max)
  }

  /** Event: a person begins what is assigned to them. */
  claim(record: TaskRecord, nowMs: number): ClaimRefusal | null {
    return claim(this, record, nowMs)
  }

  /** Event: a person takes a task that waits. @returns null when it is RUNNING there, to be sent. */
  assign(record: TaskRecord, agent: AgentState, nowMs: number): AssignRefusal | null {
    return assign(this, record, agent, nowMs)
  }

  /** Event: the agent of a running attempt will not do it. */
  declined(record: TaskRecord, nowMs: number): void {
    declined(this, record, nowMs)
  }

  /** Event: the agent of a running attempt hands it to whom its queue escalates to. */
  handedOn(record: TaskRecord, nowMs: number): 'not_supported' | null {
    return handedOn(this, record, nowMs)
  }

  linkedOver(record: TaskRecord, nowMs: number): void {
    const { links, twin, standsFor } = record.extras!
    if (standsFor !== null) twinEnded(record)
    if (twin !== null) partTwins(record, twin)
    if (links === null) this.kept.add(this, record, nowMs)
    else over(this, record, nowMs)
    // Last: its end may end what depends on both, and then this one must be where final ones are.
    if (twin !== null) cancel(this, twin, nowMs)
  }
}
