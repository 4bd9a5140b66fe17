/** The latency counts' ladder: writers record on other threads, one takes snapshots here. */
import { expect } from 'vitest'
import {
  LATENCY_COUNTS_LENGTH,
  LATENCY_MAX_US,
  LatencyReader,
  LatencyWriter,
  latencyIndex,
} from '../../../native-free/index.ts'
import { tinyMemory } from '../support.ts'
import type { Crew } from './crew.ts'
import { FEW, ITEMS, type Ladder, MANY, rung, STARVED, tell, upTo } from './rungs.ts'

/** Values that writers record, over and over: 0 … 4999 µs. */
const VALUES = 5_000
/** Values of each writer where they are told apart; all below 2048, so each has a count. */
const OWN_VALUES = 250

/** Snapshots in which each writer is seen to have gone on; each reads 250,000 words. */
const SNAPSHOTS = 3

interface Report {
  readonly counted: number
  readonly seen: number[]
}

/** Writers on other threads, the reader here. */
async function ends(crew: Crew, writerCount = 1, latencyStageCount = 2) {
  const memory = tinyMemory({ latencyStageCount, routerCount: 2 })
  const reader = new LatencyReader(memory)
  const copy = (stage: number) => {
    const into = new Int32Array(reader.countsLength).fill(7)
    reader.copy(stage, into)
    return into
  }
  const writers = upTo(writerCount).map((writer) =>
    crew.remote(writer, LatencyWriter, memory, writer),
  )
  return { memory, copy, writers: await Promise.all(writers) }
}

const sum = (counts: Int32Array) => counts.reduce((total, count) => total + count, 0)

/** Writers that record, and one whose snapshots only grow; maybe each into a range of its own. */
async function race(
  crew: Crew,
  writerCount: number,
  count: number,
  { ranges = 1, span = VALUES, until = false } = {},
) {
  const memory = tinyMemory({ routerCount: writerCount, latencyStageCount: 1 })
  const valuesOf = (n: number) => ({ base: (n % ranges) * span, span })
  const run = await crew.run<Report>(memory, [
    ...upTo(writerCount).map(
      (n) =>
        ({
          act: 'counts#record',
          writer: n + 1,
          ...valuesOf(n),
          count,
          watcher: until ? writerCount : undefined,
        }) as const,
    ),
    { act: 'counts#watchSums', writers: writerCount, ranges, span, share: SNAPSHOTS },
  ])
  const counts = new Int32Array(LATENCY_COUNTS_LENGTH)
  new LatencyReader(memory).copy(0, counts)
  const expected = new Int32Array(LATENCY_COUNTS_LENGTH)
  for (const writer of upTo(writerCount)) {
    const { counted } = run.reports[writer]
    const { base } = valuesOf(writer)
    for (let n = 0; n < span; n++) {
      const times = Math.floor(counted / span) + (n < counted % span ? 1 : 0)
      expected[latencyIndex(base + ((n * 37) % span))] += times
    }
  }
  expect(upTo(counts.length).filter((i) => counts[i] !== expected[i])).toEqual([])
  return { ...run, all: sum(counts), seen: run.reports[writerCount].seen }
}

export const latencyCounts: Ladder = {
  structure: 'latency counts',
  modules: ['latency-counts', 'latency-layout'],
  rungs: {
    smoke: rung('what three threads recorded is in one snapshot', async (crew) => {
      const { writers, copy } = await ends(crew, 3)
      for (const writer of writers) await writer.record(1, 42)
      expect([copy(1)[42], sum(copy(1)), sum(copy(0))]).toEqual([3, 3, 0])
    }),

    empty: rung(
      'nothing is counted at first, and a copy overwrites what was there',
      async (crew) => {
        const { copy } = await ends(crew)
        expect(sum(copy(0))).toBe(0)
      },
    ),

    full: rung(
      'the highest value of the last stage is the last count of its writer',
      async (crew) => {
        const { writers, copy } = await ends(crew, 3, 3)
        for (const writer of writers) {
          await writer.record(0, 0)
          await writer.record(2, LATENCY_MAX_US)
          await writer.record(2, Number.POSITIVE_INFINITY)
        }
        expect([0, 1, 2].map((stage) => sum(copy(stage)))).toEqual([3, 0, 6])
        expect([copy(0)[0], copy(2)[latencyIndex(LATENCY_MAX_US)]]).toEqual([3, 6])
        await expect(writers[0].record(3, 1)).rejects.toThrow(
          'latency stage 3: outside of 3 stages',
        )
      },
    ),

    wraps: rung('a count passes 2^31 and 0, and its differences stay right', async (crew) => {
      for (const start of [2 ** 31 - 2, -2]) {
        const { memory, writers, copy } = await ends(crew)
        memory.words[memory.map.latency] = start
        const before = copy(0)[0]
        for (let n = 0; n < 5; n++) await writers[0].record(0, 0)
        expect([copy(0)[0], (copy(0)[0] - before) | 0]).toEqual([(start + 5) | 0, 5])
      }
    }),

    'one to one': rung('snapshots of one writer only grow, and end with all', async (crew) => {
      const { all } = await race(crew, 1, 10 * FEW)
      expect(all).toBe(10 * FEW)
    }),

    stampede: rung('eight writers record the same value: none is lost', async (crew) => {
      // All the same value: if two had a count in common, they would overwrite each other; so many
      // that each writer runs for longer than a time slice.
      const { all } = await race(crew, MANY, 40 * FEW, { span: 1 })
      expect(all).toBe(40 * MANY * FEW)
    }),

    'no starvation': rung('each of eight writers is seen to count while all do', async (crew) => {
      const { seen, reports } = await race(crew, MANY, 20 * STARVED, {
        ranges: MANY,
        span: OWN_VALUES,
        until: true,
      })
      expect(seen.filter((times) => times < SNAPSHOTS)).toEqual([])
      expect(reports.filter(({ counted }) => counted === 20 * STARVED)).toEqual([])
    }),

    conservation: rung('each value is counted once, where it belongs', async (crew) => {
      const { all, elapsedMs } = await race(crew, MANY, ITEMS / MANY)
      expect(all).toBe(ITEMS)
      tell('latency counts', ITEMS, elapsedMs)
    }),
  },
}
