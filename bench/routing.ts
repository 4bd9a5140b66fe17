/**
 * What does a decision cost, by strategy, size of the fleet and number of candidates?
 *
 * ```
 *  ours   slot ─► Chooser (candidates AND free, two-level bitsets; the strategy) ─► take credit
 *                                                    give back the oldest placement ◄──┘
 *  twin   the same strategy written by hand: one pass over an array of objects
 * ```
 *
 * A decision is the choice, the credit taken, and the credit of the oldest placement given back, so
 * that the candidates, of concurrency 10, always hold half of what they may. All strategies of
 * `src/routing/` are measured, each with each size in a process of its own, by tinybench over batches
 * of decisions (a call of its timer costs more than a decision). Two questions:
 *
 * - **Against the twin**: 10 to 10,000 agents, everybody a candidate, for the strategies that have a
 *   twin.
 * - **Flat**: 100,000 agents with 10, 1,000 and all of them as candidates, who lie evenly spread,
 *   beside 100 agents with 10 and all. `nsAt100k` is the worst median at 100,000 agents; `flatness`
 *   the worst ratio of one to the same strategy at 100 agents, with as many candidates or all.
 *
 * The twin's strategies are exact. Ours that score look at all of up to 256 free candidates, at 16
 * samples of more; `least_loaded`, `round_robin` and `random` are exact in any fleet of one capacity.
 *
 * Runs on: a child process, one thread.
 */
import { strategyNames } from '../src/routing/registry.ts'
import {
  type Benchmark,
  type Configuration,
  column,
  type Extent,
  type Figure,
  type Parameters,
  type Row,
  ratios,
  type Samples,
  type Values,
} from './harness.ts'
import { CONCURRENCY, measure, medianRatio, SEED, SharedFleet } from './routing-fleet.ts'
import { NaiveFleet, TWINS } from './routing-naive.ts'
import { median } from './statistics.ts'

const FLEETS = [10, 100, 1_000, 10_000]
const SMALL = 100
const LARGE = 100_000
/** Agents, and how many of them are candidates. */
const FLAT: readonly (readonly [number, number])[] = [
  [SMALL, 10],
  [SMALL, SMALL],
  [LARGE, 10],
  [LARGE, 1_000],
  [LARGE, LARGE],
]
const FLAT_QUICK = FLAT.slice(0, 1)
const NS_MAX = 1_000
const FLATNESS_MAX = 4
/** One batch takes about 100 µs to 1 ms, so that the timer's 0.1 µs vanish. */
const BATCH = 1_000
/** A naive scan over 10,000 agents takes 30 µs. */
const BATCH_NAIVE_WORK = 100_000

async function shared({ strategy, agents, candidates, timeMs }: Parameters): Promise<Values> {
  const fleet = new SharedFleet(agents as number, candidates as number, strategy as string)
  return measure(fleet, BATCH, timeMs as number)
}

async function naive({ strategy, agents, timeMs }: Parameters): Promise<Values> {
  const fleet = new NaiveFleet(agents as number, CONCURRENCY, strategy as string, SEED)
  const batch = Math.max(10, Math.min(BATCH, Math.ceil(BATCH_NAIVE_WORK / (agents as number))))
  return measure(fleet, batch, timeMs as number)
}

function configurations({ isQuick }: Extent): Configuration[] {
  const timeMs = isQuick ? 10 : 150
  const against = (isQuick ? TWINS.slice(0, 1) : TWINS).flatMap((strategy) =>
    (isQuick ? FLEETS.slice(0, 1) : FLEETS).flatMap((agents) =>
      ['shared', 'naive'].map((run) => ({
        name: nameOf(strategy, agents, run),
        run,
        parameters: { strategy, agents, candidates: agents, timeMs },
      })),
    ),
  )
  const flat = strategyNames().flatMap((strategy) =>
    (isQuick ? FLAT_QUICK : FLAT).map(([agents, candidates]) => ({
      name: flatName(strategy, agents, candidates),
      run: 'shared',
      parameters: { strategy, agents, candidates, timeMs },
    })),
  )
  return [...against, ...flat]
}

function nameOf(strategy: string, agents: number, run: string): string {
  return `${strategy} ${agents} ${run}`
}

function flatName(strategy: string, agents: number, candidates: number): string {
  return `${strategy} ${candidates} of ${agents}`
}

function rowsAgainst(samples: Samples): Row[] {
  return TWINS.flatMap((strategy) =>
    FLEETS.filter((agents) => nameOf(strategy, agents, 'shared') in samples).map((agents) => {
      const ours = column(samples, nameOf(strategy, agents, 'shared'), 'ns')
      const twin = column(samples, nameOf(strategy, agents, 'naive'), 'ns')
      const what = `${strategy}, ${agents.toLocaleString('en')} agents`
      return { what, unit: 'ns', ours, twin, ratio: ratios(ours, twin) }
    }),
  )
}

/** The row of the worst of all at 100,000 carries the figure. */
function rowsFlat(samples: Samples): Row[] {
  const rows = strategyNames().flatMap((strategy) =>
    flatOf(samples, strategy).map(([agents, candidates]): Row => {
      const ours = column(samples, flatName(strategy, agents, candidates), 'ns')
      const what = `${strategy}, ${text(candidates)} of ${text(agents)} agents`
      return { what, unit: 'ns', ours }
    }),
  )
  const large = rows.filter(({ what }) => what.endsWith(` of ${text(LARGE)} agents`))
  if (large.length === 0) return rows
  const worst = large.reduce((a, b) => (median(b.ours) > median(a.ours) ? b : a))
  return rows.map((row) => (row === worst ? { ...row, figure: 'nsAt100k' } : row))
}

function flatOf(samples: Samples, strategy: string): readonly (readonly [number, number])[] {
  return FLAT.filter(([agents, candidates]) => flatName(strategy, agents, candidates) in samples)
}

/** The worst over all strategies and numbers of candidates; none of these in a quick run. */
function flatFigures(samples: Samples): Record<string, Figure> {
  const times: number[] = []
  const growths: number[] = []
  for (const strategy of strategyNames()) {
    for (const [agents, candidates] of flatOf(samples, strategy)) {
      if (agents === SMALL) continue
      const large = column(samples, flatName(strategy, agents, candidates), 'ns')
      const base = flatName(strategy, SMALL, Math.min(candidates, SMALL))
      times.push(median(large))
      growths.push(medianRatio(large, column(samples, base, 'ns')))
    }
  }
  if (times.length === 0) return {}
  return {
    nsAt100k: { value: Math.max(...times), below: NS_MAX },
    flatness: { value: Math.max(...growths), atMost: FLATNESS_MAX },
  }
}

/** `leastLoadedNsAt1000`, and so on. */
function figureName(strategy: string, agents: number): string {
  const camel = strategy.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return `${camel}NsAt${agents}`
}

function text(count: number): string {
  return count.toLocaleString('en')
}

export const routing: Benchmark = {
  name: 'routing',
  question: 'time of a decision, by strategy and fleet; baseline: a scan over an array of objects',
  doesNotShow:
    'ring and commit around it, fleets that are nearly full, caches that other work has emptied',
  configurations,
  runs: { shared, naive },
  report: (samples) => {
    const figures = TWINS.flatMap((strategy) =>
      FLEETS.filter((agents) => nameOf(strategy, agents, 'shared') in samples).map((agents) => {
        const value = median(column(samples, nameOf(strategy, agents, 'shared'), 'ns'))
        return [figureName(strategy, agents), { value }] as const
      }),
    )
    return {
      figures: { ...Object.fromEntries(figures), ...flatFigures(samples) },
      rows: [...rowsAgainst(samples), ...rowsFlat(samples)],
    }
  },
}
