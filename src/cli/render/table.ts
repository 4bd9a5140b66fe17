/** Tables without borders, and lists of names with values; pure functions. */
import Table from 'cli-table3'
import type { Colors } from './colors.ts'
import { cut, wrap } from './text.ts'

/** Of a value in a narrow terminal. */
const VALUE_WIDTH_MIN = 24

export interface Column {
  title: string
  /** Numbers stand at the right. */
  right?: boolean
  /** In a narrow terminal it is cut to so many characters, no fewer; never without. */
  least?: number
  /** It is cut in the middle: ids often differ at their end alone. */
  keepsEnd?: boolean
}

const NO_BORDER = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((place) => [place, '']),
)

/** @returns lines, the head's among them, each indented by two characters. */
export function table(columns: Column[], rows: string[][], colors: Colors): string[] {
  const made = new Table({
    chars: NO_BORDER,
    style: { head: [], border: [], 'padding-left': 2, 'padding-right': 0 },
    head: columns.map(({ title }) => colors.dim(title)),
    colAligns: columns.map(({ right }) => (right ? 'right' : 'left')),
  })
  made.push(...rows)
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
}

/**
 * Cuts what may be cut until the table is no wider than the terminal: the widest column first.
 * @param rows plain text, without colours.
 */
export function fitted(columns: Column[], rows: string[][], width: number): string[][] {
  const widths = columns.map(({ title }, at) =>
    rows.reduce((most, row) => Math.max(most, row[at].length), title.length),
  )
  const least = columns.map(({ title, least }, at) =>
    least === undefined ? widths[at] : Math.min(widths[at], Math.max(least, title.length)),
  )
  let over = widths.reduce((sum, each) => sum + 2 + each, 0) - width
  // Ends: each round takes a character off, or finds none to take.
  while (over > 0) {
    const spare = widths.map((each, at) => (each > least[at] ? each : 0))
    const widest = Math.max(...spare)
    if (widest === 0) break
    widths[spare.lastIndexOf(widest)]--
    over--
  }
  return rows.map((row) =>
    row.map((cell, at) => (columns[at].keepsEnd ? cutMiddle : cut)(cell, widths[at])),
  )
}

function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text
  const end = Math.floor((width - 1) / 2)
  return `${text.slice(0, width - 1 - end)}…${text.slice(text.length - end)}`
}

/**
 * As `list`, with values broken into lines of the terminal's width.
 * @param values plain text, without colours.
 */
export function wrappedList(
  pairs: [name: string, value: string][],
  columns: number,
  colors: Colors,
): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length))
  const room = Math.max(VALUE_WIDTH_MIN, columns - width - 4)
  return pairs.flatMap(([name, value]) =>
    wrap(value, room).map((text, at) => {
      const head = (at === 0 ? name : '').padEnd(width)
      return `  ${colors.dim(head)}  ${text}`.trimEnd()
    }),
  )
}

/** @returns a line for each pair, the values aligned. */
export function list(pairs: [name: string, value: string][], colors: Colors): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `  ${colors.dim(name.padEnd(width))}  ${value}`.trimEnd())
}
