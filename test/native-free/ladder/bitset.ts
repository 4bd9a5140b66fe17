/** The bitset's ladder: one writes here, readers search on other threads. */
import { expect } from 'vitest'
import { Bitset } from '../../../native-free/index.ts'
import { tinyMemory } from '../support.ts'
import { type Crew, shared } from './crew.ts'
import {
  FEW,
  ITEMS,
  type Ladder,
  MANY,
  missing,
  rung,
  SHARE,
  STARVED,
  tell,
  upTo,
} from './rungs.ts'

const SIZE = 4_096
/** Members that stay: both ends of words on both levels. */
const RESIDENTS = [0, 31, 32, 100, 1_023, 1_024, 2_047, 3_072, 4_095]
const BATCH = 100

interface Report {
  readonly passes: number
  readonly missed: number
  readonly change: number
}

/** The writer's view here, a reader's on another thread. */
async function ends(crew: Crew, size: number) {
  const words = shared(Bitset.wordCount(size))
  return {
    writer: new Bitset(words, 0, size),
    reader: await crew.remote(0, Bitset, words, 0, size),
  }
}

/** Passers-by come and go, readers must find those who stay on each pass. */
async function race(crew: Crew, readers: number, changes: number, share?: number) {
  const memory = tinyMemory({ agentCountMax: SIZE })
  const free = new Bitset(memory.words, memory.map.agentFree, SIZE)
  const candidates = new Bitset(memory.words, memory.map.candidates, SIZE)
  for (const i of RESIDENTS) {
    free.set(i)
    candidates.set(i)
  }
  const run = await crew.run<Report>(memory, [
    {
      act: 'bitset#comeAndGo',
      residents: RESIDENTS,
      changes,
      share,
      contenders: share === undefined ? undefined : upTo(readers).map((n) => n + 1),
    },
    ...upTo(readers).map(() => ({ act: 'bitset#find', residents: RESIDENTS }) as const),
  ])
  expect(run.reports.filter(({ missed }) => missed > 0)).toEqual([])
  return { ...run, free }
}

export const bitset: Ladder = {
  structure: 'bitset',
  modules: ['bitset'],
  rungs: {
    smoke: rung('a reader finds what was set, and not what was cleared', async (crew) => {
      const { writer, reader } = await ends(crew, 100)
      for (const i of [5, 99, 5]) writer.set(i)
      expect([await reader.has(5), await reader.has(99), await reader.has(6)]).toEqual([
        true,
        true,
        false,
      ])
      writer.clear(5)
      writer.clear(6)
      expect([await reader.has(5), await reader.count(), await reader.next(0)]).toEqual([
        false,
        1,
        99,
      ])
    }),

    empty: rung('in an empty set nothing is found from anywhere', async (crew) => {
      const { reader } = await ends(crew, 2_000)
      for (const from of [0, 1_999, 5_000]) expect(await reader.next(from)).toBe(-1)
      expect(await reader.count()).toBe(0)
    }),

    full: rung('of every size it can be full, and then refuses one more', async (crew) => {
      for (const size of [1, 31, 32, 33, 1_024, 1_025, 2_080]) {
        const { writer, reader } = await ends(crew, size)
        for (let i = 0; i < size; i++) writer.set(i)
        expect([await reader.count(), await reader.next(size - 1)]).toEqual([size, size - 1])
        expect(upTo(size).filter((i) => writer.next(i) !== i)).toEqual([])
        expect(() => writer.set(size)).toThrow(`bitset of ${size}: set ${size}`)
        for (let i = 0; i < size; i++) writer.clear(i)
        expect([await reader.count(), await reader.next(0)]).toEqual([0, -1])
        expect(writer.words.findIndex((word) => word !== 0)).toBe(-1)
      }
    }),

    wraps: missing('it has no counter'),

    'one to one': rung('after each batch a reader finds what a plain set holds', async (crew) => {
      const rounds = FEW / BATCH
      const { reports } = await crew.run<Report>(tinyMemory({ agentCountMax: SIZE }), [
        { act: 'bitset#write', rounds, batch: BATCH },
        { act: 'bitset#compare', rounds, batch: BATCH },
      ])
      expect(reports[1]).toEqual({ passes: rounds, missed: 0 })
    }),

    stampede: rung('eight readers find those who stay, whoever comes and goes', async (crew) => {
      await race(crew, MANY, 5 * FEW)
    }),

    'no starvation': rung('each of eight readers gets through while all change', async (crew) => {
      const { reports } = await race(crew, MANY, 10 * STARVED, SHARE)
      expect(reports.slice(1).filter(({ passes }) => passes < SHARE)).toEqual([])
      expect(reports[0].change).toBeLessThan(10 * STARVED)
    }),

    conservation: rung(
      'each change is kept: who came an odd number of times is in',
      async (crew) => {
        const { free, elapsedMs } = await race(crew, MANY, ITEMS)
        const passers = upTo(SIZE).filter((i) => !RESIDENTS.includes(i))
        const expected = new Set(RESIDENTS)
        const isOdd = new Uint8Array(passers.length)
        for (let change = 0; change < ITEMS; change++) isOdd[(change * 37) % passers.length] ^= 1
        for (const [n, i] of passers.entries()) if (isOdd[n] === 1) expected.add(i)
        expect(upTo(SIZE).filter((i) => free.has(i) !== expected.has(i))).toEqual([])
        expect(free.count()).toBe(expected.size)
        tell('bitset', ITEMS, elapsedMs)
      },
    ),
  },
}
