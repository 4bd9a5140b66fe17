/** A front end with the routers' strategy of a test's choosing, which a scheduler has no seam for. */
import type { FrontEndContext } from '../../src/front-end/context.ts'
import { InProcessTransport } from '../../src/front-end/in-process/transport.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import type { SchedulerOptions } from '../../src/options.ts'
import { type RouterFault, RouterPool } from '../../src/router/pool.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'

export interface TestScheduler {
  readonly frontEnd: FrontEnd
  readonly context: FrontEndContext
  readonly local: InProcessTransport
  readonly faults: RouterFault[]
  stop(): Promise<void>
}

/** Starts routers that choose by `strategies/<name>.mjs`; inline the built-in one is used. */
export async function startWith(
  name: string,
  options: SchedulerOptions = {},
): Promise<TestScheduler> {
  const given = frontEndOptions({ routers: 2, placement: 'routers', slots: 1_024, ...options })
  const frontEnd = new FrontEnd(given, () => {})
  const { context } = frontEnd
  const faults: RouterFault[] = []
  const moduleUrl = new URL(`strategies/${name}.mjs`, import.meta.url).href
  const pool = new RouterPool({
    memory: context.memory,
    strategies: given.strategies.map(({ name: strategy }) => ({ name: strategy, moduleUrl })),
    seed: 1,
    isGuarded: false,
    onBell: frontEnd.schedule,
    onReturn: frontEnd.routerGone,
    onFault: (fault) => faults.push(fault),
  })
  context.routers = pool
  await pool.start()
  const local = new InProcessTransport(context)
  context.transports.push(local)
  const stop = async () => {
    await local.stop()
    frontEnd.stop()
    await pool.stop()
  }
  return { frontEnd, context, local, faults, stop }
}

/** The largest number of later ones that came before one, given the order in which they came. */
export function mostOvertaken(order: readonly number[]): number {
  const cameAt: number[] = []
  for (const [at, task] of order.entries()) cameAt[task] = at
  let most = 0
  for (let task = 0; task < cameAt.length; task++) {
    let overtakers = 0
    for (let later = task + 1; later < cameAt.length; later++) {
      if (cameAt[later] < cameAt[task]) overtakers++
    }
    most = Math.max(most, overtakers)
  }
  return most
}
