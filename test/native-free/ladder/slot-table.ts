/** The slot table's ladder: the front end offers here, routers read on other threads. */
import { expect } from 'vitest'
import {
  SlotState,
  SlotTableReader,
  SlotTableWriter,
  toClass,
  toSlot,
} from '../../../native-free/index.ts'
import { BEFORE_WRAP, BEFORE_ZERO, tinyMemory } from '../support.ts'
import type { Crew } from './crew.ts'
import { FEW, ITEMS, type Ladder, MANY, rung, SHARE, STARVED, tell, upTo } from './rungs.ts'

const slot = toSlot(12)
const classIndex = toClass(1)
const SLOTS = upTo(32).map(toSlot)

interface Report {
  readonly stale: number
  readonly mixed: number
  readonly withdrawn: number
  readonly committed: number[]
}

/** The front end's end here, a router's on another thread. */
async function ends(crew: Crew, counterStart = 0) {
  const memory = tinyMemory({}, counterStart)
  return {
    writer: new SlotTableWriter(memory),
    reader: await crew.remote(0, SlotTableReader, memory),
  }
}

/** A front end that offers, withdraws and releases; routers that propose what they read. */
async function race(
  crew: Crew,
  {
    itemCount,
    routerCount,
    slotCount = 32,
    ringCapacity = 16,
    batch = 8,
    share,
  }: {
    itemCount: number
    routerCount: number
    slotCount?: number
    ringCapacity?: number
    batch?: number
    share?: number
  },
) {
  const routers = upTo(routerCount)
  const run = await crew.run<Report>(
    tinyMemory({ routerCount, slotCount, ringCapacity, publishMax: 256 }, BEFORE_WRAP),
    [
      { act: 'slot-table#offer', routers, batch, share },
      ...routers.map((router) => ({ act: 'slot-table#route', router }) as const),
    ],
    itemCount,
  )
  expect(run.reports[0].mixed).toBe(0)
  expect(run.reports[0].withdrawn).toBeGreaterThan(0)
  return run
}

export const slotTable: Ladder = {
  structure: 'slot table',
  modules: ['slot-table', 'slot-state'],
  rungs: {
    smoke: rung(
      'a router reads the row as offered, until it is withdrawn or released',
      async (crew) => {
        const { writer, reader } = await ends(crew)
        const generation = writer.offer(slot, toClass(3), 2, 4, -9, 123)
        expect(await reader.generation(slot)).toBe(generation)
        expect(await reader.classIndex(slot)).toBe(3)
        expect(await reader.strategyIndex(slot)).toBe(2)
        expect(await reader.level(slot)).toBe(4)
        expect(await reader.flags(slot)).toBe(-9)
        expect(await reader.offeredUs(slot)).toBe(123)
        const next = writer.withdraw(slot)
        expect(next).not.toBe(generation)
        expect(await reader.generation(slot)).toBe(next)
        writer.place(slot)
        expect([writer.state(slot), await reader.generation(slot)]).toEqual([
          SlotState.PLACED,
          next,
        ])
        writer.release(slot)
        expect([generation, next]).not.toContain(await reader.generation(slot))
      },
    ),

    empty: rung('every slot is free at first, and can only be offered', async (crew) => {
      const { writer, reader } = await ends(crew)
      expect(SLOTS.filter((of) => writer.state(of) !== SlotState.FREE)).toEqual([])
      expect([await reader.generation(slot), await reader.level(slot)]).toEqual([0, 0])
      expect(() => writer.place(slot)).toThrow('slot 12: place from FREE')
      expect(() => writer.withdraw(slot)).toThrow('slot 12: withdraw from FREE')
      expect(() => writer.release(slot)).toThrow('slot 12: release from FREE')
    }),

    full: rung('all slots are offered, each with its own row, and none twice', async (crew) => {
      const { writer, reader } = await ends(crew)
      for (const of of SLOTS) writer.offer(of, classIndex, 0, of % 5, of * of)
      for (const of of SLOTS) expect(await reader.flags(of)).toBe(of * of)
      for (const of of SLOTS) {
        expect(() => writer.offer(of, classIndex, 0, 0, 0)).toThrow(
          `slot ${of}: offer from OFFERED`,
        )
      }
      writer.release(slot)
      expect(writer.offer(slot, classIndex, 0, 0, 0)).toBe(1)
    }),

    wraps: rung('generations pass 2^31 and 0, and none comes twice', async (crew) => {
      for (const start of [BEFORE_WRAP, BEFORE_ZERO]) {
        const { writer, reader } = await ends(crew, start)
        const seen = new Set<number>()
        for (let round = 0; round < 10; round++) {
          seen.add(writer.offer(slot, classIndex, 0, 0, 0))
          writer.release(slot)
          seen.add(await reader.generation(slot))
        }
        expect([seen.size, await reader.generation(slot)]).toEqual([11, (start + 10) | 0])
      }
    }),

    'one to one': rung('each row reaches one router as it was offered', async (crew) => {
      const { tally } = await race(crew, { itemCount: FEW, routerCount: 1 })
      expect(tally.notOnce()).toEqual([])
    }),

    stampede: rung('of eight routers, who is not too late read the right row', async (crew) => {
      const { tally, reports } = await race(crew, { itemCount: FEW, routerCount: MANY })
      expect(tally.notOnce()).toEqual([])
      expect(reports.reduce((sum, { stale }) => sum + stale, 0)).toBeGreaterThan(0)
    }),

    'no starvation': rung('of each of eight routers proposals are committed', async (crew) => {
      const { reports } = await race(crew, {
        itemCount: STARVED,
        routerCount: MANY,
        share: SHARE,
      })
      expect(reports[0].committed.filter((count) => count < SHARE)).toEqual([])
    }),

    conservation: rung('each task is committed once, in whatever slot', async (crew) => {
      const { tally, reports, elapsedMs } = await race(crew, {
        itemCount: ITEMS,
        routerCount: MANY,
        slotCount: 1_024,
        ringCapacity: 256,
        batch: 64,
      })
      expect(tally.notOnce()).toEqual([])
      tell('slot table', ITEMS, elapsedMs, `, ${reports[0].withdrawn} withdrawn or offered again`)
    }),
  },
}
