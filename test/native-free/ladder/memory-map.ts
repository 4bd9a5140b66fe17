/** The memory map's ladder: all structures in one memory, seen by several threads. */
import { expect } from 'vitest'
import {
  AgentTableWriter,
  createMemory,
  DEQUE_CAPACITY,
  DequeOwner,
  LatencyWriter,
  type MemoryMap,
  OutboxProducer,
  PRIORITY_LEVELS,
  RouterStatusWriter,
  type SharedMemory,
  Sleepers,
  SlotTableWriter,
  TaskRingProducer,
  toAgent,
  toClass,
  toGeneration,
  toRouter,
  toSlot,
} from '../../../native-free/index.ts'
import { BEFORE_WRAP, BEFORE_ZERO, tinyMemory } from '../support.ts'
import type { Crew } from './crew.ts'
import { type Ladder, MANY, missing, rung, upTo } from './rungs.ts'

const ROUTERS = upTo(MANY).map(toRouter)
const ROUNDS = 50
/** Odd, so that no two words of a memory hold the same. */
const FACTOR = 0x9e3779b1 | 0

interface Sizes {
  readonly rings: number[]
  readonly deques: number[]
  readonly outboxes: number[]
  readonly asleep: number
  readonly progress: number[]
  readonly flags: number[]
  readonly free: number
  readonly latencies: number
}

const make = (counterStart = 0) =>
  tinyMemory({ routerCount: MANY, latencyStageCount: 1 }, counterStart)

async function on<Report>(crew: Crew, memory: SharedMemory, act: string, factor = 0) {
  const { reports } = await crew.run<Report>(memory, [{ act: `memory-map#${act}`, factor }])
  return reports[0]
}

/** Puts as much into every structure as it takes; `drain` knows the same numbers. */
function fill(memory: SharedMemory): void {
  const { slotCount, agentCountMax, ringCapacity } = memory.shape
  const generation = toGeneration(1)
  for (let level = 0; level < PRIORITY_LEVELS; level++) {
    const ring = new TaskRingProducer(memory, level)
    for (const n of upTo(ringCapacity)) ring.push(toSlot(level * 1_000 + n), generation)
    expect(ring.free()).toBe(0)
  }
  const sleepers = new Sleepers(memory)
  for (const router of ROUTERS) {
    const deque = new DequeOwner(memory, router)
    const outbox = new OutboxProducer(memory, router)
    for (const n of upTo(DEQUE_CAPACITY)) {
      expect(deque.push(toSlot(10_000 + router * 1_000 + n), generation)).toBe(true)
    }
    for (const n of upTo(memory.map.outboxCapacity)) {
      const slot = toSlot(100_000 + router * 1_000 + n)
      expect(outbox.push(slot, generation, toAgent(0), generation, 0)).toBe(true)
    }
    sleepers.announce(router)
    new RouterStatusWriter(memory, router).progress()
    new LatencyWriter(memory, router + 1).record(0, 1_000)
  }
  const slots = new SlotTableWriter(memory)
  for (const n of upTo(slotCount)) slots.offer(toSlot(n), toClass(0), 0, 4, n + 1)
  const agents = new AgentTableWriter(memory)
  for (const n of upTo(agentCountMax)) agents.join(toAgent(n), 1)
}

async function fillAndDrain(crew: Crew, counterStart: number): Promise<void> {
  const memory = make(counterStart)
  fill(memory)
  expect(await on<Sizes>(crew, memory, 'drain')).toEqual({
    rings: upTo(PRIORITY_LEVELS).map(() => 0),
    deques: ROUTERS.map(() => 0),
    outboxes: ROUTERS.map(() => 0),
    asleep: MANY,
    progress: ROUTERS.map(() => 1),
    flags: upTo(memory.shape.slotCount).map((n) => n + 1),
    free: memory.shape.agentCountMax,
    latencies: MANY,
  })
}

export const memoryMap: Ladder = {
  structure: 'memory map',
  modules: ['memory-map'],
  rungs: {
    smoke: rung('another thread opens the memory, and its map is the same', async (crew) => {
      const memory = make()
      expect(await on<MemoryMap>(crew, memory, 'open')).toEqual(memory.map)
    }),

    empty: rung('in a new memory another thread finds nothing anywhere', async (crew) => {
      const memory = make(BEFORE_WRAP)
      expect(await on<Sizes>(crew, memory, 'sizes')).toEqual({
        rings: upTo(PRIORITY_LEVELS).map(() => 0),
        deques: ROUTERS.map(() => 0),
        outboxes: ROUTERS.map(() => 0),
        asleep: 0,
        progress: ROUTERS.map(() => 0),
        flags: upTo(memory.shape.slotCount).map(() => 0),
        free: 0,
        latencies: 0,
      })
    }),

    full: rung('everything is full at once, and too much is refused', async (crew) => {
      await fillAndDrain(crew, 0)
      const { shape } = make()
      const huge = { ...shape, agentCountMax: 2 ** 20, classCountMax: 65_536 }
      expect(() => createMemory(huge)).toThrow('words is too large')
    }),

    wraps: rung('everything is full at once while all counters pass 2^31 and 0', async (crew) => {
      for (const start of [BEFORE_WRAP, BEFORE_ZERO]) await fillAndDrain(crew, start)
    }),

    'one to one': rung(
      'the word that one thread writes is the word another reads',
      async (crew) => {
        const memory = make()
        const { words } = memory
        for (let i = 0; i < words.length; i++) words[i] = Math.imul(i, FACTOR)
        expect(await on<number>(crew, memory, 'echo', FACTOR)).toBe(memory.map.wordCount)
        expect(words.findIndex((word, i) => word !== ~Math.imul(i, FACTOR))).toBe(-1)
      },
    ),

    stampede: rung(
      'eight routers fill what is theirs, and none finds another there',
      async (crew) => {
        const memory = make(BEFORE_WRAP - 1_000)
        await crew.run(
          memory,
          ROUTERS.map((router) => ({ act: 'memory-map#neighbour', router, rounds: ROUNDS })),
        )
        const { progress, latencies } = await on<Sizes>(crew, memory, 'sizes')
        expect([progress, latencies]).toEqual([ROUTERS.map(() => ROUNDS), MANY * ROUNDS])
      },
    ),

    'no starvation': missing('a map is arithmetic: nobody waits for it'),
    conservation: missing('it moves no items; that no word is in two regions: memory-map.test.ts'),
  },
}
