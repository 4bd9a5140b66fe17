import { describe, expect, it } from 'vitest'
import { Bitset, ctz32, nextInBoth, popcount32 } from '../../native-free/index.ts'
import { makeStampede, stampede, tinyMemory } from './support.ts'

const make = (size: number) => new Bitset(new Int32Array(Bitset.wordCount(size)), 0, size)

/** Deterministic numbers 0 … bound - 1. */
function numbers(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 8) % bound
  }
}

function members(set: Bitset): number[] {
  const found: number[] = []
  for (let i = set.next(0); i >= 0; i = set.next(i + 1)) found.push(i)
  return found
}

describe('bitset', () => {
  it('ctz32 and popcount32 know every single bit, none and all', () => {
    for (let bit = 0; bit < 32; bit++) {
      expect(ctz32(1 << bit)).toBe(bit)
      expect(ctz32(-1 << bit)).toBe(bit)
      expect(popcount32(1 << bit)).toBe(1)
      expect(popcount32(-1 << bit)).toBe(32 - bit)
    }
    expect([ctz32(0), popcount32(0)]).toEqual([32, 0])
  })

  it('holds what was set and not what was cleared', () => {
    const set = make(100)
    set.set(5)
    set.set(99)
    set.set(5)
    expect([set.has(5), set.has(99), set.has(6), set.count()]).toEqual([true, true, false, 2])
    set.clear(5)
    set.clear(6)
    expect([set.has(5), set.count(), set.next(0)]).toEqual([false, 1, 99])
  })

  it('is empty at first: nothing is found from anywhere', () => {
    const set = make(2_000)
    expect([set.count(), set.next(0), set.next(1_999), set.next(5_000)]).toEqual([0, -1, -1, -1])
  })

  it.each([1, 31, 32, 33, 1_024, 1_025, 2_080])('is full with %i of %i elements', (size) => {
    const set = make(size)
    for (let i = 0; i < size; i++) set.set(i)
    expect(set.count()).toBe(size)
    expect(members(set)).toEqual(Array.from({ length: size }, (_, i) => i))
    for (let i = 0; i < size; i++) set.clear(i)
    expect([set.count(), set.next(0)]).toEqual([0, -1])
    expect([...set.words]).toEqual(new Array(set.words.length).fill(0))
  })

  it('refuses elements outside, which would be the words of its neighbour', () => {
    const set = make(64)
    expect(() => set.set(64)).toThrow('bitset of 64: set 64')
    expect(() => set.set(-1)).toThrow('bitset of 64: set -1')
    expect(() => set.clear(64)).toThrow('bitset of 64: clear 64')
  })

  it('writes only its own words, also at an offset', () => {
    const words = new Int32Array(Bitset.wordCount(1_100) + 20).fill(0x55)
    const set = new Bitset(words, 10, 1_100)
    set.reset()
    for (let i = 0; i < 1_100; i++) set.set(i)
    expect([...words.subarray(0, 10)]).toEqual(new Array(10).fill(0x55))
    expect([...words.subarray(words.length - 10)]).toEqual(new Array(10).fill(0x55))
    set.reset()
    expect(set.next(0)).toBe(-1)
  })

  it('agrees with a set of numbers over 20,000 random steps', () => {
    const random = numbers(20_260_101)
    const size = 3_000
    const set = make(size)
    const twin = new Set<number>()
    for (let step = 0; step < 20_000; step++) {
      const i = random(size)
      if (random(10) < 5) {
        set.set(i)
        twin.add(i)
      } else {
        set.clear(i)
        twin.delete(i)
      }
      expect(set.has(i)).toBe(twin.has(i))
      if (step % 500 !== 0) continue
      expect(set.count()).toBe(twin.size)
      expect(members(set)).toEqual([...twin].sort((a, b) => a - b))
    }
  })

  it('nextInBoth agrees with brute force from every index', () => {
    const random = numbers(7)
    const size = 2_500
    for (const density of [1, 40, 900]) {
      const a = make(size)
      const b = make(size)
      for (let n = 0; n < density; n++) {
        a.set(random(size))
        b.set(random(size))
      }
      const common = random(size)
      a.set(common)
      b.set(common)
      let expected = -1
      for (let from = size; from >= 0; from--) {
        if (from < size && a.has(from) && b.has(from)) expected = from
        expect(nextInBoth(a, b, from)).toBe(expected)
      }
      expect(nextInBoth(a, b, -3)).toBe(expected)
    }
  })

  it('a search among 100,000 with ten members reads two words of level 0 at most', () => {
    const size = 100_000
    const backing = new Int32Array(Bitset.wordCount(size))
    const wordCount = size / 32
    let level0Reads = 0
    let level1Reads = 0
    const words = new Proxy(backing, {
      get(target, key) {
        const index = Number(key)
        if (index < wordCount) level0Reads++
        else level1Reads++
        return Reflect.get(target, key)
      },
    })
    const writer = new Bitset(backing, 0, size)
    const reader = new Bitset(words, 0, size)
    for (let n = 0; n < 10; n++) writer.set(n * 9_999 + 17)
    let from = 0
    for (let n = 0; n < 10; n++) {
      level0Reads = 0
      level1Reads = 0
      const found = reader.next(from)
      expect(found).toBe(n * 9_999 + 17)
      // A set compared with itself reads each word twice.
      expect(level0Reads).toBeLessThanOrEqual(2 * 2)
      expect(level1Reads).toBeLessThanOrEqual(2 * 98)
      from = found + 1
    }
  })

  it('a summary bit whose word is empty, as another thread may see it, is passed over', () => {
    const set = make(4_000)
    set.set(40)
    set.set(3_000)
    set.words[set.level0 + 1] = 0
    expect(set.next(0)).toBe(3_000)
    expect(set.count()).toBe(1)
  })

  it('stampede: readers find those who stay on every pass, whoever comes and goes', async () => {
    const size = 4_096
    const residents = [0, 31, 32, 100, 1_023, 1_024, 2_047, 4_095]
    const memory = tinyMemory({ agentCountMax: size })
    const free = new Bitset(memory.words, memory.map.agentFree, size)
    const candidates = new Bitset(memory.words, memory.map.candidates, size)
    for (const i of residents) {
      free.set(i)
      candidates.set(i)
    }
    const reader = { kind: 'reader', size, residents }
    const reports = await stampede<{ passes: number; missed: number }>(
      'bitset.mjs',
      memory,
      makeStampede(0),
      [{ kind: 'writer', size, residents, rounds: 3_000 }, reader, reader],
    )
    expect(reports.map((report) => report.missed)).toEqual([0, 0, 0])
    expect(reports[1].passes + reports[2].passes).toBeGreaterThan(1)
    for (const i of residents) expect(free.has(i)).toBe(true)
  })
})
