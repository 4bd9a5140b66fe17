/** The work-stealing deque's ladder: the owner here, thieves on other threads. */
import { expect } from 'vitest'
import {
  DEQUE_CAPACITY,
  DequeOwner,
  DequeThief,
  EMPTY,
  SUCCESS,
  toGeneration,
  toRouter,
  toSlot,
} from '../../../native-free/index.ts'
import { BEFORE_WRAP, BEFORE_ZERO, tinyMemory } from '../support.ts'
import { type Crew, type Remote, shared } from './crew.ts'
import { FEW, ITEMS, type Ladder, MANY, rung, SHARE, STARVED, sumOf, tell, upTo } from './rungs.ts'

const router = toRouter(1)

interface Report {
  readonly produced: number
  readonly taken: number
  readonly dropped: number
  readonly deaths: number
}

/** The owner here, a thief on another thread. */
async function ends(crew: Crew, counterStart = 0) {
  const memory = tinyMemory({}, counterStart)
  return {
    owner: new DequeOwner(memory, router),
    thief: await crew.remote(0, DequeThief, memory, router),
  }
}

const push = (owner: DequeOwner, item: number) => owner.push(toSlot(item), toGeneration(-item))

function pop(owner: DequeOwner): number | 'empty' {
  const into = new Int32Array(2)
  if (!owner.pop(into)) return 'empty'
  expect(into[1]).toBe(-into[0] | 0)
  return into[0]
}

async function steal(thief: Remote<DequeThief>): Promise<number | 'empty' | 'retry'> {
  const into = shared(2)
  const result = await thief.steal(into)
  if (result !== SUCCESS) return result === EMPTY ? 'empty' : 'retry'
  expect(into[1]).toBe(-into[0] | 0)
  return into[0]
}

/** One owner and some thieves; ends in a count of all items. */
async function race(
  crew: Crew,
  {
    itemCount,
    thieves,
    pops,
    until,
  }: Record<'itemCount' | 'thieves', number> & Record<'pops' | 'until', boolean>,
) {
  const run = await crew.run<Report>(
    tinyMemory({}, BEFORE_WRAP - 1_000),
    [
      {
        act: 'work-stealing-deque#own',
        pops,
        share: SHARE,
        contenders: until ? upTo(thieves).map((n) => n + 1) : undefined,
      },
      ...upTo(thieves).map(
        () => ({ act: 'work-stealing-deque#steal', isAlone: thieves === 1 && !pops }) as const,
      ),
    ],
    itemCount,
  )
  const { produced } = run.reports[0]
  expect(run.tally.notOnce(produced)).toEqual([])
  expect(sumOf(run.reports, 'taken')).toBe(produced)
  return run
}

export const workStealingDeque: Ladder = {
  structure: 'work-stealing deque',
  modules: ['work-stealing-deque'],
  rungs: {
    smoke: rung('the owner takes what came last, a thief what came first', async (crew) => {
      const { owner, thief } = await ends(crew)
      for (const item of [1, 2, 3, 4]) push(owner, item)
      expect(pop(owner)).toBe(4)
      expect(await steal(thief)).toBe(1)
      expect(pop(owner)).toBe(3)
      expect(await steal(thief)).toBe(2)
      expect([pop(owner), await steal(thief)]).toEqual(['empty', 'empty'])
    }),

    empty: rung('an empty deque stays empty however often it is asked', async (crew) => {
      const { owner, thief } = await ends(crew)
      for (let n = 0; n < 5; n++)
        expect([pop(owner), await steal(thief)]).toEqual(['empty', 'empty'])
      expect([owner.size(), await thief.size()]).toEqual([0, 0])
      push(owner, 1)
      expect([owner.size(), await thief.size(), pop(owner)]).toEqual([1, 1, 1])
    }),

    full: rung('a full deque refuses, and takes again after a steal and a pop', async (crew) => {
      const { owner, thief } = await ends(crew)
      for (let item = 0; item < DEQUE_CAPACITY; item++) expect(push(owner, item)).toBe(true)
      expect(push(owner, 99)).toBe(false)
      expect([owner.size(), await thief.size()]).toEqual([DEQUE_CAPACITY, DEQUE_CAPACITY])
      expect(await steal(thief)).toBe(0)
      expect(push(owner, 100)).toBe(true)
      expect(push(owner, 99)).toBe(false)
      expect(pop(owner)).toBe(100)
      expect(push(owner, 101)).toBe(true)
      expect(pop(owner)).toBe(101)
    }),

    wraps: rung('full, in part and empty, its counters pass 2^31 and 0', async (crew) => {
      for (const start of [BEFORE_WRAP, BEFORE_ZERO]) {
        const { owner, thief } = await ends(crew, start)
        for (let round = 0; round < 8; round++) {
          for (const item of [1, 2, 3]) push(owner, item)
          expect([owner.size(), await thief.size()]).toEqual([3, 3])
          expect([pop(owner), await steal(thief), pop(owner), pop(owner)]).toEqual([
            3,
            1,
            2,
            'empty',
          ])
          expect(await steal(thief)).toBe('empty')
        }
        const next = await ends(crew, start)
        for (let item = 0; item < DEQUE_CAPACITY; item++) push(next.owner, item)
        expect(push(next.owner, 99)).toBe(false)
        for (const item of upTo(DEQUE_CAPACITY)) expect(await steal(next.thief)).toBe(item)
        expect([pop(next.owner), await steal(next.thief)]).toEqual(['empty', 'empty'])
      }
    }),

    'one to one': rung('one thief gets every entry, oldest first', async (crew) => {
      await race(crew, { itemCount: FEW, thieves: 1, pops: false, until: false })
    }),

    stampede: rung('owner and eight thieves never take the same entry', async (crew) => {
      await race(crew, { itemCount: FEW, thieves: MANY, pops: true, until: false })
    }),

    'no starvation': rung('the owner and each of eight thieves get entries', async (crew) => {
      const options = { itemCount: STARVED, thieves: MANY, pops: true, until: true }
      const { reports } = await race(crew, options)
      expect(reports.filter(({ taken }) => taken < SHARE)).toEqual([])
    }),

    conservation: rung(
      'of eight routers that steal from each other none loses any',
      async (crew) => {
        const routers = upTo(MANY)
        const { reports, tally, elapsedMs } = await crew.run<{ taken: number; stolen: number }>(
          tinyMemory({ routerCount: MANY }, BEFORE_WRAP - 1_000),
          routers.map((of) => ({
            act: 'work-stealing-deque#ownAndSteal',
            router: of,
            routers,
            // The first has most, so that the others come for it.
            first: of === 0 ? 0 : ITEMS / 2 + ((of - 1) * ITEMS) / 20,
            end: of === MANY - 1 ? ITEMS : ITEMS / 2 + (of * ITEMS) / 20,
          })),
          ITEMS,
        )
        expect(tally.notOnce()).toEqual([])
        expect(sumOf(reports, 'taken')).toBe(ITEMS)
        expect(sumOf(reports, 'stolen')).toBeGreaterThan(0)
        tell('work-stealing deque', ITEMS, elapsedMs, `, ${sumOf(reports, 'stolen')} stolen`)
      },
    ),
  },

  beyond: {
    'death of the owner': rung(
      'while owners die and are replaced nothing is twice',
      async (crew) => {
        const { reports, tally } = await crew.run<Report>(
          tinyMemory({}, BEFORE_WRAP - 1_000),
          [
            { act: 'work-stealing-deque#ownAndDie' },
            ...upTo(MANY).map(() => ({ act: 'work-stealing-deque#steal' }) as const),
          ],
          FEW,
        )
        expect(tally.moreThanOnce()).toEqual([])
        // An owner that dies in pop may take one entry with it.
        const gone = FEW - sumOf(reports, 'taken') - sumOf(reports, 'dropped')
        expect(gone).toBeGreaterThanOrEqual(0)
        expect(gone).toBeLessThanOrEqual(sumOf(reports, 'deaths'))
        expect(sumOf(reports, 'deaths')).toBeGreaterThan(0)
      },
    ),
  },
}
