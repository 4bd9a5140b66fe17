/**
 * What does a second attempt at slow runs gain, and what does it cost?
 *
 * ```
 *  fleet   100 agents at 60 % of what they can do; runs of 70 to 130 ms, and 2 % of them ten times as
 *          long, drawn anew for each run; p95, at most 5 % of extra work
 *  stops   an agent whose run is cancelled is free a millisecond later; `goes on`: it works to the end
 *  cost    what the hedger takes of a task's way through the core: with it, with it switched off in the
 *          queue, and without any
 * ```
 *
 * Fleets are in virtual time, on the real core and the real hedger; the cost is timed, each side in a
 * process of its own. The twin of a fleet is the same without second attempts: the same arrivals and the
 * same first runs.
 *
 * Runs on: the process of `npm run bench`, and its children. Invariant: a run fails in which a task has no
 * outcome, or a second attempt is left over.
 */

import {
  type Benchmark,
  type Configuration,
  column,
  type Extent,
  type Figure,
  type Parameters,
  type Report,
  type Row,
  ratios,
  type Samples,
  type Values,
} from './harness.ts'
import { HEDGE_COST_ROUNDS, type HedgeSide, hedgeCostNs } from './hedging-cost.ts'
import { HedgedFleet, type HedgedSpec } from './hedging-fleet.ts'
import { median, percentile } from './statistics.ts'

const GAIN_MIN = 2
const EXTRA_MAX = 0.05
const PERCENTILE = 0.95
const FLEET: Omit<HedgedSpec, 'tasks' | 'percentile' | 'stops' | 'seed'> = {
  agents: 100,
  load: 0.6,
  runMs: 100,
  spread: 0.3,
  slowShare: 0.02,
  slowTimes: 10,
  budget: EXTRA_MAX,
}
const SIDES: readonly HedgeSide[] = ['on', 'off', 'without']

async function fleet({ percentile: share, stops, tasks, seeds }: Parameters): Promise<Values> {
  const sums = { p50: 0, p99: 0, p999: 0, workUs: 0, extraUs: 0, hedged: 0, won: 0 }
  for (let seed = 1; seed <= (seeds as number); seed++) {
    const spec = { ...FLEET, tasks: tasks as number, percentile: share as number, seed }
    const result = new HedgedFleet({ ...spec, stops: stops === 1 }).run()
    sums.p50 += percentile(result.runUs, 50)
    sums.p99 += percentile(result.runUs, 99)
    sums.p999 += percentile(result.runUs, 99.9)
    sums.workUs += result.workUs
    sums.extraUs += result.extraUs
    sums.hedged += result.hedged / (tasks as number)
    sums.won += result.won / (tasks as number)
  }
  const means = Object.entries(sums).map(([name, sum]) => [name, sum / (seeds as number)])
  return Object.fromEntries(means)
}

async function cost({ side, rounds }: Parameters): Promise<Values> {
  return { ns: hedgeCostNs(side as HedgeSide, rounds as number) }
}

function configurations({ isQuick }: Extent): Configuration[] {
  const fleets = [
    { name: 'fleet with', percentile: PERCENTILE, stops: 1 },
    { name: 'fleet goes on', percentile: PERCENTILE, stops: 0 },
    { name: 'fleet without', percentile: 0, stops: 1 },
  ]
  const extent = { tasks: isQuick ? 5_000 : 100_000, seeds: isQuick ? 1 : 3 }
  return [
    ...fleets.map(({ name, ...parameters }) => ({
      name,
      run: 'fleet',
      parameters: { ...parameters, ...extent },
    })),
    ...SIDES.map((side) => ({
      name: `cost ${side}`,
      run: 'cost',
      parameters: { side, rounds: isQuick ? 20_000 : HEDGE_COST_ROUNDS },
    })),
  ]
}

function report(samples: Samples): Report {
  const of = (name: string, value: string) => column(samples, name, value)
  const gains = ratios(of('fleet without', 'p99'), of('fleet with', 'p99'))
  const extra = ratios(of('fleet with', 'extraUs'), of('fleet without', 'workUs'))
  const worst = ratios(of('fleet goes on', 'extraUs'), of('fleet without', 'workUs'))
  const net = ratios(of('fleet with', 'workUs'), of('fleet without', 'workUs'))
  const onNs = differences(of('cost on', 'ns'), of('cost without', 'ns'))
  const offNs = differences(of('cost off', 'ns'), of('cost without', 'ns'))
  const figures: Record<string, Figure> = {
    p99Gain: { value: median(gains), atLeast: GAIN_MIN },
    extraWork: { value: median(extra), atMost: EXTRA_MAX },
    extraWorkGoesOn: { value: median(worst), atMost: EXTRA_MAX },
    costNs: { value: median(onNs) },
    offNs: { value: median(offNs) },
  }
  const times = (what: string, value: string, figure?: string): Row => {
    const ours = of('fleet with', value).map((us) => us / 1_000)
    const twin = of('fleet without', value).map((us) => us / 1_000)
    return { what, unit: 'ms', ours, twin, ratio: ratios(ours, twin), figure }
  }
  const rows: Row[] = [
    times('run time, median', 'p50'),
    times('run time, 99 %', 'p99'),
    times('run time, 99.9 %', 'p999'),
    { what: 'p99 without second attempts, over with', unit: '', ours: gains, figure: 'p99Gain' },
    { what: 'extra work, by all work without', unit: '', ours: extra, figure: 'extraWork' },
    {
      what: 'the same, where a cancelled run goes on',
      unit: '',
      ours: worst,
      figure: 'extraWorkGoesOn',
    },
    { what: 'all work with, by all without', unit: '', ours: net },
    { what: 'tasks with a second attempt', unit: '', ours: of('fleet with', 'hedged') },
    { what: 'tasks whose second attempt came first', unit: '', ours: of('fleet with', 'won') },
    { what: 'the hedger, a task', unit: 'ns', ours: onNs },
    { what: 'the same in a queue without it', unit: 'ns', ours: offNs },
  ]
  return { figures, rows }
}

function differences(these: readonly number[], those: readonly number[]): number[] {
  return these.map((value, i) => value - those[i])
}

export const hedging: Benchmark = {
  name: 'hedging',
  question: 'what does a second attempt at slow runs gain, and what does it cost?',
  doesNotShow:
    'the wire; agents that are slow as a whole; a fleet without room to spare, where nothing is hedged; ' +
    'tasks that are slow wherever they run',
  runs: { fleet, cost },
  configurations,
  report,
}
