/**
 * What a router has claimed and not yet routed: its own end, and the end that others steal from.
 *
 * Runs on: `DequeOwner` on router r, `DequeThief` on all other routers.
 * Invariant: entries from top to bottom are waiting; each is taken once, by the owner's pop or by
 * one thief's move of the top; the top only ever moves forward.
 *
 * ```
 *      top                                bottom
 *       ▼                                   ▼
 *   ────┬──────┬──────┬──────┬──────┬──────┬────────
 *       │newest│      │      │      │oldest│
 *   ────┴──────┴──────┴──────┴──────┴──────┴────────
 *    thieves take here         the owner pushes and pops here
 * ```
 *
 * The owner pushes a claim newest first, so its own pops come oldest first, and thieves take what
 * would wait longest.
 *
 * **A thief's copy is whole.** Cell i is written again only by a push that saw top > i (the deque
 * is bounded), or after the owner popped i itself, which for the last entry needs the same exchange
 * of the top as a thief. A thief's exchange succeeds only if the top is still i, so then nobody has
 * written the cell since the thief read it. A batch is stolen one by one (crossbeam): one exchange
 * over several would overlap with the owner's pops, which do not touch the top.
 *
 * **The dead.** A thief that dies leaves nothing. An owner that dies in `pop` may leave the bottom
 * one below the top; `recover` repairs that.
 *
 * Source: Chase & Lev 2005; Lê, Pop, Cohen, Zappa Nardelli 2013 (its fences are free here: JS
 * atomics are sequentially consistent). Bounded, so nothing grows and nothing is reclaimed.
 */
import * as atomics from './atomics.ts'
import {
  EMPTY,
  type Generation,
  RETRY,
  type RouterIndex,
  type SlotIndex,
  SUCCESS,
} from './brands.ts'
import {
  CLAIM_MAX,
  DEQUE_CAPACITY,
  ENTRY_WORDS,
  LINE_WORDS,
  type SharedMemory,
} from './memory-map.ts'

const MASK = DEQUE_CAPACITY - 1

/** The owner's end. */
export class DequeOwner {
  private readonly words: Int32Array
  private readonly top: number
  private readonly bottom: number
  private readonly entries: number
  /** The bottom as the owner knows it; only the owner writes it. */
  private localBottom: number

  /** *Threads* router `router`, or whoever recovers for it after its thread's exit. */
  constructor(memory: SharedMemory, router: RouterIndex) {
    const { map } = memory
    this.words = memory.words
    this.top = map.dequeTops + router * LINE_WORDS
    this.bottom = map.dequeBottoms + router * LINE_WORDS
    this.entries = map.dequeEntries + router * map.dequeEntriesStride
    // sees its own or a dead predecessor's store; only the owner writes the bottom
    this.localBottom = atomics.load(this.words, this.bottom)
  }

  /**
   * Adds an entry at the owner's end.
   * @returns false when full.
   * *Cost* one atomic load, one store.
   */
  push(slot: SlotIndex, generation: Generation): boolean {
    const { words, localBottom } = this
    // sees what was stolen; pairs with the exchange in DequeThief#steal
    if (((localBottom - atomics.load(words, this.top)) | 0) >= DEQUE_CAPACITY) return false
    const at = this.entries + (localBottom & MASK) * ENTRY_WORDS
    // Plain: a thief that still copies this cell has a top that moved, and throws its copy away.
    words[at] = slot
    words[at + 1] = generation
    this.localBottom = (localBottom + 1) | 0
    // publishes the entry; pairs with the load in DequeThief#steal
    atomics.store(words, this.bottom, this.localBottom)
    return true
  }

  /**
   * Takes the entry pushed last.
   * @param into two words: slot, generation.
   * @returns false when empty, also when a thief was faster with the last one.
   * *Cost* a store and a load; for the last entry an exchange and a store more.
   */
  pop(into: Int32Array): boolean {
    const { words } = this
    const bottom = (this.localBottom - 1) | 0
    // claims the last entry against later thieves; pairs with the load in DequeThief#steal
    // must come before the load of the top: otherwise owner and thief both take the last entry
    atomics.store(words, this.bottom, bottom)
    // sees what was stolen; pairs with the exchange in DequeThief#steal
    const top = atomics.load(words, this.top)
    const left = (bottom - top) | 0
    if (left < 0) {
      // publishes that it is empty; pairs with the load in DequeThief#steal
      atomics.store(words, this.bottom, this.localBottom)
      return false
    }
    const at = this.entries + (bottom & MASK) * ENTRY_WORDS
    // Plain: only the owner writes cells.
    into[0] = words[at]
    into[1] = words[at + 1]
    if (left > 0) {
      this.localBottom = bottom
      return true
    }
    // claims the last entry; the loser (here the owner) returns false
    const isOurs = atomics.compareExchange(words, this.top, top, (top + 1) | 0) === top
    // publishes that it is empty (bottom = top); pairs with the load in DequeThief#steal
    atomics.store(words, this.bottom, this.localBottom)
    return isOurs
  }

  /** Counts the entries. *Stale* may be too high. */
  size(): number {
    // sees what was stolen; pairs with the exchange in DequeThief#steal
    return (this.localBottom - atomics.load(this.words, this.top)) | 0
  }

  /**
   * Empties the deque of a dead owner and makes it fit for a new one.
   *
   * It moves the top beyond everything in one exchange, and one further: a thief that copied before
   * then fails, even one that saw a bottom which the dying owner had taken back since.
   * @returns how many entries were dropped; thieves may have taken others meanwhile.
   * *Threads* one, after the dead owner's thread has exited; thieves may go on.
   */
  recover(): number {
    const { words } = this
    // sees a dead predecessor's last store; nobody else writes the bottom
    const bottom = atomics.load(words, this.bottom)
    // Ends: a failed exchange means that a thief took an entry, and of those there are at most
    // DEQUE_CAPACITY, and one that the dying owner had taken back.
    for (let attempt = 0; attempt <= DEQUE_CAPACITY + 1; attempt++) {
      // sees what was stolen; pairs with the exchange in DequeThief#steal
      const top = atomics.load(words, this.top)
      const left = Math.max((bottom - top) | 0, 0)
      const beyond = (top + left + 1) | 0
      // claims all that is left; the loser tries again
      if (atomics.compareExchange(words, this.top, top, beyond) !== top) continue
      this.localBottom = beyond
      // publishes an empty deque; pairs with the load in DequeThief#steal
      atomics.store(words, this.bottom, beyond)
      return left
    }
    throw new Error(`deque: recover lost ${DEQUE_CAPACITY + 2} races, its owner is not dead`)
  }
}

/** Another router's end. It holds no state: one that dies leaves nothing behind. */
export class DequeThief {
  private readonly words: Int32Array
  private readonly top: number
  private readonly bottom: number
  private readonly entries: number

  /** @param router the victim. */
  constructor(memory: SharedMemory, router: RouterIndex) {
    const { map } = memory
    this.words = memory.words
    this.top = map.dequeTops + router * LINE_WORDS
    this.bottom = map.dequeBottoms + router * LINE_WORDS
    this.entries = map.dequeEntries + router * map.dequeEntriesStride
  }

  /**
   * Takes the entry at the top.
   * @param into two words: slot, generation; garbage unless SUCCESS.
   * @returns SUCCESS, EMPTY, or RETRY when owner or another thief was faster.
   */
  steal(into: Int32Array): typeof EMPTY | typeof SUCCESS | typeof RETRY {
    const { words } = this
    // sees what was stolen; pairs with the exchanges of thieves and owner
    // must come before the load of the bottom: otherwise an entry the owner popped looks free
    const top = atomics.load(words, this.top)
    // sees entries; pairs with the stores in DequeOwner#push and #pop
    if (((atomics.load(words, this.bottom) - top) | 0) <= 0) return EMPTY
    const at = this.entries + (top & MASK) * ENTRY_WORDS
    // Plain: whole if the exchange succeeds, thrown away otherwise.
    into[0] = words[at]
    into[1] = words[at + 1]
    // claims the top entry; the loser returns RETRY
    const before = atomics.compareExchange(words, this.top, top, (top + 1) | 0)
    return before === top ? SUCCESS : RETRY
  }

  /** Counts the entries, at least 0. *Stale* either way. */
  size(): number {
    // sees what was stolen; pairs with the exchanges of thieves and owner
    const top = atomics.load(this.words, this.top)
    // sees entries; pairs with the store in DequeOwner#push
    // must come after Sleepers#announce: otherwise a surplus pushed in between wakes nobody
    const size = (atomics.load(this.words, this.bottom) - top) | 0
    return Math.max(size, 0)
  }
}

/**
 * Steals half of a victim's entries, rounded up, at most CLAIM_MAX, one by one.
 * @param into slot and generation of each, newest first: push them in this order.
 * @param scratch two words.
 * @returns how many were stolen; 0 also when every race was lost.
 * *Cost* at most CLAIM_MAX exchanges.
 */
export function stealHalf(victim: DequeThief, into: Int32Array, scratch: Int32Array): number {
  const half = (victim.size() + 1) >>> 1
  const attempts = Math.min(half, CLAIM_MAX)
  let count = 0
  for (let attempt = 0; attempt < attempts; attempt++) {
    const result = victim.steal(scratch)
    if (result === EMPTY) break
    if (result === RETRY) continue
    into[2 * count] = scratch[0]
    into[2 * count + 1] = scratch[1]
    count++
  }
  return count
}
