/**
 * What the main thread allocates on its heap, and what collecting it costs.
 *
 * Runs on: the process of a part that is watched, its main thread. Invariant: bytes are the growth of
 * the used heap from the end of one collection to the beginning of the next, so what is freed in
 * between is counted too. Buffers outside the heap (socket chunks, arenas) are not.
 */
import { GCProfiler, getHeapStatistics } from 'node:v8'

export interface Allocated {
  readonly bytes: number
  /** The thread stood still for so long, all kinds of collections. */
  readonly gcMs: number
  readonly collections: number
}

export class AllocationWatch {
  readonly #profiler = new GCProfiler()
  #usedBefore = 0

  start(): void {
    this.#profiler.start()
    this.#usedBefore = getHeapStatistics().used_heap_size
  }

  stop(): Allocated {
    const usedNow = getHeapStatistics().used_heap_size
    const { statistics } = this.#profiler.stop()
    let bytes = 0
    let gcUs = 0
    let used = this.#usedBefore
    for (const { beforeGC, afterGC, cost } of statistics) {
      bytes += beforeGC.heapStatistics.usedHeapSize - used
      used = afterGC.heapStatistics.usedHeapSize
      gcUs += cost
    }
    return { bytes: bytes + usedNow - used, gcMs: gcUs / 1_000, collections: statistics.length }
  }
}
