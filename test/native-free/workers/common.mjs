/** What all threads of a stampede need: the memory, a common start, and patience with an end. */
import { parentPort, workerData } from 'node:worker_threads'
import { atomics, openMemory } from '../../../dist/native-free/index.js'

/** Words of `control`. */
export const ARRIVED = 0
export const TAKEN = 16
export const FINISHED = 32
export const NEVER = 48

const PATIENCE_MS = 20_000
const MISSES_BEFORE_YIELD = 256

const { buffer, shape, control, seen, threadCount } = workerData

export const role = workerData
export const memory = openMemory(buffer, shape)
export { control, seen }

/** Waits until all threads are here, so that they meet in the structure and not at start. */
export function meet() {
  const arrived = atomics.add(control, ARRIVED, 1) + 1
  if (arrived === threadCount) {
    atomics.notify(control, ARRIVED, threadCount)
    return
  }
  // Ends: the last thread to arrive notifies; a thread that never comes fails the test by time.
  for (let now = arrived; now < threadCount; now = atomics.load(control, ARRIVED)) {
    atomics.wait(control, ARRIVED, now, PATIENCE_MS)
  }
}

/** Counts tries without success: gives the core away now and then, and throws at the end. */
export class Patience {
  constructor(what) {
    this.what = what
    this.misses = 0
    this.until = Date.now() + PATIENCE_MS
  }

  reset() {
    this.misses = 0
  }

  miss() {
    this.misses++
    if (this.misses % MISSES_BEFORE_YIELD !== 0) return
    if (Date.now() > this.until) throw new Error(`waited in vain for ${this.what}`)
    // There are more threads than cores: blocking for a moment lets the others run.
    atomics.wait(control, NEVER, 0, 1)
  }
}

/** A generation that belongs to an item and to no other: a torn pair shows. */
export function generationOf(item) {
  return Math.imul(item, 0x9e3779b1) | 0
}

/** Counts an item as taken, and checks that slot and generation belong together. */
export function take(item, generation) {
  if (generation !== generationOf(item)) throw new Error(`item ${item} is torn`)
  atomics.add(seen, item, 1)
}

/** Ends the thread's part. */
export function report(value) {
  parentPort.postMessage(value)
}
