/**
 * A day of traffic: a daily wave, bursts that nobody announces, Poisson arrivals, exponential durations.
 *
 * Runs on: child processes. Invariant: the same seed gives the same day; arrivals, bursts and durations
 * have generators of their own. Bursts are of the seed, not of the hour: another seed is another day.
 */
import { drawExponential } from '../src/fleet-model/durations.ts'
import { ONE_TYPE, type Workload } from '../src/fleet-model/workload.ts'
import { Random } from '../src/routing/generator.ts'

export const DAY_MS = 86_400_000
export const SERVICE_MS = 10_000

export interface TrafficSpec {
  /** Tasks a day, without the bursts. */
  readonly tasks: number
  /** Least and most of the wave, by its mean: 0.6 for 0.4 … 1.6 times. */
  readonly wave: number
  readonly bursts: number
  /** Rate of a burst by the wave's, at least and at most. */
  readonly factors: readonly [number, number]
  readonly minutes: readonly [number, number]
  readonly hours: number
  readonly seed: number
}

interface Burst {
  fromMs: number
  untilMs: number
  factor: number
}

/** Spreads the streams of one seed. */
const STREAM_STEP = 0x632b_e5ab

export function makeDay(spec: TrafficSpec): Workload {
  const { tasks, wave, hours, seed } = spec
  const lengthMs = hours * 3_600_000
  const meanPerMs = tasks / DAY_MS
  const bursts = makeBursts(spec, lengthMs)
  const rateAt = (ms: number) => {
    // Least at four in the morning.
    const base = 1 - wave * Math.cos((2 * Math.PI * (ms - 4 * 3_600_000)) / DAY_MS)
    const factor = bursts.reduce(
      (most, { fromMs, untilMs, factor }) =>
        ms >= fromMs && ms < untilMs ? Math.max(most, factor) : most,
      1,
    )
    return meanPerMs * base * factor
  }
  const arrivals = new Random(seed)
  const works = new Random(seed + STREAM_STEP)
  const mostPerMs = meanPerMs * (1 + wave) * spec.factors[1]
  const arrivalUs: number[] = []
  // Ends: time goes on with each round.
  for (let ms = drawExponential(arrivals) / mostPerMs; ms < lengthMs; ) {
    if (arrivals.nextFloat() * mostPerMs < rateAt(ms)) arrivalUs.push(ms * 1_000)
    ms += drawExponential(arrivals) / mostPerMs
  }
  const count = arrivalUs.length
  return {
    count,
    types: ONE_TYPE,
    arrivalUs: Float64Array.from(arrivalUs),
    workUs: Float64Array.from({ length: count }, () => 1_000 * SERVICE_MS * drawExponential(works)),
    typeOf: new Uint16Array(count),
  }
}

function makeBursts({ bursts, factors, minutes, seed }: TrafficSpec, lengthMs: number): Burst[] {
  const random = new Random(seed + 2 * STREAM_STEP)
  const between = ([least, most]: readonly [number, number]) =>
    least + (most - least) * random.nextFloat()
  return Array.from({ length: bursts }, () => {
    const fromMs = random.nextFloat() * lengthMs
    return { fromMs, untilMs: fromMs + 60_000 * between(minutes), factor: between(factors) }
  })
}
