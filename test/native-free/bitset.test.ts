import { describe, expect, it } from 'vitest'
import { Bitset, ctz32, nextInBoth, popcount32 } from '../../native-free/index.ts'

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
})
