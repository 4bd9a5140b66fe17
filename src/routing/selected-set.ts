/**
 * The set of agents that a choice is made from: three sets of bits, and a search over them.
 *
 * Runs on: front end and routers, an instance each.
 * Invariant: what is found was, a moment ago, in all three sets as this thread saw them.
 *
 * ```
 *  candidates(class), or preferred(class)                                    ┐
 *                     shared, two levels, written by the front end           │
 *  free (class binds late), or room (it binds early)                         ├ AND, word by word
 *                     shared, two levels, written by the front end           │
 *  NOT blocked        this thread's own words, one level; one set for each   ┘
 * ```
 *
 * `blocked` holds the agents whose credit, or room, a router's own unsettled proposals use up; on the
 * front end it stays empty. Searches pass over the summary level of the two shared sets, so ten
 * candidates among 100,000 agents cost at most 98 words.
 *
 * Accesses to shared words are plain, as told in native-free/bitset.ts: what is read late only leads
 * to a proposal that the front end refuses.
 */
import type { AgentTableReader } from '../../native-free/agent-table.ts'
import { type Bitset, ctz32 } from '../../native-free/bitset.ts'
import type { ClassIndex } from '../../native-free/brands.ts'
import { NONE } from './strategy.ts'

/** One set at a time; `select` and `selectPreferred` turn to another. */
export class SelectedSet {
  /** The class whose set this is. */
  classIndex = 0
  /** Whether members need only room in their own queue, not credit. */
  isEarly = false
  /** Whether these are only the preferred ones. */
  isPreferred = false
  protected readonly table: AgentTableReader
  private readonly words: Int32Array
  protected readonly size: number
  private readonly wordCount: number
  private readonly summaryCount: number
  private readonly classCount: number
  /** Int32Array[agentCountMax / 32], bits, written by this thread, not shared; no credit left. */
  private readonly blockedFree: Int32Array
  /** The same; no room left either. */
  private readonly blockedRoom: Int32Array
  private blocked: Int32Array
  protected blocks = 0
  private level0: number
  private level1: number
  private gate0: number
  private gate1: number
  protected set: Bitset

  /** @param classCount classes at most. */
  constructor(table: AgentTableReader, classCount: number) {
    this.table = table
    this.words = table.free.words
    this.size = table.free.size
    this.wordCount = Math.ceil(this.size / 32)
    this.summaryCount = table.free.summaryCount
    this.classCount = classCount
    this.blockedFree = new Int32Array(this.wordCount)
    this.blockedRoom = new Int32Array(this.wordCount)
    this.blocked = this.blockedFree
    this.set = table.free
    this.level0 = table.free.level0
    this.level1 = table.free.level1
    this.gate0 = table.free.level0
    this.gate1 = table.free.level1
  }

  /** Turns to the candidates of a class; all other calls are about these. */
  select(classIndex: number, isEarly = false): void {
    this.turnTo(this.table.candidates(classIndex as ClassIndex), classIndex, isEarly, false)
  }

  /** Turns to those candidates of a class that are taken first. */
  selectPreferred(classIndex: number, isEarly = false): void {
    this.turnTo(this.table.preferred(classIndex as ClassIndex), classIndex, isEarly, true)
  }

  private turnTo(set: Bitset, classIndex: number, isEarly: boolean, isPreferred: boolean): void {
    const gate = isEarly ? this.table.room : this.table.free
    this.set = set
    this.classIndex = classIndex
    this.isEarly = isEarly
    this.isPreferred = isPreferred
    this.level0 = set.level0
    this.level1 = set.level1
    this.gate0 = gate.level0
    this.gate1 = gate.level1
    this.blocked = isEarly ? this.blockedRoom : this.blockedFree
  }

  /** A number of its own for each set that can be turned to, 0 … 2 × classes - 1. */
  get setIndex(): number {
    return this.isPreferred ? this.classCount + this.classIndex : this.classIndex
  }

  /** Takes an agent without credit out, of every class that binds late, until `unblock`. */
  block(agent: number): void {
    this.blockedFree[agent >>> 5] |= 1 << (agent & 31)
    this.blocks++
  }

  unblock(agent: number): void {
    this.blockedFree[agent >>> 5] &= ~(1 << (agent & 31))
  }

  /** Takes an agent without room out, of every class that binds early, until `unblockRoom`. */
  blockRoom(agent: number): void {
    this.blockedRoom[agent >>> 5] |= 1 << (agent & 31)
    this.blocks++
  }

  unblockRoom(agent: number): void {
    this.blockedRoom[agent >>> 5] &= ~(1 << (agent & 31))
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
    return words[this.level0 + index] & words[this.gate0 + index] & ~this.blocked[index]
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
      let summary = words[this.level1 + s] & words[this.gate1 + s] & mask
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

  /** Tells whether an agent is of this set, with room or without. */
  isMember(agent: number): boolean {
    return ((this.words[this.level0 + (agent >>> 5)] >>> (agent & 31)) & 1) === 1
  }

  /** @returns those of this set in a load level, of word `index`, as bits; blocked ones are in. */
  levelWord(level: number, index: number): number {
    return this.words[this.level0 + index] & this.words[this.table.levels[level].level0 + index]
  }

  /** @returns as `nextWord`, of the words of `levelWord`. */
  nextLevelWord(level: number, from: number): number {
    const { words, level0, level1 } = this
    if (from >= this.wordCount) return NONE
    const set = this.table.levels[level]
    const set0 = set.level0
    const set1 = set.level1
    let mask = -1 << (from & 31)
    for (let s = from >>> 5; s < this.summaryCount; s++) {
      let summary = words[level1 + s] & words[set1 + s] & mask
      mask = -1
      // Ends: each round clears one of 32 bits.
      while (summary !== 0) {
        const index = (s << 5) + ctz32(summary)
        if ((words[level0 + index] & words[set0 + index]) !== 0) return index
        summary &= summary - 1
      }
    }
    return NONE
  }

  /** @returns the first from `from` on, or NONE: it does not wrap. */
  protected find(from: number): number {
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
