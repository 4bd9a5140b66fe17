/** The task ring's ladder: the front end pushes here, routers claim on other threads. */
import { expect } from 'vitest'
import {
  EMPTY,
  TaskRingConsumer,
  TaskRingProducer,
  toGeneration,
  toSlot,
} from '../../../native-free/index.ts'
import { BEFORE_WRAP, BEFORE_ZERO, tinyMemory } from '../support.ts'
import { type Crew, type Remote, shared } from './crew.ts'
import { FEW, ITEMS, type Ladder, MANY, rung, SHARE, STARVED, sumOf, tell, upTo } from './rungs.ts'

const CAPACITY = 8
const LEVELS = [0, 1, 2, 3, 4]

interface Report {
  readonly produced: number
  readonly taken: number
  readonly lost: number
}

/** The front end's end here, a router's on another thread. */
async function ends(crew: Crew, counterStart = 0) {
  const memory = tinyMemory({ ringCapacity: CAPACITY }, counterStart)
  return {
    producer: new TaskRingProducer(memory, 2),
    consumer: await crew.remote(0, TaskRingConsumer, memory, 2),
  }
}

const push = (ring: TaskRingProducer, item: number) => ring.push(toSlot(item), toGeneration(-item))

/** Claims at most `max`: the items, or what `claim` answered instead. */
async function claim(ring: Remote<TaskRingConsumer>, max = 16): Promise<number[] | number> {
  const into = shared(2 * max)
  const count = await ring.claim(into, max)
  if (count <= 0) return count
  expect(upTo(count).map((i) => into[2 * i + 1])).toEqual(upTo(count).map((i) => -into[2 * i] | 0))
  return upTo(count).map((i) => into[2 * i])
}

/** A producer of one thread and `consumers` others, at a capacity of 64 if not told otherwise. */
async function race(
  crew: Crew,
  {
    itemCount,
    consumers,
    levels = [0],
    ringCapacity = 64,
    max = 16,
    batch = 8,
    until = false,
  }: {
    itemCount: number
    consumers: number
    levels?: number[]
    ringCapacity?: number
    max?: number
    batch?: number
    until?: boolean
  },
) {
  const memory = tinyMemory({ ringCapacity }, BEFORE_WRAP - 1_000)
  const contenders = until ? upTo(consumers).map((n) => n + 1) : undefined
  const run = await crew.run<Report>(
    memory,
    [
      { act: 'task-ring#produce', levels, batch, contenders, share: SHARE },
      ...upTo(consumers).map(
        () => ({ act: 'task-ring#consume', levels, max, isAlone: consumers === 1 }) as const,
      ),
    ],
    itemCount,
  )
  const produced = run.reports[0].produced
  expect(run.tally.notOnce(produced)).toEqual([])
  expect(sumOf(run.reports, 'taken')).toBe(produced)
  return { ...run, produced }
}

export const taskRing: Ladder = {
  structure: 'task ring',
  modules: ['task-ring'],
  rungs: {
    smoke: rung('what the front end pushes a router claims, oldest first, once', async (crew) => {
      const { producer, consumer } = await ends(crew)
      for (const item of [10, 11, 12]) expect(push(producer, item)).toBe(true)
      expect(await claim(consumer)).toEqual([10, 11, 12])
      expect(await claim(consumer)).toBe(EMPTY)
    }),

    empty: rung('an empty ring answers EMPTY and counts nothing', async (crew) => {
      const { producer, consumer } = await ends(crew)
      expect(await claim(consumer)).toBe(EMPTY)
      expect([producer.size(), await consumer.size(), producer.free()]).toEqual([0, 0, CAPACITY])
      expect(producer.publish()).toBe(0)
    }),

    full: rung('a full ring refuses, and takes again after a claim', async (crew) => {
      const { producer, consumer } = await ends(crew)
      for (let item = 0; item < CAPACITY; item++) expect(push(producer, item)).toBe(true)
      expect(push(producer, 99)).toBe(false)
      expect([producer.size(), producer.free()]).toEqual([CAPACITY, 0])
      expect(await claim(consumer, 3)).toEqual([0, 1, 2])
      for (const item of [8, 9, 10]) expect(push(producer, item)).toBe(true)
      expect(push(producer, 99)).toBe(false)
      expect(await claim(consumer)).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
    }),

    wraps: rung('full, in part and empty, its counters pass 2^31 and 0', async (crew) => {
      for (const start of [BEFORE_WRAP, BEFORE_ZERO]) {
        const { producer, consumer } = await ends(crew, start)
        let next = 0
        for (let first = 0; first < 60; first += 5) {
          for (let free = producer.free(); free > 0; free--)
            expect(push(producer, next++)).toBe(true)
          expect(push(producer, 999)).toBe(false)
          expect([producer.size(), await consumer.size()]).toEqual([CAPACITY, CAPACITY])
          expect(await claim(consumer, 5)).toEqual(upTo(5).map((n) => first + n))
          expect([producer.size(), producer.free()]).toEqual([CAPACITY - 5, 5])
        }
        expect(await claim(consumer)).toEqual([60, 61, 62])
        expect(await claim(consumer)).toBe(EMPTY)
      }
    }),

    'one to one': rung('one router gets every task in the order it was pushed', async (crew) => {
      await race(crew, { itemCount: FEW, consumers: 1 })
    }),

    stampede: rung(
      'of eight routers each task comes to one, and to each in order',
      async (crew) => {
        await race(crew, { itemCount: FEW, consumers: MANY })
        const tight = { consumers: MANY, ringCapacity: 2, max: 1, batch: 1 }
        await race(crew, { itemCount: FEW / 5, ...tight })
      },
    ),

    'no starvation': rung('each of eight routers claims something', async (crew) => {
      const { reports } = await race(crew, { itemCount: STARVED, consumers: MANY, until: true })
      expect(reports.slice(1).filter(({ taken }) => taken < SHARE)).toEqual([])
    }),

    conservation: rung('over all five levels each task is claimed once', async (crew) => {
      const { reports, elapsedMs } = await race(crew, {
        itemCount: ITEMS,
        consumers: MANY,
        levels: LEVELS,
        ringCapacity: 1_024,
        batch: 64,
      })
      tell('task ring', ITEMS, elapsedMs, `, ${sumOf(reports, 'lost')} races lost`)
    }),
  },
}
