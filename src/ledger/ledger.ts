/**
 * The ledger of one scheduler: the writer on the front end's thread, the thread that chains and keeps,
 * and what is asked of it. Front end's thread.
 *
 * ```
 *   in memory   nothing but chunks ──first full chunk or question──► THREAD ── stop ──► ENDED
 *   in files    start: THREAD, files are opened ───────────────────────┘
 *                                                      └── the thread dies ──► FAILED, said once
 * ```
 *
 * Invariant: at most `CHUNKS_MAX` chunks exist, wherever they are; what finds none is counted as lost,
 * and the chain says where.
 *
 * In memory the thread comes into being with the first full chunk: a scheduler that is embedded for a few
 * tasks has none. With files a chunk is handed over each second, and what was written is synced.
 */
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { SignalboxError } from '../errors.ts'
import type { LedgerPage, LedgerTailOptions } from '../ledger-views.ts'
import { type LedgerOptions, SCHEDULER_DEFAULTS } from '../options.ts'
import type { HistoryEntry } from '../promise-views.ts'
import { workerUrl } from '../worker-url.ts'
import type { SealedChunk } from './entry-buffer.ts'
import { tailRequest } from './ledger-queries.ts'
import type { ChunkDone, LedgerAnswer, LedgerRequest, LedgerState } from './ledger-worker.ts'
import { LedgerWriter } from './ledger-writer.ts'
import type { LedgerVerdict } from './verify.ts'

/** Chunks of 256 KiB: 16 MiB, three seconds of a busy scheduler, for when its thread gets no CPU. */
const CHUNKS_MAX = 64
const HAND_OVER_MS = 1_000
/** A ledger that cannot keep up says so, but not with each chunk. */
const GAP_EVENT_MS = 1_000
/** Questions that may wait; beyond they are refused. */
const QUESTIONS_MAX = 256

export interface LedgerSetup {
  name: string
  epoch: number
  agentsMax: number
  /** Names of strategies by index. */
  strategies: readonly string[]
  options: LedgerOptions
  /** For tests and benchmarks: how many chunks there may be. */
  chunksMax?: number
}

export type LedgerEvent = (kind: string, detail: Record<string, unknown>) => void

export class Ledger {
  readonly writer: LedgerWriter
  readonly #setup: LedgerSetup
  readonly #event: LedgerEvent
  readonly #startedAt = new Date().toISOString()
  #pool: Piscina<LedgerRequest, LedgerAnswer> | undefined
  #state: LedgerState = { blocks: 0, lastHash: '', keptBytes: 0, failure: null }
  #failure: string | null = null
  /** Settles when what was asked last is answered. */
  #last: Promise<unknown> = Promise.resolve()
  #lostTold = 0
  #gapToldMs = Number.NEGATIVE_INFINITY
  #questions = 0
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(setup: LedgerSetup, event: LedgerEvent) {
    this.#setup = setup
    this.#event = event
    this.writer = new LedgerWriter({
      sink: this.#handOver,
      epoch: setup.epoch,
      agentsMax: setup.agentsMax,
      strategies: setup.strategies,
      chunksMax: setup.chunksMax ?? CHUNKS_MAX,
    })
  }

  /** As of the last chunk that came back, and what was lost. */
  get state(): LedgerState & { entries: number; lost: number } {
    const { entries, lostEntries } = this.writer
    return { ...this.#state, failure: this.#failure, entries, lost: lostEntries }
  }

  /** Opens the files, if there are to be any. @throws ledger_failed */
  async start(): Promise<void> {
    this.writer.started(this.#setup.name)
    if (this.#setup.options.directory === undefined) return
    try {
      await this.#begin()
    } catch (error) {
      await this.#pool?.destroy()
      throw asLedgerError(error)
    }
    this.#startTimer()
  }

  /** Hands over what there is, ends the chain and the thread. */
  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.writer.stopped(this.#setup.name)
    this.#isStopped = true
    clearInterval(this.#timer)
    const pool = this.#pool
    if (pool === undefined) return
    try {
      this.writer.handOver()
      this.#take((await this.#run({ is: 'end' })) as LedgerState)
    } catch (error) {
      this.#fail(error)
    }
    this.#pool = undefined
    await pool.destroy()
  }

  /** The newest entries, or those behind a cursor. @throws bad_option, not_supported, ledger_failed */
  async tail(options: LedgerTailOptions = {}): Promise<LedgerPage> {
    return this.#ask({ is: 'tail', request: tailRequest(options) }) as Promise<LedgerPage>
  }

  /**
   * What happened to a task, as far as the memory goes back.
   * @param seq number of the task when it is known.
   * @throws ledger_failed
   */
  async history(id: string, queue?: string, seq: number | null = null): Promise<HistoryEntry[]> {
    const request = { id, queue: queue ?? null, seq }
    return this.#ask({ is: 'history', request }) as Promise<HistoryEntry[]>
  }

  /** Resolves when all that was written so far is in the chain, and on the disk. @throws ledger_failed */
  async flush(): Promise<void> {
    await this.#ask({ is: 'sync' })
  }

  /** Computes the chain in memory anew. @throws ledger_failed */
  async verify(): Promise<LedgerVerdict> {
    return this.#ask({ is: 'verify' }) as Promise<LedgerVerdict>
  }

  async #ask(request: LedgerRequest): Promise<LedgerAnswer> {
    if (this.#failure !== null && this.#pool === undefined) throw stopped(this.#failure)
    if (this.#isStopped) throw stopped('The scheduler was stopped.')
    if (this.#questions >= QUESTIONS_MAX) {
      throw stopped(`${QUESTIONS_MAX} questions to the ledger wait for an answer: ask again later.`)
    }
    this.#thread()
    this.writer.handOver()
    this.#questions++
    try {
      return await this.#run(request)
    } catch (error) {
      throw asLedgerError(error)
    } finally {
      this.#questions--
    }
  }

  /** The thread, and its beginning as the first request to it. */
  #thread(): void {
    if (this.#pool !== undefined) return
    this.#begin().catch((error) => this.#fail(error))
    this.#startTimer()
  }

  async #begin(): Promise<void> {
    const { name, epoch, options } = this.#setup
    const { ledger } = SCHEDULER_DEFAULTS
    this.#pool = new Piscina({
      filename: fileURLToPath(workerUrl('./ledger-worker', import.meta.url)),
      // Its state lives in the thread, which must not go.
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: 1,
      // Chunks and questions are bounded already.
      maxQueue: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      recordTiming: false,
    })
    this.#pool.on('error', (error) => this.#fail(error))
    const state = await this.#run({
      is: 'start',
      scheduler: name,
      epoch,
      startedAt: this.#startedAt,
      bytesMax: options.bytesMax ?? ledger.bytesMax,
      files:
        options.directory === undefined
          ? null
          : {
              directory: options.directory,
              fileBytesMax: options.fileBytesMax ?? ledger.fileBytesMax,
              filesMax: options.filesMax ?? ledger.filesMax,
            },
    })
    this.#take(state as LedgerState)
  }

  #startTimer(): void {
    if (this.#timer !== undefined || this.#isStopped) return
    this.#timer = setInterval(this.#everySecond, HAND_OVER_MS)
    this.#timer.unref()
  }

  readonly #everySecond = (): void => {
    if (this.#pool === undefined || !this.writer.isOpen) return
    this.writer.handOver()
    if (this.#setup.options.directory === undefined) return
    this.#run({ is: 'sync' }).then(
      (state) => this.#take(state as LedgerState),
      (error) => this.#fail(error),
    )
  }

  readonly #handOver = (chunk: SealedChunk): void => {
    if (this.#pool === undefined && (this.#failure !== null || this.#isStopped)) {
      this.writer.giveBack(chunk.buffer)
      return
    }
    this.#thread()
    if (this.writer.lostEntries > this.#lostTold) this.#tellLost()
    const { buffer, bytes } = chunk
    this.#run({ is: 'chunk', buffer, bytes }).then(this.#chunkDone, this.#chunkLost)
  }

  /** One at a time: Piscina does not keep the order of what waits. */
  #run(request: LedgerRequest): Promise<LedgerAnswer> {
    const answer = this.#last.then(() => {
      if (this.#pool === undefined) throw stopped(this.#failure ?? 'The scheduler was stopped.')
      const transferList = request.is === 'chunk' ? [request.buffer] : []
      return this.#pool.run(request, { transferList })
    })
    this.#last = answer.catch(() => {})
    return answer
  }

  readonly #chunkDone = (answer: LedgerAnswer): void => {
    const done = answer as ChunkDone
    this.writer.giveBack(done.buffer)
    this.#take(done)
  }

  readonly #chunkLost = (error: unknown): void => {
    this.writer.forgetChunk()
    this.#fail(error)
  }

  #take(state: LedgerState): void {
    const { blocks, lastHash, keptBytes, failure } = state
    this.#state = { blocks, lastHash, keptBytes, failure }
    if (failure === null || this.#failure !== null) return
    this.#failure = failure
    this.#event('ledger_failed', { message: failure })
  }

  #tellLost(): void {
    const nowMs = performance.now()
    if (nowMs - this.#gapToldMs < GAP_EVENT_MS) return
    this.#gapToldMs = nowMs
    const lost = this.writer.lostEntries - this.#lostTold
    this.#lostTold = this.writer.lostEntries
    const message =
      `The ledger lost ${lost} entries: its thread could not keep up, or its disk is too slow. The ` +
      'chain says where.'
    this.#event('ledger_gap', { entries: lost, message })
  }

  /** The thread is gone, and the end of the chain with it: nothing is recorded from now on. */
  #fail(error: unknown): void {
    if (this.#isStopped || (this.#failure !== null && this.#pool === undefined)) return
    const { message: why } = error as Error
    const message =
      `The ledger's thread has failed (${why}): nothing is recorded any more until the scheduler is ` +
      'started again.'
    const pool = this.#pool
    this.#pool = undefined
    this.#failure = message
    clearInterval(this.#timer)
    this.#event('ledger_failed', { message })
    void pool?.destroy()
  }
}

function stopped(why: string): SignalboxError {
  return new SignalboxError('ledger_failed', why)
}

/** Errors lose their class on their way between threads. */
function asLedgerError(error: unknown): SignalboxError {
  if (error instanceof SignalboxError) return error
  const { message } = error as Error
  return new SignalboxError('ledger_failed', message, { cause: error })
}
