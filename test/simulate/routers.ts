/**
 * Stands in for `src/router/pool.ts`: routers without threads (router.ts), and doors for faults.
 *
 * Runs on: the one thread of a simulation.
 */
import { Sleepers } from '../../native-free/sleepers.ts'
import type { RouterPool as RealRouterPool, RouterPoolOptions } from '../../src/router/pool.ts'
import { type RouterStatus, routerStatus } from '../../src/router/status.ts'
import { current } from './current.ts'
import { SimulatedRouter } from './router.ts'

/** The doors of the real pool, and some for faults. */
export class RouterPool implements Pick<RealRouterPool, keyof RealRouterPool> {
  readonly #sleepers: Sleepers
  readonly #routers: SimulatedRouter[] = []

  constructor(options: RouterPoolOptions) {
    const { memory } = options
    this.#sleepers = new Sleepers(memory)
    for (let router = 0; router < memory.shape.routerCount; router++) {
      this.#routers.push(new SimulatedRouter(options, router, this.#wakeTheAwake))
    }
    current().routers = this
  }

  readonly #wakeTheAwake = (): void => {
    for (const router of this.#routers) router.wakeIfAwake()
  }

  get count(): number {
    return this.#routers.length
  }

  get aliveCount(): number {
    let count = 0
    for (const router of this.#routers) if (router.state === 'running') count++
    return count
  }

  get isExpected(): boolean {
    return this.#routers.some(({ state }) => state !== 'stopped')
  }

  async start(): Promise<void> {
    await Promise.all(this.#routers.map((router) => router.start()))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#routers.map((router) => router.stop()))
    for (const router of this.#routers) router.cleanUp()
  }

  terminate(router: number): Promise<void> {
    return this.#routers[router].terminate()
  }

  wake(): void {
    this.#sleepers.wakeOne()
    this.#wakeTheAwake()
  }

  check(atMs: number): void {
    for (const router of this.#routers) router.check(atMs)
  }

  ref(): void {}

  unref(): void {}

  /** Fault: ends a router's thread, now or in the middle of a coming turn. */
  kill(router: number, afterReadings: number): void {
    this.#routers[router]?.kill(afterReadings)
  }

  /** Fault: a router takes no turn for so long. */
  stall(router: number, forUs: number): void {
    this.#routers[router]?.stall(forUs)
  }

  status(): RouterStatus[] {
    return this.#routers.map(routerStatus)
  }
}
