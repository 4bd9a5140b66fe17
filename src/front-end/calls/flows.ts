/** Calls about graphs of tasks. Main thread, in turns. */
import { SignalboxError } from '../../errors.ts'
import {
  FLOW_STATES,
  type FlowPage,
  type FlowProgress,
  type FlowRow,
  type FlowState,
  type FlowTaskView,
  type FlowView,
} from '../../flow-views.ts'
import { byLayer, layersOf } from '../../flows/graph.ts'
import { LIMITS } from '../../options.ts'
import type { Flow } from '../../policy/graphs.ts'
import { isFinal, type TaskRecord } from '../../policy/task-record.ts'
import { badCursor, refuseUnknownKeys, requireLimit } from '../../wire/list-options.ts'
import { quote, requireToken } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'
import { readInput } from '../inputs.ts'
import { requireTask } from './control.ts'
import { requireOwn, rowsBytesMax } from './list.ts'
import { shownState, wallClock } from './views.ts'

const LIST_KEYS = ['state', 'limit', 'cursor']
/** A row as JSON: two tokens, a count for each of the states, two times, and some. */
const ROW_BYTES_MAX = 640

/** @throws flow_unknown, bad_token */
export function getFlow(context: FrontEndContext, id: unknown): FlowView {
  return flowView(requireFlow(context, id))
}

/** *Cost* an object for each of its tasks. */
export function flowView(flow: Flow): FlowView {
  const layers = layersOf(flow.after)
  return {
    ...flowRow(flow),
    layers: byLayer(flow.names, layers),
    tasks: flow.nodes.map((record, i) => flowTask(flow, record, i, layers[i])),
  }
}

/** The same, for where it has no room otherwise; it says so. */
export function withoutTasks(view: FlowView): FlowView {
  return { ...view, layers: [], tasks: [], tasksOmitted: true }
}

function flowRow(flow: Flow): FlowRow {
  const { id, queue, state, acceptedAtMs, finishedAtMs } = flow
  return {
    id,
    queue,
    state,
    progress: progressOf(flow),
    acceptedAt: wallClock(acceptedAtMs),
    finishedAt: finishedAtMs === 0 ? null : wallClock(finishedAtMs),
  }
}

function progressOf({ nodes, open }: Flow): FlowProgress {
  const states: FlowProgress['states'] = {}
  for (const record of nodes) {
    const state = record === null ? 'forgotten' : shownState(record)
    states[state] = (states[state] ?? 0) + 1
  }
  const total = nodes.length
  const done = total - open
  return { total, done, share: done / total, states }
}

function flowTask(
  { names, after }: Flow,
  record: TaskRecord | null,
  i: number,
  layer: number,
): FlowTaskView {
  const place = { name: names[i], after: after[i].map((parent) => names[parent]), layer }
  if (record === null) return { ...FORGOTTEN, ...place }
  const { startedAtMs, finishedAtMs } = record
  return {
    ...place,
    id: record.id,
    queue: record.queueName,
    servedBy: record.cls!.queue.name,
    state: shownState(record),
    agent: record.agentId,
    attempts: record.attempts,
    code: record.code,
    message: record.code === null ? null : record.message,
    startedAt: startedAtMs === 0 ? null : wallClock(startedAtMs),
    finishedAt: finishedAtMs === 0 ? null : wallClock(finishedAtMs),
  }
}

const FORGOTTEN: Omit<FlowTaskView, 'name' | 'after' | 'layer'> = {
  id: null,
  queue: '',
  servedBy: '',
  state: 'forgotten',
  agent: null,
  attempts: 0,
  code: null,
  message: null,
  startedAt: null,
  finishedAt: null,
}

/** Open flows, then ended ones, the newest first, a page at a time. @throws bad_option */
export function listFlows(
  context: FrontEndContext,
  options: { state?: unknown; limit?: unknown; cursor?: unknown },
): FlowPage {
  refuseUnknownKeys(options, LIST_KEYS)
  const { state, limit = LIMITS.listTasksDefault, cursor } = options
  const wanted = state === undefined ? null : requireState(state)
  const max = requireLimit(limit, LIMITS.listTasksMax)
  const all = [...context.core.flows.values()]
  const open = all.filter((flow) => flow.state === 'running')
  const ended = all.filter((flow) => flow.state !== 'running').reverse()
  const [isEnded, after] = cursor == null ? [false, ''] : placeOf(context, cursor)
  const rest = isEnded ? behind(ended, after) : [...behind(open, after), ...ended]
  return page(context, rest, wanted, max)
}

function page(
  context: FrontEndContext,
  flows: readonly Flow[],
  state: FlowState | null,
  max: number,
): FlowPage {
  const rows: FlowRow[] = []
  const rowsMax = Math.min(max, Math.max(1, Math.floor(rowsBytesMax(context) / ROW_BYTES_MAX)))
  let steps = 0
  for (const [i, flow] of flows.entries()) {
    if (rows.length >= rowsMax || steps >= LIMITS.listStepsMax) {
      return { flows: rows, cursor: cursorOf(context, flows[i - 1]) }
    }
    steps++
    if (state !== null && flow.state !== state) continue
    rows.push(flowRow(flow))
    steps += flow.nodes.length
  }
  return { flows: rows, cursor: null }
}

/** `<scheduler>.<epoch>.<o or e>.<id>`: the flow that the page ended with, among the open or the ended. */
function cursorOf({ options, core }: FrontEndContext, { id, state }: Flow): string {
  return `${options.name}.${core.options.epoch}.${state === 'running' ? 'o' : 'e'}.${id}`
}

/** @throws bad_option */
function placeOf(context: FrontEndContext, cursor: unknown): [isEnded: boolean, id: string] {
  const form = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})\.([oe])\.([A-Za-z0-9_-]{1,64})$/
  const parts = form.exec(typeof cursor === 'string' ? cursor : '')
  if (parts === null) throw badCursor(cursor)
  const [, scheduler, epoch, kind, id] = parts
  requireOwn(context, { scheduler, epoch: Number(epoch) })
  return [kind === 'e', id]
}

/**
 * @param after '' for all. One that has ended meanwhile, or is forgotten: from the beginning, rather
 *   than leave some out.
 */
function behind(flows: readonly Flow[], after: string): readonly Flow[] {
  return after === '' ? flows : flows.slice(flows.findIndex(({ id }) => id === after) + 1)
}

/** @throws bad_option */
function requireState(state: unknown): FlowState {
  if (FLOW_STATES.includes(state as FlowState)) return state as FlowState
  throw new SignalboxError(
    'bad_option',
    `Option "state" is ${quote(state)}: known are ${FLOW_STATES.join(', ')}.`,
  )
}

/** @param node cancels that and all that depend on it; without, all. @throws flow_unknown, finished */
export function cancelFlow(context: FrontEndContext, id: unknown, node?: unknown): FlowView {
  const flow = requireFlow(context, id)
  if (node === undefined || node === null) cancelAll(context, flow)
  else cancelFrom(context, flow, requireToken(node, 'task'))
  return flowView(flow)
}

function cancelAll({ core, nowMs }: FrontEndContext, flow: Flow): void {
  if (flow.state !== 'running') throw finished(`Flow "${flow.id}" is ${flow.state} already.`)
  // From the leaves upwards: the other way round, parents would end their children first.
  for (const record of [...flow.nodes].reverse()) {
    if (record !== null && !isFinal(record.state)) core.cancel(record, nowMs)
  }
}

function cancelFrom({ core, nowMs }: FrontEndContext, flow: Flow, name: string): void {
  const i = flow.names.indexOf(name)
  if (i < 0) {
    throw new SignalboxError('task_unknown', `Flow "${flow.id}" has no task "${name}".`)
  }
  const record = flow.nodes[i]
  if (record !== null && core.cancelSubtree(record, nowMs) > 0) return
  throw finished(`Task "${name}" of flow "${flow.id}", and all that depend on it, have ended.`)
}

function finished(message: string): SignalboxError {
  return new SignalboxError('finished', message)
}

/** @throws flow_unknown, bad_token */
function requireFlow({ core }: FrontEndContext, id: unknown): Flow {
  const flow = core.flows.get(requireToken(id, 'flow id'))
  if (flow !== undefined) return flow
  throw new SignalboxError(
    'flow_unknown',
    `No flow "${id}" is open or still kept: check the id, or submit it again.`,
  )
}

/** A result that a task may read. @throws task_unknown, input_unknown, bad_token */
export function taskInput(
  context: FrontEndContext,
  id: unknown,
  name: unknown,
  queue?: unknown,
): Uint8Array<ArrayBuffer> {
  const record = requireTask(context, id, queue)
  return readInput(context, record, requireToken(name, 'input'))
}
