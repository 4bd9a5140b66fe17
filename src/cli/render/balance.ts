/** What was moved between agents, as text; pure functions. */
import type { RebalanceReport } from '../../balance-views.ts'
import type { Colors } from './colors.ts'
import { type Column, fitted, list, table } from './table.ts'
import { count, plain } from './text.ts'

const COLUMNS: Column[] = [
  { title: 'from', least: 8, keepsEnd: true },
  { title: 'to', least: 8, keepsEnd: true },
  { title: 'queue', least: 8 },
  { title: 'tasks', right: true },
]

/** @param width columns of the terminal. */
export function rebalanceLines(report: RebalanceReport, width: number, colors: Colors): string[] {
  const { moved, recalled, variationBefore, variationAfter, reason } = report
  const rows = rowsOf(moved)
  return [
    titleOf(moved.length, recalled),
    ...(rows.length === 0 ? [] : table(COLUMNS, fitted(COLUMNS, rows, width), colors)),
    ...list(
      [['variation of loads', `${variationBefore.toFixed(2)} → ${variationAfter.toFixed(2)}`]],
      colors,
    ),
    plain(reason),
  ]
}

function titleOf(moved: number, recalled: number): string {
  const tasks = `${count(moved)} ${moved === 1 ? 'task' : 'tasks'} moved between agents`
  if (recalled === 0) return `${tasks}.`
  return `${tasks}, ${count(recalled)} more asked back that ${recalled === 1 ? 'was' : 'were'} not begun.`
}

/** One for each pair of agents and queue, most tasks first. */
function rowsOf(moved: RebalanceReport['moved']): string[][] {
  const counts = new Map<string, { row: string[]; tasks: number }>()
  for (const { from, to, queue } of moved) {
    const row = [from, to, queue].map(plain)
    const key = row.join(' ')
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { row, tasks: 1 })
    else known.tasks++
  }
  return [...counts.values()]
    .sort((a, b) => b.tasks - a.tasks)
    .map(({ row, tasks }) => [...row, count(tasks)])
}
