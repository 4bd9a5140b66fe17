/**
 * Work that has come and its handlers: as many at a time as the agent's concurrency, the others wait
 * here in the order in which they came.
 *
 * Invariant: no more tasks run than `concurrency`, none of a task that was cancelled before, and
 * none begins while as many results are kept as may be.
 *
 * Handlers that return at once run one after the other, each with the reading of the clock at which
 * the one before ended. After `SLICE_MS` of them the loop gets its turn, in which results leave,
 * beats are said and messages are heard; the rest goes on behind it.
 */
import { runBatch } from '../../agent-batch.ts'
import {
  type AgentTask,
  type AttemptResult,
  type BatchHandler,
  type Handler,
  runHandler,
} from '../../agent-task.ts'
import { elapsedUs, nowUs } from '../../clock.ts'
import type { TaskError } from '../../errors.ts'
import { Fifo } from '../../submit/fifo.ts'
import { ATTEMPT, type Attempt } from './attempt.ts'
import { spanUs } from './result-writer.ts'

/** Handlers run so long on end. */
const SLICE_US = 5_000

/** How the agent's tasks are run. */
export interface Runs {
  /** Tasks at a time. */
  readonly concurrency: number
  /** Tasks of a call of the handler, at most; 0 for a handler that takes one at a time. */
  readonly batch: number
  readonly handler: Handler | BatchHandler
}

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
  readonly #runs: Runs
  readonly #concurrency: number
  readonly #events: WorkEvents
  readonly #waiting = new Fifo<Attempt>()
  /** Of those that wait: how many are queued no more. */
  #dropped = 0
  /** Attempts whose handler has returned a promise. */
  readonly #running = new Set<Attempt>()

  constructor(runs: Runs, events: WorkEvents) {
    this.#runs = runs
    this.#concurrency = runs.concurrency
    this.#events = events
  }

  /** Neither does anything wait here, nor does a handler run. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#running.size === 0
  }

  push(attempt: Attempt): void {
    this.#waiting.push(attempt)
  }

  /** One that waits is queued no more. *Cost* on average a look at two: half of all may be such. */
  drop(): void {
    this.#dropped++
    if (this.#dropped * 2 <= this.#waiting.length) return
    this.#waiting.filter(isQueued)
    this.#dropped = 0
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
      if (!isQueued(attempt)) {
        this.#dropped--
        continue
      }
      if (this.#runs.batch === 0) stampUs = this.#start(attempt, stampUs)
      else stampUs = this.#startBatch(this.#batchWith(attempt), stampUs)
    }
  }

  /** @returns the attempt and those behind it that are of its queue, as many as a call may have. */
  #batchWith(first: Attempt): Attempt[] {
    const attempts = [first]
    const max = Math.min(this.#runs.batch, this.#concurrency - this.#running.size)
    const { queue } = first.task!
    // Ends: each round takes one of what waits, or is the last.
    for (let next = this.#waiting.first(); next; next = this.#waiting.first()) {
      if (isQueued(next)) {
        if (attempts.length >= max || next.task!.queue !== queue) break
        attempts.push(next)
      } else this.#dropped--
      this.#waiting.shift()
    }
    return attempts
  }

  #startBatch(attempts: Attempt[], startedUs: number): number {
    const tasks: AgentTask[] = []
    for (const attempt of attempts) {
      this.#events.started(attempt)
      tasks.push(attempt.task!)
    }
    const outcome = runBatch(this.#runs.handler as BatchHandler, tasks)
    const returnedUs = nowUs()
    if (outcome instanceof Promise) {
      for (const attempt of attempts) {
        attempt.startedUs = startedUs
        this.#running.add(attempt)
      }
      outcome.then((results) => this.#settledAll(attempts, results))
      return returnedUs
    }
    for (const [i, attempt] of attempts.entries()) {
      attempt.workUs = spanUs(startedUs, returnedUs)
      this.#events.finished(attempt, outcome[i])
    }
    return returnedUs
  }

  #settledAll(attempts: Attempt[], results: AttemptResult[]): void {
    const endedUs = nowUs()
    for (const attempt of attempts) this.#running.delete(attempt)
    for (const [i, attempt] of attempts.entries()) {
      attempt.workUs = spanUs(attempt.startedUs, endedUs)
      this.#events.finished(attempt, results[i])
    }
    if (this.#waiting.length > 0) this.run()
  }

  #hasRoom(): boolean {
    return this.#running.size < this.#concurrency && this.#events.mayRun()
  }

  /** @returns `nowUs` of when the handler returned. */
  #start(attempt: Attempt, startedUs: number): number {
    this.#events.started(attempt)
    const outcome = runHandler(this.#runs.handler as Handler, attempt.task!)
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
    this.#dropped = 0
    for (const { task } of this.#running) task?.abort(reason)
  }
}

/** Neither begun nor cancelled nor handed back. */
function isQueued({ state }: Attempt): boolean {
  return state === ATTEMPT.queued
}
