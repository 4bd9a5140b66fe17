/**
 * Everything that this scheduler says on NATS goes out here. Main thread.
 *
 * The client keeps references to what it is given until it has written it, and while disconnected
 * that is as long as the server is away: bytes of the arena are copied then. Answers go only below
 * the configured inbox prefixes, or anybody could make the scheduler speak on any subject.
 */
import type { MsgHdrs, NatsConnection, PublishOptions } from 'nats'
import type { SignalboxError } from '../../errors.ts'
import { type EncodedHeaders, errorHeaders } from '../../wire/headers.ts'

const EMPTY = new Uint8Array(0)

export class Outlet {
  readonly #nc: NatsConnection
  readonly #inboxPrefixes: readonly string[]
  readonly #isConnected: () => boolean
  /** Reused for every message: the client reads it during the call. */
  readonly #options: PublishOptions = { headers: undefined, reply: undefined }

  constructor(nc: NatsConnection, inboxPrefixes: readonly string[], isConnected: () => boolean) {
    this.#nc = nc
    this.#inboxPrefixes = inboxPrefixes
    this.#isConnected = isConnected
  }

  mayAnswer(replyTo: string): boolean {
    for (const prefix of this.#inboxPrefixes) if (replyTo.startsWith(prefix)) return true
    return false
  }

  /**
   * Publishes; after the connection was closed there is nobody to tell, and nothing happens.
   * @param bytes may be a view that is valid only during the call.
   */
  send(subject: string, bytes: Uint8Array, headers?: EncodedHeaders, reply?: string): void {
    const nc = this.#nc
    if (nc.isClosed() || nc.isDraining()) return
    const options = this.#options
    options.headers = headers as unknown as MsgHdrs | undefined
    options.reply = reply
    nc.publish(subject, this.#isConnected() ? bytes : Uint8Array.from(bytes), options)
  }

  /** Answers a message that had a reply subject, if it may be answered. */
  answer(replyTo: string | undefined, bytes: Uint8Array = EMPTY, headers?: EncodedHeaders): void {
    if (replyTo && this.mayAnswer(replyTo)) this.send(replyTo, bytes, headers)
  }

  answerError(replyTo: string | undefined, error: SignalboxError): void {
    const headers = errorHeaders(error.status, error.message, error.code, error.retryable)
    this.answer(replyTo, EMPTY, headers)
  }
}
