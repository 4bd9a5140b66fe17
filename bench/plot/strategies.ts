/**
 * The picture of mean latency by strategy, a bar for each of two loads.
 *
 * Runs on: the process of `npm run bench`. Invariant: the bars are means over the seeds that the table
 * shows; the five of source document 003 come first, in its order.
 */
import type { Binding } from '../../src/options.ts'
import { strategyNames } from '../../src/routing/registry.ts'
import type { Samples } from '../harness.ts'
import { bySeed, LOADS, mean, ORDER_OF_003 } from '../strategies-settings.ts'
import { linearAxis } from './axes.ts'
import { barsOf } from './bars.ts'

export function strategiesPlot(samples: Samples, binding: Binding): string {
  const known: readonly string[] = ORDER_OF_003
  const names = [...known, ...strategyNames().filter((name) => !known.includes(name))]
  const series = LOADS.map((load) => ({
    name: `at ${Math.round(100 * load)} % load`,
    bars: names.map((name) => {
      const values = bySeed(samples, { load, binding }, `${name}.latency`)
      return { value: mean(values), least: Math.min(...values), most: Math.max(...values) }
    }),
  }))
  const most = series.flatMap(({ bars }) => bars.map((bar) => bar.most))
  return barsOf({
    title: `Mean time from arrival to completion, ${binding} binding`,
    note: '20 agents of concurrency 5 and speeds 1 to 5; work of 100 ms at speed 1; 20 seeds, marks: least and most',
    names,
    axis: linearAxis('milliseconds', most, String),
    divider: { after: known.length, label: 'the five of source 003, in its order' },
    series,
  })
}
