/** Tasks as text; pure functions. */
import type { TaskHandle } from '../../api.ts'
import type { TaskView } from '../../task.ts'
import type { Colors } from './colors.ts'
import { list } from './table.ts'
import { bytes, duration, plain, plainLines } from './text.ts'

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
    ['requires', task.requires.length === 0 ? null : task.requires.join(', ')],
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

function stateText({ state }: TaskView, colors: Colors): string {
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
