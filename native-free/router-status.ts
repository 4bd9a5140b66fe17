/**
 * What each router tells about itself: that it moves, and how much it did.
 *
 * Runs on: `RouterStatusWriter` on router r, `RouterStatusReader` on the front end.
 * Invariant: each word has one writer, the living thread of router r, and only grows (wrapping),
 * except the thread id and the strategy that it is in.
 *
 * ```
 *  word of the router's line   0         1          2          3       4       5       6
 *                              progress  thread id  decisions  stale   steals  sleeps  incarnation
 *                              7: the strategy of a user's that it is in, as index + 1; 0 in none
 * ```
 *
 * Counts go on from one incarnation of a router to the next. Atomic stores, so that a reader which
 * polls the progress is never served from a register.
 */
import * as atomics from './atomics.ts'
import type { RouterIndex } from './brands.ts'
import { LINE_WORDS, type SharedMemory } from './memory-map.ts'

const PROGRESS = 0
const THREAD_ID = 1
const DECISIONS = 2
const STALE = 3
const STEALS = 4
const SLEEPS = 5
const INCARNATION = 6
const INSIDE = 7

/** In no strategy of a user's. */
export const NOT_INSIDE = -1

/** A router's own line. */
export class RouterStatusWriter {
  private readonly words: Int32Array
  private readonly line: number

  constructor(memory: SharedMemory, router: RouterIndex) {
    this.words = memory.words
    this.line = memory.map.status + router * LINE_WORDS
  }

  /** Says that this thread is now router r. @param threadId of `worker_threads`. */
  begin(threadId: number): void {
    // publishes the thread; pairs with the load in RouterStatusReader#threadId
    atomics.store(this.words, this.line + THREAD_ID, threadId)
    this.leave()
    // must come last: otherwise a reader sees the new incarnation with the old thread
    this.grow(INCARNATION, 1)
  }

  /** Says that the router moves: after each decision and each turn of its loop. */
  progress(): void {
    this.grow(PROGRESS, 1)
  }

  /** Says whose code runs from now on: should the thread never come back, it is to blame. */
  enter(strategy: number): void {
    // publishes the strategy; pairs with the load in RouterStatusReader#inside
    atomics.store(this.words, this.line + INSIDE, strategy + 1)
  }

  /** Says that it came back. */
  leave(): void {
    // publishes that it is in none; pairs with the load in RouterStatusReader#inside
    atomics.store(this.words, this.line + INSIDE, 0)
  }

  decided(): void {
    this.grow(DECISIONS, 1)
  }

  /** Counts entries dropped because their generation had passed. */
  droppedStale(count = 1): void {
    this.grow(STALE, count)
  }

  /** Counts entries stolen from other routers. */
  stole(count = 1): void {
    this.grow(STEALS, count)
  }

  slept(): void {
    this.grow(SLEEPS, 1)
  }

  private grow(field: number, count: number): void {
    const at = this.line + field
    // Plain read: only this thread writes the line.
    // publishes the count; pairs with the load in RouterStatusReader#read
    atomics.store(this.words, at, (this.words[at] + count) | 0)
  }
}

/** The front end's view of one router. */
export class RouterStatusReader {
  private readonly words: Int32Array
  private readonly line: number

  constructor(memory: SharedMemory, router: RouterIndex) {
    this.words = memory.words
    this.line = memory.map.status + router * LINE_WORDS
  }

  /** @returns a number that changes while the router moves; wrapping, compare for equality. */
  progress(): number {
    return this.read(PROGRESS)
  }

  threadId(): number {
    return this.read(THREAD_ID)
  }

  /** @returns the index of the user's strategy that the router is, or died, in; or NOT_INSIDE. */
  inside(): number {
    // sees whose code runs; pairs with the stores in RouterStatusWriter#enter and #leave
    return atomics.load(this.words, this.line + INSIDE) - 1
  }

  decisions(): number {
    return this.read(DECISIONS)
  }

  staleDropped(): number {
    return this.read(STALE)
  }

  steals(): number {
    return this.read(STEALS)
  }

  sleeps(): number {
    return this.read(SLEEPS)
  }

  /** @returns how many threads have been this router; 0 before the first began. */
  incarnation(): number {
    return this.read(INCARNATION)
  }

  private read(field: number): number {
    // sees the count; pairs with the stores in RouterStatusWriter
    return atomics.load(this.words, this.line + field) >>> 0
  }
}
