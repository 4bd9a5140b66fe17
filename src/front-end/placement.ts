/**
 * Who places a head: this thread on the spot, or the routers. Main thread.
 *
 * ```
 *  strategy of a user's, or a shadow            routers, always: see `isRouterOnly`
 *  placement: inline | routers                  as it says
 *  auto     heads × choosing  <  handing over   inline: the routers would take more of this thread's
 *                                               time than they save, and of their own on top
 *           heads × choosing  <  a hop, 50 µs   inline: it is done before a router has woken
 *           heads × choosing  >  handing over   routers
 *           within a quarter of each other      routers from eight heads on
 * ```
 *
 * Both costs are measured as tasks are placed: choosing by strategy, in bursts, once in 16 choices (a lone
 * task's is dearer, with nothing in the caches, and it stays here anyway); handing over
 * as the wake of a router for each burst (the only system call in it) plus, for each head, as much again
 * as its commit: the proposal is read back and checked, and goes out in a smaller flush. Estimates go towards each sample by a bounded factor, a larger one down than
 * up: nothing makes a choice look cheaper than it is, but a cold start and a thread that lost its core
 * in between make it look dearer. While
 * all goes to routers, the first four heads of one burst in 64 are placed here, so that a strategy that
 * has become cheap (a smaller fleet) is noticed.
 *
 * Not taken: the count of heads alone, eight or more to the routers. Under saturation it costs the
 * schedulers' machine 15 to 30 % of its throughput with a strategy that takes half a microsecond
 * (docs/decisions/0013-placed-where-it-costs-less.md).
 */
import { STRATEGY_COUNT_MAX } from '../../native-free/index.ts'
import { LIMITS } from '../options.ts'

/** From a store that wakes a router to its proposal here, µs. */
const HOP_US = 50
/** Before anything is measured, µs. */
const COMMIT_START_US = 1
const CHOOSE_START_US = 0.5
const WAKE_START_US = 10
/** Costs that differ by less are as good as equal. */
const TIE = 1.25
/** Bursts to routers, of which one shows what it would have cost here. */
const PROBE_EVERY = 64
/** As many heads of it, the last of them timed: the first find nothing in the caches. */
const PROBE_HEADS = 4
/** Choices of which one is timed; a power of two. */
const SAMPLE_EVERY = 16
/** How far an estimate goes for one sample: quickly down, and at first quickly up. */
const STEP_FIRST = 1.5
const STEP = 1.1
const FIRST_COUNT = 24

const UNDECIDED = 0
const INLINE = 1
const ROUTERS = 2

/** What choosing and handing over cost, and what follows from it. */
export class PlacementCosts {
  /** Float64Array, µs by strategy. */
  readonly #chooseUs = new Float64Array(STRATEGY_COUNT_MAX).fill(CHOOSE_START_US)
  readonly #samples = new Int32Array(STRATEGY_COUNT_MAX)
  #commitUs = COMMIT_START_US
  #commits = 0
  #wakeUs = WAKE_START_US
  #wakes = 0
  #choices = 0
  #bursts = 0
  /** Of the burst that is being placed: by strategy, and how many heads it has. */
  readonly #decided = new Uint8Array(STRATEGY_COUNT_MAX)
  #heads = 0
  #probesLeft = 0

  /** A burst begins. */
  begin(heads: number): void {
    this.#heads = heads
    this.#probesLeft = 0
    this.#decided.fill(UNDECIDED)
  }

  /** Who places the heads of a strategy in this burst. @returns true for the routers. */
  toRouters(strategy: number): boolean {
    const decided = this.#decided[strategy]
    if (decided === INLINE) return false
    if (decided === UNDECIDED) {
      const isForRouters = this.isWorthRouters(strategy, this.#heads)
      this.#decided[strategy] = isForRouters ? ROUTERS : INLINE
      if (!isForRouters) return false
      if (++this.#bursts % PROBE_EVERY === 0) this.#probe()
    }
    if (this.#probesLeft === 0) return true
    this.#probesLeft--
    return false
  }

  #probe(): void {
    this.#probesLeft = PROBE_HEADS
    // So that the last of them is the one that is timed.
    this.#choices = SAMPLE_EVERY - PROBE_HEADS + 1
  }

  isWorthRouters(strategy: number, heads: number): boolean {
    const chooseUs = heads * this.#chooseUs[strategy]
    const handOverUs = this.#wakeUs + heads * this.#commitUs
    if (chooseUs * TIE < handOverUs) return false
    if (chooseUs > handOverUs * TIE) return chooseUs > HOP_US
    return heads >= LIMITS.burstHeads
  }

  /** Whether the choice that comes now is to be timed. */
  isSampled(): boolean {
    if (this.#heads > 0 && this.#heads < LIMITS.burstHeads) return false
    return (this.#choices++ & (SAMPLE_EVERY - 1)) === 0
  }

  chose(strategy: number, tookUs: number): void {
    const count = this.#samples[strategy]++
    this.#chooseUs[strategy] = towards(this.#chooseUs[strategy], tookUs, count)
  }

  committed(tookUs: number): void {
    this.#commitUs = towards(this.#commitUs, tookUs, this.#commits++)
  }

  woke(tookUs: number): void {
    this.#wakeUs = towards(this.#wakeUs, tookUs, this.#wakes++)
  }

  /** @returns how long one router would be busy with so many choices, ms. */
  workMs(strategy: number, heads: number): number {
    return (heads * this.#chooseUs[strategy]) / 1_000
  }

  /** @returns µs; for status and tests. */
  chooseUs(strategy: number): number {
    return this.#chooseUs[strategy]
  }
}

function towards(estimate: number, sample: number, count: number): number {
  const up = count < FIRST_COUNT ? STEP_FIRST : STEP
  return Math.min(Math.max(sample, estimate / STEP_FIRST), estimate * up)
}
