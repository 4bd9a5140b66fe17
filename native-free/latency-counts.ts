/**
 * Latency histograms in shared memory: one set of counts for each writer and stage.
 *
 * Runs on: `LatencyWriter` on the front end (writer 0) and on router r (writer 1 + r),
 * `LatencyReader` wherever a snapshot is taken.
 * Invariant: every count has one writer, and the sum over writers is what one HDR histogram of all
 * values would hold (layout: latency-layout.ts).
 *
 * Increments are plain: nobody else writes the word, and Int32 cannot tear. A reader may miss the
 * latest values; they are in its next snapshot. Counts wrap at 2^32; who reads again and again
 * takes differences by `(a - b) | 0`, which are right as long as fewer than 2^31 values lie
 * between.
 */
import { LATENCY_COUNTS_LENGTH, latencyIndex } from './latency-layout.ts'
import type { SharedMemory } from './memory-map.ts'

/** One thread's counts. */
export class LatencyWriter {
  private readonly words: Int32Array
  private readonly counts: number
  private readonly stageStride: number
  private readonly stageCount: number

  /** @param writer 0 for the front end, 1 + r for router r. */
  constructor(memory: SharedMemory, writer: number) {
    const { map, shape } = memory
    if (writer < 0 || writer > shape.routerCount) {
      throw new Error(`latency writer ${writer}: outside of 0 to ${shape.routerCount}`)
    }
    this.words = memory.words
    this.counts = map.latency + writer * map.latencyWriterStride
    this.stageStride = map.latencyStageStride
    this.stageCount = shape.latencyStageCount
  }

  /**
   * Counts one latency.
   * @param stage 0 … latencyStageCount - 1.
   * @param valueUs µs; clamped to 0 … 24 h.
   * *Threads* this writer's own. *Cost* no allocation, no atomic.
   */
  record(stage: number, valueUs: number): void {
    if (stage < 0 || stage >= this.stageCount) {
      throw new Error(`latency stage ${stage}: outside of ${this.stageCount} stages`)
    }
    // Plain: this thread is the only writer.
    this.words[this.counts + stage * this.stageStride + latencyIndex(valueUs)]++
  }
}

/** All threads' counts together. */
export class LatencyReader {
  /** Counts of one histogram. */
  static readonly countsArrayLength = LATENCY_COUNTS_LENGTH
  /** Counts of one histogram. */
  readonly countsLength = LATENCY_COUNTS_LENGTH
  private readonly memory: SharedMemory

  constructor(memory: SharedMemory) {
    this.memory = memory
  }

  /**
   * Sums one stage over all writers.
   * @param into Int32Array[countsLength], overwritten.
   * *Stale* may miss what other threads recorded last. *Cost* countsLength × writers plain reads.
   */
  copy(stage: number, into: Int32Array): void {
    const { words, map, shape } = this.memory
    if (stage < 0 || stage >= shape.latencyStageCount) {
      throw new Error(`latency stage ${stage}: outside of ${shape.latencyStageCount} stages`)
    }
    into.fill(0)
    for (let writer = 0; writer <= shape.routerCount; writer++) {
      const from = map.latency + writer * map.latencyWriterStride + stage * map.latencyStageStride
      for (let i = 0; i < LATENCY_COUNTS_LENGTH; i++) into[i] += words[from + i]
    }
  }
}
