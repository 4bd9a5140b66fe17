/** The router status's ladder: routers count on other threads, one looks on here. */
import { expect } from 'vitest'
import {
  LINE_WORDS,
  RouterStatusReader,
  RouterStatusWriter,
  toRouter,
} from '../../../native-free/index.ts'
import { tinyMemory } from '../support.ts'
import type { Crew } from './crew.ts'
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

const router = toRouter(1)

interface Report {
  readonly counted: number
  readonly seen: number[]
}

/** A router's end on another thread, the front end's here. */
async function ends(crew: Crew) {
  const memory = tinyMemory()
  return {
    memory,
    writer: await crew.remote(0, RouterStatusWriter, memory, router),
    reader: new RouterStatusReader(memory, router),
  }
}

/** Routers that count, and one who sees each of them move and none of them shrink. */
async function race(crew: Crew, routerCount: number, count: number, until = false) {
  const memory = tinyMemory({ routerCount })
  const routers = upTo(routerCount)
  const watcher = until ? routerCount : undefined
  const run = await crew.run<Report>(memory, [
    ...routers.map((of) => ({ act: 'counts#move', router: of, count, watcher }) as const),
    { act: 'counts#watchMoves', routers, share: SHARE },
  ])
  const decisions = routers.map((of) => new RouterStatusReader(memory, toRouter(of)).decisions())
  expect(decisions).toEqual(run.reports.slice(0, -1).map(({ counted }) => counted))
  return { ...run, decisions, seen: run.reports[routerCount].seen }
}

export const routerStatus: Ladder = {
  structure: 'router status',
  modules: ['router-status'],
  rungs: {
    smoke: rung('the front end sees what a router did, each count in its word', async (crew) => {
      const { memory, writer, reader } = await ends(crew)
      await writer.begin(17)
      await writer.progress()
      await writer.progress()
      await writer.decided()
      await writer.droppedStale(3)
      await writer.stole(5)
      await writer.slept()
      expect([reader.threadId(), reader.incarnation(), reader.progress()]).toEqual([17, 1, 2])
      expect([reader.decisions(), reader.staleDropped()]).toEqual([1, 3])
      expect([reader.steals(), reader.sleeps()]).toEqual([5, 1])
      expect(new RouterStatusReader(memory, toRouter(2)).progress()).toBe(0)
    }),

    empty: rung('a router that never began tells nothing', async (crew) => {
      const { reader } = await ends(crew)
      expect([reader.incarnation(), reader.threadId(), reader.progress()]).toEqual([0, 0, 0])
    }),

    full: missing('counts are words, not places: nothing is ever refused'),

    wraps: rung('counts pass 2^31 and go on from 0 after 2^32', async (crew) => {
      const { memory, writer, reader } = await ends(crew)
      const progress = memory.map.status + router * LINE_WORDS
      memory.words[progress] = 2 ** 31 - 1
      await writer.progress()
      expect(reader.progress()).toBe(2 ** 31)
      memory.words[progress] = -1
      await writer.progress()
      expect(reader.progress()).toBe(0)
    }),

    'one to one': rung('a reader sees a router move, and never go back', async (crew) => {
      const { decisions } = await race(crew, 1, 10 * FEW)
      expect(decisions).toEqual([10 * FEW])
    }),

    stampede: rung('eight routers count beside each other, thread after thread', async (crew) => {
      const { decisions } = await race(crew, MANY, FEW)
      expect(decisions).toEqual(decisions.map(() => FEW))
    }),

    'no starvation': rung('each of eight routers is seen to move while all do', async (crew) => {
      const { seen, decisions } = await race(crew, MANY, 10 * STARVED, true)
      expect(seen.filter((times) => times < SHARE)).toEqual([])
      expect(decisions.filter((count) => count === 10 * STARVED)).toEqual([])
    }),

    conservation: rung('each decision is counted once', async (crew) => {
      const { decisions, elapsedMs } = await race(crew, MANY, ITEMS / MANY)
      expect(decisions.reduce((sum, count) => sum + count, 0)).toBe(ITEMS)
      tell('router status', ITEMS, elapsedMs)
    }),
  },
}
