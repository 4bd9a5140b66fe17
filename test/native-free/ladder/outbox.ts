/** The outbox's ladder: routers propose on other threads, the front end reads here. */
import { expect } from 'vitest'
import {
  OutboxConsumer,
  OutboxProducer,
  toAgent,
  toGeneration,
  toRouter,
  toSlot,
} from '../../../native-free/index.ts'
import { BEFORE_WRAP, BEFORE_ZERO, tinyMemory } from '../support.ts'
import type { Crew, Remote } from './crew.ts'
import { FEW, ITEMS, type Ladder, MANY, rung, SHARE, STARVED, sumOf, tell, upTo } from './rungs.ts'

const router = toRouter(2)

interface Report {
  readonly produced: number
  readonly read: number
}

/** A router's end on another thread, the front end's here. */
async function ends(crew: Crew, counterStart = 0) {
  // 5 × 2 + 4 × 32 + 1 = 139, so 256 proposals.
  const memory = tinyMemory({ ringCapacity: 2, publishMax: 1 }, counterStart)
  return {
    producer: await crew.remote(0, OutboxProducer, memory, router),
    consumer: new OutboxConsumer(memory, router),
    capacity: memory.map.outboxCapacity,
  }
}

const push = (outbox: Remote<OutboxProducer>, item: number) =>
  outbox.push(toSlot(item), toGeneration(item + 1), toAgent(item + 2), toGeneration(item + 3), item)

function next(outbox: OutboxConsumer): number | 'empty' {
  const into = new Int32Array(5)
  if (!outbox.next(into)) return 'empty'
  const item = into[0]
  expect([...into]).toEqual([item, item + 1, item + 2, item + 3, item])
  return item
}

/** Some routers and the front end; each router's proposals must come whole and in order. */
async function race(
  crew: Crew,
  {
    itemCount,
    routerCount,
    ringCapacity = 2,
    until = false,
  }: { itemCount: number; routerCount: number; ringCapacity?: number; until?: boolean },
) {
  const routers = upTo(routerCount)
  const firsts = routers.map((of) => (of * itemCount) / routerCount)
  const run = await crew.run<Report>(
    tinyMemory({ routerCount, ringCapacity, publishMax: 1 }, BEFORE_WRAP - 1_000),
    [
      ...routers.map(
        (of) =>
          ({
            act: 'outbox#propose',
            router: of,
            first: firsts[of],
            end: firsts[of] + itemCount / routerCount,
            share: until ? SHARE : undefined,
            contenders: routers,
          }) as const,
      ),
      { act: 'outbox#settle', routers, firsts },
    ],
    itemCount,
  )
  expect(sumOf(run.reports, 'read')).toBe(sumOf(run.reports, 'produced'))
  return run
}

export const outbox: Ladder = {
  structure: 'outbox',
  modules: ['outbox'],
  rungs: {
    smoke: rung('what a router proposes the front end reads, whole and in order', async (crew) => {
      const { producer, consumer } = await ends(crew)
      for (const item of [1, 2, 3]) expect(await push(producer, item)).toBe(true)
      expect([next(consumer), next(consumer), next(consumer)]).toEqual([1, 2, 3])
      expect(next(consumer)).toBe('empty')
    }),

    empty: rung('an empty outbox says so and gives nothing', async (crew) => {
      const { producer, consumer } = await ends(crew)
      expect([consumer.isEmpty(), consumer.size(), next(consumer)]).toEqual([true, 0, 'empty'])
      consumer.commitReads()
      expect([await producer.consumedCount(), await producer.producedCount()]).toEqual([0, 0])
    }),

    full: rung('a full outbox refuses until what was read is committed', async (crew) => {
      const { producer, consumer, capacity } = await ends(crew)
      for (let item = 0; item < capacity; item++) expect(await push(producer, item)).toBe(true)
      expect(await push(producer, 999)).toBe(false)
      expect([next(consumer), next(consumer)]).toEqual([0, 1])
      expect(await push(producer, 999)).toBe(false)
      consumer.commitReads()
      expect(await push(producer, capacity)).toBe(true)
      expect(await push(producer, capacity + 1)).toBe(true)
      expect(await push(producer, 999)).toBe(false)
    }),

    wraps: rung('full and in part, its counters pass 2^31 and 0', async (crew) => {
      for (const start of [BEFORE_WRAP, BEFORE_ZERO]) {
        const { producer, consumer, capacity } = await ends(crew, start)
        let pushed = 0
        let read = 0
        for (let round = 0; round < 3; round++) {
          for (; pushed < read + capacity; pushed++) expect(await push(producer, pushed)).toBe(true)
          expect(await push(producer, 999)).toBe(false)
          expect(consumer.size()).toBe(capacity)
          for (let n = 0; n < 100; n++) expect(next(consumer)).toBe(read++)
          consumer.commitReads()
          const open = (await producer.producedCount()) - (await producer.consumedCount())
          expect(open | 0).toBe(pushed - read)
        }
        expect(pushed).toBe(capacity + 200)
      }
    }),

    'one to one': rung('every proposal of one router, in order', async (crew) => {
      const { tally } = await race(crew, { itemCount: FEW, routerCount: 1 })
      expect(tally.notOnce()).toEqual([])
    }),

    stampede: rung('eight routers at once, and none writes into another outbox', async (crew) => {
      const { tally } = await race(crew, { itemCount: FEW, routerCount: MANY })
      expect(tally.notOnce()).toEqual([])
    }),

    'no starvation': rung('what waits is read in this turn, from each of eight', async (crew) => {
      const { reports } = await race(crew, { itemCount: STARVED, routerCount: MANY, until: true })
      expect(reports.slice(0, MANY).filter(({ produced }) => produced < SHARE)).toEqual([])
      // Stopped because each got its share, not because it ran out of items.
      expect(sumOf(reports, 'produced')).toBeLessThan(STARVED)
    }),

    conservation: rung('each proposal of eight routers is read once', async (crew) => {
      const options = { itemCount: ITEMS, routerCount: MANY, ringCapacity: 1_024 }
      const { tally, elapsedMs } = await race(crew, options)
      expect(tally.notOnce()).toEqual([])
      tell('outbox', ITEMS, elapsedMs)
    }),
  },
}
