/**
 * What a submitter keeps of a request until its outcome is there: `Call` for `sb.call`, where the
 * first answer is the outcome, and `Submit` for `sb.task`, where the acceptance comes first.
 */
import type { Msg } from 'nats'
import type { TaskHandle } from '../api.ts'
import { SignalboxError } from '../errors.ts'
import { HEADER } from '../wire/headers.ts'
import type { Accepted } from '../wire/messages.ts'
import { decodePayload } from '../wire/payload.ts'
import { quote } from '../wire/tokens.ts'
import { errorOf, isNoResponder, ownBytes } from './answers.ts'
import type { Waiter } from './inbox.ts'

/** A request whose outcome is awaited. */
export abstract class Awaited implements Waiter {
  readonly subject: string
  readonly queue: string
  /** The id of the task: by it the outcome can be asked for again. Null until it is known. */
  id: string | null

  constructor(subject: string, queue: string, id: string | null) {
    this.subject = subject
    this.queue = queue
    this.id = id
  }

  answer(msg: Msg): boolean {
    const { headers } = msg
    if (headers === undefined) return this.onBody(msg)
    const error = isNoResponder(msg) ? this.#nobody() : errorOf(headers)
    if (error !== null) {
      this.fail(error)
      return true
    }
    this.onOutcome(msg)
    return true
  }

  #nobody(): SignalboxError {
    return new SignalboxError(
      'queue_unknown',
      `No scheduler serves queue ${quote(this.queue)}: start one, or check the name.`,
    )
  }

  /** An answer without headers. @returns whether it was the last. */
  protected abstract onBody(msg: Msg): boolean
  protected abstract onOutcome(msg: Msg): void
  abstract fail(error: Error): void
}

export class Call extends Awaited {
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void

  /** @param resolve is given the outcome's JSON value. */
  constructor(
    subject: string,
    queue: string,
    id: string | null,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super(subject, queue, id)
    this.#resolve = resolve
    this.#reject = reject
  }

  protected onBody(msg: Msg): boolean {
    this.onOutcome(msg)
    return true
  }

  protected onOutcome(msg: Msg): void {
    try {
      this.#resolve(decodePayload(msg.data))
    } catch (error) {
      this.#reject(error)
    }
  }

  fail(error: Error): void {
    this.#reject(error)
  }
}

export class Submit extends Awaited {
  readonly #onAccepted: (handle: TaskHandle) => void
  readonly #onRefused: (error: Error) => void
  readonly #bytes: Promise<Uint8Array>
  #resolve!: (bytes: Uint8Array) => void
  #reject!: (error: Error) => void
  #accepted = false
  timer: NodeJS.Timeout | undefined

  constructor(
    subject: string,
    queue: string,
    onAccepted: (handle: TaskHandle) => void,
    onRefused: (error: Error) => void,
  ) {
    super(subject, queue, null)
    this.#onAccepted = onAccepted
    this.#onRefused = onRefused
    this.#bytes = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#bytes.catch(() => {})
  }

  protected onBody(msg: Msg): boolean {
    if (!this.#accepted) this.#accept(decodePayload<Accepted>(msg.data))
    return false
  }

  #accept({ id, queue, state, waitingFor }: Accepted): void {
    clearTimeout(this.timer)
    this.#accepted = true
    const bytes = this.#bytes
    this.id = id
    this.#onAccepted({
      id,
      queue,
      state,
      waitingFor,
      bytes: () => bytes,
      result: async <T>() => decodePayload<T>(await bytes),
    })
  }

  protected onOutcome(msg: Msg): void {
    if (!this.#accepted) this.#acceptLate(msg)
    this.#resolve(ownBytes(msg.data))
  }

  /** The acceptance was lost on its way, as when the scheduler lost its connection. */
  #acceptLate({ headers }: Msg): void {
    const state = headers!.get(HEADER.state)
    this.#accept({ id: headers!.get(HEADER.taskId), queue: this.queue, state, waitingFor: null })
  }

  fail(error: Error): void {
    clearTimeout(this.timer)
    if (this.#accepted) this.#reject(error)
    else this.#onRefused(error)
  }
}
