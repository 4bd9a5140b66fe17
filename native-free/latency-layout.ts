/**
 * Where a latency is counted: the layout of an HDR histogram for 1 µs … 24 h, 3 significant digits.
 *
 * Runs on: every thread.
 * Invariant: the index of a value is the one that hdr-histogram-js computes for it, so that counts
 * can be handed to that library, merged, and written in its standard encoding.
 *
 * ```
 *  value, µs    0 ……………… 2047 | 2048 … 4095 | 4096 … 8191 | … | 2^36 … 2^37-1
 *  step, µs     1             | 2           | 4           | … | 2^26
 *  counts       2048          | 1024        | 1024        | … | 1024
 * ```
 *
 * Source: HdrHistogram (Gil Tene); the arithmetic of hdr-histogram-js 3.0.1, without its logarithm.
 */

/** Highest latency that is told apart, in µs: 24 h. Higher ones are counted as this one. */
export const LATENCY_MAX_US = 86_400_000_000
/** Lowest latency that is told apart, in µs. */
export const LATENCY_MIN_US = 1
/** Decimal digits that survive. */
export const LATENCY_SIGNIFICANT_DIGITS = 3

const SUB_BUCKET_HALF_MAGNITUDE = 10
const SUB_BUCKET_HALF_COUNT = 1 << SUB_BUCKET_HALF_MAGNITUDE
const SUB_BUCKET_COUNT = 2 * SUB_BUCKET_HALF_COUNT
const TWO_TO_32 = 4_294_967_296

/** Counts of one histogram: 27 doublings from 2048 µs to beyond 24 h, and one half more: 28,672. */
export const LATENCY_COUNTS_LENGTH = (bucketCount() + 1) * SUB_BUCKET_HALF_COUNT

function bucketCount(): number {
  let count = 1
  // Ends: the limit doubles each time and passes LATENCY_MAX_US after 26 rounds.
  for (let limit = SUB_BUCKET_COUNT; limit <= LATENCY_MAX_US; limit *= 2) count++
  return count
}

/**
 * Finds the count of a value.
 * @param valueUs µs; a fraction is cut off; below 0 and not a number count as 0, too large as 24 h.
 * @returns 0 … LATENCY_COUNTS_LENGTH - 1.
 * *Cost* no allocation, no logarithm; a division only above 2^32 µs (71 minutes).
 */
export function latencyIndex(valueUs: number): number {
  if (!(valueUs > 0)) return 0
  const value = Math.min(valueUs, LATENCY_MAX_US)
  if (value < SUB_BUCKET_COUNT) return value | 0
  if (value < TWO_TO_32) {
    const whole = value >>> 0
    const bucket = 31 - Math.clz32(whole) - SUB_BUCKET_HALF_MAGNITUDE
    return bucket * SUB_BUCKET_HALF_COUNT + (whole >>> bucket)
  }
  const bucket = 63 - Math.clz32((value / TWO_TO_32) | 0) - SUB_BUCKET_HALF_MAGNITUDE
  return bucket * SUB_BUCKET_HALF_COUNT + Math.floor(value / 2 ** bucket)
}

/**
 * The other way round.
 * @param index 0 … LATENCY_COUNTS_LENGTH - 1.
 * @returns µs, the middle of the values that are counted there, as the library has it.
 */
export function latencyAt(index: number): number {
  if (index < SUB_BUCKET_COUNT) return index
  const bucket = (index >>> SUB_BUCKET_HALF_MAGNITUDE) - 1
  const step = 2 ** bucket
  const within = (index & (SUB_BUCKET_HALF_COUNT - 1)) + SUB_BUCKET_HALF_COUNT
  return within * step + step / 2
}
