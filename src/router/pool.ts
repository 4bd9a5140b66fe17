/**
 * All router threads: one Piscina, one endless task a thread.
 *
 * Runs on: the front end.
 * Invariant: whatever a thread held when it died is given back by `onReturn` after its exit and
 * before its successor starts; how one router lives and dies is told in router-thread.ts.
 *
 * Piscina brings the threads up, replaces those that exit and takes all down. Not taken: a Piscina
 * task per placement (15 to 45 thousand a second, 18 to 170 µs each).
 *
 * *Threads* front end only. *Idle* routers sleep in shared memory; the process may end while nobody
 * called `ref`, and always ends after `stop`.
 */
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { type RouterIndex, toRouter } from '../../native-free/brands.ts'
import type { SharedMemory } from '../../native-free/memory-map.ts'
import { Sleepers } from '../../native-free/sleepers.ts'
import type { StrategyEntry } from '../routing/registry.ts'
import { STRATEGY_DEFAULTS, type StrategyOptions } from '../strategy-options.ts'
import { workerUrl } from '../worker-url.ts'
import { PiscinaPorts } from './keep-alive.ts'
import type { StrategyFault } from './messages.ts'
import { type RouterFault, RouterThread } from './router-thread.ts'
import { type RouterStatus, routerStatus } from './status.ts'

export type { StrategyFault, StrategyFaultKind } from './messages.ts'
export type { RouterFault } from './router-thread.ts'

/** A router looks at its stop word after each decision; what takes longer is terminated. */
const STOP_MAX_MS = 500
/** A decision of a user's strategy may take so long: a thousand of ours. */
const STRATEGY_BUDGET_US = 1_000
/** A strategy that eats memory ends its own thread, not the process. */
const HEAP_MAX_MB = 256

export interface RouterPoolOptions {
  /** Its shape says how many routers; at least one. */
  readonly memory: SharedMemory
  /** By the strategy index that slots carry; the same as the front end's own. */
  readonly strategies: readonly StrategyEntry[]
  /** Weights and numbers of the strategies; the defaults if left out. */
  readonly routing?: StrategyOptions
  /**
   * False takes strategies that have a module for ours: what they throw ends the router, and nobody
   * stands in for them. For tests and benchmarks.
   */
  readonly isGuarded?: boolean
  /** What a decision of a user's strategy may take, µs; 1,000 if left out. */
  readonly strategyBudgetUs?: number
  readonly seed: number
  /** A router found the front end asleep: look at the outboxes. */
  readonly onBell: () => void
  /**
   * A router's thread has exited: withdraw and publish again every slot that was offered and has not
   * come back, whoever held it. Its outbox is still valid: read it first.
   */
  readonly onReturn: (router: RouterIndex) => void
  /** A router failed by itself, and was or was not replaced. */
  readonly onFault: (fault: RouterFault) => void
  /**
   * A user's strategy did what it must not: switch it off for all (`StrategySwitchesWriter`). May be
   * told more than once of the same. When its thread has ended in it, this comes before `onReturn`.
   */
  readonly onStrategyFault?: (fault: StrategyFault) => void
}

/** Starts, watches, replaces and stops the routers of one shared memory. */
export class RouterPool {
  private readonly sleepers: Sleepers
  private readonly piscina: Piscina
  private readonly routers: RouterThread[] = []
  private stopping: Promise<void> | undefined

  /** Starts the threads; they become routers with `start`. */
  constructor(options: RouterPoolOptions) {
    const { memory } = options
    const { routerCount } = memory.shape
    if (routerCount < 1) throw new RangeError(`routerCount is ${routerCount}, a pool needs one`)
    this.sleepers = new Sleepers(memory)
    this.piscina = new Piscina({
      filename: fileURLToPath(workerUrl('./entry', import.meta.url)),
      minThreads: routerCount,
      maxThreads: routerCount,
      concurrentTasksPerWorker: 1,
      maxQueue: routerCount,
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
    })
    // A thread that fails without a task is replaced by Piscina; one with a task rejects its run.
    this.piscina.on('error', () => undefined)
    const ports = new PiscinaPorts(this.piscina)
    for (let router = 0; router < routerCount; router++) {
      this.routers.push(
        new RouterThread({
          ...options,
          routing: options.routing ?? STRATEGY_DEFAULTS,
          isGuarded: options.isGuarded ?? true,
          strategyBudgetUs: options.strategyBudgetUs ?? STRATEGY_BUDGET_US,
          onStrategyFault: options.onStrategyFault ?? ignore,
          router: toRouter(router),
          piscina: this.piscina,
          ports,
        }),
      )
    }
  }

  /** Routers whose loop runs; 0 means that everything is to be placed inline. */
  get aliveCount(): number {
    let count = 0
    for (const router of this.routers) if (router.state === 'running') count++
    return count
  }

  /** Whether a router's loop runs or will: what only routers may place is not placed otherwise. */
  get isExpected(): boolean {
    return this.routers.some(({ state }) => state !== 'given_up' && state !== 'stopped')
  }

  /**
   * Resolves when every router's loop runs.
   * @throws SignalboxError when one fails before its loop began; all are stopped then. `bad_option`
   * when a user's module cannot be loaded, else `router_given_up`; both with the cause.
   */
  async start(): Promise<void> {
    const starts = await Promise.allSettled(this.routers.map((router) => router.start()))
    for (const result of starts) {
      if (result.status === 'fulfilled') continue
      await this.stop()
      throw result.reason
    }
  }

  /** Ends all routers and their threads; the memory may be used by another pool afterwards. */
  stop(): Promise<void> {
    this.stopping ??= this.end()
    return this.stopping
  }

  /** Kills a router's thread as a crash would, for tests; resolves when its tasks were given back. */
  terminate(router: number): Promise<void> {
    return this.routers[router].terminate()
  }

  /** Wakes one sleeping router, if there is one; call it after publishing. *Cost* a load a router. */
  wake(): void {
    this.sleepers.wakeOne()
  }

  /**
   * Replaces routers that stand still; call it about every 50 ms while tasks are out.
   * @param nowMs of the front end's clock.
   */
  check(nowMs: number): void {
    for (const router of this.routers) router.check(nowMs)
  }

  /** Keeps the process alive, while tasks are open. */
  ref(): void {
    for (const router of this.routers) router.setRef(true)
  }

  /** Lets the process end. */
  unref(): void {
    for (const router of this.routers) router.setRef(false)
  }

  status(): RouterStatus[] {
    return this.routers.map(routerStatus)
  }

  private async end(): Promise<void> {
    const stops = Promise.all(this.routers.map((router) => router.stop()))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, STOP_MAX_MS)
    })
    await Promise.race([stops, late])
    clearTimeout(timer)
    // Terminates what still runs, and rejects its run, which ends the router.
    await this.piscina.destroy()
    await stops
    for (const router of this.routers) router.cleanUp()
  }
}

function ignore(): void {}
