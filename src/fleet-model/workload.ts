/**
 * The tasks of one run: when each arrives, of which type it is, how much work. Any thread.
 *
 * Invariant: a workload is made before anything is placed, so every strategy is given the very same
 * tasks at the same times: what differs between two runs is their decisions.
 *
 * Arrivals, types and work have generators of their own: the same seed gives the same arrivals
 * whatever the durations are.
 */
import type { Match } from '../options.ts'
import { Random } from '../routing/generator.ts'
import { hashKey } from '../routing/key-hash.ts'
import { type DurationKind, drawDuration, drawExponential } from './durations.ts'

export interface TaskType {
  readonly name: string
  /** Capabilities that an agent must have, sorted. */
  readonly requires: readonly string[]
  /** Of all tasks, 0 … 1; those of all types add up to 1. */
  readonly share: number
  /** The model's own one by default. */
  readonly queue?: string
  /** 1 background … 5 critical; 3 by default. */
  readonly level?: number
  /** `exact` by default. */
  readonly match?: Match
  readonly prefers?: readonly string[]
}

/** Columns by task, in order of arrival. */
export interface Workload {
  readonly count: number
  readonly types: readonly TaskType[]
  /** Float64Array[count], µs, ascending. */
  readonly arrivalUs: Float64Array
  /** Float64Array[count], µs that it takes an agent of speed 1. */
  readonly workUs: Float64Array
  /** Uint16Array[count], index into `types`. */
  readonly typeOf: Uint16Array
  /** Int32Array[count], hashes of keys, 0 for none; nobody has one by default. */
  readonly keyHashOf?: Int32Array
}

export interface WorkloadSpec {
  readonly count: number
  /** Tasks a second; arrivals are a Poisson process. */
  readonly rate: number
  readonly durations: DurationKind
  /** Mean work of a task, µs at speed 1. */
  readonly meanWorkUs: number
  readonly types: readonly TaskType[]
  /** Each task has one of so many keys, equally likely; none by default. */
  readonly keyCount?: number
  readonly seed: number
}

/** One type, which every agent can do. */
export const ONE_TYPE: readonly TaskType[] = [{ name: 'task', requires: [], share: 1 }]

/** Spreads the streams of one seed; odd, so that no two seeds below 2^31 share one. */
const STREAM_STEP = 0x632b_e5ab

export function makeWorkload(spec: WorkloadSpec): Workload {
  const { count, rate, durations, meanWorkUs, types, keyCount = 0, seed } = spec
  const arrivals = new Random(seed)
  const works = new Random(seed + STREAM_STEP)
  const kinds = new Random(seed + 2 * STREAM_STEP)
  const arrivalUs = new Float64Array(count)
  const workUs = new Float64Array(count)
  const typeOf = new Uint16Array(count)
  const meanGapUs = 1e6 / rate
  let nowUs = 0
  for (let task = 0; task < count; task++) {
    nowUs += meanGapUs * drawExponential(arrivals)
    arrivalUs[task] = nowUs
    workUs[task] = meanWorkUs * drawDuration(durations, works)
    if (types.length > 1) typeOf[task] = drawType(types, kinds.nextFloat())
  }
  const tasks = { count, types, arrivalUs, workUs, typeOf }
  if (keyCount === 0) return tasks
  const keys = new Random(seed + 3 * STREAM_STEP)
  const hashes = Int32Array.from({ length: keyCount }, (_, key) => hashKey(`key-${key}`))
  return { ...tasks, keyHashOf: new Int32Array(count).map(() => hashes[keys.nextInt(keyCount)]) }
}

function drawType(types: readonly TaskType[], draw: number): number {
  let left = draw
  for (let type = 0; type < types.length - 1; type++) {
    left -= types[type].share
    if (left < 0) return type
  }
  return types.length - 1
}
