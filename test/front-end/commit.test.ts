/** Proposals of every kind, one at a time: what the front end makes of them, in the very turn. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { toSlot } from '../../native-free/index.ts'
import type { Handler } from '../../src/agent-task.ts'
import { LIMITS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { until } from '../support/until.ts'
import { type Entry, withFakeRouter } from './fake-router.ts'

type World = ReturnType<typeof withFakeRouter>
const worlds: World[] = []
/** The front end's time stands still, so that no offer is overdue unless a test says so. */
let nowMs = 0

beforeEach(() => {
  nowMs = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
})

afterEach(async () => {
  vi.restoreAllMocks()
  for (const { frontEnd, local } of worlds.splice(0)) {
    await local.stop()
    frontEnd.stop()
  }
})

function make(): World {
  const world = withFakeRouter()
  worlds.push(world)
  return world
}

function join({ local, core }: World, id: string, handler: Handler = () => id): AgentState {
  local.agents.join({ id, queues: ['q'] }, handler)
  return core.agents.get(id)!
}

/** Submits, and answers each batch of entries as soon as it is published. */
async function submit(
  { local, router }: World,
  count: number,
  answer: (entries: Entry[]) => void,
): Promise<Promise<unknown>[]> {
  const outcomes = Array.from({ length: count }, () => local.submissions.run('q', null))
  for (const outcome of outcomes) outcome.catch(() => {})
  await new Promise<void>((resolve) => {
    router.onWake = () => {
      router.onWake = () => {}
      answer(router.take())
      resolve()
    }
  })
  return outcomes
}

test('commit: a proposal that comes as the front end goes to sleep is seen before it does', async () => {
  const world = make()
  const agent = join(world, 'a')
  const [outcome] = await submit(world, 1, ([entry]) => {
    // Nobody is asked to send a wake-up: the front end has not said that it sleeps.
    expect(world.router.propose(entry, agent)).toBe(false)
  })
  // In the very next turn, long before the offers' timer would ring.
  await new Promise(setImmediate)
  expect(world.core.counters.started).toBe(1)
  await outcome
  const { placedByRouters, overdueOffers } = world.core.counters
  expect([placedByRouters, overdueOffers]).toEqual([1, 0])
})

test('commit: a proposal that comes when it sleeps asks for one wake-up', async () => {
  const world = make()
  const agent = join(world, 'a')
  let taken: Entry[] = []
  const [outcome] = await submit(world, 1, (entries) => {
    taken = entries
  })
  await new Promise(setImmediate)
  expect(world.router.propose(taken[0], agent)).toBe(true)
  world.frontEnd.schedule()
  await outcome
  expect(world.core.counters.placedByRouters).toBe(1)
})

test('commit: a proposal for somebody who is full is placed elsewhere at once', async () => {
  const world = make()
  const first = join(world, 'a')
  join(world, 'b')
  const outcomes = await submit(world, 2, (entries) => {
    for (const entry of entries) world.router.propose(entry, first)
  })
  expect(await Promise.all(outcomes)).toEqual(['a', 'b'])
  const { conflicts, placedByRouters, placedInline, overdueOffers } = world.core.counters
  expect([conflicts, placedByRouters, placedInline, overdueOffers]).toEqual([1, 1, 1, 0])
})

test('commit: a proposal for nobody is placed by the front end, and is no conflict', async () => {
  const world = make()
  join(world, 'a')
  const [outcome] = await submit(world, 1, ([entry]) => world.router.propose(entry))
  await outcome
  const { conflicts, placedInline, overdueOffers } = world.core.counters
  expect([conflicts, placedInline, overdueOffers]).toEqual([0, 1, 0])
})

test('commit: a task that bounced is placed before proposals are read', async () => {
  const world = make()
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const first = join(world, 'a', () => finished)
  const second = join(world, 'b', () => finished)
  const order: number[] = []
  const outcomes = await submit(world, 2, (entries) => {
    world.core.drainAgent(second.id)
    for (const entry of entries) world.router.propose(entry, first)
  })
  for (const [i, outcome] of outcomes.entries()) outcome.then(() => order.push(i))
  await until(() => world.core.counters.bounced === 1, { what: 'the second to bounce' })
  expect(world.core.counters.started).toBe(1)
  let offered = 0
  world.router.onWake = () => {
    offered++
  }
  finish()
  await Promise.all(outcomes)
  expect(order).toEqual([0, 1])
  expect([world.core.counters.placedInline, offered]).toEqual([1, 0])
})

test('commit: a proposal that comes after the offer was taken back changes nothing', async () => {
  const world = make()
  let taken: Entry[] = []
  let isStale = false
  const agent = join(world, 'a', () => {
    const [{ slot, generation }] = taken
    isStale = world.core.slots.generation(toSlot(slot)) !== generation
  })
  const [outcome] = await submit(world, 1, (entries) => {
    taken = entries
  })
  nowMs += LIMITS.offerMs
  world.frontEnd.schedule()
  await new Promise(setImmediate)
  expect(world.core.counters.overdueOffers).toBe(0)
  nowMs += 1
  // Nobody but its own timer asks for the turn.
  await outcome
  expect(world.core.counters.overdueOffers).toBe(1)
  expect(isStale).toBe(true)
  world.router.propose(taken[0], agent)
  world.frontEnd.schedule()
  await until(() => world.core.counters.staleProposals === 1, { what: 'it to be read' })
  expect(world.core.counters.started).toBe(1)
})

test('take back: when a router’s thread has ended all offers are made again with new entries', async () => {
  const world = make()
  const agents = ['a', 'b', 'c'].map((id) => join(world, id))
  let lost: Entry[] = []
  const outcomes = await submit(world, 3, (entries) => {
    lost = entries
    world.router.propose(lost[0], agents[0])
  })
  world.frontEnd.routerGone()
  const again = world.router.take()
  expect(again.map(({ slot }) => slot)).toEqual(lost.slice(1).map(({ slot }) => slot))
  for (const [i, { generation }] of again.entries()) {
    expect(generation).not.toBe(lost[i + 1].generation)
  }
  for (const [i, entry] of lost.slice(1).entries()) world.router.propose(entry, agents[i + 1])
  for (const [i, entry] of again.entries()) world.router.propose(entry, agents[i + 1])
  world.frontEnd.schedule()
  expect(await Promise.all(outcomes)).toEqual(['a', 'b', 'c'])
  const { staleProposals, placedByRouters, started } = world.core.counters
  expect([staleProposals, placedByRouters, started]).toEqual([2, 3, 3])
})

test('take back: without a router left everything is placed by the front end', async () => {
  const world = make()
  join(world, 'a')
  const [outcome] = await submit(world, 1, () => {})
  world.router.aliveCount = 0
  world.frontEnd.routerGone()
  await outcome
  await world.local.submissions.run('q', null)
  const { placedInline, placedByRouters } = world.core.counters
  expect([placedInline, placedByRouters]).toEqual([2, 0])
})
