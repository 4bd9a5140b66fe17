/** Tasks of people as text; pure functions. */
import type { DecisionName, DecisionView, InboxRow, InboxView } from '../../people-views.ts'
import type { Colors } from './colors.ts'
import { type Column, fitted, list, table } from './table.ts'
import { priorityName, resultLines } from './task.ts'
import { bytes, count, duration, plain } from './text.ts'

const COLUMNS: Column[] = [
  { title: 'task', least: 12, keepsEnd: true },
  { title: 'queue', least: 10 },
  { title: 'state' },
  { title: 'who', least: 8 },
  { title: 'priority' },
  { title: 'sure', right: true },
  { title: 'notes', right: true },
  { title: 'due', right: true },
]

/** Where several decide something together. */
const VOTE_COLUMN: Column = { title: 'vote on', least: 8, keepsEnd: true }
const STATE_COLUMN = 2
const DUE_COLUMN = 7
const DIGEST_SHOWN = 12

const DONE: Readonly<Record<DecisionName, string>> = {
  accept: 'accepted',
  reject: 'rejected',
  escalate: 'escalated',
  hand_back: 'handed back',
}

/**
 * @param nowMs ms since 1970, for what is due.
 * @param width columns of the terminal; no line is longer, from 90 on, with votes from 100 on.
 */
export function inboxLines(
  rows: InboxRow[],
  nowMs: number,
  width: number,
  colors: Colors,
): string[] {
  if (rows.length === 0) return ['Nothing is assigned, and nothing waits to be taken.']
  const hasVotes = rows.some(({ voteOn }) => voteOn !== null)
  const columns = hasVotes ? [...COLUMNS, VOTE_COLUMN] : COLUMNS
  const cells = rows.map((row) => [
    plain(row.task),
    plain(row.queue),
    row.state,
    plain(row.person ?? '–'),
    priorityName(row.priority),
    sureText(row.confidence),
    row.comments === 0 ? '' : count(row.comments),
    dueText(row.dueAt, nowMs),
    ...(hasVotes ? [plain(row.voteOn ?? '–')] : []),
  ])
  const lines = fitted(columns, cells, width).map((cellsOfRow, at) =>
    cellsOfRow.map((cell, column) => painted(cell, column, rows[at], nowMs, colors)),
  )
  return [...table(columns, lines, colors), '', ...totals(rows)]
}

function painted(cell: string, column: number, row: InboxRow, nowMs: number, colors: Colors) {
  if (column === STATE_COLUMN && row.state === 'claimed') return colors.green(cell)
  const isLate = row.dueAt !== null && row.dueAt < nowMs
  return column === DUE_COLUMN && isLate ? colors.red(cell) : cell
}

function totals(rows: InboxRow[]): string[] {
  const of = (state: InboxRow['state']) => count(rows.filter((row) => row.state === state).length)
  return [`${of('claimed')} claimed, ${of('assigned')} assigned, ${of('waiting')} waiting`]
}

function sureText(confidence: number | null): string {
  return confidence === null ? '–' : `${Math.round(confidence * 10) / 10}`
}

function dueText(dueAt: number | null, nowMs: number): string {
  if (dueAt === null) return '–'
  return dueAt < nowMs ? `${duration(nowMs - dueAt)} ago` : `in ${duration(dueAt - nowMs)}`
}

/** @param by who has just claimed it: what they can do next is told; null for nobody. */
export function inboxTaskLines(view: InboxView, by: string | null, colors: Colors): string[] {
  const pairs: [string, string | null][] = [
    ['state', view.person === null ? view.state : `${view.state}, ${view.person}`],
    ['from queue', view.sourceQueue === view.queue ? null : view.sourceQueue],
    ['vote on', view.voteOn],
    ['handed on from', view.failedDestinations.join(', ') || null],
    ['type', view.type === view.queue ? null : view.type],
    ['priority', priorityName(view.priority)],
    ['confidence', view.confidence === null ? null : sureText(view.confidence)],
    ['accepted', timeText(view.acceptedAt)],
    ['assigned', timeText(view.assignedAt)],
    ['claimed', timeText(view.claimedAt)],
    ['due', timeText(view.dueAt)],
    ['seen', `${view.seen.slice(0, DIGEST_SHOWN)}…`],
  ]
  const shown = pairs.filter((pair): pair is [string, string] => pair[1] !== null)
  return [
    `Task ${colors.bold(plain(view.task))} in ${plain(view.queue)}`,
    ...list(
      shown.map(([name, value]) => [name, plain(value)]),
      colors,
    ),
    ...part('Payload', view.payload, colors),
    ...view.inputs.flatMap(({ name, state, bytes: size, text }) => {
      const what = size === null ? `${state}, no result` : `${state}, ${bytes(size)}`
      return part(`Input ${plain(name)} (${what})`, size === null ? '' : text, colors)
    }),
    ...noteLines(view, colors),
    ...(by === null ? [] : nextLines(view.task, by, colors)),
  ]
}

/** @param text null when there is more than is shown. */
function part(title: string, text: string | null, colors: Colors): string[] {
  const lines = text === null ? ['too large to be shown'] : resultLines(text)
  return ['', colors.bold(title), ...(lines.length === 0 ? ['–'] : lines).map(indented)]
}

function noteLines({ notes }: InboxView, colors: Colors): string[] {
  if (notes.length === 0) return []
  return [
    '',
    colors.bold('Comments'),
    ...notes.flatMap(({ by, at, text }) => [
      indented(colors.dim(`${plain(by)}, ${timeText(at)}`)),
      ...resultLines(text).map((line) => indented(indented(line))),
    ]),
  ]
}

function nextLines(task: string, by: string, colors: Colors): string[] {
  const command = `signalbox inbox decide ${plain(task)} --as ${plain(by)}`
  return ['', colors.dim(`${command} --accept | --reject | --escalate | --hand-back`)]
}

export function decidedLines(view: DecisionView, colors: Colors): string[] {
  const { task, by, decision, state, servedBy, queue } = view
  const where = servedBy === queue ? '' : ` in ${plain(servedBy)}`
  return [
    `Task ${colors.bold(plain(task))} was ${DONE[decision]} by ${plain(by)}; it is ${plain(state)}${where}`,
  ]
}

function indented(line: string): string {
  return `  ${line}`
}

function timeText(at: number): string
function timeText(at: number | null): string | null
function timeText(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
