/** The sleepers' ladder: routers sleep on other threads and are woken from here. */
import { expect } from 'vitest'
import {
  type RouterIndex,
  type SharedMemory,
  Sleepers,
  toRouter,
} from '../../../native-free/index.ts'
import { BEFORE_WRAP, tinyMemory } from '../support.ts'
import type { Crew, Part } from './crew.ts'
import { FEW, ITEMS, type Ladder, MANY, missing, rung, sumOf, tell, upTo } from './rungs.ts'

const ROUTERS = upTo(MANY).map(toRouter)
/** Longer than any wake-up takes, shorter than a thread may be silent. */
const WAIT_MS = 10_000
/** Rounds in which all routers are needed at once. */
const ROUNDS = 500

interface Report {
  readonly sleeps: number
  readonly timeOuts: number
  readonly woken: number
}

const make = () => tinyMemory({ routerCount: MANY, ringCapacity: 1_024 }, BEFORE_WRAP - 1_000)

/** Puts a router on another thread to sleep, for good or until it is woken. */
async function sleeper(crew: Crew, memory: SharedMemory, router: RouterIndex) {
  const own = await crew.remote(router, Sleepers, memory)
  await own.announce(router)
  return own.wait(router, WAIT_MS)
}

/** Tasks go through a ring to routers that sleep in between. */
async function race(
  crew: Crew,
  producer: Part,
  routers: readonly number[],
  itemCount: number,
  max = 16,
) {
  const isKept = producer.act === 'sleepers#handOverRounds'
  const run = await crew.run<Report>(
    make(),
    [
      { ...producer, routers },
      ...routers.map((router) => ({ act: 'sleepers#route', router, max, isKept }) as const),
    ],
    itemCount,
  )
  expect(run.tally.notOnce()).toEqual([])
  expect(run.reports.map((report) => report.timeOuts)).toEqual(run.reports.map(() => 0))
  return run
}

export const sleepers: Ladder = {
  structure: 'sleepers',
  modules: ['sleepers'],
  rungs: {
    smoke: rung('a router that sleeps on another thread is woken', async (crew) => {
      const memory = make()
      const here = new Sleepers(memory)
      const slept = sleeper(crew, memory, ROUTERS[0])
      const isAsleep = () => here.isAsleep(ROUTERS[0])
      await expect.poll(isAsleep).toBe(true)
      expect(here.wakeOne()).toBe(true)
      expect(await slept).toBe('woken')
      expect([here.isAsleep(ROUTERS[0]), here.wakeOne()]).toEqual([false, false])
    }),

    empty: rung(
      'where nobody sleeps nobody is woken, and a wait without a wake ends',
      async (crew) => {
        const memory = make()
        const here = new Sleepers(memory)
        expect([here.asleepCount(), here.wakeOne()]).toEqual([0, false])
        const there = await crew.remote(0, Sleepers, memory)
        await there.announce(ROUTERS[3])
        expect(await there.wait(ROUTERS[3], 1)).toBe('timed-out')
        expect([here.asleepCount(), here.wakeOne()]).toEqual([0, false])
      },
    ),

    full: rung('all eight sleep, and one call wakes them all', async (crew) => {
      const memory = make()
      const here = new Sleepers(memory)
      const slept = ROUTERS.map((router) => sleeper(crew, memory, router))
      await expect.poll(() => here.asleepCount()).toBe(MANY)
      here.wakeAll()
      expect(await Promise.all(slept)).toEqual(ROUTERS.map(() => 'woken'))
      expect(here.asleepCount()).toBe(0)
    }),

    wraps: missing('it counts nothing: a word is AWAKE or ASLEEP'),

    'one to one': rung('of single hand-overs to one router no wake-up is lost', async (crew) => {
      const { reports } = await race(crew, { act: 'sleepers#handOver', burst: 1 }, [0], FEW / 10)
      expect(reports[1].sleeps).toBeGreaterThan(0)
    }),

    stampede: rung('of single hand-overs to eight routers no wake-up is lost', async (crew) => {
      const { reports } = await race(crew, { act: 'sleepers#handOver', burst: 1 }, ROUTERS, FEW / 5)
      expect(sumOf(reports, 'sleeps')).toBeGreaterThan(100)
    }),

    'no starvation': rung(
      'as many tasks as routers wake each of them, every time',
      async (crew) => {
        const producer: Part = { act: 'sleepers#handOverRounds', rounds: ROUNDS }
        const { reports } = await race(crew, producer, ROUTERS, ROUNDS * MANY, 1)
        expect(reports.slice(1).filter(({ woken }) => woken === 0)).toEqual([])
      },
    ),

    conservation: rung('of bursts of all lengths no task is left lying', async (crew) => {
      const producer: Part = { act: 'sleepers#handOver', burst: 1_000 }
      const { reports, elapsedMs } = await race(crew, producer, ROUTERS, ITEMS)
      expect(sumOf(reports, 'woken')).toBeGreaterThan(100)
      tell('sleepers', ITEMS, elapsedMs, `, ${sumOf(reports, 'woken')} times woken`)
    }),
  },
}
