/**
 * Everything that this scheduler says on NATS goes out here. Main thread.
 *
 * While the connection is away the client would drop what it is given at its next dial, so it is
 * held here, copied, and said in order when the connection is back: outcomes of tasks that ended
 * meanwhile reach who waits for them. Bounded; beyond, who waits asks again by the task's id.
 * Answers go only below the configured inbox prefixes, or anybody could make the scheduler speak on
 * any subject.
 */
import type { MsgHdrs, NatsConnection, PublishOptions } from 'nats'
import type { SignalboxError } from '../../errors.ts'
import { FRAME, FramePool } from '../../wire/frames.ts'
import { type EncodedHeaders, errorHeaders } from '../../wire/headers.ts'

const EMPTY = new Uint8Array(0)
/** Bytes held while the connection is away, subjects and headers included by a flat amount. */
const HELD_BYTES_MAX = 64 * 1024 * 1024
const HELD_MESSAGE_BYTES = 512

interface Held {
  subject: string
  bytes: Uint8Array
  headers: EncodedHeaders | undefined
  reply: string | undefined
}

export class Outlet {
  /** Buffers of the frames that are said here. */
  readonly pool = new FramePool()
  /** No frame of more than one item may be larger. */
  readonly frameBytesMax: number
  /** No message may be larger. */
  readonly messageBytesMax: number
  readonly #nc: NatsConnection
  readonly #inboxPrefixes: readonly string[]
  readonly #isConnected: () => boolean
  /** Reused for every message: the client reads it during the call. */
  readonly #options: PublishOptions = { headers: undefined, reply: undefined }
  #held: Held[] = []
  #heldBytes = 0

  constructor(nc: NatsConnection, inboxPrefixes: readonly string[], isConnected: () => boolean) {
    this.#nc = nc
    this.#inboxPrefixes = inboxPrefixes
    this.#isConnected = isConnected
    this.messageBytesMax = nc.info?.max_payload ?? Number.POSITIVE_INFINITY
    this.frameBytesMax = Math.min(FRAME.bytesMax, this.messageBytesMax)
  }

  /**
   * Start of a turn: the client has packed what the last one said, in microtasks of its own, and what
   * could not be sent was copied. So the frames' buffers are free again.
   */
  startTurn(): void {
    this.pool.reclaim()
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
    if (!this.#isConnected()) {
      this.#hold(subject, bytes, headers, reply)
      return
    }
    const options = this.#options
    options.headers = headers as unknown as MsgHdrs | undefined
    options.reply = reply
    nc.publish(subject, bytes, options)
  }

  #hold(subject: string, bytes: Uint8Array, headers?: EncodedHeaders, reply?: string): void {
    const size = HELD_MESSAGE_BYTES + bytes.length
    if (this.#heldBytes + size > HELD_BYTES_MAX) return
    this.#heldBytes += size
    this.#held.push({ subject, bytes: Uint8Array.from(bytes), headers, reply })
  }

  /** The connection is back: says what was held. */
  release(): void {
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const { subject, bytes, headers, reply } of held) this.send(subject, bytes, headers, reply)
  }

  /** Answers a message that had a reply subject, if it may be answered. */
  answer(replyTo: string | undefined, bytes: Uint8Array = EMPTY, headers?: EncodedHeaders): void {
    if (replyTo && this.mayAnswer(replyTo)) this.send(replyTo, bytes, headers)
  }

  /** @param replyTo that may be answered; '' where nobody waits. */
  refuse(replyTo: string, code: string, message: string, status: number, retryable: boolean): void {
    if (replyTo === '') return
    this.send(replyTo, EMPTY, errorHeaders(status, message, code, retryable))
  }

  answerError(replyTo: string | undefined, error: SignalboxError): void {
    const headers = errorHeaders(error.status, error.message, error.code, error.retryable)
    this.answer(replyTo, EMPTY, headers)
  }
}
