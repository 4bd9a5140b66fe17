/** Latencies of stages as a table; pure functions. */
import { LATENCY_STAGES, type LatencyReport, type LatencySummary } from '../../api.ts'
import type { Colors } from './colors.ts'
import { type Column, table } from './table.ts'
import { count, latency } from './text.ts'

/** What each stage measures, short enough for a table of 80 columns. */
const MEANING: Record<keyof LatencyReport, string> = {
  admit: 'received → admitted',
  propose: 'admitted → proposed',
  commit: 'proposed → committed',
  dispatch: 'committed → sent',
  work: 'sent → result',
  deliver: 'result → delivered',
  assignment: 'received → committed',
  total: 'received → delivered',
}

export function stageTable(report: LatencyReport, colors: Colors): string[] {
  const columns: Column[] = [
    { title: 'stage' },
    { title: 'from → to' },
    ...['p50', 'p90', 'p99', 'p99.9', 'max'].map((title) => ({ title, right: true })),
  ]
  const rows = LATENCY_STAGES.map((stage) => {
    const strong = stage === 'assignment' || stage === 'total' ? colors.bold : String
    return [strong(stage), colors.dim(MEANING[stage]), ...percentiles(report[stage]).map(strong)]
  })
  return table(columns, rows, colors)
}

export function summaryTable(rows: [name: string, of: LatencySummary][], colors: Colors): string[] {
  const columns: Column[] = [
    { title: 'latency' },
    ...['tasks', 'p50', 'p90', 'p99', 'p99.9', 'max'].map((title) => ({ title, right: true })),
  ]
  return table(
    columns,
    rows.map(([name, of]) => [name, count(of.count), ...percentiles(of)]),
    colors,
  )
}

function percentiles(of: LatencySummary): string[] {
  if (of.count === 0) return ['–', '–', '–', '–', '–']
  return [of.p50Us, of.p90Us, of.p99Us, of.p999Us, of.maxUs].map(latency)
}

/** `p50 92 µs  p99 1.24 ms  p99.9 4.10 ms`, each in a place of fixed width. */
export function shortPercentiles(of: LatencySummary | undefined): string {
  const some = of !== undefined && of.count > 0
  const show = (us: number | undefined) => (some ? latency(us!) : '–').padEnd(7)
  return `p50 ${show(of?.p50Us)} p99 ${show(of?.p99Us)} p99.9 ${show(of?.p999Us)}`.trimEnd()
}
