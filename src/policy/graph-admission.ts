/**
 * Tasks that are admitted together or not at all: a flow, or the votes on a question and the question.
 * Front-end thread.
 *
 * Invariant: nothing of a graph is there before all of it may be; the first node that may not be says
 * why. The graph is checked already: parents come before children.
 */
import {
  boundsRefusal,
  counted,
  enter,
  isPlace,
  type Place,
  placeOf,
  type Refusal,
} from './admission.ts'
import { findPastFlow } from './dedup.ts'
import { begin, block, linkParents } from './dependencies.ts'
import { extrasOf } from './extras.ts'
import { Flow, type Graph, type GraphNode, Links } from './graphs.ts'
import type { QueueState } from './queues.ts'
import type { PolicyState } from './state.ts'
import { stateName, type TaskRecord } from './task-record.ts'

/** Why a graph was not admitted; `node` is '' where it is not one node's fault. */
export interface GraphRefusal extends Refusal {
  readonly node: string
  /** Of a duplicate: the flow that has the id; where it is forgotten, `past` says how it ended. */
  readonly flow?: Flow
}

/** @returns the flow, null for a graph that is none, or why nothing of it was admitted. */
export function submitGraph(
  core: PolicyState,
  graph: Graph,
  nowMs: number,
): Flow | null | GraphRefusal {
  const { nodes, flow: said } = graph
  const known = said === null || said.id === '' ? null : knownFlow(core, said.id, nowMs)
  if (known !== null) return counted(core, known)
  const places = placesOf(core, graph, nowMs)
  if (!Array.isArray(places)) return counted(core, places)
  const flow = said === null ? null : newFlow(core, said, graph, nowMs)
  for (const [i, { record }] of nodes.entries()) {
    enter(core, record, places[i].queue, places[i].cls, nowMs)
  }
  for (const [i, node] of nodes.entries()) link(core, nodes, node, flow, i)
  for (const { record } of nodes) if (!block(record)) begin(core, record, nowMs)
  return flow
}

/** The record is admitted, as are those before it. */
function link(
  core: PolicyState,
  nodes: readonly GraphNode[],
  { record, name, after, onFailure, held, apart }: GraphNode,
  flow: Flow | null,
  at: number,
): void {
  const parents = after.map((index) => nodes[index].record)
  const names = after.map((index) => nodes[index].name)
  const ids = parents.map(({ id }) => id)
  const nodeAt = flow === null ? -1 : at
  linkParents(core, record, new Links(parents, names, ids, onFailure, held, flow, name, nodeAt))
  if (apart !== null) extrasOf(record).apart = apart
}

function knownFlow(core: PolicyState, id: string, nowMs: number): GraphRefusal | null {
  const flow = core.flows.get(id)
  const past = flow === undefined ? findPastFlow(core, id, nowMs) : null
  if (flow === undefined && past === null) return null
  const refusal = { code: 'duplicate' as const, message: '', node: '' }
  return flow === undefined ? { ...refusal, past: past! } : { ...refusal, flow }
}

/** What the tasks of a graph want of one queue. */
class Wanted {
  count = 0
  bytes = 0
  readonly ids = new Set<string>()
}

function placesOf(core: PolicyState, graph: Graph, nowMs: number): Place[] | GraphRefusal {
  const places: Place[] = []
  const wanted = new Map<QueueState, Wanted>()
  for (const { record, name } of graph.nodes) {
    const place = placeOf(core, record, nowMs)
    if (!isPlace(place)) return { ...taken(graph, record, place), node: name }
    const { queue } = place
    let sum = wanted.get(queue)
    if (sum === undefined) {
      sum = new Wanted()
      wanted.set(queue, sum)
    }
    sum.count++
    sum.bytes += record.payloadBytes
    const refusal =
      boundsRefusal(queue, sum.count, sum.bytes) ??
      idRefusal(core, record, sum.ids) ??
      alone(record)
    if (refusal !== null) return { ...refusal, node: name }
    places.push(place)
  }
  return places
}

/** A task of a flow cannot be the one that has its id already. What is no flow is one task to its user. */
function taken({ flow }: Graph, { givenId, queueName }: TaskRecord, refusal: Refusal): Refusal {
  if (flow === null || refusal.code !== 'duplicate') return refusal
  const { first, past } = refusal
  const state = stateName((first?.state ?? past?.state)!)
  const message =
    `There is a task "${givenId}" in queue "${queueName}" already (${state}): ` +
    'give this one another id, or none.'
  return { code: 'bad_flow', message }
}

function idRefusal(core: PolicyState, record: TaskRecord, ids: Set<string>): Refusal | null {
  const { givenId, queueName } = record
  if (givenId === '') return null
  if (givenId.startsWith(core.index.prefix)) {
    const message = `The id "${givenId}" has the form of those that are made up here: give another.`
    return { code: 'bad_option', message }
  }
  if (!ids.has(givenId)) {
    ids.add(givenId)
    return null
  }
  const message = `Two of its tasks have the id "${givenId}" in queue "${queueName}": give each its own.`
  return { code: 'bad_option', message }
}

/** Whoever makes a graph says in it who depends on whom. */
function alone({ extras }: TaskRecord): Refusal | null {
  if (extras === null || extras.after === null) return null
  const message =
    'A task that several agents decide together cannot depend on others: ' +
    'submit it when those have completed.'
  return { code: 'not_supported', message }
}

function newFlow(
  core: PolicyState,
  { id, queue }: { readonly id: string; readonly queue: string },
  { nodes }: Graph,
  nowMs: number,
): Flow {
  let made = id
  // Ends: there are finitely many flows.
  while (made === '' || (id === '' && core.flows.has(made))) {
    made = `${core.index.prefix}f${core.nextFlow++}`
  }
  const records = nodes.map(({ record }) => record)
  const names = nodes.map(({ name }) => name)
  const after = nodes.map((node) => node.after)
  const flow = new Flow(made, queue, records, names, after, nowMs, id !== '')
  core.flows.set(made, flow)
  core.counters.flows++
  return flow
}
