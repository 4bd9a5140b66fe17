/**
 * One simulated world: virtual time, the network, a real scheduler, and what may go wrong.
 *
 * Runs on: the one thread of a simulation; one world at a time.
 * Invariant: everything in it follows from its seed and what it was made with: the same again gives
 * the same prints and traces, byte for byte.
 *
 * ```
 *  actors ── Peer ──► network ──► connection ──► NatsTransport ┐
 *                                                             ├─ the real scheduler
 *  faults ── FaultyWorld ──► time, network, routers ──► RouterLoop ┘
 * ```
 */
import { createHash } from 'node:crypto'
import { DEFAULT_SHAPE, LatencyWriter } from '../../native-free/index.ts'
import { LATENCY_STAGES } from '../../src/api.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import type { AdoptedAgentOptions, SchedulerOptions } from '../../src/options.ts'
import type { PolicyCore } from '../../src/policy/core.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { SCHEDULER_CLIENT } from './connection.ts'
import { type CurrentWorld, setCurrent } from './current.ts'
import { Dice } from './dice.ts'
import { restartRandomNames } from './globals.ts'
import { Network } from './network.ts'
import type { Client } from './network-client.ts'
import type { FaultyWorld, Weather } from './peer.ts'
import type { RouterPool } from './routers.ts'
import { type RunEnd, VirtualTime } from './time.ts'

/** Lines of a trace that are kept for who looks at a failure. */
export const LAST_LINES = 40
/** Rings and turns of a simulation are small, so that full and wrapped ones are met. */
const RING_CAPACITIES = [4, 16, 64]
const PUBLISH_MAXES = [4, 16, 64]
/** Where the world's clock starts: some seeds see the stamps of 32 bits wrap at 2^31 µs. */
const STARTS_US = [5_000_000, 2 ** 31 - 1_500_000]
/** In some, heads, tails and generations wrap within a few steps. */
const COUNTER_STARTS = [0, 0, 2 ** 31 - 3]

export interface WorldOptions {
  readonly seed: number
  readonly scheduler: SchedulerOptions
  readonly calm?: Weather
  /** Listens to every queue, whatever the scheduler is configured for. */
  readonly wildcard?: boolean
  readonly adopted?: readonly AdoptedAgentOptions[]
  /** In place of the seed's own small rings and turns. */
  readonly shape?: { readonly ringCapacity: number; readonly publishMax: number }
  /** Keep every line of the trace. */
  readonly isTraced?: boolean
}

export class World implements FaultyWorld, CurrentWorld {
  readonly seed: number
  readonly time: VirtualTime
  readonly network: Network
  readonly scheduler: Scheduler
  readonly routerDice: Dice
  readonly counterStart: number
  context: FrontEndContext | undefined
  routers: RouterPool | undefined
  onRoutersClock: (() => void) | null = null
  /** Every line when traced. */
  readonly lines: string[] = []
  readonly #isTraced: boolean
  readonly #dice: Dice
  readonly #startUs: number

  constructor(options: WorldOptions) {
    const { seed, scheduler, calm, wildcard, adopted, shape, isTraced = false } = options
    this.seed = seed
    this.#isTraced = isTraced
    this.#dice = new Dice(seed, 'world')
    this.routerDice = new Dice(seed, 'routers')
    this.counterStart = new Dice(seed, 'counters').pick(COUNTER_STARTS)
    this.#startUs = this.#dice.pick(STARTS_US)
    this.time = new VirtualTime(this.#startUs, this.#dice.whole(5, 60), this.#dice.whole(0, 999))
    this.network = new Network(this.time, new Dice(seed, 'network'), this.trace)
    if (calm !== undefined) this.network.weather = calm
    restartRandomNames(seed)
    DEFAULT_SHAPE.ringCapacity = this.#dice.pick(RING_CAPACITIES)
    DEFAULT_SHAPE.publishMax = this.#dice.pick(PUBLISH_MAXES)
    if (shape !== undefined) Object.assign(DEFAULT_SHAPE, shape)
    setCurrent(this)
    this.scheduler = new Scheduler({
      ...scheduler,
      // Its chain is made on a thread of its own, whose time is real.
      ledger: false,
      nats: { prefix: 'sb', wildcard, agents: adopted },
    })
    this.scheduler.onEvent(({ kind, detail }) => {
      this.trace(() => `event ${kind} ${JSON.stringify(detail)}`)
    })
  }

  /** The real core, for checks. */
  get core(): PolicyCore {
    return this.context!.core
  }

  /** Virtual ms since the world began. */
  nowMs(): number {
    return (this.time.nowUs - this.#startUs) / 1000
  }

  /** Notes what happens; the line is made only when somebody will read it. */
  readonly trace = (line: () => string): void => {
    if (this.#isTraced) this.lines.push(`${this.nowMs().toFixed(3).padStart(10)} ms  ${line()}`)
  }

  /** SHA-256 of the whole trace. */
  digest(): string {
    return createHash('sha256').update(this.lines.join('\n')).digest('hex')
  }

  /** A new connection to the network. */
  client(name: string): Client {
    return this.network.connect(name)
  }

  after(ms: number, act: () => void): void {
    this.time.after(ms * 1000, act)
  }

  /**
   * Lets time pass until `isDone`, which is asked after each happening.
   * @throws whatever is wrong in this world.
   */
  until(isDone: () => boolean, limitMs: number): Promise<RunEnd> {
    return this.time.run(isDone, limitMs)
  }

  /** As `until`, for a promise of the scheduler. @throws Error when it takes too long. */
  async settle<T>(what: string, promise: Promise<T>, limitMs: number): Promise<T> {
    let isSettled = false
    const done = (): void => {
      isSettled = true
    }
    promise.then(done, done)
    const end = await this.until(() => isSettled, limitMs)
    if (end !== 'done') throw new Error(`${what} did not end within ${limitMs} ms: ${end}`)
    return promise
  }

  /** Ends the world, whatever state it is in. */
  dispose(): void {
    setCurrent(undefined)
  }

  /** The faults are over: every line holds again, and the weather is this. */
  heal(calm: Weather): void {
    this.network.weather = calm
    this.network.healAll()
  }

  setWeather(weather: Weather): void {
    this.network.weather = weather
  }

  setCutOff(peer: string, isCutOff: boolean): void {
    this.network.setCutOff(peer, isCutOff)
  }

  setSchedulerCutOff(isCutOff: boolean): void {
    this.setCutOff(SCHEDULER_CLIENT, isCutOff)
  }

  pauseScheduler(ms: number): void {
    this.time.pause(ms * 1000)
  }

  jumpClock(ms: number): void {
    this.time.jump(ms * 1000)
  }

  killRouter(router: number): void {
    this.routers?.kill(router, this.#dice.pick([0, 0, 1, 2, 5, 20]))
  }

  stallRouter(router: number, ms: number): void {
    this.routers?.stall(router, ms * 1000)
  }
}

/**
 * Makes what every world allocates small: latencies are counted in megabytes that no simulation
 * reads. Called once in a process, before the first world.
 */
export function leaveOutLatencies(): void {
  ;(LATENCY_STAGES as unknown as string[]).length = 0
  LatencyWriter.prototype.record = () => undefined
}
