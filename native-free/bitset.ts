/**
 * A set of indices as bits on two levels, to find members without walking through the others.
 *
 * Runs on: written by one thread (the front end), read by all.
 * Invariant: a bit of level 1 is set exactly when its word of level 0 is not zero, as the writer
 * sees it.
 *
 * ```
 *  level 1   ┌ 1 0 0 1 … ┐                       one bit for each word of level 0
 *              │     └──────────────┐
 *  level 0   ┌ 0100… ┐ 0 ┐ 0 ┐ ┌ 0001… ┐         one bit for each element
 * ```
 *
 * With ten members among 100,000 a search passes over at most 98 words of level 1 and the one word
 * of level 0 that it answers from. A third level would spare 94 of them and cost every write.
 *
 * Accesses are plain. A reader on another thread may see a bit late, or a summary bit whose word is
 * already empty (it goes on to the next); Int32 words cannot tear. That is harmless because readers
 * only propose, and the front end checks again before it commits.
 */

/** Counts the zero bits below the lowest set bit; 32 for 0. */
export function ctz32(x: number): number {
  return x === 0 ? 32 : 31 - Math.clz32(x & -x)
}

/** Counts the set bits of a 32-bit word. */
export function popcount32(x: number): number {
  let n = x - ((x >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  n = (n + (n >>> 4)) & 0x0f0f0f0f
  return Math.imul(n, 0x01010101) >>> 24
}

/** A view of a bitset that lies in a range of words. */
export class Bitset {
  /** Elements, 0 … size - 1. */
  readonly size: number
  readonly words: Int32Array
  /** Word offset of level 0: `Int32Array[ceil(size / 32)]`, written by one thread, plain. */
  readonly level0: number
  /** Word offset of level 1: `Int32Array[ceil(level 0's words / 32)]`, the same. */
  readonly level1: number
  /** Words of level 1. */
  readonly summaryCount: number

  /**
   * Views `wordCount(size)` words from `offset`; nothing is cleared.
   * @param size elements, at least 1.
   */
  constructor(words: Int32Array, offset: number, size: number) {
    const wordCount = Math.ceil(size / 32)
    this.size = size
    this.words = words
    this.level0 = offset
    this.level1 = offset + wordCount
    this.summaryCount = Math.ceil(wordCount / 32)
  }

  /** @returns words that a set of `size` elements takes, both levels. */
  static wordCount(size: number): number {
    const wordCount = Math.ceil(size / 32)
    return wordCount + Math.ceil(wordCount / 32)
  }

  /**
   * Adds an element.
   * @throws Error when it is outside, as it would write into the neighbour's words.
   * *Threads* the writer.
   */
  set(i: number): void {
    if (i < 0 || i >= this.size) throw new Error(`bitset of ${this.size}: set ${i}`)
    const word = i >>> 5
    this.words[this.level0 + word] |= 1 << (i & 31)
    this.words[this.level1 + (word >>> 5)] |= 1 << (word & 31)
  }

  /**
   * Removes an element.
   * @throws Error when it is outside.
   * *Threads* the writer.
   */
  clear(i: number): void {
    if (i < 0 || i >= this.size) throw new Error(`bitset of ${this.size}: clear ${i}`)
    const word = i >>> 5
    const rest = this.words[this.level0 + word] & ~(1 << (i & 31))
    this.words[this.level0 + word] = rest
    if (rest === 0) this.words[this.level1 + (word >>> 5)] &= ~(1 << (word & 31))
  }

  /** Tells whether an element is in. *Stale* either way on other threads. */
  has(i: number): boolean {
    return ((this.words[this.level0 + (i >>> 5)] >>> (i & 31)) & 1) === 1
  }

  /** Counts the elements; reads level 1 and the words of level 0 that are not empty. */
  count(): number {
    let sum = 0
    for (let s = 0; s < this.summaryCount; s++) {
      let summary = this.words[this.level1 + s]
      // Ends: each round clears one of 32 bits.
      while (summary !== 0) {
        sum += popcount32(this.words[this.level0 + (s << 5) + ctz32(summary)])
        summary &= summary - 1
      }
    }
    return sum
  }

  /**
   * Finds the first element from an index on.
   * @param from 0 or more; at or beyond `size` there is none.
   * @returns the element, or -1.
   */
  next(from: number): number {
    return nextInBoth(this, this, from)
  }

  /** Removes all elements. *Threads* the writer. */
  reset(): void {
    this.words.fill(0, this.level0, this.level1 + this.summaryCount)
  }
}

/**
 * Finds the first index from `from` on that is in two sets of the same size.
 * @returns the index, or -1.
 * *Cost* the words of level 1, and the words of level 0 where both summaries have a bit.
 */
export function nextInBoth(a: Bitset, b: Bitset, from: number): number {
  if (from >= a.size) return -1
  const start = Math.max(from, 0)
  const aWords = a.words
  const bWords = b.words
  const first = start >>> 5
  const here = aWords[a.level0 + first] & bWords[b.level0 + first] & (-1 << (start & 31))
  if (here !== 0) return (first << 5) + ctz32(here)
  // Words after `first`: in its own summary word only the higher bits.
  let s = (first + 1) >>> 5
  let mask = -1 << ((first + 1) & 31)
  for (; s < a.summaryCount; s++) {
    let summary = aWords[a.level1 + s] & bWords[b.level1 + s] & mask
    mask = -1
    // Ends: each round clears one of 32 bits.
    while (summary !== 0) {
      const word = (s << 5) + ctz32(summary)
      const both = aWords[a.level0 + word] & bWords[b.level0 + word]
      if (both !== 0) return (word << 5) + ctz32(both)
      summary &= summary - 1
    }
  }
  return -1
}
