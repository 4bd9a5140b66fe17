/** What `ledger tail` and `ledger verify` show; pure functions. */

import type { LedgerVerdict } from '../../ledger/verdict.ts'
import type { LedgerRow } from '../../ledger-views.ts'
import type { Colors } from './colors.ts'
import { list } from './table.ts'
import { bytes, count, plain, shortDigests, wrap } from './text.ts'

/**
 * Columns of a fixed width, so that lines that follow line up with those before.
 * @param width of a terminal, whose lines are broken there; infinite for a line each.
 */
export function ledgerLines(
  entries: readonly LedgerRow[],
  hasHead: boolean,
  width: number,
  colors: Colors,
): string[] {
  const isNarrow = width < WIDE_FROM
  const lines = entries.flatMap((row) => linesOf(row, isNarrow, width, colors))
  return hasHead ? [colors.dim(isNarrow ? HEAD_NARROW : HEAD), ...lines] : lines
}

const WIDE_FROM = 120
const WIDTHS = { time: 12, what: 20, task: 20, queue: 10, agent: 12 }
const NARROW = { time: 12, what: 17, task: 14 }
const HEAD = [
  'time'.padEnd(WIDTHS.time),
  'what'.padEnd(WIDTHS.what),
  'task'.padEnd(WIDTHS.task),
  'queue'.padEnd(WIDTHS.queue),
  'agent'.padEnd(WIDTHS.agent),
  'detail',
].join('  ')
const HEAD_NARROW = [
  'time'.padEnd(NARROW.time),
  'what'.padEnd(NARROW.what),
  'task'.padEnd(NARROW.task),
  'queue, agent, detail',
].join('  ')

const GOOD: ReadonlySet<string> = new Set(['completed'])
const BAD: ReadonlySet<string> = new Set([
  'failed',
  'expired',
  'dead',
  'dead letter',
  'SLA breached',
  'gap',
])

function linesOf(row: LedgerRow, isNarrow: boolean, width: number, colors: Colors): string[] {
  const { what, attempt, detail } = row
  const time = colors.dim(new Date(row.at).toISOString().slice(11, 23))
  const task = plain(row.task ?? '')
  const queue = plain(row.queue ?? '')
  const agent = plain(row.agent ?? '')
  const which = attempt === null || attempt < 2 ? '' : `attempt ${attempt}`
  const facts = [which, shortDigests(plain(detail))].filter((text) => text !== '').join(', ')
  if (!isNarrow) {
    const names = [task.padEnd(WIDTHS.task), queue.padEnd(WIDTHS.queue), agent.padEnd(WIDTHS.agent)]
    return [[time, wordOf(what, WIDTHS.what, colors), ...names, facts].join('  ').trimEnd()]
  }
  const word = plain(what)
  const head = [word.padEnd(NARROW.what), task.padEnd(NARROW.task)].join('  ')
  const rest = [queue, agent, facts].filter((text) => text !== '').join(', ')
  const indent = NARROW.time + head.length + 4
  const isTooLong = indent + MIN_ROOM > width
  const room = isTooLong ? width - NARROW.time - 2 : width - indent
  const lines = rest === '' ? [''] : wrap(rest, Math.max(MIN_ROOM, room))
  const first = `${time}  ${colored(what, head.slice(0, word.length), colors)}${head.slice(word.length)}`
  const margin = ' '.repeat(isTooLong ? NARROW.time + 2 : indent)
  if (isTooLong) return [first.trimEnd(), ...lines.map((line) => margin + line)]
  return lines.map((line, at) => (at === 0 ? `${first}  ${line}`.trimEnd() : margin + line))
}

/** Of what stands beside the names; less goes on a line of its own. */
const MIN_ROOM = 16

function wordOf(what: string, width: number, colors: Colors): string {
  return colored(what, plain(what).padEnd(width), colors)
}

function colored(what: string, text: string, colors: Colors): string {
  if (BAD.has(what)) return colors.red(text)
  return GOOD.has(what) ? colors.green(text) : text
}

export function verdictLines(verdict: LedgerVerdict, colors: Colors): string[] {
  const { files, blocks, entries, lost, firstBlock, lastBlock, lastHash, notes } = verdict
  const pairs: [string, string][] = [
    ['files', `${count(files)}, ${bytes(verdict.bytes)}`],
    ['blocks', blocks === 0 ? '0' : `${count(blocks)}, ${firstBlock} to ${lastBlock}`],
    ['entries', lost === 0 ? count(entries) : `${count(entries)}; ${count(lost)} were lost`],
    ['from', time(verdict.from)],
    ['to', time(verdict.to)],
    ['last hash', lastHash ?? ''],
  ]
  const findings = verdict.findings.map(
    ({ kind, message }) => `${colors.red(kind)}: ${plain(message)}`,
  )
  // The hash that was asked for and is not there is told as the error; nothing is well then.
  const good =
    verdict.hasHash === false
      ? 'Every block that is there gives its hash and continues the one before.'
      : `${colors.green('No finding')}: every block gives its hash and continues the one before.`
  return [
    ...list(
      pairs.filter(([, value]) => value !== ''),
      colors,
    ),
    '',
    ...notes.map((note) => colors.dim(plain(note))),
    ...(verdict.total === 0 ? [good] : findings),
  ]
}

function time(ms: number | null): string {
  return ms === null ? '' : new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC')
}
