/**
 * The picture of latency distributions at a steady rate.
 *
 * Runs on: the process of `npm run bench`. Invariant: each point is the median of the repeats at
 * that percentile; none is drawn that fewer than two tasks of a run lie beyond.
 */
import { column, type Samples } from '../harness.ts'
import { at, PERCENTILES } from '../load.ts'
import { median } from '../statistics.ts'
import { logAxis, percentileAxis } from './axes.ts'
import { type Line, svgOf } from './chart.ts'

/** A configuration of an open loop, and what its line is called. */
export type Named = readonly [configuration: string, name: string]

export function latencyPlot(samples: Samples, named: readonly Named[], note: string): string {
  const tasks = median(column(samples, named[0][0], 'items'))
  const most = Math.max(90, 100 - (2 * 100) / tasks)
  const shown = PERCENTILES.filter((percent) => percent <= most)
  const lines: Line[] = named.map(([configuration, name]) => ({
    name,
    points: shown.map((percent) => [percent, median(column(samples, configuration, at(percent)))]),
  }))
  const values = lines.flatMap(({ points }) => points.map(([, us]) => us))
  return svgOf({
    title: 'Latency of a task at 1,000 tasks a second',
    note,
    x: percentileAxis('percentile of tasks, %', shown.at(-1)!),
    y: logAxis('latency, ms, from sending to the outcome', values, (us) => String(us / 1_000)),
    lines,
  })
}
