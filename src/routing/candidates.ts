/**
 * Who can be given a task of a class: candidate of the class, free, and not blocked by ourselves.
 *
 * Runs on: front end and routers, an instance each.
 * Invariant: what is found was, a moment ago, in all three sets as this thread saw them.
 *
 * ```
 *  candidates(class)   shared, two levels, written by the front end   ┐
 *  free                shared, two levels, written by the front end   ├ AND, word by word
 *  NOT blocked         this thread's own words, one level             ┘
 * ```
 *
 * `blocked` holds the agents whose credit a router's own unsettled proposals use up; on the front end
 * it stays empty. Searches pass over the summary level of the two shared sets, so ten candidates
 * among 100,000 agents cost at most 98 words. No closures and no iterators: strategies walk with
 * `nextFrom` or, faster when they want all, with `nextWord` and `word`.
 *
 * Accesses to shared words are plain, as told in native-free/bitset.ts: what is read late only leads
 * to a proposal that the front end refuses.
 */
import type { AgentTableReader } from '../../native-free/agent-table.ts'
import { ctz32, popcount32 } from '../../native-free/bitset.ts'
import type { ClassIndex } from '../../native-free/brands.ts'
import type { Random } from './generator.ts'
import { NONE } from './strategy.ts'

/** The set of agents that a strategy chooses from. */
export class Candidates {
  private readonly table: AgentTableReader
  private readonly words: Int32Array
  private readonly free0: number
  private readonly free1: number
  private readonly size: number
  private readonly wordCount: number
  private readonly summaryCount: number
  /** Int32Array[agentCountMax / 32], bits, written by this thread, not shared. */
  private readonly blocked: Int32Array
  private level0: number
  private level1: number

  constructor(table: AgentTableReader) {
    this.table = table
    this.words = table.free.words
    this.free0 = table.free.level0
    this.free1 = table.free.level1
    this.size = table.free.size
    this.wordCount = Math.ceil(this.size / 32)
    this.summaryCount = table.free.summaryCount
    this.blocked = new Int32Array(this.wordCount)
    this.level0 = table.free.level0
    this.level1 = table.free.level1
  }

  /** Turns to the candidates of a class; all other calls are about these. */
  select(classIndex: number): void {
    const set = this.table.candidates(classIndex as ClassIndex)
    this.level0 = set.level0
    this.level1 = set.level1
  }

  /** Takes an agent out, of every class, until `unblock`. */
  block(agent: number): void {
    this.blocked[agent >>> 5] |= 1 << (agent & 31)
  }

  unblock(agent: number): void {
    this.blocked[agent >>> 5] &= ~(1 << (agent & 31))
  }

  /** @returns 1 + the highest index that ever joined: no candidate lies beyond. */
  get limit(): number {
    return this.table.agentHigh()
  }

  /** Tells whether an agent is in; any number may be asked about. */
  has(agent: number): boolean {
    if (!(agent >= 0 && agent < this.size)) return false
    return ((this.word(agent >>> 5) >>> (agent & 31)) & 1) === 1
  }

  /** @returns the agents of word `index` as bits: bit b is agent `32 * index + b`. */
  word(index: number): number {
    const { words } = this
    return words[this.level0 + index] & words[this.free0 + index] & ~this.blocked[index]
  }

  /**
   * Finds the first word from an index on that is not empty.
   * @returns its index, or NONE.
   */
  nextWord(from: number): number {
    const { words } = this
    if (from >= this.wordCount) return NONE
    let mask = -1 << (from & 31)
    for (let s = from >>> 5; s < this.summaryCount; s++) {
      let summary = words[this.level1 + s] & words[this.free1 + s] & mask
      mask = -1
      // Ends: each round clears one of 32 bits.
      while (summary !== 0) {
        const index = (s << 5) + ctz32(summary)
        if (this.word(index) !== 0) return index
        summary &= summary - 1
      }
    }
    return NONE
  }

  /** @returns the lowest, or NONE. */
  first(): number {
    return this.find(0)
  }

  /** @returns the lowest above `agent`, or NONE: it does not wrap. */
  after(agent: number): number {
    return this.find(agent + 1)
  }

  /** @returns the first from `start` on, going round after the last, or NONE if there is none. */
  nextFrom(start: number): number {
    const found = this.find(start)
    return found !== NONE || start <= 0 ? found : this.find(0)
  }

  /** Counts all. *Cost* every word that is not empty; strategies prefer `countUpTo`. */
  count(): number {
    return this.countUpTo(this.size)
  }

  /**
   * Counts until it knows that there are more than `max`.
   * @returns the exact number when that is at most `max`, else some number above it.
   */
  countUpTo(max: number): number {
    let sum = 0
    // Ends: nextWord grows, there are wordCount words.
    for (let w = this.nextWord(0); w !== NONE && sum <= max; w = this.nextWord(w + 1)) {
      sum += popcount32(this.word(w))
    }
    return sum
  }

  /** @returns the one with exactly `rank` lower ones, or NONE when there are not so many. */
  nth(rank: number): number {
    let left = rank
    // Ends: nextWord grows, there are wordCount words.
    for (let w = this.nextWord(0); w !== NONE; w = this.nextWord(w + 1)) {
      let bits = this.word(w)
      const count = popcount32(bits)
      if (left >= count) {
        left -= count
        continue
      }
      for (; left > 0; left--) bits &= bits - 1
      // Not zero, even if the word changed meanwhile: bits is a copy.
      return (w << 5) + ctz32(bits)
    }
    return NONE
  }

  /**
   * Draws agents at random until one is in.
   * @param tries at most so many.
   * @returns each member equally likely, or NONE when no draw hit.
   */
  probe(random: Random, tries: number): number {
    const limit = this.limit
    if (limit === 0) return NONE
    for (let i = 0; i < tries; i++) {
      const agent = random.nextInt(limit)
      if (this.has(agent)) return agent
    }
    return NONE
  }

  private find(from: number): number {
    if (from >= this.size) return NONE
    const start = Math.max(from, 0)
    const here = this.word(start >>> 5) & (-1 << (start & 31))
    if (here !== 0) return ((start >>> 5) << 5) + ctz32(here)
    // Ends: nextWord grows. It is asked again only when a word became empty since it looked.
    for (let w = this.nextWord((start >>> 5) + 1); w !== NONE; w = this.nextWord(w + 1)) {
      const bits = this.word(w)
      if (bits !== 0) return (w << 5) + ctz32(bits)
    }
    return NONE
  }
}
