/**
 * A router without a thread: it runs the real `RouterLoop`, one turn at a time, when the world's time
 * has come to it; where a real one would block, it is left alone until somebody wakes it.
 *
 * Runs on: the one thread of a simulation.
 * Invariant: as of the real pool: what a router held when it died is given back by `onReturn`
 * before its successor starts.
 *
 * ```
 *  starting ─► running ── killed, stood still ─► leaving ── onReturn ─► starting …
 *                 │ stop
 *                 ▼
 *              stopped
 * ```
 *
 * A router may die between two turns, or in the middle of one: at a reading of its clock, with
 * entries in its deque and proposals that it has not published.
 */
import { type RouterIndex, toRouter } from '../../native-free/brands.ts'
import { RouterStatusReader, RouterStatusWriter } from '../../native-free/router-status.ts'
import { Sleepers } from '../../native-free/sleepers.ts'
import { DequeOwner } from '../../native-free/work-stealing-deque.ts'
import { SignalboxError } from '../../src/errors.ts'
import { RouterLoop } from '../../src/router/loop.ts'
import type { RouterPoolOptions } from '../../src/router/pool.ts'
import { type RouterState, STILL_MAX_MS } from '../../src/router/router-thread.ts'
import { Random } from '../../src/routing/generator.ts'
import { createStrategies } from '../../src/routing/registry.ts'
import { STRATEGY_DEFAULTS } from '../../src/strategy-options.ts'
import { type CurrentWorld, current } from './current.ts'
import type { Happening } from './time.ts'

/** Longest stretch that one look of the watch counts for; as in src/router/router-thread.ts. */
const STILL_STEP_MAX_MS = 100
/** Times of threads, µs: from … to. */
const START_US = [1_000, 40_000] as const
const EXIT_US = [100, 5_000] as const
const WAKE_US = [20, 120] as const
const TURN_US = [1, 12] as const
/** A sleeper looks for itself once a second. */
const SLEEP_MAX_US = 1_000_000
const SEED_STEP = 0x9e3779b9

/** Thrown through a router's turn when its thread dies in it. */
class ThreadEnded extends Error {}

/** One router's life, as src/router/router-thread.ts tells it of a real one. */
export class SimulatedRouter {
  state: RouterState = 'idle'
  restarts = 0
  readonly status: RouterStatusReader
  readonly #options: RouterPoolOptions
  readonly #world: CurrentWorld
  readonly #router: RouterIndex
  readonly #sleepers: Sleepers
  readonly #wokeSomebody: () => void
  #loop: RouterLoop | undefined
  #next: Happening | undefined
  #isParked = false
  #stalledUntilUs = 0
  /** Readings of its clock that it still lives for. */
  #readingsLeft = Number.POSITIVE_INFINITY
  #isStopping = false
  #seenProgress = 0
  #seenMs = 0
  #stillMs = 0
  #waiting: (() => void)[] = []

  constructor(options: RouterPoolOptions, router: number, wokeSomebody: () => void) {
    this.#options = options
    this.#world = current()
    this.#router = toRouter(router)
    this.#wokeSomebody = wokeSomebody
    this.#sleepers = new Sleepers(options.memory)
    this.status = new RouterStatusReader(options.memory, this.#router)
  }

  async start(): Promise<void> {
    this.#launch()
    while (this.state === 'starting') await this.#changed()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.#sleepers.requestStop(this.#router)
    if (this.state === 'idle') this.#change('stopped')
    this.wakeIfAwake()
    while (this.state !== 'stopped') await this.#changed()
  }

  cleanUp(): void {
    this.#next?.cancel()
    this.#sleepers.clearStop(this.#router)
    this.#emptyDeque()
  }

  /** Somebody may have set its word to awake. */
  wakeIfAwake(): void {
    if (!this.#isParked || this.#sleepers.isAsleep(this.#router)) return
    this.#isParked = false
    this.#next?.cancel()
    this.#turnIn(this.#draw(WAKE_US))
  }

  /** As `RouterThread#check`. */
  check(atMs: number): void {
    const stepMs = Math.min(atMs - this.#seenMs, STILL_STEP_MAX_MS)
    this.#seenMs = atMs
    const progress = this.status.progress()
    const isFine =
      this.state !== 'running' ||
      progress !== this.#seenProgress ||
      this.#sleepers.isAsleep(this.#router)
    this.#seenProgress = progress
    this.#stillMs = isFine ? 0 : this.#stillMs + stepMs
    if (this.#stillMs >= STILL_MAX_MS) this.#die('stood_still')
  }

  /** Its thread ends: at once, or after so many more readings of its clock. */
  kill(afterReadings: number): void {
    if (this.state !== 'running') return
    this.#readingsLeft = afterReadings
    if (afterReadings === 0) this.#die('exited')
  }

  stall(forUs: number): void {
    this.#stalledUntilUs = Math.max(this.#stalledUntilUs, this.#world.time.nowUs + Math.ceil(forUs))
  }

  async terminate(): Promise<void> {
    this.kill(0)
    while (this.state === 'leaving' || this.state === 'starting') await this.#changed()
  }

  #launch(): void {
    this.#change('starting')
    this.#world.time.after(this.#draw(START_US), () => this.#begin())
  }

  #begin(): void {
    if (this.state !== 'starting') return
    const { memory, strategies, seed } = this.#options
    const { shape } = memory
    const router = this.#router
    const status = new RouterStatusWriter(memory, router)
    status.begin(router + 1)
    const names = strategies.map(({ name }) => name)
    const make = () =>
      createStrategies(names, {
        random: new Random(seed + Math.imul(router + 1, SEED_STEP)),
        options: STRATEGY_DEFAULTS,
        agentCountMax: shape.agentCountMax,
        classCountMax: shape.classCountMax,
        phase: (router + 1) / (shape.routerCount + 1),
      })
    this.#loop = new RouterLoop({
      memory,
      router,
      strategies: make(),
      shadows: make(),
      status,
      port: { postMessage: this.#ring },
    })
    const { sleepers } = this.#loop as unknown as { sleepers: Pick<Sleepers, 'wait'> }
    sleepers.wait = this.#park
    this.#readingsLeft = Number.POSITIVE_INFINITY
    this.#isParked = false
    this.#change('running')
    this.#turnIn(0)
  }

  /** The message that wakes the front end. */
  readonly #ring = (): void => {
    const { time } = this.#world
    time.schedulers(time.nowUs + this.#draw(WAKE_US), this.#options.onBell)
  }

  /** In place of a blocking wait: no turn until it is woken, or a second is over. */
  readonly #park = (): 'woken' => {
    this.#isParked = true
    return 'woken'
  }

  #turnIn(delayUs: number): void {
    this.#next = this.#world.time.after(delayUs, () => this.#turn())
  }

  #turn(): void {
    if (this.state !== 'running') return
    const { time } = this.#world
    if (time.nowUs < this.#stalledUntilUs) {
      this.#turnIn(this.#stalledUntilUs - time.nowUs)
      return
    }
    if (this.#isParked) {
      this.#isParked = false
      this.#sleepers.retract(this.#router)
    }
    if (this.#sleepers.stopRequested(this.#router)) {
      this.#change('stopped')
      return
    }
    if (!this.#runTurn()) return
    this.#turnIn(this.#isParked ? SLEEP_MAX_US : this.#draw(TURN_US))
    this.#wokeSomebody()
  }

  /** @returns false when its thread has ended in it. */
  #runTurn(): boolean {
    this.#world.onRoutersClock = this.#clockRead
    try {
      this.#loop!.turn()
    } catch (error) {
      if (!(error instanceof ThreadEnded)) throw error
      this.#die('exited')
      return false
    } finally {
      this.#world.onRoutersClock = null
    }
    return true
  }

  readonly #clockRead = (): void => {
    if (this.#readingsLeft-- <= 0) throw new ThreadEnded()
  }

  #die(kind: 'exited' | 'stood_still'): void {
    if (this.state !== 'running') return
    this.#world.trace(() => `router ${this.#router} ${kind}`)
    this.#next?.cancel()
    this.#stillMs = 0
    this.#change('leaving')
    const { time } = this.#world
    time.schedulers(time.nowUs + this.#draw(EXIT_US), () => this.#leave(kind))
  }

  /** On the front end's thread, after the router's has ended. */
  #leave(kind: 'exited' | 'stood_still'): void {
    const router = this.#router
    if (this.#isStopping) {
      this.#change('stopped')
      return
    }
    this.#emptyDeque()
    this.#options.onReturn(router)
    this.#sleepers.wakeAll()
    this.#wokeSomebody()
    this.restarts++
    this.#launch()
    const error = new SignalboxError('router_failed', `Router ${router} ${kind}.`)
    this.#options.onFault({ router, kind, error })
  }

  #emptyDeque(): void {
    this.#sleepers.retract(this.#router)
    new DequeOwner(this.#options.memory, this.#router).recover()
  }

  #draw([from, to]: readonly [number, number]): number {
    return this.#world.routerDice.whole(from, to)
  }

  #change(state: RouterState): void {
    this.state = state
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
