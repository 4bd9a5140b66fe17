/** Flows as text: how far one is, its tasks as a tree, lists of flows; pure functions. */
import type { FlowPage, FlowTaskView, FlowView } from '../../flow-views.ts'
import { someOf } from '../../words/lists.ts'
import { cellsOf, fit } from './cells.ts'
import type { Colors } from './colors.ts'
import { INTEREST, linesOf } from './flow-tree.ts'
import { type Column, fitted, table } from './table.ts'
import { bar, count, cut, duration, percent, plain } from './text.ts'

const BAR_WIDTH = 24
const NAME_WIDTH_MIN = 12
const ALSO_MAX = 3

type Shown = FlowTaskView['state']
const SIGNS: Readonly<Record<Shown, string>> = {
  pending: '○',
  blocked: '·',
  scheduled: '◷',
  assigned: '◐',
  processing: '●',
  completed: '✓',
  failed: '✗',
  expired: '✗',
  dead: '✗',
  cancelled: '–',
  forgotten: ' ',
}
const OMITTED = '  Its tasks have no room in a NATS message: ask over HTTP, or raise max_payload.'

export function flowLines(flow: FlowView, nowMs: number, width: number, colors: Colors): string[] {
  const tasks = flow.tasksOmitted ? [cut(OMITTED, width)] : treeLines(flow, nowMs, width, colors)
  return [...flowHead(flow, nowMs, colors), '', ...tasks]
}

/** `Flow order-17 is running   ████████░░░░  4 of 7  57 %   12.3 s`, and how many are in which state. */
export function flowHead(flow: FlowView, nowMs: number, colors: Colors): string[] {
  const { id, state, progress } = flow
  return [
    `Flow ${colors.bold(plain(id))} is ${flowState(state, colors)} in ${plain(flow.queue)}`,
    `  ${progressText(flow, nowMs)}`,
    `  ${colors.dim(statesText(progress.states) + layersText(flow))}`,
  ]
}

/** One line, to be written over. */
export function progressText(
  { progress, acceptedAt, finishedAt }: FlowView,
  nowMs: number,
): string {
  const { done, total, share } = progress
  const time = duration(Math.max(0, (finishedAt ?? nowMs) - acceptedAt))
  return `${bar(share, BAR_WIDTH)}  ${count(done)} of ${count(total)}  ${percent(done, total)}  ${time}`
}

function statesText(states: FlowView['progress']['states']): string {
  const known = INTEREST.filter((state) => (states[state] ?? 0) > 0)
  return known.map((state) => `${count(states[state]!)} ${state}`).join(', ')
}

function layersText({ layers, tasksOmitted }: FlowView): string {
  if (tasksOmitted) return ''
  const widest = layers.reduce((most, { length }) => Math.max(most, length), 0)
  const word = layers.length === 1 ? 'layer' : 'layers'
  return `; ${count(layers.length)} ${word}, at most ${count(widest)} at a time`
}

function treeLines(flow: FlowView, nowMs: number, width: number, colors: Colors): string[] {
  const lines = linesOf(flow)
  const byName = new Map(flow.tasks.map((task) => [task.name, task]))
  const heads = lines.map(({ branch, task }) =>
    task === null ? '' : `${branch}${SIGNS[task.state]} ${plain(task.name)}`,
  )
  const headWidth = heads.reduce((most, head) => Math.max(most, cellsOf(head)), NAME_WIDTH_MIN)
  // Deep trees and long names leave the facts half of the line.
  const room = Math.min(headWidth, Math.max(NAME_WIDTH_MIN, Math.floor(width / 2)))
  return lines.map(({ branch, task, rest, restOf, also }, i) => {
    if (task === null) return cut(`  ${branch}${restText(rest, restOf)}`, width)
    const head = painted(task.state, fit(heads[i], room), colors)
    const others = also.length === 0 ? '' : `also after ${someOf(also, ALSO_MAX)}`
    const words = [...factsOf(task, byName, nowMs), others].filter((word) => word !== '').join('  ')
    const left = Math.max(0, width - room - 4)
    return `  ${head}  ${colors.dim(cut(plain(words), left))}`.trimEnd()
  })
}

function restText(rest: readonly FlowTaskView[], restOf: string): string {
  const states: FlowView['progress']['states'] = {}
  for (const { state } of rest) states[state] = (states[state] ?? 0) + 1
  return `… ${count(rest.length)} ${restOf}: ${statesText(states)}`
}

/** `processing  ocr-1  1.2 s  2nd try`. */
function factsOf(task: FlowTaskView, byName: Nodes, nowMs: number): string[] {
  const { state, agent, attempts, startedAt, finishedAt } = task
  const took =
    startedAt === null || (finishedAt === null && state !== 'processing')
      ? ''
      : duration(Math.max(0, (finishedAt ?? nowMs) - startedAt))
  return [state, agent ?? '', took, attempts > 1 ? `${attempts} attempts` : '', whyOf(task, byName)]
}

type Nodes = ReadonlyMap<string, FlowTaskView>
const NOT_COMPLETED: ReadonlySet<Shown> = new Set(['failed', 'dead', 'expired', 'cancelled'])

/** `error: No such page.`, or `parent_failed (error): bad`, the code first, which is not to be cut off. */
function whyOf({ state, after, code, message }: FlowTaskView, byName: Nodes): string {
  // Whoever was cancelled by somebody says that by its state.
  if (state === 'completed' || state === 'forgotten' || code === null || code === state) return ''
  const parents = after.map((name) => byName.get(name)!).filter((p) => NOT_COMPLETED.has(p.state))
  const isTheirs = code === 'parent_failed' || code === 'skipped'
  if (!isTheirs || parents.length === 0) return `${code}: ${message ?? ''}`
  const names = parents.map(({ name }) => name)
  const codes = new Set(parents.map((parent) => parent.code ?? parent.state))
  return `${code} (${someOf([...codes], ALSO_MAX)}): ${someOf(names, ALSO_MAX)}`
}

function painted(state: Shown, text: string, colors: Colors): string {
  switch (state) {
    case 'completed':
      return colors.green(text)
    case 'failed':
    case 'dead':
    case 'expired':
      return colors.red(text)
    case 'processing':
    case 'assigned':
      return colors.cyan(text)
    case 'pending':
      return text
    default:
      return colors.dim(text)
  }
}

function flowState(state: FlowView['state'], colors: Colors): string {
  if (state === 'completed') return colors.green(state)
  if (state === 'failed') return colors.red(state)
  return state === 'running' ? colors.cyan(state) : state
}

const LIST_COLUMNS: Column[] = [
  { title: 'flow', least: 12, keepsEnd: true },
  { title: 'queue', least: 8 },
  { title: 'state' },
  { title: 'done', right: true },
  { title: 'tasks', right: true },
  { title: 'age', right: true },
  { title: 'took', right: true },
]
const STATE_COLUMN = 2

export function flowListLines(
  { flows }: FlowPage,
  nowMs: number,
  width: number,
  colors: Colors,
): string[] {
  if (flows.length === 0) {
    return ['No such flows. Submit one: `npx signalbox flow submit FILE`.']
  }
  const rows = flows.map(({ id, queue, state, progress, acceptedAt, finishedAt }) => [
    plain(id),
    plain(queue),
    state,
    percent(progress.done, progress.total),
    count(progress.total),
    duration(Math.max(0, nowMs - acceptedAt)),
    finishedAt === null ? '–' : duration(Math.max(0, finishedAt - acceptedAt)),
  ])
  return table(
    LIST_COLUMNS,
    fitted(LIST_COLUMNS, rows, width).map((row, at) =>
      row.map((cell, i) => (i === STATE_COLUMN ? flowState(flows[at].state, colors) : cell)),
    ),
    colors,
  )
}
