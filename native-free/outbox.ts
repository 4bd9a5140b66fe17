/**
 * The proposals of one router on their way to the front end: a one-to-one queue.
 *
 * Runs on: `OutboxProducer` on router r, `OutboxConsumer` on the front end.
 * Invariant: cells from head to tail are written and belong to the consumer, all others belong to
 * the producer; head never passes tail, tail never passes head + capacity.
 *
 * ```
 *        head                  cursor             tail
 *   ──────┼──────────────────────┼─────────────────┼──────────
 *   free  │ read, not committed  │ not read        │ free
 *         └── producer counts these as outstanding ┘
 * ```
 *
 * Reading does not free: `next` moves a cursor on the front end's heap, and `commitReads` publishes
 * it as the head after the front end has written the agents' columns. So a router that sees the
 * head moved also sees the credit that was taken, and may forget the proposals before it.
 *
 * It cannot overflow (proof in memory-map.ts). Its counters are 32 bits and wrap.
 *
 * Source: Lamport's one-to-one queue; Agrona's `OneToOneRingBuffer`.
 */
import * as atomics from './atomics.ts'
import type { AgentIndex, Generation, NONE, RouterIndex, SlotIndex } from './brands.ts'
import { LINE_WORDS, PROPOSAL_WORDS, type SharedMemory } from './memory-map.ts'

/** The router's end. */
export class OutboxProducer {
  private readonly words: Int32Array
  private readonly head: number
  private readonly tail: number
  private readonly entries: number
  private readonly capacity: number
  private readonly mask: number
  private written: number
  private published: number
  private seenHead: number

  /** *Threads* router `router`; one producer at a time, which goes on where a dead one ended. */
  constructor(memory: SharedMemory, router: RouterIndex) {
    const { map } = memory
    this.words = memory.words
    this.head = map.outboxHeads + router * LINE_WORDS
    this.tail = map.outboxTails + router * LINE_WORDS
    this.entries = map.outboxEntries + router * map.outboxEntriesStride
    this.capacity = map.outboxCapacity
    this.mask = map.outboxCapacity - 1
    // sees what a predecessor published; pairs with the store in OutboxProducer#publish
    this.written = atomics.load(this.words, this.tail)
    this.published = this.written
    // sees what was consumed; pairs with the store in OutboxConsumer#commitReads
    this.seenHead = atomics.load(this.words, this.head)
  }

  /**
   * Writes one proposal and publishes it, and whatever was written before it.
   * @returns false when full, which the memory map rules out.
   */
  push(
    slot: SlotIndex,
    generation: Generation,
    agent: AgentIndex | typeof NONE,
    agentGeneration: Generation,
    proposedUs: number,
  ): boolean {
    const isWritten = this.write(slot, generation, agent, agentGeneration, proposedUs)
    this.publish()
    return isWritten
  }

  /**
   * Writes one proposal that nobody sees before `publish`.
   * @param agent the chosen agent, or NONE when nobody was free.
   * @param proposedUs stamp of the router's clock, µs, wrapping.
   * @returns false when full, which the memory map rules out.
   * *Cost* plain writes, and an atomic load once per lap.
   */
  write(
    slot: SlotIndex,
    generation: Generation,
    agent: AgentIndex | typeof NONE,
    agentGeneration: Generation,
    proposedUs: number,
  ): boolean {
    const { words, written } = this
    if (((written - this.seenHead) | 0) >= this.capacity) {
      // sees the cells freed; pairs with the store in OutboxConsumer#commitReads
      this.seenHead = atomics.load(words, this.head)
      if (((written - this.seenHead) | 0) >= this.capacity) return false
    }
    const at = this.entries + (written & this.mask) * PROPOSAL_WORDS
    // Plain: the cell is ours until the tail passes it.
    words[at] = slot
    words[at + 1] = generation
    words[at + 2] = agent
    words[at + 3] = agentGeneration
    words[at + 4] = proposedUs
    this.written = (written + 1) | 0
    return true
  }

  /**
   * Publishes all that was written; the caller then rings the bell.
   * @returns how many proposals became visible.
   * *Cost* one atomic store.
   */
  publish(): number {
    const count = (this.written - this.published) | 0
    if (count === 0) return 0
    this.published = this.written
    // publishes the proposals; pairs with the loads in OutboxConsumer#next and #isEmpty
    // must come before RouterBell#ring: otherwise the front end looks, sees nothing, and sleeps on
    atomics.store(this.words, this.tail, this.written)
    return count
  }

  /**
   * Tells how far the front end has settled this router's proposals.
   * @returns the head, wrapping: compare by `(a - b) | 0`. Everything pushed before it is settled,
   * and the agents' columns show it.
   */
  consumedCount(): number {
    // sees the agents' columns; pairs with the store in OutboxConsumer#commitReads
    this.seenHead = atomics.load(this.words, this.head)
    return this.seenHead
  }

  /** @returns how many were written ever, wrapping, on the same scale as `consumedCount`. */
  producedCount(): number {
    return this.written
  }
}

/** The front end's end. */
export class OutboxConsumer {
  private readonly words: Int32Array
  private readonly head: number
  private readonly tail: number
  private readonly entries: number
  private readonly mask: number
  private cursor: number
  private committed: number
  private seenTail: number

  /** *Threads* front end; one consumer for the memory's whole life. */
  constructor(memory: SharedMemory, router: RouterIndex) {
    const { map } = memory
    this.words = memory.words
    this.head = map.outboxHeads + router * LINE_WORDS
    this.tail = map.outboxTails + router * LINE_WORDS
    this.entries = map.outboxEntries + router * map.outboxEntriesStride
    this.mask = map.outboxCapacity - 1
    // sees its own earlier store; only the consumer writes the head
    this.cursor = atomics.load(this.words, this.head)
    this.committed = this.cursor
    this.seenTail = this.cursor
  }

  /**
   * Reads the next proposal; its cell stays taken until `commitReads`.
   * @param into five words: slot, generation, agent or NONE, agent's generation, proposed µs.
   * @returns false when there is none; a router may publish more at once, so a caller that loops
   * bounds its loop.
   * *Cost* an atomic load only when all that was seen is read.
   */
  next(into: Int32Array): boolean {
    const { words, cursor } = this
    if (cursor === this.seenTail) {
      // sees proposals; pairs with the store in OutboxProducer#publish
      this.seenTail = atomics.load(words, this.tail)
      if (cursor === this.seenTail) return false
    }
    const at = this.entries + (cursor & this.mask) * PROPOSAL_WORDS
    // Plain: published by the tail, and not overwritten before the head passes it.
    into[0] = words[at]
    into[1] = words[at + 1]
    into[2] = words[at + 2]
    into[3] = words[at + 3]
    into[4] = words[at + 4]
    this.cursor = (cursor + 1) | 0
    return true
  }

  /** Settles everything read so far; call it after the agents' columns are written. */
  commitReads(): void {
    if (this.committed === this.cursor) return
    this.committed = this.cursor
    // publishes the agents' columns and frees the cells; pairs with the load in
    // OutboxProducer#consumedCount and #write
    atomics.store(this.words, this.head, this.cursor)
  }

  /** Tells whether all published proposals are read. *Stale* may say true too late, never early. */
  isEmpty(): boolean {
    // sees proposals; pairs with the store in OutboxProducer#publish
    // must come after FrontEndBell#arm: otherwise a proposal published in between wakes nobody
    return atomics.load(this.words, this.tail) === this.cursor
  }

  /** Counts the unread proposals. *Stale* may be too low. */
  size(): number {
    // sees proposals; pairs with the store in OutboxProducer#publish
    return (atomics.load(this.words, this.tail) - this.cursor) | 0
  }
}
