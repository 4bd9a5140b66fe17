/**
 * Who is told of a single task: the promise of a `run`, and the handle of a `submit`.
 *
 * Runs in the thread that submits. Invariant: each promise is settled once, by the first thing that
 * is said of its task.
 */
import type { TaskHandle } from '../api.ts'
import type { SignalboxError } from '../errors.ts'
import { decodePayload } from '../wire/payload.ts'
import { type Answer, outcomeError, refusalError, type Taker } from './answer.ts'
import { ownResult } from './outcome.ts'

/** `run`: only the outcome counts. */
export class RunTaker implements Taker {
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void

  /** @param resolve is given the outcome's JSON value. */
  constructor(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  accepted(): void {}

  outcome(_: number, answer: Answer): void {
    if (answer.state !== 'completed') {
      this.#reject(outcomeError(answer))
      return
    }
    const { bytes, start, length } = answer
    try {
      this.#resolve(decodePayload(bytes.subarray(start, start + length)))
    } catch (error) {
      this.#reject(error)
    }
  }

  refused(_: number, answer: Answer): void {
    this.#reject(refusalError(answer))
  }

  failed(_: number, error: SignalboxError): void {
    this.#reject(error)
  }
}

/** `submit`: a handle when it is accepted, whose result comes with the outcome. */
export class SubmitTaker implements Taker {
  readonly #queue: string
  readonly #onAccepted: (handle: TaskHandle) => void
  readonly #onRefused: (error: Error) => void
  readonly #bytes: Promise<Uint8Array>
  #resolve!: (bytes: Uint8Array) => void
  #reject!: (error: Error) => void
  #accepted = false

  constructor(
    queue: string,
    onAccepted: (handle: TaskHandle) => void,
    onRefused: (error: Error) => void,
  ) {
    this.#queue = queue
    this.#onAccepted = onAccepted
    this.#onRefused = onRefused
    this.#bytes = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#bytes.catch(() => {})
  }

  accepted(_: number, { id, state, waitingFor }: Answer): void {
    this.#accepted = true
    const bytes = this.#bytes
    this.#onAccepted({
      id,
      queue: this.#queue,
      state,
      waitingFor,
      bytes: () => bytes,
      result: async <T>() => decodePayload<T>(await bytes),
    })
  }

  outcome(index: number, answer: Answer): void {
    if (answer.state !== 'completed') {
      if (this.#accepted) this.#reject(outcomeError(answer))
      else this.#onRefused(outcomeError(answer))
      return
    }
    // The acceptance was lost on its way, as when the scheduler lost its connection.
    if (!this.#accepted) this.accepted(index, answer)
    this.#resolve(ownResult(answer))
  }

  refused(index: number, answer: Answer): void {
    this.failed(index, refusalError(answer))
  }

  failed(_: number, error: SignalboxError): void {
    if (this.#accepted) this.#reject(error)
    else this.#onRefused(error)
  }
}
