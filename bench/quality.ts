/**
 * How good are the decisions, fleet by fleet, and is the simulation that says so right?
 *
 * ```
 *  is it right     c equal servers ──► mean wait          │ Erlang's formula
 *  how good        each strategy, late and early ──► ms   │ a clairvoyant with the same tasks
 *  does it sample  1,000 agents, the best of 12 ──► ms    │ the best of all
 * ```
 *
 * The scheduler's own core, choosers, strategies and learning decide in virtual time
 * (`src/fleet-model/`); fleets and tasks are in `fleets.ts`. The clairvoyant knows how long each task
 * will take each agent, and gives each, as it arrives, to whom it will be done with first.
 *
 * Runs on: the process of `npm run bench`. Invariant: nothing here is measured by a clock, so the
 * numbers are the same on every machine.
 */

import { BINDINGS } from '../src/options.ts'
import { meanWait, tasksFor } from './erlang.ts'
import { DURATIONS, FLEET_NAMES, type FleetName, LOADS } from './fleets.ts'
import type { Benchmark, Configuration, Extent, Report, Row, Samples, Values } from './harness.ts'
import { equalServers, everyStrategy, regret, sampling } from './quality-runs.ts'

/** A run of one strategy at one load; a strategy's ratio to the clairvoyant's then moves by some 1 %. */
const TASKS = 40_000
const TASKS_QUICK = 600
const SEED = 1

/**
 * Waits of c servers against Erlang's formula. The strategy must not matter where agents are equal, so
 * they take turns. Runs are as long as `erlang.ts` says that they must be for the deviation to be 0.4 of
 * what is allowed: one run in eighty is then outside by chance alone, and the seeds are fixed.
 */
const SERVERS = [
  { agents: 1, concurrency: 1, load: 0.5, strategy: 'random' },
  { agents: 1, concurrency: 5, load: 0.5, strategy: 'round_robin' },
  { agents: 1, concurrency: 1, load: 0.8, strategy: 'hybrid' },
  { agents: 5, concurrency: 1, load: 0.8, strategy: 'least_loaded' },
  { agents: 4, concurrency: 5, load: 0.8, strategy: 'shortest_wait' },
  { agents: 1, concurrency: 1, load: 0.95, strategy: 'latency' },
  { agents: 5, concurrency: 1, load: 0.95, strategy: 'power_of_two' },
  { agents: 4, concurrency: 5, load: 0.95, strategy: 'weighted_round_robin' },
]
const ALLOWED = 0.02
const ALLOWED_BUSY = 0.05
const BUSY = 0.95
const DEVIATION_SHARE = 0.4
/** Longer ones are cut into runs with other seeds, side by side, so that columns stay below 200 MB. */
const RUN_TASKS_MAX = 2_000_000

/** Where agents differ in speed, at the load that a fleet is planned for. */
const REGRET_FLEETS: readonly FleetName[] = ['heterogeneous', 'oneSlow']
const REGRET_LOAD = 0.8
const REGRET_SEEDS = [1, 2, 3, 4, 5]

/** Above 256 free candidates strategies sample: at these loads 700 and 500 of 1,000 are free. */
const SAMPLING_AGENTS = 1_000
const SAMPLING_LOADS = [0.3, 0.5, 0.8]

const nameOf = (...parts: (string | number)[]) => parts.join(' ')

function configurations({ isQuick }: Extent): Configuration[] {
  const tasks = isQuick ? TASKS_QUICK : TASKS
  const loads = isQuick ? [REGRET_LOAD] : LOADS
  const kinds = isQuick ? DURATIONS.slice(0, 1) : DURATIONS
  const every = FLEET_NAMES.flatMap((fleet) =>
    loads.flatMap((load) =>
      kinds.map((durations) => ({
        name: nameOf(fleet, load, durations),
        run: 'everyStrategy',
        parameters: { fleet, load, durations, tasks, seed: SEED },
      })),
    ),
  )
  const regrets = REGRET_FLEETS.flatMap((fleet) =>
    kinds.flatMap((durations) =>
      (isQuick ? [SEED] : REGRET_SEEDS).map((seed) => ({
        name: nameOf('regret', fleet, durations, seed),
        run: 'regret',
        parameters: { fleet, load: REGRET_LOAD, durations, tasks: 2.5 * tasks, seed },
      })),
    ),
  )
  const samplings = (isQuick ? [REGRET_LOAD] : SAMPLING_LOADS).map((load) => ({
    name: nameOf('sampling', load),
    run: 'sampling',
    parameters: { agents: SAMPLING_AGENTS, load, binding: 'late', tasks: 5 * tasks, seed: SEED },
  }))
  return [...erlangConfigurations(isQuick), ...samplings, ...regrets, ...every]
}

function erlangConfigurations(isQuick: boolean): Configuration[] {
  return SERVERS.flatMap((parameters, row) => {
    const { agents, concurrency, load } = parameters
    const deviation = DEVIATION_SHARE * allowedAt(load)
    const needed = isQuick ? TASKS_QUICK : tasksFor(agents * concurrency, load, deviation)
    const runs = Math.ceil(needed / RUN_TASKS_MAX)
    return Array.from({ length: runs }, (_, run) => ({
      name: nameOf('erlang', row, run),
      run: 'equalServers',
      parameters: { ...parameters, tasks: Math.ceil(needed / runs), seed: SEED + run },
    }))
  })
}

function allowedAt(load: number): number {
  return load >= BUSY ? ALLOWED_BUSY : ALLOWED
}

function report(samples: Samples): Report {
  const erlang = erlangRows(samples)
  const regrets = regretRows(samples)
  const samplings = samplingRows(samples)
  const errors = (isBusy: boolean) =>
    erlang.filter((_, row) => SERVERS[row].load >= BUSY === isBusy).map(({ ratio }) => ratio![0])
  const worst = (ratios: number[]) => Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)))
  const most = (rows: Row[]) => Math.max(...rows.map(({ ratio }) => mean(ratio!))) - 1
  const late = regrets.filter(({ what }) => what.endsWith('late'))
  return {
    figures: {
      erlangError: { value: worst(errors(false)), atMost: ALLOWED },
      erlangErrorAt95: { value: worst(errors(true)), atMost: ALLOWED_BUSY },
      regret: { value: most(late), atMost: 0.1 },
      regretEarly: { value: most(regrets.filter((row) => !late.includes(row))) },
      samplingLoss: { value: most(samplings), atMost: 0.05 },
    },
    rows: [...erlang, ...regrets, ...samplings, ...strategyRows(samples)],
  }
}

function erlangRows(samples: Samples): Row[] {
  return SERVERS.map(({ agents, concurrency, load, strategy }, row) => {
    const runs = Object.keys(samples).filter((name) => name.startsWith(`${nameOf('erlang', row)} `))
    const waits = runs.map((name) => samples[name][0].wait)
    const servers = agents * concurrency
    const expected = meanWait(servers, load, 1)
    return {
      what: `M/M/${servers} at ${percent(load)}, ${strategy}: mean wait; Erlang C`,
      unit: 'services',
      ours: [mean(waits)],
      twin: [expected],
      ratio: [mean(waits) / expected],
      figure: load >= BUSY ? 'erlangErrorAt95' : 'erlangError',
    }
  })
}

function regretRows(samples: Samples): Row[] {
  return REGRET_FLEETS.flatMap((fleet) =>
    DURATIONS.flatMap((durations) =>
      BINDINGS.flatMap((binding) => {
        const runs = REGRET_SEEDS.flatMap((seed) =>
          samplesOf(samples, 'regret', fleet, durations, seed),
        )
        if (runs.length === 0) return []
        return {
          what: `${fleet} at 80 %, ${durations}: shortest_wait, ${binding}`,
          unit: 'ms',
          ours: runs.map((values) => values[binding]),
          twin: runs.map(({ clairvoyant }) => clairvoyant),
          ratio: runs.map((values) => values[binding] / values.clairvoyant),
          figure: binding === 'late' ? 'regret' : undefined,
        }
      }),
    ),
  )
}

function samplingRows(samples: Samples): Row[] {
  return SAMPLING_LOADS.flatMap((load) =>
    samplesOf(samples, 'sampling', load).map(({ sampled, exact }) => ({
      what: `${SAMPLING_AGENTS} agents at ${percent(load)}: the best of 12; the best of all`,
      unit: 'ms',
      ours: [sampled],
      twin: [exact],
      ratio: [sampled / exact],
      figure: 'samplingLoss',
    })),
  )
}

/** All that was measured; the table shows mean times to completion at 80 % with exponential durations. */
function strategyRows(samples: Samples): Row[] {
  return FLEET_NAMES.flatMap((fleet) =>
    LOADS.flatMap((load) =>
      DURATIONS.flatMap((durations) => {
        const what = `${fleet} at ${percent(load)}, ${durations}`
        const isPlain = load === REGRET_LOAD && durations === DURATIONS[0]
        return samplesOf(samples, fleet, load, durations).flatMap((values) =>
          Object.keys(values).flatMap((name) => rowOf(values, name, what, isPlain)),
        )
      }),
    ),
  )
}

/** @param name as in `quality-runs.ts`; the clairvoyant's values are the others' twins, no rows. */
function rowOf(values: Values, name: string, what: string, isPlain: boolean): Row[] {
  const [binding, strategy, measure] = name.split('.')
  if (binding === 'clairvoyant') return []
  const twin = values[`clairvoyant.${measure}`]
  const isShown = isPlain && measure === 'total'
  return [
    {
      what: `${what}: ${strategy}, ${binding}${isShown ? '' : `, ${measure}`}`,
      unit: measure === 'utilisation' || measure === 'spread' ? 'share' : 'ms',
      ours: [values[name]],
      twin: [twin],
      ratio: [values[name] / twin],
      isDetail: !isShown,
    },
  ]
}

/** @returns the values of a configuration, none when it was not run. */
function samplesOf(samples: Samples, ...parts: (string | number)[]): Values[] {
  return samples[nameOf(...parts)] ?? []
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export const quality: Benchmark = {
  name: 'quality',
  question: 'how far are decisions from those of somebody who knows the future?',
  doesNotShow:
    'the wire and the threads: choosing takes no time here, results are known at once, nothing fails',
  isVirtual: true,
  configurations,
  runs: { everyStrategy, regret, equalServers, sampling },
  report,
}
