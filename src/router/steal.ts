/**
 * Takes half of what another router has claimed and not yet routed.
 *
 * Runs on: a router whose deque and all rings were empty.
 * Invariant: what is stolen is in the thief's own deque before it does anything else.
 *
 * Victims are asked in turn, from the one after the last asked, so that no router is robbed by all
 * others at once. (Go and Tokio start at a random one, which is the same with sixteen at most.)
 */
import { toGeneration, toRouter, toSlot } from '../../native-free/brands.ts'
import { CLAIM_MAX, ENTRY_WORDS, type SharedMemory } from '../../native-free/memory-map.ts'
import { type DequeOwner, DequeThief, stealHalf } from '../../native-free/work-stealing-deque.ts'

/** A router's hands in the others' deques. */
export class Thief {
  private readonly own: DequeOwner
  private readonly victims: DequeThief[] = []
  private readonly entries = new Int32Array(CLAIM_MAX * ENTRY_WORDS)
  private readonly scratch = new Int32Array(ENTRY_WORDS)
  private nextVictim = 0

  /** @param own the deque of `router`, whose owner calls. */
  constructor(memory: SharedMemory, router: number, own: DequeOwner) {
    this.own = own
    for (let i = 1; i < memory.shape.routerCount; i++) {
      const victim = (router + i) % memory.shape.routerCount
      this.victims.push(new DequeThief(memory, toRouter(victim)))
    }
  }

  /** Tells whether another router has something. *Stale* either way, but see `DequeThief#size`. */
  seesWork(): boolean {
    for (let i = 0; i < this.victims.length; i++) {
      if (this.victims[i].size() > 0) return true
    }
    return false
  }

  /**
   * Steals from the first victim that has something into the own, empty deque.
   * @returns how many entries; 0 also when every race was lost.
   */
  steal(): number {
    for (let i = 0; i < this.victims.length; i++) {
      const victim = this.victims[this.nextVictim]
      this.nextVictim = (this.nextVictim + 1) % this.victims.length
      const count = stealHalf(victim, this.entries, this.scratch)
      if (count === 0) continue
      // Newest first, as they come: the own pop then yields the oldest first.
      for (let k = 0; k < count; k++) push(this.own, this.entries, k)
      return count
    }
    return 0
  }
}

/** Pushes entry `index` of `entries`; the deque has room, as it was empty. */
export function push(own: DequeOwner, entries: Int32Array, index: number): void {
  const slot = toSlot(entries[ENTRY_WORDS * index])
  if (!own.push(slot, toGeneration(entries[ENTRY_WORDS * index + 1]))) {
    throw new Error(`slot ${slot}: the deque is full, though it was empty before the claim`)
  }
}
