import { describe, expect, it } from 'vitest'
import {
  atomics,
  DEQUE_CAPACITY,
  DequeOwner,
  DequeThief,
  EMPTY,
  LINE_WORDS,
  RETRY,
  SUCCESS,
  stealHalf,
  toGeneration,
  toRouter,
  toSlot,
} from '../../native-free/index.ts'
import { BEFORE_WRAP, hooked, tinyMemory } from './support.ts'

const router = toRouter(1)

function make(counterStart = 0) {
  const memory = tinyMemory({}, counterStart)
  const bottom = memory.map.dequeBottoms + router * LINE_WORDS
  return {
    memory,
    owner: new DequeOwner(memory, router),
    thief: new DequeThief(memory, router),
    /** Leaves the deque as an owner that dies after the first step of `pop`. */
    dieInPop: () => atomics.sub(memory.words, bottom, 1),
  }
}

const push = (owner: DequeOwner, item: number) => owner.push(toSlot(item), toGeneration(-item))

function pop(owner: DequeOwner): number | 'empty' {
  const into = new Int32Array(2)
  if (!owner.pop(into)) return 'empty'
  expect(into[1]).toBe(-into[0] | 0)
  return into[0]
}

function steal(thief: DequeThief): number | 'empty' | 'retry' {
  const into = new Int32Array(2)
  const result = thief.steal(into)
  if (result !== SUCCESS) return result === EMPTY ? 'empty' : 'retry'
  expect(into[1]).toBe(-into[0] | 0)
  return into[0]
}

describe('work-stealing deque', () => {
  it('a claim pushed newest first is popped oldest first', () => {
    const { owner } = make()
    for (const item of [9, 8, 7, 6]) push(owner, item)
    expect([pop(owner), pop(owner), pop(owner), pop(owner)]).toEqual([6, 7, 8, 9])
  })

  it('the last entry: a thief that comes after the owner lowered the bottom finds nothing', () => {
    const { owner, thief } = make()
    push(owner, 7)
    let stolen: number | string = 'not tried'
    const into = hooked(2, () => {
      stolen = steal(thief)
    })
    expect(owner.pop(into)).toBe(true)
    expect([into[0], stolen]).toEqual([7, 'empty'])
    expect([pop(owner), steal(thief)]).toEqual(['empty', 'empty'])
  })

  it('the last entry: the owner loses against a thief that had looked before', () => {
    const { memory, owner, thief } = make()
    push(owner, 7)
    const top = memory.map.dequeTops + router * LINE_WORDS
    const into = hooked(2, () => {
      // The exchange of a thief that saw the entry before the owner lowered the bottom.
      expect(atomics.compareExchange(memory.words, top, 0, 1)).toBe(0)
    })
    expect(owner.pop(into)).toBe(false)
    expect([pop(owner), steal(thief), owner.size()]).toEqual(['empty', 'empty', 0])
    push(owner, 8)
    expect(steal(thief)).toBe(8)
  })

  it('the last entry: a thief loses against an owner that was faster', () => {
    const { owner, thief } = make()
    push(owner, 7)
    let popped: number | string = 'nothing'
    const into = hooked(2, () => {
      popped = pop(owner)
    })
    expect(thief.steal(into)).toBe(RETRY)
    expect(popped).toBe(7)
    expect([pop(owner), steal(thief)]).toEqual(['empty', 'empty'])
  })

  it('two thieves never take the same entry', () => {
    const { memory, owner, thief } = make()
    for (const item of [1, 2]) push(owner, item)
    let rival: number | string = 'nothing'
    const into = hooked(2, () => {
      rival = steal(new DequeThief(memory, router))
    })
    expect(thief.steal(into)).toBe(RETRY)
    expect(rival).toBe(1)
    expect(steal(thief)).toBe(2)
  })

  it.each([
    [0, 0],
    [1, 1],
    [2, 1],
    [3, 2],
    [16, 8],
    [31, 16],
    [32, 16],
  ])('half of %i is %i, in the order in which they are pushed again', (size, half) => {
    const { owner, thief } = make()
    for (let item = 0; item < size; item++) push(owner, item)
    const into = new Int32Array(32)
    expect(stealHalf(thief, into, new Int32Array(2))).toBe(half)
    for (let i = 0; i < half; i++) expect([into[2 * i], into[2 * i + 1]]).toEqual([i, -i | 0])
    expect(owner.size()).toBe(size - half)
  })

  it('a lost race costs one entry of a batch, not the batch', () => {
    const { memory, owner, thief } = make()
    for (let item = 0; item < 8; item++) push(owner, item)
    const scratch = hooked(2, () => {
      expect(steal(new DequeThief(memory, router))).toBe(0)
    })
    const into = new Int32Array(32)
    expect(stealHalf(thief, into, scratch)).toBe(3)
    expect([into[0], into[2], into[4]]).toEqual([1, 2, 3])
  })

  it('a new owner goes on where a dead one stopped', () => {
    const { memory, owner } = make()
    for (const item of [1, 2]) push(owner, item)
    const next = new DequeOwner(memory, router)
    expect([pop(next), pop(next), pop(next)]).toEqual([2, 1, 'empty'])
  })

  it.each([0, 1, 5, DEQUE_CAPACITY])('recover drops all %i entries, and a new owner works', (n) => {
    const { memory, owner, thief } = make(BEFORE_WRAP)
    for (let item = 0; item < n; item++) push(owner, item)
    expect(new DequeOwner(memory, router).recover()).toBe(n)
    expect([steal(thief), thief.size()]).toEqual(['empty', 0])
    const next = new DequeOwner(memory, router)
    for (let item = 0; item < DEQUE_CAPACITY; item++) expect(push(next, item)).toBe(true)
    expect(push(next, 99)).toBe(false)
    expect([pop(next), steal(thief)]).toEqual([DEQUE_CAPACITY - 1, 0])
  })

  it('recover repairs a bottom below the top, where a push would be lost', () => {
    const { memory, owner, thief, dieInPop } = make()
    push(owner, 1)
    expect(steal(thief)).toBe(1)
    dieInPop()
    expect(new DequeOwner(memory, router).recover()).toBe(0)
    const next = new DequeOwner(memory, router)
    expect(push(next, 2)).toBe(true)
    expect(steal(thief)).toBe(2)
  })

  it('recover makes a thief fail that saw the bottom before the owner died in pop', () => {
    const { memory, owner, thief, dieInPop } = make()
    push(owner, 1)
    const into = hooked(2, () => {
      // Between the thief's look and its exchange: the owner dies, is recovered and replaced.
      dieInPop()
      new DequeOwner(memory, router).recover()
      push(new DequeOwner(memory, router), 2)
    })
    expect(thief.steal(into)).toBe(RETRY)
    expect([steal(thief), steal(thief)]).toEqual([2, 'empty'])
  })
})
