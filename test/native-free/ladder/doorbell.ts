/** The doorbell's ladder: routers ring on other threads for a front end that sleeps. */
import { expect } from 'vitest'
import { FrontEndBell, RouterBell } from '../../../native-free/index.ts'
import { BEFORE_WRAP, tinyMemory } from '../support.ts'
import type { Crew } from './crew.ts'
import { FEW, ITEMS, type Ladder, MANY, missing, rung, sumOf, tell, upTo } from './rungs.ts'

/** Rounds in which each router has its turn. */
const ROUNDS = 200

interface Report {
  readonly messages: number
  readonly arms: number
  readonly sleeps: number
}

const make = (routerCount: number, ringCapacity = 2) =>
  tinyMemory({ routerCount, ringCapacity, publishMax: 1 }, BEFORE_WRAP - 1_000)

/** Routers that ring, and a front end that sleeps whenever it has nothing to read. */
async function race(crew: Crew, routerCount: number, itemCount: number, ahead: number) {
  const routers = upTo(routerCount)
  const run = await crew.run<Report>(
    make(routerCount, 1_024),
    [
      ...routers.map(
        (router) =>
          ({
            act: 'doorbell#propose',
            router,
            first: (router * itemCount) / routerCount,
            end: ((router + 1) * itemCount) / routerCount,
            ahead,
          }) as const,
      ),
      { act: 'doorbell#settle', routers },
    ],
    itemCount,
  )
  expect(run.tally.notOnce()).toEqual([])
  // However many ring, never more messages than the bell was armed for.
  expect(sumOf(run.reports, 'messages')).toBeLessThanOrEqual(sumOf(run.reports, 'arms'))
  expect(sumOf(run.reports, 'messages')).toBeGreaterThan(0)
  return run
}

export const doorbell: Ladder = {
  structure: 'doorbell',
  modules: ['doorbell'],
  rungs: {
    smoke: rung('one of two routers sends the message to a front end that sleeps', async (crew) => {
      const memory = make(2)
      const frontEnd = new FrontEndBell(memory)
      const one = await crew.remote(0, RouterBell, memory)
      const other = await crew.remote(1, RouterBell, memory)
      frontEnd.arm()
      expect([await one.ring(), await other.ring(), await one.ring()]).toEqual([true, false, false])
      frontEnd.arm()
      expect(await other.ring()).toBe(true)
    }),

    empty: rung('a front end that is awake, or awake again, gets no message', async (crew) => {
      const memory = make(1)
      const frontEnd = new FrontEndBell(memory)
      const router = await crew.remote(0, RouterBell, memory)
      expect(await router.ring()).toBe(false)
      frontEnd.arm()
      frontEnd.disarm()
      expect(await router.ring()).toBe(false)
    }),

    full: missing('it holds one bit: ringing twice is in smoke'),
    wraps: missing('it counts nothing: the word is OPEN or ASLEEP'),

    'one to one': rung(
      'a front end that sleeps in between reads all of one router',
      async (crew) => {
        const { reports } = await race(crew, 1, FEW / 10, 0)
        expect(sumOf(reports, 'sleeps')).toBeGreaterThan(100)
      },
    ),

    stampede: rung('of eight routers that ring at once one sends the message', async (crew) => {
      const rounds = 10 * ROUNDS
      const { reports } = await crew.run<Report>(
        make(MANY),
        upTo(MANY).map((router) => ({
          act: 'doorbell#ringTogether',
          router,
          routers: upTo(MANY),
          rounds,
        })),
      )
      expect(sumOf(reports, 'messages')).toBe(rounds)
    }),

    'no starvation': rung('each of eight routers wakes the front end by itself', async (crew) => {
      const routers = upTo(MANY)
      const { reports, tally } = await crew.run<Report>(
        make(MANY),
        [
          ...routers.map(
            (router) =>
              ({ act: 'doorbell#proposeInTurn', router, routers, rounds: ROUNDS }) as const,
          ),
          { act: 'doorbell#settleInTurn', routers, rounds: ROUNDS },
        ],
        ROUNDS * MANY,
      )
      expect(tally.notOnce()).toEqual([])
      expect(reports.slice(0, MANY).map(({ messages }) => messages)).toEqual(
        routers.map(() => ROUNDS),
      )
    }),

    conservation: rung('no proposal lies unread behind a bell nobody rang', async (crew) => {
      const { reports, elapsedMs } = await race(crew, MANY, ITEMS, 32)
      tell('doorbell', ITEMS, elapsedMs, `, ${sumOf(reports, 'sleeps')} sleeps`)
    }),
  },
}
