/**
 * Who can be given a task of a class, and what strategies ask about them.
 *
 * Runs on: front end and routers, an instance each.
 * Invariant: whoever is returned was, a moment ago, a member of the set with room (selected-set.ts).
 *
 * No closures and no iterators: strategies that score ask for `gather`; others walk with `nextFrom`, or
 * with `nextWord` and `word`.
 *
 * **Many or all.** Up to 256 members are gathered one by one, of more 16 are drawn. To know which
 * takes a count, which costs up to a microsecond where members lie sparse; so the count is kept until
 * as many agents changed (`AgentTableReader.moves`) as it would take to bring it down to 256.
 *
 * **Dense or sparse.** Where fewer than one agent in eight is a member, draws and walks go by a list
 * of the words in which members stand (sparse-sets.ts).
 */
import type { AgentTableReader } from '../../native-free/agent-table.ts'
import { ctz32, popcount32 } from '../../native-free/bitset.ts'
import type { ClassIndex } from '../../native-free/brands.ts'
import type { AgentView } from './agent-view.ts'
import type { Random } from './generator.ts'
import { SelectedSet } from './selected-set.ts'
import { SparseList } from './sparse-sets.ts'
import { NONE } from './strategy.ts'

/** Up to so many members a strategy looks at all of them. */
export const EXACT_MAX = 256
/** Of more it looks at so many; the best of 12 is expected 1/13 from the top. */
export const SAMPLE_COUNT = 12
/** A larger set is not counted to its end. */
const COUNT_MAX = 4_096
/**
 * Places that are drawn for the samples; the members that come next there are taken, two at each.
 * Neighbours share lines of the tables, so that is half as many misses of the cache.
 */
const SAMPLE_PLACES = 6
/** A draw from a sparse set hits when its word is as full as the fullest, and its member free. */
const SPARSE_TRIES = 8

/** The set of agents that a strategy chooses from. */
export class Candidates extends SelectedSet {
  /** Whether the last `gather` returned all members, and not samples. */
  isExact = true
  /** Int32Array[2 × classes]: more than EXACT_MAX are in while `moves` is below. */
  private readonly manyUntil: Int32Array
  /** By set; made when somebody draws from it. */
  private readonly lists: (SparseList | undefined)[] = []

  /** @param classCount classes at most. */
  constructor(table: AgentTableReader, classCount: number) {
    super(table, classCount)
    this.manyUntil = new Int32Array(2 * classCount)
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
   * @param tries at most so many; where members lie sparse, SPARSE_TRIES times as many.
   * @returns each member equally likely, or NONE when no draw hit.
   */
  probe(random: Random, tries: number): number {
    const list = this.sparseList()
    if (list.length > 0) return this.probeList(list, random, tries * SPARSE_TRIES)
    const limit = this.limit
    if (limit === 0) return NONE
    for (let i = 0; i < tries; i++) {
      const agent = random.nextInt(limit)
      if (this.has(agent)) return agent
    }
    return NONE
  }

  /** Each bit of each word is drawn as often as any other, up to as many as the fullest word has. */
  private probeList(list: SparseList, random: Random, tries: number): number {
    const { words, length, fullest } = list
    for (let i = 0; i < tries; i++) {
      const w = words[random.nextInt(length)]
      let bits = this.word(w)
      let rank = fullest === 1 ? 0 : random.nextInt(fullest)
      for (; rank > 0 && bits !== 0; rank--) bits &= bits - 1
      if (bits !== 0) return (w << 5) + ctz32(bits)
    }
    return NONE
  }

  /** @returns the list of this set's words; empty when the set is not sparse. */
  private sparseList(): SparseList {
    const { lists, setIndex } = this
    const version = this.isPreferred
      ? this.table.preferredVersion(this.classIndex as ClassIndex)
      : this.table.candidatesVersion(this.classIndex as ClassIndex)
    const list = lists[setIndex]
    if (list !== undefined && list.version === version) return list
    const made = list ?? new SparseList()
    lists[setIndex] = made
    made.make(this.set, version, this.limit)
    return made
  }

  /**
   * Collects the members that a strategy compares.
   * @param cursor where the rotation stands; any agent index.
   * @param into Int32Array, EXACT_MAX or more.
   * @returns how many: all with room, in rotation order from `cursor`, when these are at most
   * EXACT_MAX (`isExact`), else SAMPLE_COUNT that were drawn, perhaps one of them twice.
   */
  gather(agents: AgentView, cursor: number, into: Int32Array, random: Random): number {
    if (!this.isMany()) {
      const start = cursor > 0 && cursor < this.size ? cursor : 0
      const count = this.collect(start, into)
      this.isExact = count <= EXACT_MAX
      if (this.isExact) return count
      this.countMany()
    }
    this.isExact = false
    const count = this.sample(into, random)
    agents.warm(into, count)
    return count
  }

  /** Tells whether more than EXACT_MAX members are known to be in, without counting. */
  isMany(): boolean {
    const left = (this.manyUntil[this.setIndex] - this.moves()) | 0
    return left > 0 && left <= COUNT_MAX
  }

  /** Counts, and remembers how long that is good for. @returns whether more than EXACT_MAX are in. */
  countMany(): boolean {
    const spare = Math.min(this.countUpTo(COUNT_MAX), COUNT_MAX) - EXACT_MAX
    this.manyUntil[this.setIndex] = (this.moves() + Math.max(spare, 0)) | 0
    return spare > 0
  }

  /** Counts what may change how many are in: each takes out one agent at most. */
  private moves(): number {
    return (this.table.moves() + this.blocks) | 0
  }

  /** @returns how many it found; above EXACT_MAX it has stopped. */
  private collect(start: number, into: Int32Array): number {
    const list = this.sparseList()
    if (list.length > 0) return this.collectList(list, start, into)
    const count = this.collectFrom(start, this.size, into, 0)
    return start === 0 ? count : this.collectFrom(0, start, into, count)
  }

  private collectFrom(from: number, to: number, into: Int32Array, before: number): number {
    const first = from >>> 5
    const last = (to - 1) >> 5
    let count = before
    // Ends: nextWord grows, and each inner round clears one of 32 bits.
    for (let w = this.nextWord(first); w !== NONE && w <= last; w = this.nextWord(w + 1)) {
      let bits = this.word(w)
      if (w === first) bits &= -1 << (from & 31)
      if (w === last && (to & 31) !== 0) bits &= ~(-1 << (to & 31))
      for (; bits !== 0; bits &= bits - 1) {
        if (count === EXACT_MAX) return EXACT_MAX + 1
        into[count++] = (w << 5) + ctz32(bits)
      }
    }
    return count
  }

  /** The same, passing over no word that has no members. */
  private collectList(list: SparseList, start: number, into: Int32Array): number {
    const { words, length } = list
    const found = list.search(start >>> 5)
    const first = found === length ? 0 : found
    let count = 0
    // One round more than words: the first one is looked at for what lies behind and before `start`.
    for (let i = 0; i <= length; i++) {
      const at = first + i < length ? first + i : first + i - length
      const w = words[at]
      let bits = this.word(w)
      if (w === start >>> 5) {
        if (i === 0) bits &= -1 << (start & 31)
        else bits &= ~(-1 << (start & 31))
      } else if (i === length) break
      for (; bits !== 0; bits &= bits - 1) {
        if (count === EXACT_MAX) return EXACT_MAX + 1
        into[count++] = (w << 5) + ctz32(bits)
      }
    }
    return count
  }

  /** Draws a place SAMPLE_PLACES times, and takes the members that come next there. */
  private sample(into: Int32Array, random: Random): number {
    const list = this.sparseList()
    if (list.length > 0) return this.sampleList(list, into, random)
    const { limit } = this
    let count = 0
    for (let i = 0; i < SAMPLE_PLACES; i++) {
      const start = random.nextInt(limit)
      let w = start >>> 5
      let bits = this.word(w) & (-1 << (start & 31))
      for (let left = SAMPLE_COUNT / SAMPLE_PLACES; left > 0; left--) {
        if (bits === 0) {
          w = this.nextWord(w + 1)
          if (w === NONE) w = this.nextWord(0)
          if (w === NONE) return count
          bits = this.word(w)
          // Emptied meanwhile, by another thread.
          if (bits === 0) break
        }
        into[count++] = (w << 5) + ctz32(bits)
        bits &= bits - 1
      }
    }
    return count
  }

  private sampleList(list: SparseList, into: Int32Array, random: Random): number {
    const { words, length } = list
    let count = 0
    for (let i = 0; i < SAMPLE_PLACES; i++) {
      let at = random.nextInt(length)
      let left = SAMPLE_COUNT / SAMPLE_PLACES
      // Ends: after all words at the latest; more than EXACT_MAX members are in.
      for (let passed = 0; passed < length && left > 0; passed++) {
        const w = words[at]
        at = at + 1 === length ? 0 : at + 1
        for (let bits = this.word(w); bits !== 0 && left > 0; bits &= bits - 1) {
          into[count++] = (w << 5) + ctz32(bits)
          left--
        }
      }
    }
    return count
  }
}
