/** One router's decisions, turn by turn on the test's own thread. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  AgentTableWriter,
  createMemory,
  DequeOwner,
  DequeThief,
  FrontEndBell,
  type Generation,
  OutboxConsumer,
  RouterStatusReader,
  RouterStatusWriter,
  type SharedMemory,
  Sleepers,
  SlotTableWriter,
  TaskRingConsumer,
  TaskRingProducer,
  toAgent,
  toClass,
  toRouter,
  toSlot,
} from '../../native-free/index.ts'
import { RouterLoop } from '../../src/router/loop.ts'
import { BELL } from '../../src/router/messages.ts'
import { Random } from '../../src/routing/generator.ts'
import { createStrategies } from '../../src/routing/registry.ts'
import { NONE, type Strategy } from '../../src/routing/strategy.ts'
import { STRATEGY_DEFAULTS } from '../../src/strategy-options.ts'

// Counters start so low below 2^31 that every test passes it.
const BEFORE_WRAP = 2 ** 31 - 3

let memory: SharedMemory
let agents: AgentTableWriter
let slots: SlotTableWriter
let sleepers: Sleepers
let posted: unknown[]

beforeEach(() => {
  const shape = {
    slotCount: 64,
    agentCountMax: 32,
    classCountMax: 2,
    routerCount: 2,
    ringCapacity: 64,
    publishMax: 64,
    latencyStageCount: 0,
  }
  memory = createMemory(shape, BEFORE_WRAP)
  agents = new AgentTableWriter(memory)
  slots = new SlotTableWriter(memory)
  sleepers = new Sleepers(memory)
  posted = []
  // A loop that finds nothing then returns instead of sleeping on this thread.
  for (const router of [0, 1]) sleepers.requestStop(toRouter(router))
})

afterEach(() => {
  vi.restoreAllMocks()
})

function join(agent: number, capacity: number): void {
  agents.join(toAgent(agent), capacity)
  agents.setCandidate(toClass(0), toAgent(agent), true)
}

function makeLoop(router: number, strategies?: Strategy[]): RouterLoop {
  const make = () =>
    createStrategies(['round_robin'], {
      random: new Random(1),
      options: STRATEGY_DEFAULTS,
      agentCountMax: 32,
      classCountMax: 2,
      phase: 0,
    })
  return new RouterLoop({
    memory,
    router: toRouter(router),
    strategies: strategies ?? make(),
    shadows: make(),
    status: new RouterStatusWriter(memory, toRouter(router)),
    port: { postMessage: (value) => posted.push(value) },
  })
}

function offer(slot: number, level = 2): Generation {
  const generation = slots.offer(toSlot(slot), toClass(0), 0, level, 0)
  new TaskRingProducer(memory, level).push(toSlot(slot), generation)
  return generation
}

function offerMany(count: number): void {
  for (let slot = 0; slot < count; slot++) offer(slot)
}

/** Takes turns until the loop has nothing to do. */
function finish(loop: RouterLoop): void {
  for (let i = 0; i < 100; i++) loop.turn()
}

/** Reads proposals as `[slot, agent]`, at most `max`; they are settled with `commitReads`. */
function read(outbox: OutboxConsumer, max = 100): number[][] {
  const entry = new Int32Array(5)
  const proposals: number[][] = []
  while (proposals.length < max && outbox.next(entry)) proposals.push([entry[0], entry[2]])
  return proposals
}

/** Empties rings and the other router's deque, as that router would. */
function takeAll(): void {
  finish(makeLoop(1))
}

const slotsOf = (router: number) =>
  read(new OutboxConsumer(memory, toRouter(router))).map(([slot]) => slot)

const statusOf = (router: number) => new RouterStatusReader(memory, toRouter(router))

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i)

test('loop: the highest priority goes first, and within one the oldest', () => {
  join(0, 64)
  for (const [slot, level] of [2, 0, 4, 2, 3, 4, 1].entries()) offer(slot, level)
  finish(makeLoop(0))
  expect(slotsOf(0)).toEqual([2, 5, 4, 0, 3, 6, 1])
})

test('loop: a claim takes at most sixteen and routes them oldest first', () => {
  join(0, 64)
  offerMany(40)
  const loop = makeLoop(0)
  loop.turn()
  expect(new DequeThief(memory, toRouter(0)).size()).toBe(16)
  expect(new TaskRingConsumer(memory, 2).size()).toBe(24)
  finish(loop)
  expect(slotsOf(0)).toEqual(upTo(40))
})

test('loop: an idle router steals the newer half of a claim and routes it oldest first', () => {
  join(0, 64)
  offerMany(16)
  makeLoop(0).turn()
  const thief = makeLoop(1)
  thief.turn()
  expect(new DequeThief(memory, toRouter(0)).size()).toBe(8)
  expect(statusOf(1).steals()).toBe(8)
  // Eight entries, and a turn that finds the deque empty and shows what was proposed.
  for (let i = 0; i < 9; i++) thief.turn()
  expect(slotsOf(1)).toEqual(upTo(8, 8))
})

test('loop: entries of a slot that was withdrawn or cancelled are dropped and counted', () => {
  join(0, 64)
  offerMany(4)
  slots.withdraw(toSlot(1))
  slots.release(toSlot(2))
  finish(makeLoop(0))
  expect(slotsOf(0)).toEqual([0, 3])
  expect(statusOf(0).staleDropped()).toBe(2)
  expect(statusOf(0).decisions()).toBe(2)
})

test('loop: proposals that are not settled count against their agents’ credit', () => {
  join(0, 2)
  join(1, 1)
  offerMany(6)
  const loop = makeLoop(0)
  finish(loop)
  const outbox = new OutboxConsumer(memory, toRouter(0))
  expect(read(outbox)).toEqual([0, 1, 0, NONE, NONE, NONE].map((agent, slot) => [slot, agent]))
})

test('loop: settled proposals count through the columns, neither twice nor not at all', () => {
  join(0, 2)
  join(1, 1)
  offerMany(3)
  const loop = makeLoop(0)
  const outbox = new OutboxConsumer(memory, toRouter(0))
  finish(loop)
  // The first is refused, the others are charged; so agent 0 has one credit left.
  expect(read(outbox, 3).map(([, agent]) => agent)).toEqual([0, 1, 0])
  agents.take(toAgent(1))
  agents.take(toAgent(0))
  outbox.commitReads()
  for (const slot of [3, 4, 5]) offer(slot)
  finish(loop)
  expect(read(outbox).map(([, agent]) => agent)).toEqual([0, NONE, NONE])
})

test('loop: an agent that got its credit back is proposed again', () => {
  join(0, 1)
  const loop = makeLoop(0)
  const outbox = new OutboxConsumer(memory, toRouter(0))
  for (let slot = 0; slot < 10; slot += 2) {
    offer(slot)
    finish(loop)
    expect(read(outbox)).toEqual([[slot, 0]])
    agents.take(toAgent(0))
    outbox.commitReads()
    offer(slot + 1)
    finish(loop)
    expect(read(outbox)).toEqual([[slot + 1, NONE]])
    outbox.commitReads()
    agents.give(toAgent(0))
  }
})

test('loop: a refused proposal gives its credit back, though another is still out', () => {
  join(0, 2)
  const loop = makeLoop(0)
  const outbox = new OutboxConsumer(memory, toRouter(0))
  offerMany(2)
  finish(loop)
  expect(read(outbox, 1)).toEqual([[0, 0]])
  outbox.commitReads()
  offer(2)
  finish(loop)
  expect(read(outbox)).toEqual([
    [1, 0],
    [2, 0],
  ])
})

test('loop: part of an agent’s proposals settled leaves the rest counted', () => {
  join(0, 3)
  const loop = makeLoop(0)
  const outbox = new OutboxConsumer(memory, toRouter(0))
  offerMany(3)
  finish(loop)
  expect(read(outbox, 1)).toEqual([[0, 0]])
  agents.take(toAgent(0))
  outbox.commitReads()
  offer(3)
  finish(loop)
  expect(read(outbox)).toEqual([
    [1, 0],
    [2, 0],
    [3, NONE],
  ])
})

test('loop: rings the bell once when the front end sleeps, and not when it is awake', () => {
  join(0, 64)
  offerMany(3)
  const loop = makeLoop(0)
  finish(loop)
  expect(posted).toEqual([])
  new FrontEndBell(memory).arm()
  for (const slot of [3, 4, 5]) offer(slot)
  finish(loop)
  expect(posted).toEqual([BELL])
})

test('loop: a claim that leaves a surplus in the ring wakes a sleeper', () => {
  join(0, 64)
  offerMany(17)
  sleepers.announce(toRouter(1))
  makeLoop(0).turn()
  expect(sleepers.isAsleep(toRouter(1))).toBe(false)
})

test('loop: a claim that leaves the ring empty wakes nobody', () => {
  join(0, 64)
  offerMany(16)
  sleepers.announce(toRouter(1))
  makeLoop(0).turn()
  expect(sleepers.isAsleep(toRouter(1))).toBe(true)
})

test('loop: sleeps when there is nothing, for a second at most', () => {
  sleepers.clearStop(toRouter(0))
  const wait = vi.spyOn(Sleepers.prototype, 'wait').mockReturnValue('woken')
  makeLoop(0).turn()
  expect(wait.mock.calls).toEqual([[0, 1_000]])
})

test('loop: what is published while it announces its sleep keeps it awake', () => {
  join(0, 64)
  sleepers.clearStop(toRouter(0))
  const wait = vi.spyOn(Sleepers.prototype, 'wait').mockReturnValue('woken')
  const { announce } = Sleepers.prototype
  const publications = [
    () => offer(0, 4),
    () => new DequeOwner(memory, toRouter(1)).push(toSlot(1), slots.generation(toSlot(1))),
    () => sleepers.requestStop(toRouter(0)),
  ]
  const spy = vi.spyOn(Sleepers.prototype, 'announce')
  for (const publish of publications) {
    const loop = makeLoop(0)
    spy.mockImplementationOnce((router) => {
      // Before the announcement: the waker finds nobody asleep.
      publish()
      expect(sleepers.wakeOne()).toBe(false)
      announce.call(sleepers, router)
    })
    loop.turn()
    expect(wait).not.toHaveBeenCalled()
    expect(sleepers.isAsleep(toRouter(0))).toBe(false)
    takeAll()
  }
})

test('loop: a slow choice wakes a sleeper for the rest of the claim', () => {
  join(0, 64)
  const slow: Strategy = {
    name: 'slow',
    choose: (_task, candidates) => {
      const end = performance.now() + 0.2
      while (performance.now() < end);
      return candidates.first()
    },
  }
  sleepers.announce(toRouter(1))
  offerMany(2)
  const loop = makeLoop(0, [slow])
  loop.turn()
  expect(sleepers.isAsleep(toRouter(1))).toBe(true)
  loop.turn()
  expect(sleepers.isAsleep(toRouter(1))).toBe(false)
})

test('loop: run ends when a stop is requested, with what it claimed still to be found', () => {
  join(0, 64)
  offerMany(4)
  makeLoop(0).run()
  expect(slotsOf(0)).toEqual([])
  expect(new TaskRingConsumer(memory, 2).size()).toBe(4)
})

test('loop: an unknown strategy is a programmer’s error that ends the thread', () => {
  join(0, 64)
  slots.offer(toSlot(0), toClass(0), 7, 2, 0)
  new TaskRingProducer(memory, 2).push(toSlot(0), slots.generation(toSlot(0)))
  const loop = makeLoop(0)
  loop.turn()
  expect(() => loop.turn()).toThrow('slot 0: strategy 7 of 1')
})
