/** A front end with routers and users' strategies, as a scheduler wires them, without a transport. */
import { InProcessTransport } from '../../src/front-end/in-process/transport.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { type RouterFault, RouterPool } from '../../src/router/pool.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'

export interface Happened {
  readonly kind: string
  readonly detail: Record<string, unknown>
}

/** @returns the path of one of the modules beside this file. */
export function modulePath(name: string): string {
  return new URL(`strategies/${name}.mjs`, import.meta.url).href
}

/** Makes the parts; the pool is not started yet. */
export function make(options: SchedulerOptions) {
  const given = frontEndOptions({ routers: 2, slots: 1_024, agentsMax: 64, ...options })
  const events: Happened[] = []
  const faults: RouterFault[] = []
  const frontEnd = new FrontEnd(given, (kind, detail) => events.push({ kind, detail }))
  const { context } = frontEnd
  const pool = new RouterPool({
    memory: context.memory,
    strategies: given.strategies,
    routing: given.routing,
    seed: 1,
    onBell: frontEnd.schedule,
    onReturn: frontEnd.routerGone,
    onFault: (fault) => faults.push(fault),
    onStrategyFault: frontEnd.strategyFault,
  })
  context.routers = pool
  const local = new InProcessTransport(context)
  context.transports.push(local)
  const stop = async () => {
    await local.stop()
    frontEnd.stop()
    await pool.stop()
  }
  return { frontEnd, context, core: context.core, pool, local, events, faults, stop }
}

export type World = ReturnType<typeof make>

/** Submits tasks, `window` at a time. @returns how often each was run. */
export async function runAll({ local }: World, count: number, window: number): Promise<number[]> {
  const runs: number[] = []
  const flow = async () => {
    while (runs.length < count) {
      const task = runs.push(0) - 1
      runs[task] += Number(await local.submissions.run('q', task))
    }
  }
  await Promise.all(Array.from({ length: window }, flow))
  return runs
}
