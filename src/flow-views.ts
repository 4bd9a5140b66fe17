/** Graphs of tasks as they are submitted and shown. docs/flows.md. */
import type { ParentFailure, SubmitOptions, TaskState } from './task.ts'

export type { ParentFailure } from './task.ts'

/** One task of a flow; what it does not say is its queue's. */
export interface FlowTaskOptions
  extends Omit<SubmitOptions, 'dependsOn' | 'onParentFailure' | 'voters' | 'decide' | 'decideBy'> {
  queue: string
  /** As `submit` takes it. */
  payload?: unknown
  /** Names of tasks of this flow that must complete first; their results are its inputs. */
  after?: string[]
  /** What one of them that does not complete does to it; the flow's by default. */
  onFailure?: ParentFailure
}

/** A directed acyclic graph of tasks, admitted whole or not at all. */
export interface FlowOptions {
  /** A token; a second submit with it gets the first one's state. Default: made up. */
  id?: string
  /** By name, a token each: 1 to 1,000 unless it is configured otherwise. */
  tasks: Record<string, FlowTaskOptions>
  /** Of tasks that say nothing of it. Default `fail`. */
  onFailure?: ParentFailure
}

export const FLOW_STATES = ['running', 'completed', 'failed', 'cancelled'] as const
export type FlowState = (typeof FLOW_STATES)[number]

export interface FlowTaskView {
  name: string
  /** The task's; null once it is forgotten, and with it all but the names. */
  id: string | null
  queue: string
  servedBy: string
  state: TaskState | 'forgotten'
  after: string[]
  /** Which layer of the graph it is in, from 0: all it depends on is in those before. */
  layer: number
  agent: string | null
  attempts: number
  code: string | null
  message: string | null
  startedAt: number | null
  finishedAt: number | null
}

export interface FlowProgress {
  total: number
  /** Final tasks, and their share, 0 to 1. */
  done: number
  share: number
  states: Partial<Record<TaskState | 'forgotten', number>>
}

export interface FlowView {
  id: string
  /** Of its first root. */
  queue: string
  state: FlowState
  progress: FlowProgress
  /** Names by layer: those of one may run at the same time. */
  layers: string[][]
  tasks: FlowTaskView[]
  /** They had no room in a message of the NATS server: `layers` and `tasks` are empty, `progress` counts. */
  tasksOmitted?: true
  /** Wall-clock, ms since 1970. */
  acceptedAt: number
  finishedAt: number | null
}

/** A flow in a list. */
export type FlowRow = Omit<FlowView, 'layers' | 'tasks' | 'tasksOmitted'>

/** Which flows a list shows; any other key is answered `not_supported`. */
export interface ListFlowsOptions {
  state?: FlowState
  /** At most so many, 1 to 1,000; 100 by default. */
  limit?: number
  cursor?: string
}

export interface FlowPage {
  /** Running ones in the order of their acceptance, then ended ones. */
  flows: FlowRow[]
  cursor: string | null
}

/** An accepted flow in its submitter's hands. */
export interface FlowHandle {
  readonly id: string
  readonly queue: string
  /** A flow of that id was there before; this is that one. */
  readonly isDuplicate: boolean
  /** When all its tasks are final. @throws SignalboxError when nothing is heard of it any more. */
  done(): Promise<FlowView>
}

/** A result that a task may read: of a task that it depends on, of its last stage, of a vote. */
export interface TaskInputView {
  /** The parent's name in the flow, its id outside of one, or the queue of a stage. */
  readonly name: string
  readonly state: TaskState
  /** null when there is none: it did not complete, or its result was not kept. */
  readonly bytes: number | null
}
