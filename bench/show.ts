/**
 * Results as one table, or as one JSON object.
 *
 * Runs on: the process of `npm run bench`. Invariant: both show the same medians, JSON of more lines; a
 * figure with a target says whether it was met, in words and not only in colour.
 */
import Table from 'cli-table3'
import type { Benchmark, Figure, Report, Row } from './harness.ts'
import { type Machine, machineLine } from './machine.ts'
import { median } from './statistics.ts'

/** One benchmark that has run. */
export interface Finished {
  readonly benchmark: Benchmark
  readonly report: Report
}

export interface Circumstances {
  readonly machine: Machine
  readonly repeats: number
  readonly isQuick: boolean
  readonly loadBefore: number
  readonly loadAfter: number
  readonly seconds: number
}

const COLUMNS = ['', 'unit', 'Signalbox', 'baseline', 'ratio', 'target']
const PLAIN = { head: [], border: [], compact: true }

export function tableOf(finished: readonly Finished[], at: Circumstances): string {
  const table = new Table({ head: COLUMNS, style: PLAIN })
  const virtual = finished.some(({ benchmark }) => benchmark.isVirtual)
    ? ' (of virtual ones 1)'
    : ''
  for (const { benchmark, report } of finished) {
    const { name, question, doesNotShow } = benchmark
    table.push([{ colSpan: COLUMNS.length, content: `${name.toUpperCase()}: ${question}` }])
    const shown = report.rows.filter(({ isDetail }) => !isDetail)
    for (const row of shown) table.push(cellsOf(row, report, at.isQuick))
    table.push([{ colSpan: COLUMNS.length, content: `  does not show: ${doesNotShow}` }])
  }
  return [
    machineLine(at.machine),
    `${at.repeats} repeats${virtual}, median (lowest-highest); ratios within a repeat; load average ` +
      `${at.loadBefore} before, ${at.loadAfter} after; ${at.seconds} s`,
    ...(at.isQuick ? ['--quick: sizes are tiny, these numbers mean nothing.'] : []),
    table.toString(),
  ].join('\n')
}

function cellsOf(row: Row, report: Report, isQuick: boolean): string[] {
  const { what, unit, ours, twin, ratio, figure } = row
  return [
    `  ${what}`,
    unit,
    spread(ours),
    twin === undefined ? '' : spread(twin),
    ratio === undefined ? '' : spread(ratio),
    figure === undefined ? '' : verdict(report.figures[figure], isQuick),
  ]
}

function verdict(figure: Figure, isQuick: boolean): string {
  const { below, atMost, atLeast } = figure
  let target = `>= ${atLeast}`
  if (below !== undefined) target = `< ${number(below)}`
  else if (atMost !== undefined) target = `<= ${number(atMost)}`
  return isQuick ? target : `${target} ${isMet(figure) ? 'met' : 'missed'}`
}

/** @returns whether a figure keeps its target; one without a target does. */
export function isMet({ value, below, atMost, atLeast }: Figure): boolean {
  return (
    !Number.isNaN(value) &&
    value < (below ?? Number.POSITIVE_INFINITY) &&
    value <= (atMost ?? Number.POSITIVE_INFINITY) &&
    value >= (atLeast ?? Number.NEGATIVE_INFINITY)
  )
}

function spread(values: readonly number[]): string {
  const middle = number(median(values))
  if (values.length < 2 || values.some(Number.isNaN)) return middle
  return `${middle} (${number(Math.min(...values))}-${number(Math.max(...values))})`
}

/** Three digits that count: 0.0714, 68.2, 1,130, 45.5 k, 15 M. */
function number(value: number): string {
  if (Number.isNaN(value)) return '-'
  const [unit, size] = value >= 1e6 ? [' M', 1e6] : value >= 1e4 ? [' k', 1e3] : ['', 1]
  const rounded = Number((value / size).toPrecision(3))
  return rounded.toLocaleString('en', { maximumFractionDigits: 4 }) + unit
}

/** One benchmark: its figures at the top. Several: an object of such objects. */
export function jsonOf(finished: readonly Finished[], at: Circumstances): string {
  const objects = finished.map((one) => [one.benchmark.name, objectOf(one)] as const)
  const body = objects.length === 1 ? objects[0][1] : Object.fromEntries(objects)
  return JSON.stringify({ ...body, ...at }, null, 2)
}

function objectOf({ benchmark, report }: Finished): Record<string, unknown> {
  const figures = Object.entries(report.figures)
  const judged = figures.filter(
    ([, { below, atMost, atLeast }]) => (below ?? atMost ?? atLeast) !== undefined,
  )
  return {
    benchmark: benchmark.name,
    question: benchmark.question,
    doesNotShow: benchmark.doesNotShow,
    ...Object.fromEntries(figures.map(([name, { value }]) => [name, value])),
    targets: Object.fromEntries(
      judged.map(([name, figure]) => {
        const { below, atMost, atLeast } = figure
        return [name, { below, atMost, atLeast, met: isMet(figure) }]
      }),
    ),
    rows: report.rows,
  }
}
