/**
 * Clocks. The policy core has none: the front end reads one and hands `now` in.
 *
 * Kinds that are never mixed:
 * - `policyMs()`: whole milliseconds since the process started, monotonic, for leases and time-outs.
 *   Whole, because a record's fields then hold small integers; a fraction costs an object each.
 * - `nowUs()`: microseconds as a wrapping 32-bit integer, for latency stamps that cross threads in
 *   Int32 columns. Differences are taken by `elapsedUs`, right up to 2^31 µs (35 minutes) apart.
 *
 * Both stand on `process.hrtime`, the machine's monotonic clock, so that stamps of different
 * threads can be subtracted; `performance.now()` is cheaper and is aligned to it once per thread.
 */
const ALIGNMENT_SAMPLES = 32
const alignmentUs = align()

/**
 * @returns µs to add to `performance.now()`, from the narrowest of several readings: the very first
 * calls of a thread take hundreds of µs, and a pause between the two clocks would shift its stamps.
 */
function align(): number {
  let narrowest = Number.POSITIVE_INFINITY
  let offsetUs = 0
  for (let i = 0; i < ALIGNMENT_SAMPLES; i++) {
    const before = performance.now()
    const us = Number(process.hrtime.bigint()) / 1000
    const after = performance.now()
    if (after - before >= narrowest) continue
    narrowest = after - before
    offsetUs = us - ((before + after) / 2) * 1000
  }
  return offsetUs
}

/** @returns microseconds of the monotonic clock, modulo 2^32, as a signed 32-bit integer. */
export function nowUs(): number {
  return (performance.now() * 1000 + alignmentUs) | 0
}

/** @returns `later - earlier` in µs of two stamps of `nowUs`, exact when less than 35 minutes apart. */
export function elapsedUs(earlier: number, later: number): number {
  return (later - earlier) | 0
}

/** @returns whole milliseconds since the process started; the policy's `now`. Main thread only. */
export function policyMs(): number {
  return Math.trunc(performance.now())
}

/** @returns milliseconds of the monotonic clock, with a fraction, for rates and pacing. */
export function nowMs(): number {
  return performance.now() + alignmentUs / 1000
}
