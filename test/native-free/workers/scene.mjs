/** What a part of a run has in hand: the memory, a common start, a tally, patience with an end. */
import { atomics, openMemory } from '../../../dist/native-free/index.js'

/** Words of `control`, each on a line of its own. */
const ARRIVED = 0
const FINISHED = 16
const NEVER = 32
/** Free for what a module needs. */
export const SIGNAL = 48
export const TAKEN = 64
export const PUBLISHED = 80
/** One line a thread: how often it was served. */
const SERVED = 96
const LINE = 16

const PATIENCE_MS = 20_000
const MISSES_BEFORE_YIELD = 256
const YIELD_MS = 0.05

/** A generation that belongs to an item and to no other: a torn pair shows. */
export function generationOf(item) {
  return Math.imul(item, 0x9e3779b1) | 0
}

export class Scene {
  constructor(request) {
    this.memory = openMemory(request.memory.buffer, request.memory.shape)
    this.control = request.control
    this.tally = request.tally
    this.row = request.thread * request.rowWords
    this.itemCount = request.itemCount
    this.role = request.role
    this.thread = request.thread
    this.threadCount = request.threadCount
  }

  /** Waits until all threads are here, so that they meet in the structure and not at start. */
  meet() {
    const { control, threadCount } = this
    let arrived = atomics.add(control, ARRIVED, 1) + 1
    if (arrived === threadCount) atomics.notify(control, ARRIVED, threadCount)
    // Ends: the last thread to arrive notifies; one that never comes is named by the time-out.
    for (; arrived < threadCount; arrived = atomics.load(control, ARRIVED)) {
      this.waitWhile(ARRIVED, arrived, `${threadCount - arrived} threads at the start`)
    }
  }

  /** Blocks while a control word holds a value. @throws when nobody changes it in time. */
  waitWhile(word, value, what) {
    if (atomics.wait(this.control, word, value, PATIENCE_MS) === 'timed-out') {
      throw new Error(`waited in vain for ${what}`)
    }
  }

  /** Takes an item, once; its generation must belong to it. */
  take(item, generation) {
    if (generation !== generationOf(item)) throw new Error(`item ${item} is torn`)
    this.count(item)
  }

  /** Takes an item, once. */
  count(item) {
    if (item < 0 || item >= this.itemCount) throw new Error(`item ${item} is none`)
    const word = this.row + (item >>> 5)
    const bit = 1 << (item & 31)
    if ((this.tally[word] & bit) !== 0) throw new Error(`item ${item} came twice to one thread`)
    this.tally[word] |= bit
  }

  /** Says that one more of those who bring work has brought all of it. */
  finish() {
    atomics.add(this.control, FINISHED, 1)
  }

  isFinished(count = 1) {
    return atomics.load(this.control, FINISHED) >= count
  }

  /** Says that this thread got its share once more. */
  served() {
    const word = SERVED + this.thread * LINE
    atomics.store(this.control, word, this.control[word] + 1)
  }

  /** Tells whether each of these threads got its share so often. */
  areServed(threads, times) {
    return threads.every((thread) => atomics.load(this.control, SERVED + thread * LINE) >= times)
  }

  patience(what) {
    return new Patience(this.control, what)
  }
}

/** Counts tries without success: gives the core away now and then, and throws at the end. */
class Patience {
  constructor(control, what) {
    this.control = control
    this.what = what
    this.misses = 0
    this.until = 0
  }

  reset() {
    this.misses = 0
  }

  miss() {
    this.misses++
    if (this.misses % MISSES_BEFORE_YIELD !== 0) return
    const now = Date.now()
    if (this.misses === MISSES_BEFORE_YIELD) this.until = now + PATIENCE_MS
    else if (now > this.until) throw new Error(`waited in vain for ${this.what}`)
    // There are more threads than cores: blocking for a moment lets the others run.
    atomics.wait(this.control, NEVER, 0, YIELD_MS)
  }
}
