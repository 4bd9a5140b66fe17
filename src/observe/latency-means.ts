/**
 * Mean latencies of stages, all threads together, for whoever wants no more. Main thread, when asked:
 * 0.1 ms a stage, which needs no worker.
 */
import { LatencyReader, latencyAt, type SharedMemory } from '../../native-free/index.ts'

const US_PER_MS = 1_000

export class LatencyMeans {
  readonly #reader: LatencyReader
  /** Int32Array[countsLength], overwritten at each look. */
  readonly #counts = new Int32Array(LatencyReader.countsArrayLength)

  constructor(memory: SharedMemory) {
    this.#reader = new LatencyReader(memory)
  }

  /** @returns ms; 0 when nothing was recorded. */
  meanMs(stage: number): number {
    this.#reader.copy(stage, this.#counts)
    let count = 0
    let sumUs = 0
    for (let i = 0; i < this.#counts.length; i++) {
      if (this.#counts[i] === 0) continue
      // Counts wrap at 2^32.
      const times = this.#counts[i] >>> 0
      count += times
      sumUs += times * latencyAt(i)
    }
    return count === 0 ? 0 : sumUs / count / US_PER_MS
  }
}
