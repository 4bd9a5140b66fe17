/**
 * How much of choosing do routers take off the thread that speaks NATS? With a strategy that takes
 * 20 µs, in one process, without NATS.
 *
 * ```
 *  inline    main: receive, admit, choose 20 µs, commit, agents' no-ops, complete
 *  routers   main: the same without choosing, and handing over; choosing in two other threads
 * ```
 *
 * Tasks have no payload and handlers do nothing, so that what is left is what scheduling takes.
 * CPU is that of the main thread (`schedstat`), per task, around a closed loop. The strategy counts as
 * one of ours here, or the front end would not run it at all.
 *
 * Runs on: children of the harness, with threads of their own.
 */
import { InProcessTransport } from '../src/front-end/in-process/transport.ts'
import { FrontEnd } from '../src/front-end/turn.ts'
import type { Placement } from '../src/options.ts'
import { RouterPool } from '../src/router/pool.ts'
import { BUILT_IN } from '../src/routing/registry.ts'
import type { StrategyFactory } from '../src/routing/strategy.ts'
import { frontEndOptions } from '../src/scheduler-options.ts'
import { workerUrl } from '../src/worker-url.ts'
import type { Configuration, Parameters, Values } from './harness.ts'
import create from './strategy-20us.ts'
import { ThreadCpu } from './threads.ts'

const NAME = 'takes_20us'
const ROUTERS = 2
const AGENTS = 10
const CONCURRENCY = 100
/** As many as a lane has out at a time; more would only wait. */
const WINDOW = 256

/** @throws Error unless every task completed, all of them placed as was asked for. */
export async function offload({ placement, tasks, warmUpTasks }: Parameters): Promise<Values> {
  ;(BUILT_IN as Record<string, StrategyFactory>)[NAME] = create
  const options = frontEndOptions({
    placement: placement as Placement,
    routers: ROUTERS,
    strategy: NAME,
  })
  const frontEnd = new FrontEnd(options, () => {})
  const { context } = frontEnd
  const moduleUrl = workerUrl('./strategy-20us', import.meta.url).href
  const pool = new RouterPool({
    memory: context.memory,
    strategies: options.strategies.map((entry) =>
      entry.name === NAME ? { ...entry, moduleUrl } : entry,
    ),
    isGuarded: false,
    seed: options.seed,
    onBell: frontEnd.schedule,
    onReturn: frontEnd.routerGone,
    onFault: ({ error }) => {
      throw error
    },
  })
  context.routers = pool
  await pool.start()
  const local = new InProcessTransport(context)
  context.transports.push(local)
  await local.start()
  for (let i = 0; i < AGENTS; i++) {
    local.agents.join({ queues: ['bench'], concurrency: CONCURRENCY }, () => undefined)
  }
  await load(local, warmUpTasks as number)
  const cpu = new ThreadCpu()
  const { placedByRouters } = context.core.counters
  const before = cpu.readUs('main').main
  await load(local, tasks as number)
  const mainUs = (cpu.readUs('main').main - before) / (tasks as number)
  const byRouters = (context.core.counters.placedByRouters - placedByRouters) / (tasks as number)
  await local.stop()
  frontEnd.stop()
  await pool.stop()
  if (placement === 'inline' && byRouters > 0) throw new Error(`${byRouters} by routers`)
  return { mainUs, byRouters }
}

async function load(local: InProcessTransport, tasks: number): Promise<void> {
  let completed = 0
  await local.submissions.submitMany('bench', new Array(tasks).fill(undefined), {
    window: WINDOW,
    onOutcome: ({ state }) => {
      if (state === 'completed') completed++
    },
  })
  if (completed !== tasks) throw new Error(`${completed} of ${tasks} completed`)
}

export function offloadConfigurations(isQuick: boolean): Configuration[] {
  const size = isQuick ? { tasks: 500, warmUpTasks: 100 } : { tasks: 60_000, warmUpTasks: 20_000 }
  return ['inline', 'routers'].map((placement) => ({
    name: `offload, ${placement}`,
    run: 'offload',
    parameters: { ...size, placement },
  }))
}
