/**
 * Submitting over NATS. `run` is one request on `sb.call` whose reply is the outcome; `submit` is
 * one on `sb.task` with `Sb-Outcome: 1`, whose first reply is the acceptance and whose second is the
 * outcome.
 *
 *   sent ──► accepted (submit only) ──► outcome
 *     │          │
 *     │          └── connection lost ──► after it is back: asked for by id
 *     └── refused, timed out, connection lost
 *
 * Everything is checked before anything goes out. The usual way of `run` has no headers in either
 * direction and allocates one waiter besides its promise.
 */
import type { Msg, MsgHdrs, NatsConnection } from 'nats'
import type { TaskHandle } from '../api.ts'
import { SignalboxError } from '../errors.ts'
import { PRIORITY_DEFAULT, type SubmitOptions } from '../task.ts'
import { type EncodedHeaders, encodeHeaders, HEADER } from '../wire/headers.ts'
import type { Accepted } from '../wire/messages.ts'
import { decodePayload, encodePayload } from '../wire/payload.ts'
import { type CheckedOptions, checkOptions, NO_OPTIONS } from '../wire/submit-options.ts'
import { quote, requireToken } from '../wire/tokens.ts'
import { errorOf, isNoResponder } from './answers.ts'
import type { Api } from './api.ts'
import type { Inbox, Waiter } from './inbox.ts'
import { disconnected, type Link } from './link.ts'

const EMPTY = new Uint8Array(0)
const WANTS_OUTCOME = `${HEADER.outcome}: 1`
const ONLY_OUTCOME = encodeHeaders(WANTS_OUTCOME)

/** A request whose outcome is awaited. */
abstract class Awaited implements Waiter {
  readonly subject: string
  readonly queue: string
  /** The task's id once it is known; an outcome can be asked for again only by it. */
  id: string | null
  accepted = false

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

class Call extends Awaited {
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void

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
    // Asked for again on `sb.task` after a lost connection: this is only the acceptance.
    if (this.accepted) return false
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

class Submit extends Awaited {
  readonly #onAccepted: (handle: TaskHandle) => void
  readonly #onRefused: (error: Error) => void
  readonly #bytes: Promise<Uint8Array>
  #resolve!: (bytes: Uint8Array) => void
  #reject!: (error: Error) => void
  timer: NodeJS.Timeout | undefined

  constructor(
    subject: string,
    queue: string,
    id: string | null,
    onAccepted: (handle: TaskHandle) => void,
    onRefused: (error: Error) => void,
  ) {
    super(subject, queue, id)
    this.#onAccepted = onAccepted
    this.#onRefused = onRefused
    this.#bytes = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#bytes.catch(() => {})
  }

  protected onBody(msg: Msg): boolean {
    if (this.accepted) return false
    clearTimeout(this.timer)
    this.accepted = true
    const { id, queue, state, waitingFor } = decodePayload<Accepted>(msg.data)
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
    return false
  }

  /** Copied: what NATS hands out is a view that would keep a whole chunk of its socket. */
  protected onOutcome(msg: Msg): void {
    this.#resolve(msg.data.slice())
  }

  fail(error: Error): void {
    clearTimeout(this.timer)
    if (this.accepted) this.#reject(error)
    else this.#onRefused(error)
  }
}

export class Submitter {
  readonly #link: Link
  readonly #nc: NatsConnection
  readonly #inbox: Inbox
  readonly #api: Api
  /** Numbers in the inbox of what awaits its outcome. */
  readonly #open = new Map<number, Awaited>()
  readonly #options: { reply: string; headers?: MsgHdrs } = { reply: '' }
  #lostTimer: NodeJS.Timeout | undefined

  constructor(link: Link, inbox: Inbox, api: Api) {
    this.#link = link
    this.#nc = link.nc
    this.#inbox = inbox
    this.#api = api
    link.listen(this)
  }
}
