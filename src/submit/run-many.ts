/**
 * `runMany`: outcomes for a `for await` loop, as they come.
 *
 *   Many ──outcome──► a waiting `next`, or kept until somebody asks ──► let go
 *
 * Runs in the thread that submits. Invariant: every outcome is given out once, in the order in which
 * it came; a payload is let go when its outcome was given out, so that a slow loop stops the source.
 */
import type { Outcome } from '../api.ts'
import type { SignalboxError } from '../errors.ts'
import { Answer } from './answer.ts'
import { Fifo } from './fifo.ts'
import { type Follower, Many, type Plan } from './many.ts'
import { stateAfter, TaskOutcome } from './outcome.ts'
import type { Port } from './port.ts'

type Result = IteratorResult<Outcome, undefined>

interface Reader {
  resolve(result: Result): void
  reject(error: unknown): void
}

const DONE: Result = { done: true, value: undefined }

export class RunMany<Lane> implements AsyncIterableIterator<Outcome>, Follower {
  readonly #many: Many<Lane>
  readonly #outcomes = new Fifo<Outcome>()
  readonly #readers = new Fifo<Reader>()
  #isStarted = false
  #isOver = false
  #error: unknown
  #hasError = false

  /** @throws bad_option */
  constructor(port: Port<Lane>, plan: Plan<Lane>, payloads: unknown) {
    this.#many = new Many(port, plan, payloads, this)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    if (!this.#isStarted) {
      this.#isStarted = true
      this.#many.start()
    }
    const outcome = this.#outcomes.shift()
    if (outcome !== undefined) {
      this.#many.letGo()
      return Promise.resolve({ done: false, value: outcome })
    }
    if (this.#isOver) return this.#end()
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
  }

  /** `break`: nothing more is taken; outcomes of what is in flight go to nobody. */
  async return(): Promise<Result> {
    this.#isOver = true
    this.#isStarted = true
    this.#hasError = false
    this.#many.stop()
    for (let left = this.#outcomes.length; left > 0; left--) {
      this.#outcomes.shift()
      this.#many.letGo()
    }
    for (let reader = this.#readers.shift(); reader; reader = this.#readers.shift()) {
      reader.resolve(DONE)
    }
    return DONE
  }

  accepted(): void {}

  outcome(index: number, answer: Answer): void {
    this.#give(new TaskOutcome(index, answer.state as Outcome['state'], answer))
  }

  refused(index: number, answer: Answer): void {
    this.#give(new TaskOutcome(index, 'refused', answer))
  }

  failed(index: number, error: SignalboxError): void {
    const answer = new Answer()
    answer.setRefused(error.code, error.message, error.retryable)
    this.#give(new TaskOutcome(index, stateAfter(error), answer))
  }

  over(error: unknown): void {
    this.#error = error
    this.#hasError = !this.#isOver && error !== undefined
    this.#isOver = true
    for (let reader = this.#readers.shift(); reader; reader = this.#readers.shift()) {
      this.#end().then(reader.resolve, reader.reject)
    }
  }

  #give(outcome: Outcome): void {
    const reader = this.#isOver ? undefined : this.#readers.shift()
    if (reader !== undefined) reader.resolve({ done: false, value: outcome })
    else if (!this.#isOver) {
      this.#outcomes.push(outcome)
      return
    }
    this.#many.letGo()
  }

  /** An error is told to one reader, as a generator does. */
  #end(): Promise<Result> {
    if (!this.#hasError) return Promise.resolve(DONE)
    this.#hasError = false
    return Promise.reject(this.#error)
  }
}
