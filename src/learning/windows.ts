/**
 * The last results of each pair of agent and row: their mean latency and how many of them were
 * successes, exactly, and exponential means beside them. Front end's thread.
 *
 * Invariant: `sumUs`, `timed` and `successes` are those of the results in the window, to the last µs,
 * after any number of results.
 *
 * ```
 *   ring of a pair    Float64Array[windowSize], allocated 64 pairs at a time as they are needed
 *                       t ≥ 1      success after t µs
 *                      −1 − t      failure after t µs
 *                       −∞         failure without a time: the agent was lost with it
 * ```
 *
 * A running sum does not drift here, so none is ever made anew: times are whole µs and at most
 * `LATENCY_US_MAX`, so a sum of `WINDOW_SIZE_MAX` of them is a whole number below 2^53, which doubles
 * add and subtract exactly.
 *
 * No fraction is passed to a function or returned by one, here and in `learning.ts`: each would cost an
 * object whenever the compiler does not inline the call.
 *
 * Not taken: a sum recomputed from the ring now and then, a pause of `windowSize` reads; Float32 rings,
 * half the memory, whose means are right to seven digits only.
 */

/** 38 hours. Of what takes longer no strategy needs to know by how much. */
export const LATENCY_US_MAX = 2 ** 37
export const WINDOW_SIZE_MAX = 10_000
if (LATENCY_US_MAX * WINDOW_SIZE_MAX > Number.MAX_SAFE_INTEGER) throw new Error('sums would drift')

/** For a result without a time. */
export const NO_TIME = -1

/** Pairs whose rings are allocated together: 51 kB with windows of 100. */
const CHUNK_SHIFT = 6
const PAIRS_PER_CHUNK = 1 << CHUNK_SHIFT
const CHUNK_MASK = PAIRS_PER_CHUNK - 1
const LOST = Number.NEGATIVE_INFINITY
/** Exponential means halve a result's weight after this share of the window's results. */
const HALF_LIFE_SHARE = 0.1

export class Windows {
  readonly windowSize: number
  /** Of the window, by pair: results, those with a time, successes, and the sum of the times. */
  readonly counts: Int32Array
  readonly timed: Int32Array
  readonly successes: Int32Array
  readonly sumUs: Float64Array
  /** µs, 0 when no result of the window has a time. */
  readonly meansUs: Float64Array
  /** The same as whole µs. */
  readonly roundedUs: Float64Array
  /** Results ever, by pair; stops at 2^31 - 1. */
  readonly totals: Int32Array
  /** Exponential means: 0 µs and NaN before the first result. */
  readonly latelyUs: Float64Array
  readonly latelySuccess: Float64Array
  /** What `add` takes: whole µs, 1 … LATENCY_US_MAX, or NO_TIME. A success has a time. */
  readonly given = new Float64Array(1)
  private readonly nextAt: Int32Array
  private readonly rings: (Float64Array | undefined)[] = []
  private readonly newWeight: number

  constructor(pairCountMax: number, windowSize: number) {
    this.windowSize = windowSize
    this.counts = new Int32Array(pairCountMax)
    this.timed = new Int32Array(pairCountMax)
    this.successes = new Int32Array(pairCountMax)
    this.sumUs = new Float64Array(pairCountMax)
    this.meansUs = new Float64Array(pairCountMax)
    this.roundedUs = new Float64Array(pairCountMax)
    this.totals = new Int32Array(pairCountMax)
    this.latelyUs = new Float64Array(pairCountMax)
    this.latelySuccess = new Float64Array(pairCountMax)
    this.nextAt = new Int32Array(pairCountMax)
    this.newWeight = 1 - 0.5 ** (1 / Math.max(1, windowSize * HALF_LIFE_SHARE))
  }

  /**
   * One result more, whose time is in `given`; the oldest goes when the window is full.
   * *Cost* no allocation but for a chunk of rings at the first result of a pair in it.
   */
  add(pair: number, ok: boolean): void {
    const us = this.given[0]
    const ring = this.rings[pair >>> CHUNK_SHIFT] ?? this.allocate(pair)
    const at = (pair & CHUNK_MASK) * this.windowSize + this.nextAt[pair]
    if (this.counts[pair] === this.windowSize) this.drop(pair, ring, at)
    ring[at] = ok ? us : us === NO_TIME ? LOST : -1 - us
    const next = this.nextAt[pair] + 1
    this.nextAt[pair] = next === this.windowSize ? 0 : next
    this.counts[pair]++
    if (this.totals[pair] < 0x7fffffff) this.totals[pair]++
    if (ok) this.successes[pair]++
    if (us !== NO_TIME) {
      this.timed[pair]++
      this.sumUs[pair] += us
    }
    const timed = this.timed[pair]
    const mean = timed === 0 ? 0 : this.sumUs[pair] / timed
    this.meansUs[pair] = mean
    this.roundedUs[pair] = Math.round(mean)
    this.follow(pair, ok ? 1 : 0)
  }

  clear(pair: number): void {
    this.counts[pair] = 0
    this.timed[pair] = 0
    this.successes[pair] = 0
    this.sumUs[pair] = 0
    this.meansUs[pair] = 0
    this.roundedUs[pair] = 0
    this.totals[pair] = 0
    this.latelyUs[pair] = 0
    this.latelySuccess[pair] = 0
    this.nextAt[pair] = 0
  }

  private drop(pair: number, ring: Float64Array, at: number): void {
    const result = ring[at]
    this.counts[pair]--
    if (result >= 0) this.successes[pair]--
    if (result === LOST) return
    this.timed[pair]--
    this.sumUs[pair] -= result >= 0 ? result : -1 - result
  }

  private follow(pair: number, success: number): void {
    const { newWeight, latelyUs, latelySuccess } = this
    const us = this.given[0]
    const isFirst = this.totals[pair] === 1
    latelySuccess[pair] += (success - latelySuccess[pair]) * (isFirst ? 1 : newWeight)
    if (us === NO_TIME) return
    // The first time may come after results without one.
    latelyUs[pair] += (us - latelyUs[pair]) * (latelyUs[pair] === 0 ? 1 : newWeight)
  }

  private allocate(pair: number): Float64Array {
    const ring = new Float64Array(PAIRS_PER_CHUNK * this.windowSize)
    this.rings[pair >>> CHUNK_SHIFT] = ring
    return ring
  }
}
