/**
 * The last hour of many agents, by buckets of five minutes: what each did, how often it erred, how much
 * of its places was in use. Main thread; pure and clockless.
 *
 * Invariant: of a history only the buckets of the last hour say something; what lies before is cleared
 * before it is written or read again. 252 bytes each, allocated 64 at a time as they are needed.
 *
 * ```
 *   bucket number   ⌊now / 5 min⌋      place in the ring   number mod 12
 *
 *   words of a bucket    done   errors   load: sum   samples   lowest | highest      in thousandths
 *
 *   halves    b b b b b b │ b b b b b b     those seen; of an odd number the middle one is in neither
 *             first         second
 * ```
 *
 * A history has a number of its own, which is not the agent's place in the tables: who comes back goes
 * on with what it had.
 */
import type { Trend } from '../balance-views.ts'

export const BUCKET_MS = 5 * 60_000
export const BUCKETS = 12
export const HOUR_MS = BUCKETS * BUCKET_MS

const SHIFT = 6
const PER_CHUNK = 1 << SHIFT
const MASK = PER_CHUNK - 1
const THOUSANDTHS = 1_000
/** 65 times its places: more is shown as that. */
const LOAD_MAX = 0xfffe
const LOAD_NONE = 0xffff
/** From half to half: less than this share, or than a hundredth in all, is no trend. */
const STEADY_SHARE = 0.1
const STEADY = 0.01

/** Words of a bucket, side by side: a sample touches one line of the cache. */
const DONE = 0
const ERRORS = 1
const LOAD_SUM = 2
const SAMPLES = 3
/** The lowest in the upper half, the highest in the lower. */
const RANGE = 4
const WORDS = 5
const NO_RANGE = LOAD_NONE * 0x10000

class Chunk {
  /** Uint32Array[PER_CHUNK * BUCKETS * WORDS]. */
  readonly words = new Uint32Array(PER_CHUNK * BUCKETS * WORDS)
  /** Number of the newest bucket, by history. */
  readonly newest = new Int32Array(PER_CHUNK)
  /** When it began, ms, by history. */
  readonly sinceMs = new Float64Array(PER_CHUNK)
}

/** What a history says at a moment. */
export interface Hour {
  done: number
  errors: number
  /** Over which it goes, at most an hour. */
  seenMs: number
  /** Share of places in use, 0 to 1 and more; null without a sample. */
  loadMin: number | null
  loadMax: number | null
  loadTrend: Trend
  errorTrend: Trend
}

interface Half {
  done: number
  errors: number
  loadSum: number
  samples: number
}

export class Hours {
  readonly #chunks: Chunk[] = []
  readonly #free: number[] = []
  #end = 0

  /** @returns its number, 0 and up; as small as there is one. */
  open(nowMs: number): number {
    const history = this.#free.pop() ?? this.#end++
    if (history >>> SHIFT === this.#chunks.length) this.#chunks.push(new Chunk())
    const chunk = this.#chunkOf(history)
    for (let number = 0; number < BUCKETS; number++) clear(chunk, placeOf(history, number))
    chunk.newest[history & MASK] = bucketAt(nowMs)
    chunk.sinceMs[history & MASK] = nowMs
    return history
  }

  close(history: number): void {
    this.#free.push(history)
  }

  /** *Cost* some ten ns, no allocation. @param done since it was last said. @param errors as well. */
  count(history: number, done: number, errors: number, nowMs: number): void {
    const chunk = this.#chunkOf(history)
    const at = turn(chunk, history, nowMs)
    chunk.words[at + DONE] += done
    chunk.words[at + ERRORS] += errors
  }

  /** @param load share of its places in use. */
  sample(history: number, load: number, nowMs: number): void {
    const chunk = this.#chunkOf(history)
    const at = turn(chunk, history, nowMs)
    const thousandths = Math.min(LOAD_MAX, Math.round(load * THOUSANDTHS))
    const { words } = chunk
    words[at + LOAD_SUM] += thousandths
    words[at + SAMPLES]++
    const range = words[at + RANGE]
    const lowest = Math.min(range >>> 16, thousandths)
    words[at + RANGE] = lowest * 0x10000 + Math.max(range & 0xffff, thousandths)
  }

  hourOf(history: number, nowMs: number): Hour {
    const chunk = this.#chunkOf(history)
    turn(chunk, history, nowMs)
    const sinceMs = chunk.sinceMs[history & MASK]
    const newest = chunk.newest[history & MASK]
    const oldest = Math.max(bucketAt(sinceMs), newest - BUCKETS + 1)
    const half = Math.floor((newest - oldest + 1) / 2)
    const places = (from: number, to: number) => placesOf(history, from, to)
    const all = halfOf(chunk, places(oldest, newest))
    const first = halfOf(chunk, places(oldest, oldest + half - 1))
    const second = halfOf(chunk, places(newest - half + 1, newest))
    return {
      done: all.done,
      errors: all.errors,
      seenMs: nowMs - Math.max(sinceMs, oldest * BUCKET_MS),
      ...loadsOf(chunk, places(oldest, newest)),
      loadTrend: trendOf(meanLoad(first), meanLoad(second)),
      errorTrend: trendOf(errorRate(first), errorRate(second)),
    }
  }

  /** Bytes of all chunks. */
  get bytes(): number {
    let bytes = 0
    for (const { words, newest, sinceMs } of this.#chunks) {
      bytes += words.byteLength + newest.byteLength + sinceMs.byteLength
    }
    return bytes
  }

  #chunkOf(history: number): Chunk {
    return this.#chunks[history >>> SHIFT]
  }
}

/** From the first half of what is known to the second. */
export function trendOf(first: number | null, second: number | null): Trend {
  if (first === null || second === null) return 'stable'
  const change = second - first
  if (Math.abs(change) < Math.max(STEADY, STEADY_SHARE * first)) return 'stable'
  return change > 0 ? 'rising' : 'decreasing'
}

function bucketAt(nowMs: number): number {
  return Math.floor(nowMs / BUCKET_MS)
}

function placeOf(history: number, number: number): number {
  return ((history & MASK) * BUCKETS + (number % BUCKETS)) * WORDS
}

/** Clears the buckets that were not come to yet. @returns the place of the newest. */
function turn(chunk: Chunk, history: number, nowMs: number): number {
  const number = bucketAt(nowMs)
  const known = chunk.newest[history & MASK]
  if (number <= known) return placeOf(history, known)
  // Beyond a whole hour nothing is left, however long it was.
  for (let next = Math.max(known, number - BUCKETS) + 1; next <= number; next++) {
    clear(chunk, placeOf(history, next))
  }
  chunk.newest[history & MASK] = number
  return placeOf(history, number)
}

function clear({ words }: Chunk, at: number): void {
  words.fill(0, at, at + WORDS)
  words[at + RANGE] = NO_RANGE
}

/** Of the buckets from one number to another, both included. */
function placesOf(history: number, from: number, to: number): number[] {
  const places: number[] = []
  for (let number = from; number <= to; number++) places.push(placeOf(history, number))
  return places
}

function halfOf({ words }: Chunk, places: number[]): Half {
  const half = { done: 0, errors: 0, loadSum: 0, samples: 0 }
  for (const at of places) {
    half.done += words[at + DONE]
    half.errors += words[at + ERRORS]
    half.loadSum += words[at + LOAD_SUM]
    half.samples += words[at + SAMPLES]
  }
  return half
}

function loadsOf({ words }: Chunk, places: number[]): Pick<Hour, 'loadMin' | 'loadMax'> {
  const ranges = places.filter((at) => words[at + SAMPLES] > 0).map((at) => words[at + RANGE])
  if (ranges.length === 0) return { loadMin: null, loadMax: null }
  return {
    loadMin: Math.min(...ranges.map((range) => range >>> 16)) / THOUSANDTHS,
    loadMax: Math.max(...ranges.map((range) => range & 0xffff)) / THOUSANDTHS,
  }
}

function meanLoad({ loadSum, samples }: Half): number | null {
  return samples === 0 ? null : loadSum / samples / THOUSANDTHS
}

/** Of what ended; of nothing nothing can go wrong. */
function errorRate({ done, errors }: Half): number {
  return done + errors === 0 ? 0 : errors / (done + errors)
}
