/**
 * The table of source document 003, throughput, utilisation and mean latency by strategy, on a fleet
 * that is fixed here.
 *
 * ```
 *  20 agents × concurrency 5      enough for averages to mean something, few enough to be drawn
 *  speeds 1 to 5, equal steps     the slowest takes five times as long; neighbours in rotation differ
 *  exponential durations          no strategy can tell what a task will take
 *  20 seeds                       the deviation of a mean over them is below 1 %
 *  loads 30 % and 80 %            on either side of a third: there an equal share of all tasks is as much
 *                                 as the slowest agents can do (speed 1 of a mean of 3)
 *  late and early binding         a task waits in its lane for whoever is free, as Signalbox does by
 *                                 default; or in an agent's own queue from its arrival on, as 003 has it
 * ```
 *
 * Between the two loads the slowest agents fill up gradually: at 50 %, bound early, round robin and random
 * differ by less than their errors, and so do they at 80 %.
 *
 * Mean latency is from arrival to completion. All settings are as shipped: weights, windows, queues.
 *
 * Runs on: the process of `npm run bench`, and its children. Invariant: 003's order (random, round robin,
 * least loaded, capability, latency-based, the last the best) is looked for, not made: where it does
 * not hold the rows say so.
 */
import { runModel } from '../src/fleet-model/model.ts'
import { ONE_TYPE } from '../src/fleet-model/workload.ts'
import { BINDINGS, type Binding } from '../src/options.ts'
import { strategyNames } from '../src/routing/registry.ts'
import { speedsOneToFive, tasksFor } from './fleets.ts'
import type {
  Benchmark,
  Configuration,
  Extent,
  Parameters,
  Report,
  Row,
  Samples,
  Values,
} from './harness.ts'
import { strategiesPlot } from './plot/strategies.ts'
import {
  bySeed,
  mean,
  ORDER_OF_003,
  SETTINGS,
  type Setting,
  settingName,
} from './strategies-settings.ts'

const AGENTS = 20
const CONCURRENCY = 5
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1)
const SEEDS_QUICK = SEEDS.slice(0, 2)
const TASKS = 30_000
const TASKS_QUICK = 400

const SECONDS_OF_003: Record<string, number> = {
  random: 5.2,
  round_robin: 4.8,
  least_loaded: 3.9,
  capability_best: 3.2,
  latency: 2.8,
}
const GAIN_MIN = 0.3

function configurations({ isQuick }: Extent): Configuration[] {
  return SETTINGS.flatMap((setting) =>
    (isQuick ? SEEDS_QUICK : SEEDS).map((seed) => ({
      name: `${settingName(setting)}, seed ${seed}`,
      run: 'setting',
      parameters: { ...setting, seed, tasks: isQuick ? TASKS_QUICK : TASKS },
    })),
  )
}

async function setting({ load, binding, seed, tasks }: Parameters): Promise<Values> {
  const plan = { fleet: speedsOneToFive(AGENTS, CONCURRENCY), types: ONE_TYPE }
  const workload = tasksFor(plan, load as number, 'exponential', tasks as number, seed as number)
  const values: Values = {}
  for (const strategy of strategyNames()) {
    const run = { workload, fleet: plan.fleet, strategy, binding: binding as Binding }
    const { totalUs, utilisation, rate } = runModel({ ...run, seed: seed as number })
    values[`${strategy}.latency`] = totalUs.mean / 1_000
    values[`${strategy}.latencyP99`] = totalUs.p99 / 1_000
    values[`${strategy}.utilisation`] = utilisation
    values[`${strategy}.rate`] = rate
  }
  return values
}

function report(samples: Samples): Report {
  const gains = SETTINGS.map((setting) => ({ setting, ...orderIn(samples, setting) }))
  const held = gains.filter(({ isHeld }) => isHeld)
  return {
    figures: {
      latencyGain: {
        value: held.length === 0 ? Number.NaN : Math.max(...held.map(({ gain }) => gain)),
        atLeast: GAIN_MIN,
      },
      settingsInOrder: { value: held.length, atLeast: 1 },
    },
    rows: gains.flatMap(({ setting, isHeld, wrong, gain }) => [
      {
        what: `${settingName(setting)}: latency-based below random${
          isHeld ? ", 003's order holds" : `; not in 003's order: ${wrong.join(', ')}`
        }`,
        unit: '',
        ours: [gain],
        figure: isHeld ? 'latencyGain' : undefined,
      },
      ...settingRows(samples, setting),
    ]),
  }
}

/** Which neighbours of 003's order stand the other way round, by the means over the seeds. */
function orderIn(samples: Samples, setting: Setting) {
  const means = ORDER_OF_003.map((name) => mean(bySeed(samples, setting, `${name}.latency`)))
  const wrong = ORDER_OF_003.slice(1).flatMap((name, i) =>
    means[i + 1] < means[i] ? [] : [`${name} is no better than ${ORDER_OF_003[i]}`],
  )
  return { isHeld: wrong.length === 0, wrong, gain: 1 - means.at(-1)! / means[0] }
}

function settingRows(samples: Samples, setting: Setting): Row[] {
  const others = strategyNames().filter((name) => SECONDS_OF_003[name] === undefined)
  const random = bySeed(samples, setting, 'random.latency')
  return [...ORDER_OF_003, ...others].flatMap((strategy) => {
    const values = (value: string) => bySeed(samples, setting, `${strategy}.${value}`)
    const latency = values('latency')
    const in003 = SECONDS_OF_003[strategy]
    const what = `${settingName(setting)}: ${strategy}`
    return [
      {
        what: in003 === undefined ? what : `${what} (003: ${in003} s)`,
        unit: 'ms; random',
        ours: latency,
        twin: random,
        ratio: latency.map((value, seed) => value / random[seed]),
      },
      { what: `${what}, p99`, unit: 'ms', ours: values('latencyP99'), isDetail: true },
      { what: `${what}, busy servers`, unit: 'share', ours: values('utilisation') },
      { what: `${what}, completed`, unit: '1/s', ours: values('rate'), isDetail: true },
    ]
  })
}

function plots(samples: Samples): Record<string, string> {
  return Object.fromEntries(
    BINDINGS.map((binding) => [`strategies-${binding}.svg`, strategiesPlot(samples, binding)]),
  )
}

export const strategies: Benchmark = {
  name: 'strategies',
  question: 'which strategy is best where agents differ in speed, and is it as source 003 says?',
  doesNotShow:
    'what a decision costs (routing does), failures, and agents that slow down as they fill',
  isVirtual: true,
  configurations,
  runs: { setting },
  report,
  plots,
}
