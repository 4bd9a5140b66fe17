/**
 * How long runs of one kind take: counts by time, of which a percentile is read. Front-end thread.
 *
 * ```
 *   ms       0 1 2 … 15 │ 16 17 … 31 │ 32 34 … 62 │ 64 68 …         16 buckets an octave
 *   bucket   0 1 2 … 15 │ 16      31 │ 32      47 │ 48              each at most 6.3 % wide
 * ```
 *
 * Invariant: a percentile is never below the true one of what was counted, and above it by one bucket at
 * most. Older runs weigh less: whenever there are `COUNT_MAX` all counts are halved.
 *
 * Source of the layout: HdrHistogram, whose own encoding is not needed for a number that stays here.
 */

const SUB_LOG2 = 4
const SUBS = 1 << SUB_LOG2
/** Up to 2^32 ms, 49 days: more than any time-out. */
const BUCKETS = (32 - SUB_LOG2 + 1) * SUBS
const COUNT_MAX = 2_048
/** Fewer results say nothing of a percentile. */
export const RESULTS_MIN = 20
/** Results after which the percentile is read again. */
const READ_EVERY = 16

export class RunTimes {
  /** Float64Array[BUCKETS]: counts, halved ones among them. */
  readonly #counts = new Float64Array(BUCKETS)
  #total = 0
  #sumMs = 0
  /** Ever. */
  #results = 0
  #limitMs = Number.POSITIVE_INFINITY
  #limitShare = 0
  #readAt = RESULTS_MIN

  /** A run has ended, or was cut when it had taken so long. @param ms whole, from 0. */
  record(ms: number): void {
    this.#counts[bucketOf(ms)]++
    this.#sumMs += ms
    this.#results++
    if (++this.#total >= COUNT_MAX) this.#halve()
  }

  /** Mean of what was counted, ms; 0 before the first. */
  get meanMs(): number {
    return this.#total === 0 ? 0 : this.#sumMs / this.#total
  }

  get results(): number {
    return this.#results
  }

  /**
   * @param share 0 to 1.
   * @returns ms that at most so large a share took no longer than; Infinity before there are enough
   *   results. *Cost* one look at all buckets each 16 results.
   */
  limitMs(share: number): number {
    if (this.#results >= this.#readAt || share !== this.#limitShare) {
      const isEnough = this.#results >= RESULTS_MIN
      this.#readAt = isEnough ? this.#results + READ_EVERY : RESULTS_MIN
      this.#limitShare = share
      this.#limitMs = isEnough ? this.#read(share) : Number.POSITIVE_INFINITY
    }
    return this.#limitMs
  }

  #read(share: number): number {
    const wanted = share * this.#total
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]
      if (seen >= wanted && seen > 0) return topOf(bucket)
    }
    return topOf(BUCKETS - 1)
  }

  #halve(): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#counts[bucket] /= 2
    this.#total /= 2
    this.#sumMs /= 2
  }
}

/** Exported for its test. */
export function bucketOf(ms: number): number {
  const whole = Math.min(2 ** 32 - 1, Math.max(0, Math.trunc(ms)))
  if (whole < SUBS) return whole
  const octave = 31 - Math.clz32(whole)
  const sub = (whole >>> (octave - SUB_LOG2)) & (SUBS - 1)
  return (octave - SUB_LOG2 + 1) * SUBS + sub
}

/** The longest time of a bucket. */
export function topOf(bucket: number): number {
  if (bucket < SUBS) return bucket
  const octave = Math.floor(bucket / SUBS) + SUB_LOG2 - 1
  const widthMs = 2 ** (octave - SUB_LOG2)
  return 2 ** octave + ((bucket % SUBS) + 1) * widthMs - 1
}
