/** Scaling advice as text: a table, and under it why; pure functions. */
import type { ScalingAdvice, ScalingVerdict } from '../../balance-views.ts'
import type { Colors } from './colors.ts'
import { fitted, table, wrappedList } from './table.ts'
import { count, plain, share, span } from './text.ts'

const NOTHING = '–'
const COLUMNS = [
  { title: 'queue', least: 8 },
  { title: 'agents with', least: 8 },
  { title: 'agents', right: true },
  { title: 'advised', right: true },
  { title: 'in use', right: true },
  { title: 'waiting', right: true },
  { title: 'wait', right: true },
  { title: 'SLA', right: true },
]

/** @param width columns of the terminal; no line is longer, from 60 on. */
export function adviceLines(
  advice: readonly ScalingAdvice[],
  width: number,
  colors: Colors,
): string[] {
  if (advice.length === 0) {
    return ['No advice: it begins with the first task of a queue.']
  }
  const rows = advice.map((row) => [
    plain(row.queue),
    row.requires.length === 0 ? 'anything' : plain(row.requires.join(', ')),
    count(row.agents),
    count(row.desiredAgents),
    row.places === 0 ? NOTHING : share(row.utilization),
    count(row.waiting),
    row.predictedWaitMs === null ? NOTHING : span(Math.round(row.predictedWaitMs)),
    row.slaMs === null ? NOTHING : span(row.slaMs),
  ])
  const colored = fitted(COLUMNS, rows, width).map((cells, at) => {
    const [queue, requires, agents, advised, ...more] = cells
    return [queue, requires, agents, colorOf(advice[at].verdict, colors)(advised), ...more]
  })
  const reasons = advice.map((row): [string, string] => [plain(row.queue), plain(row.reason)])
  return [...table(COLUMNS, colored, colors), '', ...wrappedList(reasons, width, colors)]
}

function colorOf(verdict: ScalingVerdict, colors: Colors): (text: string) => string {
  if (verdict === 'keep') return colors.green
  return verdict === 'add' ? colors.red : colors.yellow
}
