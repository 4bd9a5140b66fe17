/**
 * `submitMany`: tasks handed over, counted, and their outcomes told to a function if there is one.
 *
 * Runs in the thread that submits. Invariant: submitted = accepted + refused + unknown when nothing is
 * told, and completed + failed + refused + unknown when outcomes are; it settles when nothing is in
 * flight any more.
 *
 * No promise, closure or entry of a map for a task; an object only for an outcome that is told.
 */
import type { Outcome, OutcomeState, SubmitTotals } from '../api.ts'
import type { SignalboxError } from '../errors.ts'
import { Answer } from './answer.ts'
import { type Follower, Many, type Plan } from './many.ts'
import { stateAfter, TaskOutcome } from './outcome.ts'
import type { Port } from './port.ts'

/** Codes that are counted by name; the rest are counted as `error`. */
const CODES_MAX = 1_000

export class SubmitMany<Lane> implements Follower {
  readonly #many: Many<Lane>
  readonly #onOutcome: ((outcome: Outcome) => void) | undefined
  readonly #resolve: (totals: SubmitTotals) => void
  readonly #reject: (error: unknown) => void
  readonly #totals: SubmitTotals = {
    submitted: 0,
    accepted: 0,
    completed: 0,
    failed: 0,
    refused: 0,
    unknown: 0,
    codes: {},
  }
  #codeCount = 0

  /** @throws bad_option */
  constructor(
    port: Port<Lane>,
    plan: Plan<Lane>,
    payloads: unknown,
    onOutcome: ((outcome: Outcome) => void) | undefined,
    resolve: (totals: SubmitTotals) => void,
    reject: (error: unknown) => void,
  ) {
    this.#onOutcome = onOutcome
    this.#resolve = resolve
    this.#reject = reject
    this.#many = new Many(port, plan, payloads, this)
  }

  start(): void {
    this.#many.start()
  }

  /** Without outcomes this is the end of it: the task is handed over. */
  accepted(): void {
    this.#totals.accepted++
    this.#totals.submitted++
    this.#many.letGo()
  }

  outcome(index: number, answer: Answer): void {
    this.#totals.accepted++
    this.#count(answer.state === 'completed' ? 'completed' : 'failed', answer.code)
    this.#tell(index, answer.state as OutcomeState, answer)
  }

  refused(index: number, answer: Answer): void {
    this.#count('refused', answer.code)
    this.#tell(index, 'refused', answer)
  }

  failed(index: number, error: SignalboxError): void {
    const state = stateAfter(error)
    this.#count(state === 'unknown' ? 'unknown' : 'refused', error.code)
    if (this.#onOutcome === undefined) {
      this.#many.letGo()
      return
    }
    const answer = new Answer()
    answer.setRefused(error.code, error.message, error.retryable)
    this.#tell(index, state, answer)
  }

  over(error: unknown): void {
    if (error === undefined) this.#resolve(this.#totals)
    else this.#reject(error)
  }

  #tell(index: number, state: OutcomeState, answer: Answer): void {
    const onOutcome = this.#onOutcome
    if (onOutcome !== undefined) {
      try {
        onOutcome(new TaskOutcome(index, state, answer))
      } catch (error) {
        // What is thrown into the NATS client ends its reader, and with it every other answer.
        this.#many.stop(error)
      }
    }
    this.#many.letGo()
  }

  #count(kind: 'completed' | 'failed' | 'refused' | 'unknown', code: string): void {
    const totals = this.#totals
    totals.submitted++
    totals[kind]++
    if (code === '') return
    if (Object.hasOwn(totals.codes, code)) totals.codes[code]++
    else if (this.#codeCount++ < CODES_MAX) totals.codes[code] = 1
    else totals.codes.error = (totals.codes.error ?? 0) + 1
  }
}
