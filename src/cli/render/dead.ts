/** Dead letters as text; pure functions. */
import type { DeadLetterView, ReplayResult } from '../../promise-views.ts'
import type { Colors } from './colors.ts'
import { type Column, fitted, list, table } from './table.ts'
import { priorityName, resultLines } from './task.ts'
import { bytes, count, duration, plain } from './text.ts'

const COLUMNS: Column[] = [
  { title: 'task', least: 12, keepsEnd: true },
  { title: 'name', least: 8 },
  { title: 'code', least: 8 },
  { title: 'tries', right: true },
  { title: 'ago', right: true },
  { title: 'route', least: 12 },
]
/** Of a replay of many; all are in the JSON. */
const REPLAYED_SHOWN = 20

/**
 * @param nowMs ms since 1970, for the age of letters.
 * @param width columns of the terminal; no line is longer, from 70 on.
 */
export function deadListLines(
  letters: DeadLetterView[],
  nowMs: number,
  width: number,
  colors: Colors,
): string[] {
  if (letters.length === 0) return ['No dead letters.']
  const rows = letters.map((letter) => [
    plain(letter.id),
    plain(letter.name),
    plain(letter.code),
    count(letter.attempts),
    duration(Math.max(0, nowMs - letter.diedAt)),
    plain(letter.route),
  ])
  return table(COLUMNS, fitted(COLUMNS, rows, width), colors)
}

export function deadLines(letter: DeadLetterView, colors: Colors): string[] {
  const { payloadBytes, payload, failedDestinations } = letter
  const pairs: [string, string | null][] = [
    ['of queue', letter.queue],
    ['state', letter.state],
    ['error', `${letter.code}: ${letter.message}`],
    ['route', letter.route],
    ['priority', priorityName(letter.priority)],
    ['attempts', count(letter.attempts)],
    ['last agent', letter.agent],
    ['given up in', failedDestinations.length === 0 ? null : failedDestinations.join(', ')],
    ['accepted', new Date(letter.acceptedAt).toISOString()],
    ['died', new Date(letter.diedAt).toISOString()],
    [
      'payload',
      `${bytes(payloadBytes)}${payload === null && payloadBytes > 0 ? ', not shown' : ''}`,
    ],
  ]
  const shown = pairs.filter((pair): pair is [string, string] => pair[1] !== null)
  return [
    `Dead letter ${colors.bold(plain(letter.id))} of ${plain(letter.name)}`,
    ...list(
      shown.map(([name, value]) => [name, plain(value)]),
      colors,
    ),
    ...resultLines(payload ?? ''),
  ]
}

export function replayedLines({ replayed, refused }: ReplayResult, colors: Colors): string[] {
  const noun = replayed.length === 1 ? 'task' : 'tasks'
  const again = `${count(replayed.length)} ${noun} submitted again`
  const stay = `${count(refused.length)} stay as they were`
  const shown = replayed.slice(0, REPLAYED_SHOWN)
  const more = replayed.length - shown.length
  return [
    refused.length === 0 ? `${again}.` : `${again}, ${colors.red(stay)}.`,
    ...list(
      shown.map(({ id, as }) => [plain(id), `as ${plain(as)}`]),
      colors,
    ),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
    ...refused
      .slice(0, REPLAYED_SHOWN)
      .map(({ id, code, message }) => `  ${plain(id)}: ${plain(code)}: ${plain(message)}`),
  ]
}
