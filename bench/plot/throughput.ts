/**
 * The picture of throughput against the size of frames, ours and the hand-written loop's.
 *
 * Runs on: the process of `npm run bench`. Invariant: both lines have the same payloads, agents and
 * tasks in flight, and are measured in the same repeats.
 */
import { type Configuration, column, type Parameters, type Samples } from '../harness.ts'
import { median } from '../statistics.ts'
import { doublingAxis, linearAxis } from './axes.ts'
import { svgOf } from './chart.ts'

const SIZES = [1, 2, 4, 8, 16, 32, 64]

/** @param common of all runs; the loop's have as many times more tasks as it is faster, about. */
export function frameConfigurations(common: Parameters): Configuration[] {
  const tasks = common.tasks as number
  const warmUpTasks = common.warmUpTasks as number
  return SIZES.flatMap((size) => {
    const more = { tasks: tasks * Math.min(4, size), warmUpTasks: warmUpTasks * Math.min(4, size) }
    return [
      { name: ours(size), run: 'sdk', parameters: { ...common, frameItemsMax: size } },
      { name: theirs(size), run: 'packed', parameters: { ...common, ...more, batch: size } },
    ]
  })
}

export function throughputPlot(samples: Samples, note: string): string {
  const line = (name: string, of: (size: number) => string) => ({
    name,
    points: SIZES.map(
      (size) => [size, median(column(samples, of(size), 'tasksPerSecond'))] as const,
    ),
  })
  const lines = [line('Signalbox, SDK', ours), line('loop by hand, opaque', theirs)]
  const values = lines.flatMap(({ points }) => points.map(([, rate]) => rate))
  return svgOf({
    title: 'Throughput against tasks a message',
    note,
    x: doublingAxis('tasks a message: at most (Signalbox), exactly (loop)', SIZES),
    y: linearAxis('thousand tasks a second', values, (rate) => String(rate / 1_000)),
    lines,
  })
}

function ours(size: number): string {
  return `sdk, frames of ${size}`
}

function theirs(size: number): string {
  return `packed, ${size} a message`
}
