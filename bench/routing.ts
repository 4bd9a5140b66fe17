/**
 * What does a decision cost, by strategy and size of the fleet?
 *
 * ```
 *  ours   slot ─► Chooser (candidates AND free, two-level bitsets; the strategy) ─► take credit
 *                                                    give back the oldest placement ◄──┘
 *  twin   the same strategy written by hand: one pass over an array of objects
 * ```
 *
 * A decision is the choice, the credit taken, and the credit of the oldest placement given back, so
 * that each agent of concurrency 10 always holds half of what it may. Everybody is a candidate. All
 * strategies of `src/routing/` are measured, each with each size in a process of its own, by
 * tinybench over batches of decisions (a call of its timer costs more than a decision).
 *
 * The twin's strategies are exact; `least_loaded` samples above 256 free candidates, and says so.
 *
 * Runs on: a child process, one thread.
 */
import { Bench } from 'tinybench'
import {
  type AgentIndex,
  AgentTableWriter,
  createMemory,
  NONE,
  type SharedMemory,
  type SlotIndex,
  SlotTableWriter,
} from '../native-free/index.ts'
import { Chooser } from '../src/routing/chooser.ts'
import { Random } from '../src/routing/generator.ts'
import { createStrategies, strategyNames } from '../src/routing/registry.ts'
import {
  type Benchmark,
  type Configuration,
  column,
  type Extent,
  type Parameters,
  type Row,
  ratios,
  type Samples,
  type Values,
} from './harness.ts'
import { NaiveFleet } from './routing-naive.ts'
import { median } from './statistics.ts'

const FLEETS = [10, 100, 1_000, 10_000]
const FLEETS_QUICK = [10]
const CONCURRENCY = 10
const SEED = 1
/** One batch takes about 100 µs to 1 ms, so that the timer's 0.1 µs vanish. */
const BATCH = 1_000
/** A naive scan over 10,000 agents takes 30 µs. */
const BATCH_NAIVE_WORK = 100_000

/** Whatever can place one task; both sides are driven through it. */
interface Fleet {
  /** @returns the agent that is charged now, or NONE. */
  place(): number
  giveBack(agent: number): void
  loadOf(agent: number): number
}

class SharedFleet implements Fleet {
  readonly #table: AgentTableWriter
  readonly #chooser: Chooser

  constructor(agents: number, strategy: string) {
    const memory = memoryFor(agents)
    this.#table = new AgentTableWriter(memory)
    for (let agent = 0; agent < agents; agent++) {
      this.#table.join(agent as AgentIndex, CONCURRENCY)
      this.#table.setCandidate(0 as never, agent as AgentIndex, true)
    }
    const { agentCountMax, classCountMax } = memory.shape
    const random = new Random(SEED)
    const context = { random, agentCountMax, classCountMax, phase: 0 }
    this.#chooser = new Chooser(memory, createStrategies([strategy], context))
    new SlotTableWriter(memory).offer(0 as SlotIndex, 0 as never, 0, 2, 0)
  }

  place(): number {
    const agent = this.#chooser.choose(0)
    if (agent !== NONE) this.#table.take(agent as AgentIndex)
    return agent
  }

  giveBack(agent: number): void {
    this.#table.give(agent as AgentIndex)
  }

  loadOf(agent: number): number {
    return this.#table.inUse(agent as AgentIndex)
  }
}

function memoryFor(agents: number): SharedMemory {
  return createMemory({
    slotCount: 32,
    agentCountMax: Math.ceil(agents / 32) * 32,
    classCountMax: 1,
    routerCount: 0,
    ringCapacity: 2,
    publishMax: 1,
    latencyStageCount: 0,
  })
}

async function shared({ strategy, agents, timeMs }: Parameters): Promise<Values> {
  const fleet = new SharedFleet(agents as number, strategy as string)
  return measure(fleet, agents as number, BATCH, timeMs as number)
}

async function naive({ strategy, agents, timeMs }: Parameters): Promise<Values> {
  const fleet = new NaiveFleet(agents as number, CONCURRENCY, strategy as string, SEED)
  const batch = Math.max(10, Math.min(BATCH, Math.ceil(BATCH_NAIVE_WORK / (agents as number))))
  return measure(fleet, agents as number, batch, timeMs as number)
}

/** @throws Error when nobody was found though half of all credit is free, or credit leaks. */
async function measure(
  fleet: Fleet,
  agents: number,
  batch: number,
  timeMs: number,
): Promise<Values> {
  const placed = new Int32Array((agents * CONCURRENCY) / 2)
  for (let i = 0; i < placed.length; i++) placed[i] = place(fleet)
  let oldest = 0
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 3, warmupIterations: 3 })
  bench.add('decisions', () => {
    for (let i = 0; i < batch; i++) {
      fleet.giveBack(placed[oldest])
      placed[oldest] = place(fleet)
      oldest = oldest + 1 === placed.length ? 0 : oldest + 1
    }
  })
  await bench.run()
  const { result } = bench.tasks[0]
  if (result.state !== 'completed') throw new Error(`tinybench says ${result.state}`)
  check(fleet, agents, placed)
  return { ns: (result.latency.p50 * 1_000_000) / batch }
}

function place(fleet: Fleet): number {
  const agent = fleet.place()
  if (agent === NONE) throw new Error('nobody was found, though half of all credit is free')
  return agent
}

/** What is charged must be what was placed and not given back, and within each agent's credit. */
function check(fleet: Fleet, agents: number, placed: Int32Array): void {
  const expected = new Int32Array(agents)
  for (const agent of placed) expected[agent]++
  for (let agent = 0; agent < agents; agent++) {
    const load = fleet.loadOf(agent)
    if (load !== expected[agent] || load > CONCURRENCY) {
      throw new Error(`agent ${agent} is charged ${load}, but holds ${expected[agent]}`)
    }
  }
}

function configurations({ isQuick }: Extent): Configuration[] {
  const timeMs = isQuick ? 10 : 150
  return strategyNames().flatMap((strategy) =>
    (isQuick ? FLEETS_QUICK : FLEETS).flatMap((agents) =>
      ['shared', 'naive'].map((run) => ({
        name: nameOf(strategy, agents, run),
        run,
        parameters: { strategy, agents, timeMs },
      })),
    ),
  )
}

function nameOf(strategy: string, agents: number, run: string): string {
  return `${strategy} ${agents} ${run}`
}

function rowsOf(samples: Samples): Row[] {
  return strategyNames().flatMap((strategy) =>
    FLEETS.filter((agents) => nameOf(strategy, agents, 'shared') in samples).map((agents) => {
      const ours = column(samples, nameOf(strategy, agents, 'shared'), 'ns')
      const twin = column(samples, nameOf(strategy, agents, 'naive'), 'ns')
      const what = `${strategy}, ${agents.toLocaleString('en')} agents`
      return { what, unit: 'ns', ours, twin, ratio: ratios(ours, twin) }
    }),
  )
}

/** `leastLoadedNsAt1000`, and so on. */
function figureName(strategy: string, agents: number): string {
  const camel = strategy.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return `${camel}NsAt${agents}`
}

export const routing: Benchmark = {
  name: 'routing',
  question: 'time of a decision, by strategy and fleet; baseline: a scan over an array of objects',
  doesNotShow:
    'ring and commit around it, fleets that are nearly full, caches that other work has emptied',
  configurations,
  runs: { shared, naive },
  report: (samples) => {
    const rows = rowsOf(samples)
    const figures = strategyNames().flatMap((strategy) =>
      FLEETS.filter((agents) => nameOf(strategy, agents, 'shared') in samples).map((agents) => {
        const value = median(column(samples, nameOf(strategy, agents, 'shared'), 'ns'))
        return [figureName(strategy, agents), { value }] as const
      }),
    )
    return { figures: Object.fromEntries(figures), rows }
  },
}
