import { build } from 'hdr-histogram-js'
import { describe, expect, it } from 'vitest'
import {
  LATENCY_COUNTS_LENGTH,
  LATENCY_MAX_US,
  LATENCY_MIN_US,
  LATENCY_SIGNIFICANT_DIGITS,
  LatencyReader,
  LatencyWriter,
  latencyIndex,
} from '../../native-free/index.ts'
import { tinyMemory } from './support.ts'

/** What hdr-histogram-js keeps behind its interface. */
interface Counts {
  readonly countsArrayLength: number
  getCountAtIndex(index: number): number
  countsArrayIndex(value: number): number
}

const makeHdr = () =>
  build({
    lowestDiscernibleValue: LATENCY_MIN_US,
    highestTrackableValue: LATENCY_MAX_US,
    numberOfSignificantValueDigits: LATENCY_SIGNIFICANT_DIGITS,
  })

function countsOf(histogram: ReturnType<typeof makeHdr>): number[] {
  const inside = histogram as unknown as Counts
  return Array.from({ length: inside.countsArrayLength }, (_, i) => inside.getCountAtIndex(i))
}

function make(stageCount = 2) {
  const memory = tinyMemory({ latencyStageCount: stageCount, routerCount: 2 })
  const reader = new LatencyReader(memory)
  const copy = (stage: number) => {
    const into = new Int32Array(reader.countsLength).fill(7)
    reader.copy(stage, into)
    return [...into]
  }
  return { memory, reader, copy, writers: [0, 1, 2].map((w) => new LatencyWriter(memory, w)) }
}

/** Every edge of every bucket, and values in between on a logarithmic scale. */
function values(): number[] {
  const list = [0, 1, 2, 86_399_999_999, LATENCY_MAX_US]
  for (let power = 10; power <= 36; power++) {
    for (const delta of [-2, -1, 0, 1, 2]) list.push(2 ** power + delta)
  }
  let seed = 1
  for (let n = 0; n < 30_000; n++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0
    const value = Math.floor(2 ** (((seed >>> 0) / 2 ** 32) * 36.33))
    list.push(Math.min(value, LATENCY_MAX_US))
  }
  return list
}

describe('latency counts', () => {
  it('are as many as hdr-histogram-js has', () => {
    const inside = makeHdr() as unknown as Counts
    expect(LATENCY_COUNTS_LENGTH).toBe(inside.countsArrayLength)
    expect(LatencyReader.countsArrayLength).toBe(LATENCY_COUNTS_LENGTH)
  })

  it('each value is counted where hdr-histogram-js counts it', () => {
    const inside = makeHdr() as unknown as Counts
    const wrong = values().filter((value) => latencyIndex(value) !== inside.countsArrayIndex(value))
    expect(wrong).toEqual([])
  })

  it('equal the counts of hdr-histogram-js for the same values, from three threads', () => {
    const { writers, copy } = make()
    const hdr = makeHdr()
    values().forEach((value, n) => {
      writers[n % 3].record(1, value)
      hdr.recordValue(value)
    })
    expect(copy(1)).toEqual(countsOf(hdr))
    expect(copy(0).every((count) => count === 0)).toBe(true)
  })

  it('values below zero and not a number count as 0, too large ones as 24 hours', () => {
    const { writers, copy } = make()
    for (const value of [-1, -Infinity, Number.NaN, 0, 0.9]) writers[0].record(0, value)
    for (const value of [LATENCY_MAX_US, LATENCY_MAX_US + 1, 1e300, Infinity]) {
      writers[0].record(0, value)
    }
    const counts = copy(0)
    expect([counts[0], counts[latencyIndex(LATENCY_MAX_US)]]).toEqual([5, 4])
    expect(counts.reduce((sum, count) => sum + count)).toBe(9)
  })

  it('a writer or a stage outside is refused', () => {
    const { memory, reader, writers } = make()
    expect(() => new LatencyWriter(memory, 3)).toThrow('latency writer 3: outside of 0 to 2')
    expect(() => writers[0].record(2, 1)).toThrow('latency stage 2: outside of 2 stages')
    expect(() => reader.copy(-1, new Int32Array(1))).toThrow('latency stage -1: outside')
  })
})
