/**
 * Work that has come and its handlers: as many at a time as the agent's concurrency, the others wait
 * here in the order in which they came.
 *
 * Invariant: no more handlers run than `concurrency`, none of a task that was cancelled before, and
 * none begins while as many results are kept as may be.
 *
 * Handlers that return at once run one after the other, each with the reading of the clock at which
 * the one before ended. After `SLICE_MS` of them the loop gets its turn, in which results leave,
 * beats are said and messages are heard; the rest goes on behind it.
 */
import { type AttemptResult, type Handler, runHandler } from '../../agent-task.ts'
import { elapsedUs, nowUs } from '../../clock.ts'
import type { TaskError } from '../../errors.ts'
import { Fifo } from '../../submit/fifo.ts'
import { ATTEMPT, type Attempt } from './attempt.ts'
import { spanUs } from './result-writer.ts'

/** Handlers run so long on end. */
const SLICE_US = 5_000

/** What becomes of work. */
export interface WorkEvents {
  /** Its handler is about to run. */
  started(attempt: Attempt): void
  /** @returns whether another result can be kept. */
  mayRun(): boolean
  finished(attempt: Attempt, result: AttemptResult): void
  /** Work waits though there is room: `run` is to be called in another turn of the loop. */
  moreWaits(): void
}

export class WorkQueue {
  readonly #handler: Handler
  readonly #concurrency: number
  readonly #events: WorkEvents
  readonly #waiting = new Fifo<Attempt>()
  /** Attempts whose handler has returned a promise. */
  readonly #running = new Set<Attempt>()

  constructor(handler: Handler, concurrency: number, events: WorkEvents) {
    this.#handler = handler
    this.#concurrency = concurrency
    this.#events = events
  }

  /** Neither does anything wait here, nor does a handler run. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#running.size === 0
  }

  push(attempt: Attempt): void {
    this.#waiting.push(attempt)
  }

  /** Starts what waits, as far as there is room for it and time. */
  run(): void {
    let stampUs = nowUs()
    const endUs = stampUs + SLICE_US
    // Ends: each round takes one of what waits.
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      if (elapsedUs(endUs, stampUs) >= 0) {
        this.#events.moreWaits()
        return
      }
      const attempt = this.#waiting.shift()!
      if (attempt.state === ATTEMPT.queued) stampUs = this.#start(attempt, stampUs)
    }
  }

  #hasRoom(): boolean {
    return this.#running.size < this.#concurrency && this.#events.mayRun()
  }

  /** @returns `nowUs` of when the handler returned. */
  #start(attempt: Attempt, startedUs: number): number {
    this.#events.started(attempt)
    const outcome = runHandler(this.#handler, attempt.task!)
    const returnedUs = nowUs()
    if (outcome instanceof Promise) {
      attempt.startedUs = startedUs
      this.#running.add(attempt)
      outcome.then((result) => this.#settled(attempt, result))
    } else {
      attempt.workUs = spanUs(startedUs, returnedUs)
      this.#events.finished(attempt, outcome)
    }
    return returnedUs
  }

  #settled(attempt: Attempt, result: AttemptResult): void {
    this.#running.delete(attempt)
    attempt.workUs = spanUs(attempt.startedUs, nowUs())
    this.#events.finished(attempt, result)
    if (this.#waiting.length > 0) this.run()
  }

  /** What waits is forgotten, what runs is told to stop. */
  abandon(reason: TaskError): void {
    this.#waiting.clear()
    for (const { task } of this.#running) task?.abort(reason)
  }
}
