/**
 * What does following the advice cost, and does it keep the SLA?
 *
 * ```
 *  a day          wave 0.4 … 1.6, bursts of 1.5 … 3 times for 3 … 15 min that nobody announces
 *  agents         two places each, 45 s from being asked for to the first task, paid from then until gone
 *  promised       95 % begin within 30 s; a task takes 10 s, exponential
 *
 *  advice         the real core, health monitor and advisor, default options   hours, share in time
 *  twin           the cheapest schedule found by who knows the day (`scaling-hindsight.ts`)
 *  also           the fewest agents that never change; agents x use / 70 %, as an autoscaler of use does
 * ```
 *
 * `adviceCost` is the median over days of the advice's agent-hours by the twin's. What no schedule can
 * be below, the work itself, stands in the rows as well.
 *
 * Runs on: the process of `npm run bench`. Invariant: nothing here is measured by a clock, so the
 * numbers are the same on every machine. The advisor was tuned on other seeds than these.
 */
import type { Benchmark, Configuration, Extent, Report, Row, Samples, Values } from './harness.ts'
import { day } from './scaling-runs.ts'
import { median } from './statistics.ts'

const SEEDS = [1, 2, 3, 4, 5]
const PLAIN = { tasks: 250_000, bursts: 8, startupMs: 45_000, hours: 24 }
const VARIANTS: Record<string, typeof PLAIN> = {
  day: PLAIN,
  'no bursts': { ...PLAIN, bursts: 0 },
  '24 bursts': { ...PLAIN, bursts: 24 },
  '60 s start': { ...PLAIN, startupMs: 60_000 },
  'a tenth of it': { ...PLAIN, tasks: 25_000 },
}
const QUICK = { ...PLAIN, tasks: 50_000, hours: 2, bursts: 1 }
const GOAL = 0.95
const COST = 1.25

function configurations({ isQuick }: Extent): Configuration[] {
  const variants = isQuick ? { day: QUICK } : VARIANTS
  return Object.entries(variants).flatMap(([name, given]) =>
    // Of the variants two days: they are looked at, not judged.
    SEEDS.slice(0, isQuick ? 1 : name === 'day' ? SEEDS.length : 2).map((seed) => ({
      name: `${name} ${seed}`,
      run: 'day',
      parameters: { ...given, seed },
    })),
  )
}

function report(samples: Samples): Report {
  const days = daysOf(samples, 'day')
  const costs = costsOf(days, 'hindsight')
  return {
    figures: {
      adviceCost: { value: median(costs), atMost: COST },
      adviceCostWorst: { value: Math.max(...costs) },
      adviceAttainment: {
        value: Math.min(...days.map((values) => values['advice.attainment'])),
        atLeast: GOAL,
      },
      hindsightOverWork: {
        value: median(days.map((values) => values['hindsight.hours'] / values.work)),
      },
    },
    rows: Object.keys(VARIANTS).flatMap((name) => rowsOf(daysOf(samples, name), name)),
  }
}

function rowsOf(days: readonly Values[], name: string): Row[] {
  if (days.length === 0) return []
  const of = (key: string) => days.map((values) => values[key])
  const isDay = name === 'day'
  const hours = (way: string, what: string, more: Partial<Row>): Row => ({
    what: `${name}: ${what}`,
    unit: 'agent-hours',
    ours: of('advice.hours'),
    twin: of(`${way}.hours`),
    ratio: costsOf(days, way),
    ...more,
  })
  return [
    hours('hindsight', 'advice; hindsight', { figure: isDay ? 'adviceCost' : undefined }),
    { ...hours('work', 'advice; the work itself', {}), twin: of('work'), ratio: workRatios(days) },
    hours('fixed', 'advice; a fleet that never changes', { isDetail: !isDay }),
    hours('rule', 'advice; agents x use / 70 %', { isDetail: !isDay }),
    {
      what: `${name}: began in time; with agents x use / 70 %`,
      unit: 'share',
      ours: of('advice.attainment'),
      twin: of('rule.attainment'),
      figure: isDay ? 'adviceAttainment' : undefined,
    },
    {
      what: `${name}: in the worst hour; with hindsight`,
      unit: 'share',
      ours: of('advice.worstHour'),
      twin: of('hindsight.worstHour'),
      isDetail: !isDay,
    },
    {
      what: `${name}: times that the number changed; with agents x use / 70 %`,
      unit: 'a day',
      ours: of('advice.changes'),
      twin: of('rule.changes'),
      isDetail: !isDay,
    },
  ]
}

function daysOf(samples: Samples, name: string): Values[] {
  return SEEDS.flatMap((seed) => samples[`${name} ${seed}`] ?? [])
}

function costsOf(days: readonly Values[], way: string): number[] {
  return days.map((values) => values['advice.hours'] / values[`${way}.hours`])
}

function workRatios(days: readonly Values[]): number[] {
  return days.map((values) => values['advice.hours'] / values.work)
}

export const scaling: Benchmark = {
  name: 'scaling',
  question: 'what does following the scaling advice cost, and is the SLA kept?',
  doesNotShow:
    'agents that start at different speeds or not at all; durations that change during the day; queues that share agents',
  isVirtual: true,
  configurations,
  runs: { day },
  report,
}
