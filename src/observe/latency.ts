/**
 * Latency of every stage as HDR histograms. The threads of the path only count, in shared memory;
 * merging and encoding (milliseconds) happen in a worker thread of a pool of its own, which comes
 * into being with the first report and goes when it has been idle.
 */
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import type { SharedMemory } from '../../native-free/index.ts'
import type { LatencyReport } from '../api.ts'
import { SignalboxError } from '../errors.ts'
import { workerUrl } from '../worker-url.ts'
import type { LatencyBuckets } from './figures.ts'
import type { LatencyRequest } from './latency-worker.ts'

const IDLE_MS = 1_000

export class LatencyObserver {
  readonly #memory: SharedMemory
  #pool: Piscina<LatencyRequest, unknown> | undefined
  /** Settles when the report that is being made is there. */
  #last: Promise<unknown> = Promise.resolve()
  /** Not begun yet. */
  #next: Promise<LatencyReport> | undefined
  #buckets: Promise<LatencyBuckets> | undefined
  readonly #running = new Set<Promise<unknown>>()
  #isStopping = false

  constructor(memory: SharedMemory) {
    this.#memory = memory
  }

  /**
   * @returns every stage since the start, all threads together. Who asks while a report is being made
   *   shares the next one: two are under way at most, however many ask.
   */
  report(): Promise<LatencyReport> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined
      const report = this.#make()
      this.#last = report.catch(() => {})
      return report
    })
    return this.#next
  }

  /** The same as cumulative counts; who asks while they are made shares them. */
  buckets(): Promise<LatencyBuckets> {
    this.#buckets ??= this.#run<LatencyBuckets>('buckets').finally(() => {
      this.#buckets = undefined
    })
    return this.#buckets
  }

  #make(): Promise<LatencyReport> {
    return this.#run<LatencyReport>('default')
  }

  /** @throws stopping */
  async #run<Answer>(name: 'default' | 'buckets'): Promise<Answer> {
    if (this.#isStopping) {
      throw new SignalboxError(
        'stopping',
        'The scheduler is stopping: its latency is read no more.',
      )
    }
    this.#pool ??= new Piscina({
      filename: fileURLToPath(workerUrl('./latency-worker', import.meta.url)),
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_MS,
      maxQueue: 64,
      atomics: 'disabled',
      recordTiming: false,
    })
    const request = { buffer: this.#memory.buffer, shape: this.#memory.shape }
    const answer = this.#pool.run(request, { name }) as Promise<Answer>
    this.#running.add(answer)
    try {
      return await answer
    } finally {
      this.#running.delete(answer)
    }
  }

  /** What is being made is finished: a pool that is ended before its answer has come takes it for an error. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.allSettled(this.#running)
    await this.#pool?.destroy()
    this.#pool = undefined
    this.#isStopping = false
  }
}
