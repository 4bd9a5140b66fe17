/**
 * Graphs of tasks: what a task waits for before it may be tried, who waits for it, and the flow that it
 * came with. Data only; `dependencies.ts` moves it. Front-end thread.
 *
 * Invariant: parents come before their children in the order of admission, so no graph has a cycle.
 */
import type { FlowState } from '../flow-views.ts'
import type { ParentFailure } from '../task.ts'
import type { Apart } from './apart.ts'
import type { TaskRecord } from './task-record.ts'

/** A task's place among those that it depends on and that depend on it. */
export class Links {
  /** Whom it waits for; let go of once it is final, when they may be forgotten. */
  parents: readonly TaskRecord[]
  /** What each parent's result is called among the inputs. */
  readonly names: readonly string[]
  /** Their ids as they were said, for people. */
  readonly after: readonly string[]
  /** Parents that are not final yet. */
  open = 0
  /** What a parent that does not complete does to it. */
  readonly onFailure: ParentFailure
  /** Its parents are votes on it: it is never tried by itself, but resolved by whoever counts them. */
  readonly held: boolean
  /** Those that wait for it, or read its result, and are not final. It is pinned while there are any. */
  readonly children: TaskRecord[] = []
  /** By parent: where it stands among that one's children. */
  private readonly places: number[] = []
  /** The flow that it came with, and its name there; null and '' outside of one. */
  readonly flow: Flow | null
  readonly node: string
  /** Its index there; -1 outside of one. */
  readonly nodeAt: number

  constructor(
    parents: readonly TaskRecord[],
    names: readonly string[],
    after: readonly string[],
    onFailure: ParentFailure,
    held: boolean,
    flow: Flow | null,
    node: string,
    nodeAt = -1,
  ) {
    this.parents = parents
    this.names = names
    this.after = after
    this.onFailure = onFailure
    this.held = held
    this.flow = flow
    this.node = node
    this.nodeAt = nodeAt
  }

  get openChildren(): number {
    return this.children.length
  }

  /** `child`, whose links these are, becomes a child of its parent of that index. */
  enter(child: TaskRecord, parentAt: number): void {
    const { children } = linksAt(this, parentAt)
    this.places[parentAt] = children.length
    children.push(child)
  }

  /**
   * And is one no more. Records are used again, so none that has ended may stand among children. *Cost*
   * as many steps as the one that takes its place has parents, however many children there are.
   */
  leave(child: TaskRecord, parentAt: number): void {
    const parent = this.parents[parentAt]
    const { children } = linksAt(this, parentAt)
    const place = this.places[parentAt]
    const last = children.pop()!
    if (last === child) return
    children[place] = last
    const lastLinks = last.extras!.links!
    lastLinks.places[lastLinks.parents.indexOf(parent)] = place
  }
}

function linksAt({ parents }: Links, parentAt: number): Links {
  return parents[parentAt].extras!.links!
}

/** Tasks that were submitted together, as one graph. */
export class Flow {
  readonly id: string
  /** A user gave it its id. */
  readonly isNamed: boolean
  /** Where it was submitted: its root's queue. */
  readonly queue: string
  readonly acceptedAtMs: number
  finishedAtMs = 0
  state: FlowState = 'running'
  /** By index; null once it is forgotten. */
  readonly nodes: (TaskRecord | null)[]
  readonly names: readonly string[]
  /** By node: indices of those that it depends on, each smaller than its own. */
  readonly after: readonly (readonly number[])[]
  /** Nodes that are not final yet; that are not forgotten yet. */
  open: number
  known: number

  constructor(
    id: string,
    queue: string,
    nodes: (TaskRecord | null)[],
    names: readonly string[],
    after: readonly (readonly number[])[],
    nowMs: number,
    isNamed = false,
  ) {
    this.id = id
    this.isNamed = isNamed
    this.queue = queue
    this.nodes = nodes
    this.names = names
    this.after = after
    this.acceptedAtMs = nowMs
    this.open = nodes.length
    this.known = nodes.length
  }
}

/** One task of a graph that is submitted. */
export interface GraphNode {
  readonly record: TaskRecord
  /** What it is called in its flow, and among the inputs of those that depend on it. */
  readonly name: string
  /** Indices of nodes before it. */
  readonly after: readonly number[]
  readonly onFailure: ParentFailure
  /** It is resolved by whoever submits the graph, and never tried by itself before. */
  readonly held: boolean
  /** Those who go to different agents share one. */
  readonly apart: Apart | null
}

/** Tasks that are admitted together or not at all; none of them names parents outside of it. */
export interface Graph {
  /** null for tasks that are no flow. */
  readonly flow: { readonly id: string; readonly queue: string } | null
  readonly nodes: readonly GraphNode[]
}
