/**
 * The words of sparse sets: where among 100,000 agents the thousand members of a class stand.
 *
 * Runs on: front end and routers; each `Candidates` has its own.
 * Invariant: a list holds, in order, every word of the set's level 0 that is not empty, as of the
 * set's version when it was made; it is made again when the version has changed.
 *
 * ```
 *  level 0 of a class    0 │ 0 │ 4 │ 0 │ 0 │ 1 │ 0 │ 0 │ 80 │ …     who is a member, free or not
 *  list                  2 │ 5 │ 8 │ …                              draws and walks hit at once
 * ```
 *
 * Who draws an agent's index at random hits one of a thousand among 100,000 in one of a hundred
 * draws; who draws from the list hits with each. A set counts as sparse when fewer than one agent in
 * eight is in it. Making a list allocates and costs a pass over the set's words; it happens when an
 * agent joins or leaves the class, not when one is taken.
 *
 * Not taken: lists kept by the front end in shared memory: an insertion moves half of them.
 */
import { type Bitset, ctz32, popcount32 } from '../../native-free/bitset.ts'

/** A set is sparse when fewer than one agent in so many is in it. */
const SPARSE = 8

/** The list of one set. */
export class SparseList {
  /** Int32Array, indices of words, ascending; `length` of them count. */
  words = new Int32Array(0)
  /** 0 when the set is not sparse. */
  length = 0
  /** Members in the fullest word. */
  fullest = 0
  /** Version of the set that the list was made of; none before the first. */
  version = Number.NaN

  /** @returns the first position whose word is at or beyond `word`, or `length`. */
  search(word: number): number {
    let low = 0
    let high = this.length
    // Ends: the distance halves.
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.words[middle] < word) low = middle + 1
      else high = middle
    }
    return low
  }

  /** @param agents how many there are: those beyond are in no set. */
  make(set: Bitset, version: number, agents: number): void {
    this.version = version
    this.fullest = 0
    let members = 0
    let length = 0
    for (let w = nextWordOf(set, 0); w >= 0; w = nextWordOf(set, w + 1)) {
      const count = popcount32(set.words[set.level0 + w])
      members += count
      length++
      if (count > this.fullest) this.fullest = count
    }
    this.length = members * SPARSE < agents ? length : 0
    if (this.words.length < this.length) this.words = new Int32Array(2 * this.length)
    let at = 0
    // Ends also when the set grew meanwhile, by another thread.
    for (let w = nextWordOf(set, 0); w >= 0 && at < this.length; w = nextWordOf(set, w + 1)) {
      this.words[at++] = w
    }
    this.length = at
  }
}

/** @returns the first word from an index on that is not empty, by the set's summary, or -1. */
function nextWordOf(set: Bitset, from: number): number {
  let mask = -1 << (from & 31)
  for (let s = from >>> 5; s < set.summaryCount; s++) {
    const summary = set.words[set.level1 + s] & mask
    if (summary !== 0) return (s << 5) + ctz32(summary)
    mask = -1
  }
  return -1
}
