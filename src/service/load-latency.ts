/**
 * Latencies of a load run as HDR histograms, counted where they are measured and read by the same
 * worker thread that reads a scheduler's, so that encoding never delays the next send.
 *
 * Runs on the load generator's main thread. Invariant: `record` allocates nothing; reading happens
 * in another thread.
 */
import { createMemory, LatencyWriter } from '../../native-free/index.ts'
import { LATENCY_STAGES, type LatencySummary } from '../api.ts'
import { LatencyObserver } from '../observe/latency.ts'

/** The report's names for the two: `total` from the intended send, `work` from the actual one. */
const INTENDED = LATENCY_STAGES.indexOf('total')
const ACTUAL = LATENCY_STAGES.indexOf('work')

export interface LoadLatencyReport {
  /** From the moment at which the task should have been sent: coordinated omission corrected. */
  fromIntended: LatencySummary
  /** From the moment at which it was sent: what a generator that waits for slow answers would show. */
  fromSent: LatencySummary
}

export class LoadLatency {
  readonly #writer: LatencyWriter
  readonly #observer: LatencyObserver

  constructor() {
    const memory = createMemory({
      slotCount: 32,
      agentCountMax: 32,
      classCountMax: 1,
      routerCount: 0,
      ringCapacity: 2,
      publishMax: 1,
      latencyStageCount: LATENCY_STAGES.length,
    })
    this.#writer = new LatencyWriter(memory, 0)
    this.#observer = new LatencyObserver(memory)
  }

  /** @param intendedMs when it should have been sent, `sentMs` when it was, `doneMs` the answer. */
  record(intendedMs: number, sentMs: number, doneMs: number): void {
    this.#writer.record(INTENDED, (doneMs - intendedMs) * 1000)
    this.#writer.record(ACTUAL, (doneMs - sentMs) * 1000)
  }

  async report(): Promise<LoadLatencyReport> {
    const { total, work } = await this.#observer.report()
    return { fromIntended: total, fromSent: work }
  }

  stop(): Promise<void> {
    return this.#observer.stop()
  }
}
