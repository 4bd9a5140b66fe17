/** Tables without borders, and lists of names with values; pure functions. */
import Table from 'cli-table3'
import type { Colors } from './colors.ts'

export interface Column {
  title: string
  /** Numbers stand at the right. */
  right?: boolean
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

/** @returns a line for each pair, the values aligned. */
export function list(pairs: [name: string, value: string][], colors: Colors): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `  ${colors.dim(name.padEnd(width))}  ${value}`.trimEnd())
}
