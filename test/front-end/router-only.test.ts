/** Tasks that only routers may place: conflicts, late answers and full rings, one at a time. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { InProcessTransport } from '../../src/front-end/in-process/transport.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import { LIMITS } from '../../src/options.ts'
import type { RouterPool } from '../../src/router/pool.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'
import { type Entry, FakeRouter } from './fake-router.ts'

let nowMs = 0
let frontEnd: FrontEnd
let local: InProcessTransport
let router: FakeRouter
let events: string[]

beforeEach(() => {
  nowMs = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
  const given = frontEndOptions({
    routers: 1,
    slots: 1_024,
    agentsMax: 64,
    strategy: 'mine',
    strategies: { mine: './mine.mjs' },
  })
  events = []
  frontEnd = new FrontEnd(given, (kind) => events.push(kind))
  router = new FakeRouter(frontEnd.context.memory)
  frontEnd.context.routers = router as unknown as RouterPool
  local = new InProcessTransport(frontEnd.context)
  frontEnd.context.transports.push(local)
})

afterEach(async () => {
  vi.restoreAllMocks()
  await local.stop()
  frontEnd.stop()
})

const join = (id: string, concurrency = 1) => {
  local.agents.join({ id, queues: ['q'], concurrency }, () => id)
  return frontEnd.context.core.agents.get(id)!
}

/** Submits. @returns outcomes, and the entries as soon as they are published. */
async function submit(count: number): Promise<{ outcomes: Promise<unknown>[]; entries: Entry[] }> {
  const outcomes = Array.from({ length: count }, () => local.submissions.run('q', null))
  for (const outcome of outcomes) outcome.catch(() => {})
  return { outcomes, entries: await nextEntries() }
}

/** @returns what is in the rings once something is published. */
function nextEntries(): Promise<Entry[]> {
  return new Promise((resolve) => {
    router.onWake = () => {
      router.onWake = () => {}
      resolve(router.take())
    }
  })
}

const aTurn = async () => {
  frontEnd.schedule()
  await new Promise(setImmediate)
  await new Promise(setImmediate)
}

test('router-only: a proposal that conflicts is offered to the routers again, in a new slot', async () => {
  const first = join('a')
  const second = join('b')
  const { outcomes, entries } = await submit(2)
  for (const entry of entries) router.propose(entry, first)
  const again = nextEntries()
  frontEnd.schedule()
  const [entry] = await again
  router.propose(entry, second)
  frontEnd.schedule()
  expect(await Promise.all(outcomes)).toEqual(['a', 'b'])
  const { placedInline, placedByRouters, conflicts } = frontEnd.context.core.counters
  expect([placedInline, placedByRouters, conflicts]).toEqual([0, 2, 1])
})

test('router-only: an offer is late after 250 ms, not after 5, and then it is offered again', async () => {
  const agent = join('a')
  const { outcomes, entries } = await submit(1)
  nowMs += LIMITS.routerOnlyOfferMs
  await aTurn()
  expect(frontEnd.context.core.counters.overdueOffers).toBe(0)
  nowMs += 1
  const again = nextEntries()
  await aTurn()
  const [entry] = await again
  expect(frontEnd.context.core.counters.overdueOffers).toBe(1)
  // The old entry is stale: only the new one counts.
  router.propose(entries[0], agent)
  router.propose(entry, agent)
  frontEnd.schedule()
  expect(await outcomes[0]).toBe('a')
  const { staleProposals, started, placedInline } = frontEnd.context.core.counters
  expect([staleProposals, started, placedInline]).toEqual([1, 1, 0])
})

test('router-only: nobody free is a place at the head of the lane, from where credit fetches it', async () => {
  const agent = join('a')
  const { outcomes, entries } = await submit(1)
  frontEnd.context.core.drainAgent('a')
  router.propose(entries[0], agent)
  await aTurn()
  expect(frontEnd.context.core.bouncedWaiting).toBe(1)
  const again = nextEntries()
  const second = join('b')
  const [entry] = await again
  router.propose(entry, second)
  frontEnd.schedule()
  expect(await outcomes[0]).toBe('b')
})

test('router-only: what the rings do not take waits and comes when they are emptied', async () => {
  const agent = join('a', 100)
  const ring = frontEnd.context.rings[2]
  const write = ring.write.bind(ring)
  let isFull = false
  vi.spyOn(ring, 'write').mockImplementation((slot, generation) => {
    if (isFull) return false
    isFull = true
    return write(slot, generation)
  })
  const { outcomes, entries } = await submit(3)
  expect([entries.length, frontEnd.context.holdsBack]).toEqual([1, true])
  vi.mocked(ring.write).mockRestore()
  const again = nextEntries()
  router.propose(entries[0], agent)
  await aTurn()
  // The one that waits at the head comes first, with a wake of its own.
  const rest = [...(await again), ...router.take()]
  expect(rest.length).toBe(2)
  for (const entry of rest) router.propose(entry, agent)
  frontEnd.schedule()
  expect(await Promise.all(outcomes)).toEqual(['a', 'a', 'a'])
  expect(frontEnd.context.core.counters.placedInline).toBe(0)
})

test('router-only: once the strategy is off the default places here; told twice, once is said', async () => {
  join('a')
  const own = frontEnd.context.options.strategies.length - 1
  const fault = { strategy: own, kind: 'threw', reason: 'threw "x"' } as const
  frontEnd.strategyFault(fault)
  frontEnd.strategyFault(fault)
  expect(await local.submissions.run('q', null)).toBe('a')
  expect(frontEnd.context.core.counters.placedInline).toBe(1)
  expect(events.filter((kind) => kind === 'strategy_off').length).toBe(1)
  expect(frontEnd.context.strategiesOff.get(own)).toBe('threw "x"')
})

test('router-only: when no router is left for good, the default places here', async () => {
  join('a')
  const { outcomes } = await submit(1)
  router.aliveCount = 0
  router.isExpected = false
  frontEnd.routerGone()
  expect(await outcomes[0]).toBe('a')
  expect(frontEnd.context.core.counters.placedInline).toBe(1)
})
