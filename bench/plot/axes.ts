/** Axes of charts. Runs on: the process of `npm run bench`. Invariant: inputs are left as they are. */
import type { Axis, Tick } from './chart.ts'

/** Ends of steps that people count in. */
const STEPS = [1, 2, 5]

/** Percentiles as HdrHistogram draws them: each nine takes as much room as the one before. */
export function percentileAxis(title: string, most: number): Axis {
  const place = (percent: number) => Math.log10(100 / Math.max(100 - percent, 100 - most))
  const end = place(most)
  const ticks = [0, 50, 90, 99, 99.9, 99.99].filter((percent) => percent <= most)
  return {
    title,
    ticks: ticks.map((at) => ({ at, label: String(at) })),
    place: (percent) => place(percent) / end,
  }
}

/** Equal factors take equal room; ticks at 1, 2 and 5 times powers of ten. */
export function logAxis(title: string, values: readonly number[], label: LabelOf): Axis {
  const ticks = ticksBetween(Math.min(...values), Math.max(...values), label)
  const from = Math.log10(ticks[0].at)
  const to = Math.log10(ticks.at(-1)!.at)
  return { title, ticks, place: (value) => (Math.log10(value) - from) / (to - from) }
}

type LabelOf = (value: number) => string

function ticksBetween(least: number, most: number, label: LabelOf): Tick[] {
  const ticks: Tick[] = []
  // Ends: powers of ten grow beyond the greatest value.
  for (let power = 10 ** Math.floor(Math.log10(least)); power <= most * 10; power *= 10) {
    for (const step of STEPS) ticks.push({ at: step * power, label: label(step * power) })
  }
  const first = ticks.findLastIndex(({ at }) => at <= least)
  const last = ticks.findIndex(({ at }) => at >= most)
  return ticks.slice(first, Math.max(first + 1, last) + 1)
}

/** From zero to a round number above the greatest value. */
export function linearAxis(title: string, values: readonly number[], label: LabelOf): Axis {
  const most = Math.max(...values)
  const power = 10 ** Math.floor(Math.log10(most / 4))
  const step = power * (STEPS.concat(10).find((size) => size * power >= most / 6) ?? 10)
  const count = Math.ceil(most / step)
  const ticks = Array.from({ length: count + 1 }, (_, i) => ({
    at: i * step,
    label: label(i * step),
  }))
  return { title, ticks, place: (value) => value / (count * step) }
}

/** Powers of two, one beside the other. */
export function doublingAxis(title: string, values: readonly number[]): Axis {
  const end = Math.log2(values.at(-1)!)
  return {
    title,
    ticks: values.map((at) => ({ at, label: String(at) })),
    place: (value) => Math.log2(value) / end,
  }
}
