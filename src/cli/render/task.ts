/** Tasks as text; pure functions. */
import type { TaskHandle } from '../../api.ts'
import type { TaskRow, TaskView } from '../../task.ts'
import type { Colors } from './colors.ts'
import { list, table } from './table.ts'
import { bytes, count, cut, duration, plain, plainLines } from './text.ts'

const PRIORITY_NAMES = ['', 'background', 'low', 'normal', 'high', 'critical']

export function submittedLines(task: TaskHandle, colors: Colors): string[] {
  const waits = task.waitingFor === null ? '' : `; ${plain(task.waitingFor)}`
  return [
    `Task ${colors.bold(plain(task.id))} is ${plain(task.state)} in ${plain(task.queue)}${waits}`,
  ]
}

export function taskLines(task: TaskView, colors: Colors): string[] {
  const pairs: [string, string | null][] = [
    ['state', stateText(task, colors)],
    ['waits for', task.waitingFor],
    ['priority', `${task.priority} ${PRIORITY_NAMES[task.priority] ?? ''}`],
    ['type', task.type === task.queue ? null : task.type],
    ['requires', requiresText(task)],
    ['prefers', task.prefers.length === 0 ? null : task.prefers.join(', ')],
    ['strategy', task.strategy],
    ['attempts', String(task.attempts)],
    ['agent', task.agent],
    ['error', task.code === null ? null : `${task.code}: ${task.message ?? ''}`],
    ['payload', bytes(task.payloadBytes)],
    ['accepted', new Date(task.acceptedAt).toISOString()],
    ['waited', span(task.acceptedAt, task.startedAt)],
    ['worked', span(task.startedAt, task.finishedAt)],
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
  ]
}

function requiresText({ requires, match }: TaskView): string | null {
  if (requires.length === 0) return null
  return `${requires.join(', ')}${match === 'exact' ? '' : ` (${match})`}`
}

const ID_WIDTH = 16
const QUEUE_WIDTH = 12
const REASON_WIDTH_MIN = 12

/**
 * @param nowMs ms since 1970, for the age of open tasks.
 * @param width columns of the terminal: what is left of them is the last column's.
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
  const titles = ['task', 'queue', 'state', 'tries', 'age']
  const rows = tasks.map((task) => [
    cut(plain(task.id), ID_WIDTH),
    cut(plain(task.queue), QUEUE_WIDTH),
    plain(task.state),
    count(task.attempts),
    duration(Math.max(0, nowMs - task.acceptedAt)),
  ])
  const widths = titles.map((title, at) =>
    rows.reduce((most, row) => Math.max(most, row[at].length), title.length),
  )
  const used = widths.reduce((sum, each) => sum + 2 + each, 2)
  const left = Math.max(REASON_WIDTH_MIN, width - used)
  return table(
    [...titles.map((title, at) => ({ title, right: at > 2 })), { title: 'agent/reason' }],
    tasks.map((task, at) => {
      const [id, queue, _, tries, age] = rows[at]
      const reason = task.code ?? task.waitingFor ?? task.agent ?? '–'
      return [id, queue, stateText(task, colors), tries, age, cut(plain(reason), left)]
    }),
    colors,
  )
}

function stateText({ state }: TaskRow, colors: Colors): string {
  if (state === 'completed') return colors.green(state)
  return state === 'failed' || state === 'dead' ? colors.red(plain(state)) : plain(state)
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
