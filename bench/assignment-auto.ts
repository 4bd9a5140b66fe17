/**
 * Is `auto` as good as the better of routers and inline? Through NATS, with the SDK on both sides.
 *
 * ```
 *  a fleet of 10, 100, 1,000 agents        auto ► routers ► inline   each with processes of its own,
 *                                          inline ► auto ► routers   three rounds a repeat, so nine
 *                                          routers ► inline ► auto   with the three that are usual
 *
 *  one run    warm up ► closed loop, 8,192 in flight: tasks/s ► 1,000 a second: received → delivered
 * ```
 *
 * Rates are compared as `the better's / auto's`, latencies as `auto's / the better's`: medians over all
 * runs. Received → delivered is the scheduler's own histogram of the open loop alone.
 *
 * Runs on: children of the harness that start the others.
 */
import { startNatsServer } from '../src/service/nats-server/run.ts'
import type { Configuration, Parameters, Row, Samples, Values } from './harness.ts'
import { HEADLINE } from './headline.ts'
import { Role } from './role.ts'
import { median } from './statistics.ts'

const FLEETS = [10, 100, 1_000]
const PLACEMENTS = ['auto', 'routers', 'inline'] as const
const ROUNDS = 3

type PlacementName = (typeof PLACEMENTS)[number]

/** All placements in turn, so that a machine that slows down meanwhile favours none. */
export async function placed(parameters: Parameters): Promise<Values> {
  const values: Values = {}
  const rounds = parameters.rounds as number
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < PLACEMENTS.length; i++) {
      const placement = PLACEMENTS[(i + round) % PLACEMENTS.length]
      const { tasksPerSecond, p50Us, byRouters } = await one(placement, parameters)
      values[`${placement} ${round} rate`] = tasksPerSecond
      values[`${placement} ${round} p50`] = p50Us
      values[`${placement} ${round} byRouters`] = byRouters
    }
  }
  return values
}

/** @throws Error unless every task of the run completed. */
async function one(placement: PlacementName, parameters: Parameters): Promise<Values> {
  const { agents, tasks, warmUpTasks, openTasks } = parameters as Record<string, number>
  const { credit, window, payloadBytes, ratePerSecond } = HEADLINE
  const server = await startNatsServer()
  const [scheduler, fleet, generator] = ['scheduler', 'sdk-agents', 'sdk-generator'].map(
    (name) => new Role(name),
  )
  try {
    const { url } = server
    await scheduler.ask('start', { url, placement })
    await fleet.ask('start', { url, agents, concurrency: Math.ceil(credit / agents) })
    await generator.ask('start', { url })
    const load = { window, payloadBytes }
    await generator.ask('closed', { ...load, tasks: warmUpTasks })
    const { tasksPerSecond } = await generator.ask('closed', { ...load, tasks })
    await scheduler.ask('beginLatency')
    await generator.ask('open', { ...load, tasks: openTasks, ratePerSecond })
    const { p50Us } = await scheduler.ask('endLatency', { tasks: openTasks })
    const { completed, lost, byRouters } = await scheduler.ask('status')
    const expected = warmUpTasks + tasks + openTasks
    if (completed !== expected || lost !== 0) {
      throw new Error(`${completed} of ${expected} completed, ${lost} lost`)
    }
    return { tasksPerSecond, p50Us, byRouters: byRouters / expected }
  } finally {
    await Promise.all([generator.stop(), fleet.stop(), scheduler.stop()])
    await server.stop()
  }
}

export function autoConfigurations(isQuick: boolean): Configuration[] {
  const size = isQuick
    ? { tasks: 500, warmUpTasks: 100, openTasks: 50, rounds: 1 }
    : { tasks: 100_000, warmUpTasks: 40_000, openTasks: 1_500, rounds: ROUNDS }
  return (isQuick ? FLEETS.slice(0, 1) : FLEETS).map((agents) => ({
    name: nameOf(agents),
    run: 'placed',
    parameters: { ...size, agents },
  }))
}

/** @returns the worst of all ratios, 1 where auto is as good as the better, and a line for each. */
export function autoReport(samples: Samples): { worst: number; rows: Row[] } {
  const fleets = FLEETS.filter((agents) => nameOf(agents) in samples)
  const rows = fleets.flatMap((agents): Row[] => {
    const of = (placement: PlacementName, what: string) =>
      all(samples[nameOf(agents)], placement, what)
    const rates = { ours: of('auto', 'rate'), ...better(of, 'rate', Math.max) }
    const latencies = { ours: of('auto', 'p50'), ...better(of, 'p50', Math.min) }
    const fleet = `${agents.toLocaleString('en')} agents`
    return [
      {
        what: `auto, ${fleet}; the better of routers and inline`,
        unit: 'tasks/s',
        ...rates,
        ratio: [median(rates.twin) / median(rates.ours)],
      },
      {
        what: `auto, ${fleet}, received → delivered p50; the better`,
        unit: 'µs',
        ...latencies,
        ratio: [median(latencies.ours) / median(latencies.twin)],
      },
      {
        what: `auto, ${fleet}, placed by routers`,
        unit: '',
        ours: of('auto', 'byRouters'),
        isDetail: true,
      },
    ]
  })
  const worst = Math.max(...rows.flatMap(({ ratio }) => ratio ?? []))
  return { worst, rows }
}

type Of = (placement: PlacementName, what: string) => number[]

/** @returns the runs of whichever has the better median. */
function better(of: Of, what: string, best: (a: number, b: number) => number): { twin: number[] } {
  const [routers, inline] = [of('routers', what), of('inline', what)]
  return { twin: best(median(routers), median(inline)) === median(routers) ? routers : inline }
}

/** @returns one value of each round of each repeat. */
function all(repeats: readonly Values[], placement: PlacementName, what: string): number[] {
  return repeats.flatMap((values) =>
    Object.keys(values)
      .filter((key) => key.startsWith(`${placement} `) && key.endsWith(` ${what}`))
      .map((key) => values[key]),
  )
}

function nameOf(agents: number): string {
  return `placed, ${agents} agents`
}
