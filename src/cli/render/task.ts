/** Tasks as text; pure functions. */
import type { TaskHandle } from '../../api.ts'
import type { HistoryEntry } from '../../promise-views.ts'
import type { TaskRow, TaskView } from '../../task.ts'
import { someOf } from '../../words/lists.ts'
import type { Colors } from './colors.ts'
import { stageLines } from './stages.ts'
import { type Column, fitted, list, table } from './table.ts'
import { bytes, count, duration, plain, plainLines, shortDigests, wrap } from './text.ts'

/** Parents that are named. */
const AFTER_MAX = 6
const PRIORITY_NAMES = ['', 'background', 'low', 'normal', 'high', 'critical']

export function submittedLines(task: TaskHandle, colors: Colors): string[] {
  const waits = task.waitingFor === null ? '' : `; ${plain(task.waitingFor)}`
  return [
    `Task ${colors.bold(plain(task.id))} is ${plain(task.state)} in ${plain(task.queue)}${waits}`,
  ]
}

/** @param history what is known of it: since when it could be tried, and was worked on. */
export function taskLines(
  task: TaskView,
  colors: Colors,
  history: readonly HistoryEntry[] = [],
): string[] {
  const { readyAt, claimedAt } = timesOf(history)
  const pairs: [string, string | null][] = [
    ['state', stateText(task, colors)],
    ['why it waits', task.waitingFor],
    ['served by', task.servedBy === task.queue ? null : task.servedBy],
    ['moved from', task.failedDestinations.join(', ') || null],
    ['in flow', task.flow === null ? null : `${task.flow}, as ${task.node}`],
    ['after', afterText(task.dependsOn)],
    ['decided by', task.votes.join(', ') || null],
    ['stands for', task.standsFor],
    ['not before', timeText(task.scheduledFor)],
    ['priority', priorityText(task)],
    ['promise', slaText(task)],
    ['over by', timeText(task.deadlineAt)],
    ['type', task.type === task.queue ? null : task.type],
    ['requires', requiresText(task)],
    ['prefers', task.prefers.length === 0 ? null : task.prefers.join(', ')],
    ['strategy', task.strategy],
    ['attempts', String(task.attempts)],
    ['interrupted', task.preemptions === 0 ? null : `${count(task.preemptions)} times`],
    ['agent', task.agent],
    ['error', task.code === null ? null : `${task.code}: ${task.message ?? ''}`],
    ['dead letter', task.deadLetter],
    ['payload', bytes(task.payloadBytes)],
    ['accepted', new Date(task.acceptedAt).toISOString()],
    ['waited', span(readyAt ?? task.acceptedAt, task.startedAt)],
    ['in an inbox', span(task.startedAt, claimedAt)],
    ['worked', span(claimedAt ?? task.startedAt, task.finishedAt)],
    ['progress', task.progress],
    ['result', resultSize(task)],
  ]
  const shown = pairs.filter((pair): pair is [string, string] => pair[1] !== null)
  return [
    `Task ${colors.bold(plain(task.id))} in ${plain(task.queue)}`,
    ...list(
      shown.map(([name, value]) => [name, name === 'state' ? value : plain(value)]),
      colors,
    ),
    ...resultLines(task.result ?? ''),
    ...stageLines(task, colors),
  ]
}

/** Of its last attempt; null for what did not happen to it. */
function timesOf(history: readonly HistoryEntry[]) {
  const startAt = history.findLastIndex(({ what }) => what === 'assigned')
  const ready = history.slice(0, startAt + 1).findLast(({ what }) => what === 'ready')
  const claimed = history.slice(startAt + 1).findLast(({ what }) => what === 'claimed')
  return { readyAt: ready?.at ?? null, claimedAt: claimed?.at ?? null }
}

/** `4 high`. */
export function priorityName(level: number): string {
  return `${level} ${PRIORITY_NAMES[level] ?? ''}`.trimEnd()
}

function priorityText({ priority, effectivePriority }: TaskView): string {
  const own = priorityName(priority)
  if (effectivePriority === priority) return own
  return `${own}, served as ${PRIORITY_NAMES[effectivePriority] ?? effectivePriority}`
}

/** A task may come after a thousand. */
function afterText(ids: readonly string[]): string | null {
  return ids.length === 0 ? null : someOf(ids, AFTER_MAX)
}

function slaText({ sla, slaDueAt }: TaskView): string | null {
  if (sla === null) return null
  const words = { kept: 'in time so far', warning: 'nearly too late', breached: 'too late' }[sla]
  return slaDueAt === null ? words : `${words}, due ${timeText(slaDueAt)}`
}

function timeText(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

/**
 * What happened to a task: a line each, with the time since the first.
 * @param width columns of the terminal; no line is longer, from 60 on.
 */
export function historyLines(history: HistoryEntry[], width: number, colors: Colors): string[] {
  if (history.length === 0) return []
  const startedAt = history[0].at
  const rows = history.map(({ at, what, attempt, agent, detail }) => {
    const facts = [attempt === null ? '' : `attempt ${attempt}`, agent ?? '', detail]
    const words = shortDigests(plain(facts.filter((fact) => fact !== '').join(', ')))
    return [`+${duration(Math.max(0, at - startedAt))}`, plain(what), words]
  })
  const used = [0, 1].reduce((sum, column) => {
    return sum + 2 + rows.reduce((most, row) => Math.max(most, row[column].length), 0)
  }, 2)
  const room = Math.max(REASON_WIDTH_MIN, width - used)
  return [
    '',
    `What happened, from ${new Date(startedAt).toISOString()} on`,
    ...table(
      [{ title: 'after', right: true }, { title: 'what' }, { title: '' }],
      rows.flatMap(([after, what, words]) =>
        wrap(words, room).map((line, at) => (at === 0 ? [after, what, line] : ['', '', line])),
      ),
      colors,
    ),
  ]
}

function requiresText({ requires, match }: TaskView): string | null {
  if (requires.length === 0) return null
  return `${requires.join(', ')}${match === 'exact' ? '' : ` (${match})`}`
}

const REASON_WIDTH_MIN = 12

const LIST_COLUMNS: Column[] = [
  { title: 'task', least: 12, keepsEnd: true },
  { title: 'queue', least: 8 },
  { title: 'state' },
  { title: 'tries', right: true },
  { title: 'age', right: true },
  { title: 'agent/reason', least: REASON_WIDTH_MIN },
]
const STATE_COLUMN = 2

/**
 * @param nowMs ms since 1970, for the age of open tasks.
 * @param width columns of the terminal; no line is longer, from 70 on.
 */
export function taskListLines(
  tasks: TaskRow[],
  nowMs: number,
  width: number,
  colors: Colors,
): string[] {
  if (tasks.length === 0) {
    return ['No such tasks. Submit one: `npx signalbox task submit QUEUE PAYLOAD`.']
  }
  const rows = tasks.map((task) => [
    plain(task.id),
    plain(task.queue),
    plain(task.state),
    count(task.attempts),
    duration(Math.max(0, nowMs - task.acceptedAt)),
    plain(reasonText(task)),
  ])
  return table(
    LIST_COLUMNS,
    fitted(LIST_COLUMNS, rows, width).map((row, at) =>
      row.map((cell, column) => (column === STATE_COLUMN ? stateText(tasks[at], colors) : cell)),
    ),
    colors,
  )
}

/** An open task's last error is past: it waits for something, or somebody has it. */
function reasonText({ waitingFor, code, agent }: TaskRow): string {
  return waitingFor ?? code ?? agent ?? '–'
}

const BAD: readonly string[] = ['failed', 'expired', 'dead']

function stateText({ state }: TaskRow, colors: Colors): string {
  if (state === 'completed') return colors.green(state)
  return BAD.includes(state) ? colors.red(plain(state)) : plain(state)
}

function resultSize({ result, resultBytes }: TaskView): string | null {
  if (resultBytes === null) return null
  return result === null ? `${bytes(resultBytes)}, not shown` : bytes(resultBytes)
}

/** A result as a person may read it: its lines, without control characters. */
export function resultLines(text: string): string[] {
  return text === '' ? [] : plainLines(text).replace(/\n$/, '').split('\n')
}

function span(from: number | null, to: number | null): string | null {
  return from === null || to === null ? null : duration(Math.max(0, to - from))
}
