/**
 * One frame of `top`: the scheduler, its queues, its agents and what was told last.
 *
 * Pure functions. Invariant: no line is wider than the terminal, from 60 columns on, nor are there more
 * lines than it has, from 16 on; whatever names and sentences hold.
 */
import type { SchedulerStatus } from '../../api.ts'
import { cellsOf, fit } from './cells.ts'
import type { Colors } from './colors.ts'
import { duration, latency, plain, wrap } from './text.ts'
import {
  finishedOf,
  perSecond,
  short,
  type TopModel,
  type TopSize,
  type TopSnapshot,
} from './top-model.ts'
import { agentSection, queueSection } from './top-sections.ts'

export const COLUMNS_MIN = 60
export const ROWS_MIN = 16
const EVENTS_MAX = 3
/** Of a sentence on what is amiss; where there are few rows, the numbers have them. */
const PROBLEM_LINES_MAX = 3
const ROWS_FOR_SENTENCES = 20

export function topLines(model: TopModel, size: TopSize, colors: Colors): string[] {
  const columns = Math.max(COLUMNS_MIN, size.columns)
  const rows = Math.max(ROWS_MIN, size.rows)
  const { now } = model
  const problemRows = now === null || rows >= ROWS_FOR_SENTENCES ? PROBLEM_LINES_MAX : 1
  const problem = problemLines(model.problem, columns, problemRows, colors)
  const head = [...headLines(model, columns, colors), ...problem]
  const foot = [...eventLines(model, columns, colors), ...keyLines(model, columns, colors)]
  if (now === null) return [...head, '', ...foot]
  // A blank line and a title above each of the two sections, a blank line below.
  const left = rows - head.length - foot.length - 5
  const [queueRows, agentRows] = shared(left, now.queues.length, now.agents.length)
  return [
    ...head,
    '',
    ...queueSection(model, { columns, rows: queueRows }, colors),
    '',
    ...agentSection(model, { columns, rows: agentRows }, colors),
    ...(foot.length === 0 ? [] : ['', ...foot]),
  ]
}

/** Each gets what it needs, and half of all when both need more. */
function shared(rows: number, queues: number, agents: number): [number, number] {
  const half = Math.floor(rows / 2)
  const forQueues = Math.max(1, Math.min(queues, Math.max(half, rows - agents)))
  return [forQueues, Math.max(1, Math.min(agents, rows - forQueues))]
}

function headLines(model: TopModel, columns: number, colors: Colors): string[] {
  const { now, problem, where, clock, isPaused } = model
  const right = isPaused ? 'paused' : clock
  if (now === null) {
    const what = problem === null ? 'asking …' : 'no answer yet'
    return [
      ends(`Signalbox  ${what}`, right, columns, colors.bold),
      fit(`on ${where}`, columns).trimEnd(),
    ]
  }
  const { status } = now
  const states = [
    `up ${duration(status.uptimeMs)}`,
    ...(status.draining ? ['draining'] : []),
    status.connected ? `on ${where}` : 'not connected to NATS',
  ]
  const title = `${status.scheduler}  ${states.join(', ')}`
  return [
    ends(title, right, columns, colors.bold),
    rateLine(model, columns),
    countLine(status, columns),
  ]
}

function problemLines(
  problem: string | null,
  columns: number,
  rows: number,
  colors: Colors,
): string[] {
  if (problem === null) return []
  const lines = rows === 1 ? [problem] : wrap(plain(problem), columns).slice(0, rows)
  return lines.map((line) => colors.red(fit(line, columns).trimEnd()))
}

function rateLine({ now, before }: TopModel, columns: number): string {
  const { status, latency: report } = now!
  const accepted = perSecond(now!, before, ({ status: { tasks } }) => tasks.accepted)
  const finished = perSecond(now!, before, (snapshot) => finishedOf(snapshot.status))
  const { count, p50Us, p99Us } = report.assignment
  const assigned = count === 0 ? '–' : `p50 ${latency(p50Us)}, p99 ${latency(p99Us)}`
  const parts = [`accepted ${rate(accepted)}`, `finished ${rate(finished)}`, `assigned ${assigned}`]
  if (status.tasks.lost !== 0) parts.unshift(`LOST ${short(status.tasks.lost)}`)
  const moved = perSecond(now!, before, movedOf)
  const isMoving = moved !== null && movedOf(now!) > 0
  const wide = parts.join('   ')
  const wider = isMoving ? `${wide}   moved ${rate(moved)}` : wide
  if (cellsOf(wider) <= columns) return wider
  if (cellsOf(wide) <= columns) return wide
  return fit(parts.join('  ').replace('assigned ', ''), columns).trimEnd()
}

function countLine({ tasks, agents }: SchedulerStatus, columns: number): string {
  const parts = [
    `waiting ${short(tasks.waiting + tasks.offered + tasks.bound)}`,
    `running ${short(tasks.running)}`,
    `scheduled ${short(tasks.scheduled)}`,
    `failed ${short(tasks.failed + tasks.dead + tasks.expired)}`,
    `agents ${short(agents.online)}${agents.offline > 0 ? `, ${short(agents.offline)} offline` : ''}`,
  ]
  return fit(parts.join('   '), columns).trimEnd()
}

function eventLines({ events }: TopModel, columns: number, colors: Colors): string[] {
  return events.slice(-EVENTS_MAX).map(({ at, kind, message }) => {
    const time = new Date(at).toTimeString().slice(0, 8)
    return colors.dim(fit(`${time} ${kind}  ${message}`, columns).trimEnd())
  })
}

function keyLines(
  { hasKeys, sort, isPaused }: TopModel,
  columns: number,
  colors: Colors,
): string[] {
  if (!hasKeys) return []
  const keys = `q quit   p ${isPaused ? 'go on' : 'pause'}   s sort queues by: ${sort}`
  return [colors.dim(fit(keys, columns).trimEnd())]
}

/** A text at each end of a line; the left one gives way. */
function ends(left: string, right: string, columns: number, strong: (text: string) => string) {
  return `${strong(fit(left, columns - cellsOf(right) - 1))} ${right}`
}

/** Stolen, or handed back unbegun. */
function movedOf({ status: { moves } }: TopSnapshot): number {
  return moves.stolen + moves.recalled
}

/** `12,345/s`. */
function rate(value: number | null): string {
  return value === null ? '–' : `${short(value)}/s`
}
