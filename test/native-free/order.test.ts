/** The order of shared accesses, and what comes in between two of them, seen through the seam. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  atomics,
  DequeOwner,
  DequeThief,
  EMPTY,
  FrontEndBell,
  LINE_WORDS,
  NONE,
  OutboxConsumer,
  OutboxProducer,
  RouterBell,
  RouterStatusWriter,
  type SharedMemory,
  Sleepers,
  SlotTableWriter,
  TaskRingConsumer,
  TaskRingProducer,
  toClass,
  toGeneration,
  toRouter,
  toSlot,
} from '../../native-free/index.ts'
import { tinyMemory } from './support.ts'

const seam = vi.hoisted(() => ({
  steps: [] as { operation: string; index: number }[],
  /** Runs once, before the n-th step from now; steps inside are not recorded. */
  interrupt: { after: -1, hook: () => {} },
  isInside: false,
}))

vi.mock('../../native-free/atomics.ts', async (original) => {
  const real = await original<Record<string, (...args: never[]) => unknown>>()
  const wrap =
    (operation: string, run: (...args: never[]) => unknown) =>
    (...args: never[]) => {
      if (seam.isInside) return run(...args)
      if (seam.interrupt.after-- === 0) {
        seam.isInside = true
        seam.interrupt.hook()
        seam.isInside = false
      }
      seam.steps.push({ operation, index: args[1] as number })
      return run(...args)
    }
  return Object.fromEntries(Object.entries(real).map(([name, run]) => [name, wrap(name, run)]))
})

const slot = toSlot(3)
const generation = toGeneration(9)
const router = toRouter(0)
const other = toRouter(1)
let memory: SharedMemory

beforeEach(() => {
  memory = tinyMemory()
})

/** The steps of an action, as `operation region`. */
function stepsOf(action: () => unknown): string[] {
  const { map } = memory
  const names = new Map([
    [map.bell, 'bell'],
    [map.stops, 'stop'],
    [map.sleepers, 'sleeper 0'],
    [map.sleepers + LINE_WORDS, 'sleeper 1'],
    [map.ringHeads, 'head'],
    [map.ringTails, 'tail'],
    [map.dequeTops, 'top'],
    [map.dequeBottoms, 'bottom'],
    [map.outboxHeads, 'outbox head'],
    [map.outboxTails, 'outbox tail'],
    [map.slotState + slot, 'state'],
    [map.slotGeneration + slot, 'generation'],
    [map.status, 'progress'],
    [map.status + 1, 'thread'],
    [map.status + 6, 'incarnation'],
    [map.status + 7, 'inside'],
  ])
  seam.steps.length = 0
  action()
  return seam.steps.map(({ operation, index }) => `${operation} ${names.get(index) ?? index}`)
}

/** Runs `hook` before the n-th atomic step of `action`, counted from 0. */
function interrupted<Result>(n: number, hook: () => void, action: () => Result): Result {
  let isReached = false
  seam.interrupt = {
    after: n,
    hook: () => {
      isReached = true
      hook()
    },
  }
  const result = action()
  seam.interrupt.after = -1
  expect(isReached).toBe(true)
  return result
}

describe('order of shared accesses', () => {
  it('task ring: a claim loads the head before the tail, and then exchanges the head', () => {
    const consumer = new TaskRingConsumer(memory, 0)
    new TaskRingProducer(memory, 0).push(slot, generation)
    const into = new Int32Array(2)
    expect(stepsOf(() => consumer.claim(into, 1))).toEqual([
      'load head',
      'load tail',
      'compareExchange head',
    ])
  })

  it('task ring: the tail is stored after the entry is there', () => {
    const producer = new TaskRingProducer(memory, 0)
    const { words, map } = memory
    interrupted(
      0,
      () => expect([...words.subarray(map.ringEntries, map.ringEntries + 2)]).toEqual([3, 9]),
      () => expect(stepsOf(() => producer.push(slot, generation))).toEqual(['store tail']),
    )
  })

  it('outbox: the tail is stored after the proposal, the head only by commitReads', () => {
    const producer = new OutboxProducer(memory, router)
    const consumer = new OutboxConsumer(memory, router)
    const { words, map } = memory
    const at = map.outboxEntries
    interrupted(
      0,
      () => expect([...words.subarray(at, at + 5)]).toEqual([3, 9, -1, 0, 77]),
      () => producer.push(slot, generation, NONE, toGeneration(0), 77),
    )
    const into = new Int32Array(5)
    expect(stepsOf(() => consumer.next(into))).toEqual(['load outbox tail'])
    expect(stepsOf(() => consumer.commitReads())).toEqual(['store outbox head'])
    expect(stepsOf(() => consumer.commitReads())).toEqual([])
  })

  it('deque: a pop stores the bottom before it loads the top, a steal looks there first', () => {
    const owner = new DequeOwner(memory, router)
    const thief = new DequeThief(memory, router)
    const into = new Int32Array(2)
    for (const n of [1, 2, 3]) owner.push(toSlot(n), generation)
    expect(stepsOf(() => owner.pop(into))).toEqual(['store bottom', 'load top'])
    expect(stepsOf(() => thief.steal(into))).toEqual([
      'load top',
      'load bottom',
      'compareExchange top',
    ])
    expect(stepsOf(() => owner.pop(into))).toEqual([
      'store bottom',
      'load top',
      'compareExchange top',
      'store bottom',
    ])
  })

  it.each([0, 1, 2])(
    'deque: a thief before step %i of the last pop: one of the two has it',
    (n) => {
      const owner = new DequeOwner(memory, router)
      const thief = new DequeThief(memory, router)
      owner.push(slot, generation)
      let stolen: number = EMPTY
      const steal = () => {
        stolen = thief.steal(new Int32Array(2))
      }
      const isPopped = interrupted(n, steal, () => owner.pop(new Int32Array(2)))
      expect(Number(isPopped) + Number(stolen === 1)).toBe(1)
      // As soon as the bottom is lowered a thief that comes anew finds nothing.
      expect(isPopped).toBe(n > 0)
      expect([owner.size(), thief.size()]).toEqual([0, 0])
    },
  )

  it.each([1, 2])('deque: a pop before step %i of the last steal: one of the two has it', (n) => {
    const owner = new DequeOwner(memory, router)
    const thief = new DequeThief(memory, router)
    owner.push(slot, generation)
    let isPopped = false
    const pop = () => {
      isPopped = owner.pop(new Int32Array(2))
    }
    const stolen = interrupted(n, pop, () => thief.steal(new Int32Array(2)))
    expect([isPopped, stolen === 1]).toEqual([true, false])
  })

  it('deque: recover tries again when a thief takes an entry in between', () => {
    const owner = new DequeOwner(memory, router)
    const thief = new DequeThief(memory, router)
    for (const n of [1, 2, 3]) owner.push(toSlot(n), generation)
    const successor = new DequeOwner(memory, router)
    const steal = () => expect(thief.steal(new Int32Array(2))).toBe(1)
    // Steps of recover: load bottom, load top, exchange top.
    expect(interrupted(2, steal, () => successor.recover())).toBe(2)
    expect([successor.size(), thief.size()]).toEqual([0, 0])
  })

  it('sleepers: a router announces by one store, a waker exchanges and then notifies', () => {
    const sleepers = new Sleepers(memory)
    expect(stepsOf(() => sleepers.announce(router))).toEqual(['store sleeper 0'])
    expect(stepsOf(() => sleepers.wakeOne())).toEqual([
      'load sleeper 0',
      'compareExchange sleeper 0',
      'notify sleeper 0',
    ])
  })

  it('sleepers: the request to stop is stored before the router is woken', () => {
    const sleepers = new Sleepers(memory)
    sleepers.announce(router)
    expect(stepsOf(() => sleepers.requestStop(router))).toEqual([
      'store stop',
      'load sleeper 0',
      'compareExchange sleeper 0',
      'notify sleeper 0',
    ])
  })

  it('sleepers: of two wakers that see the same sleeper the second wakes the next', () => {
    const sleepers = new Sleepers(memory)
    sleepers.announce(router)
    sleepers.announce(other)
    const rival = () => expect(sleepers.wakeOne()).toBe(true)
    expect(interrupted(1, rival, () => sleepers.wakeOne())).toBe(true)
    expect(sleepers.asleepCount()).toBe(0)
  })

  it('sleepers: a wake between announcement and wait is not lost', () => {
    const sleepers = new Sleepers(memory)
    sleepers.announce(router)
    const wake = () => expect(sleepers.wakeOne()).toBe(true)
    expect(interrupted(0, wake, () => sleepers.wait(router, 20_000))).toBe('woken')
  })

  it('sleepers: a wake at the very end of a wait counts as a wake', () => {
    const sleepers = new Sleepers(memory)
    sleepers.announce(router)
    const wake = () => expect(sleepers.wakeOne()).toBe(true)
    expect(interrupted(1, wake, () => sleepers.wait(router, 0))).toBe('woken')
  })

  it('doorbell: of two routers that see the front end asleep one sends the message', () => {
    new FrontEndBell(memory).arm()
    const bell = new RouterBell(memory)
    const rival = () => expect(new RouterBell(memory).ring()).toBe(true)
    expect(interrupted(1, rival, () => bell.ring())).toBe(false)
  })

  it('doorbell: arming and disarming are one store each', () => {
    const bell = new FrontEndBell(memory)
    expect(stepsOf(() => bell.arm())).toEqual(['store bell'])
    expect(stepsOf(() => bell.disarm())).toEqual(['store bell'])
  })

  it('slots: a release changes the generation before it frees the slot', () => {
    const slots = new SlotTableWriter(memory)
    slots.offer(slot, toClass(0), 0, 0, 0)
    const stores = stepsOf(() => slots.release(slot)).filter((step) => step.startsWith('store'))
    expect(stores).toEqual(['store generation', 'store state'])
  })

  it('router status: the thread is stored before the incarnation', () => {
    const status = new RouterStatusWriter(memory, router)
    expect(stepsOf(() => status.begin(5))).toEqual([
      'store thread',
      'store inside',
      'store incarnation',
    ])
    expect(stepsOf(() => status.progress())).toEqual(['store progress'])
  })

  it('canary: what goes through the seam is seen', () => {
    expect(stepsOf(() => atomics.load(memory.words, memory.map.bell))).toEqual(['load bell'])
  })
})
