/**
 * Submitters on NATS that speak frames: subscriptions on `frame`, one message with 1 to 64 tasks.
 * Steps 1 and 2 as they look there; the answers go through `FrameClients`. Main thread, outside of
 * turns.
 *
 * Invariant: a frame that is not whole adds nothing and gets one answer, in the plain form because its
 * sender may not speak ours; in one that is, each item is taken or refused for itself.
 */
import type { Msg, NatsConnection } from 'nats'
import { nowUs } from '../../clock.ts'
import { SignalboxError } from '../../errors.ts'
import { SubmitReader } from '../../wire/frames.ts'
import type { FrontEndContext } from '../context.ts'
import { type FrameAddress, FrameDecoder, parseFrameSubject } from '../decode-frame.ts'
import { receive, refuse } from '../receive.ts'
import type { FrameClient, FrameClients } from './frame-clients.ts'
import { throwOutside } from './incoming.ts'
import type { Outlet } from './outlet.ts'
import { QueueSubscriptions } from './queue-subscriptions.ts'
import { refuseFrame } from './refuse-message.ts'
import type { SubmitterOptions } from './submitters.ts'

/** Subjects seen, so that a subject is parsed once; emptied when full. */
const ADDRESSES_MAX = 10_000

export class SubmitFrames {
  readonly #context: FrontEndContext
  readonly #outlet: Outlet
  readonly #clients: FrameClients
  readonly #options: SubmitterOptions
  readonly #reader = new SubmitReader()
  readonly #decoder: FrameDecoder
  readonly #addresses = new Map<string, FrameAddress>()
  readonly #subscriptions: QueueSubscriptions

  constructor(
    context: FrontEndContext,
    nc: NatsConnection,
    outlet: Outlet,
    clients: FrameClients,
    options: SubmitterOptions,
  ) {
    this.#context = context
    this.#decoder = new FrameDecoder(context.records)
    this.#subscriptions = new QueueSubscriptions(nc, (msg) => this.#onMessage(msg))
    this.#outlet = outlet
    this.#clients = clients
    this.#options = options
  }

  subscribe(queues = this.#options.queues): void {
    const { prefix } = this.#options
    for (const queue of queues) this.#subscriptions.listen(`${prefix}.frame.${queue}.*`)
  }

  /** No more; what is on its way already is still heard, and each task of it answered `stopping`. */
  unsubscribe(): void {
    this.#subscriptions.drain()
  }

  #onMessage(msg: Msg): void {
    const replyTo = msg.reply ?? ''
    try {
      if (replyTo !== '' && !this.#outlet.mayAnswer(replyTo)) {
        this.#context.count('bad_subject')
        return
      }
      const address = this.#addressOf(msg.subject)
      this.#reader.open(msg.data)
      this.#takeItems(address, this.#clients.of(replyTo))
    } catch (error) {
      if (!(error instanceof SignalboxError)) throwOutside(error)
      else refuseFrame(this.#context, this.#outlet, msg, error)
    }
  }

  /** All stamped alike: they arrived together. */
  #takeItems(address: FrameAddress, client: FrameClient): void {
    const receivedUs = nowUs()
    // Ends: a frame counts at most 64 items.
    while (this.#reader.next()) this.#takeItem(address, client, receivedUs)
  }

  #takeItem(address: FrameAddress, client: FrameClient, receivedUs: number): void {
    try {
      const record = this.#decoder.decode(address, this.#reader, client, receivedUs)
      receive(this.#context, record)
    } catch (error) {
      if (!(error instanceof SignalboxError)) throw error
      refuse(this.#context, client, this.#reader.number, error.code, error.message)
    }
  }

  #addressOf(subject: string): FrameAddress {
    const known = this.#addresses.get(subject)
    if (known !== undefined) return known
    const address = parseFrameSubject(subject, `${this.#options.prefix}.frame.`.length)
    if (this.#addresses.size >= ADDRESSES_MAX) this.#addresses.clear()
    this.#addresses.set(subject, address)
    return address
  }
}
