/** What `load` shows; pure functions. */
import type { LoadCounts, LoadPace } from '../../service/load.ts'
import type { LoadLatencyReport } from '../../service/load-latency.ts'
import type { Colors } from './colors.ts'
import { shortPercentiles, summaryTable } from './latency.ts'
import { list } from './table.ts'
import { count, cut, duration, percent, plain } from './text.ts'

export interface LoadSummary extends LoadLatencyReport {
  queue: string
  pace: LoadPace
  counts: LoadCounts
}

/** One line, at most `columns` wide, that is written over itself. */
export function loadLiveLine(
  counts: LoadCounts,
  latency: LoadLatencyReport | undefined,
  columns: number,
): string {
  const { completed, failedTotal, inFlight } = counts
  const parts = [
    `${count(completed)} done`,
    ...(failedTotal > 0 ? [`${count(failedTotal)} failed`] : []),
    `${count(inFlight)} in flight`,
    `${count(perSecond(counts))}/s`,
    shortPercentiles(latency?.fromIntended),
  ]
  return cut(` ${parts.join('  ')}`, columns)
}

export function loadSummaryLines(summary: LoadSummary, colors: Colors): string[] {
  const { queue, pace, counts, fromIntended, fromSent } = summary
  const { sent, completed, failed, inFlight, elapsedMs } = counts
  const how =
    pace.kind === 'rate'
      ? `open loop at ${count(pace.perSecond)}/s`
      : `closed loop, ${count(pace.window)} in flight`
  const failures = Object.entries(failed).map(([code, times]): [string, string] => [
    `  ${plain(code)}`,
    colors.red(count(times)),
  ])
  const pairs: [string, string][] = [
    ['sent', count(sent)],
    ['completed', `${count(completed)} (${percent(completed, sent)})`],
    ['failed', counts.failedTotal === 0 ? '0' : colors.red(count(counts.failedTotal))],
    ...failures,
    ['unanswered', inFlight === 0 ? '0' : colors.red(count(inFlight))],
    ['throughput', colors.bold(`${count(perSecond(counts))} tasks/s`)],
  ]
  return [
    `Queue ${colors.bold(plain(queue))}, ${how}, ${duration(elapsedMs)}`,
    '',
    ...list(pairs, colors),
    '',
    ...summaryTable(
      pace.kind === 'rate'
        ? [
            ['from when it was due', fromIntended],
            ['from when it was sent', fromSent],
          ]
        : [['from when it was sent', fromSent]],
      colors,
    ),
  ]
}

function perSecond({ completed, elapsedMs }: LoadCounts): number {
  return elapsedMs > 0 ? (completed / elapsedMs) * 1_000 : 0
}
