/**
 * A client of the simulated network: its subscriptions, its line to the server, and what becomes of
 * both when the line is cut and healed.
 *
 * ```
 *  connected ── cut ──► cut off ── heal, dialled ──► connected, subscribed again
 *      └───────────────── close ─────────────────────────► closed
 * ```
 *
 * Invariant: what was sent on another line than the one that holds now never arrives.
 */
import type { Interest } from './interest.ts'
import { type Message, type PublishOptions, shown, wireMessage } from './message.ts'
import type { Network } from './network.ts'
import type { Peer, PeerSubscription } from './peer.ts'

/** A server may take so long to notice that a client is away. */
const NOTICE_MS_MAX = 1_500
/** A client dials again within so long after the line is back. */
const DIAL_MS_MAX = 300

/** One subscription of one client. */
export class Subscription implements Interest, PeerSubscription {
  readonly client: Client
  readonly subject: string
  readonly queue: string
  readonly take: (message: Message) => void
  isClosed = false

  constructor(client: Client, subject: string, queue: string, take: (message: Message) => void) {
    this.client = client
    this.subject = subject
    this.queue = queue
    this.take = take
  }

  unsubscribe(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.client.forget(this)
  }
}

/** One client's connection; the scheduler's has a NatsConnection around it (connection.ts). */
export class Client implements Peer {
  readonly name: string
  readonly isSchedulers: boolean
  isCutOff = false
  isClosed = false
  /** Goes up with each cut and each dial: what left on another line never arrives. */
  line = 0
  downUs = 0
  readonly #network: Network
  readonly #subscriptions = new Set<Subscription>()
  readonly #listeners: ((isCutOff: boolean) => void)[] = []
  #upUs = 0
  #noticedUs = 0

  constructor(network: Network, name: string, isSchedulers: boolean) {
    this.#network = network
    this.name = name
    this.isSchedulers = isSchedulers
  }

  now(): number {
    return this.#network.time.nowUs / 1000
  }

  after(ms: number, act: () => void): () => void {
    const happening = this.#network.time.after(ms * 1000, act)
    return () => happening.cancel()
  }

  publish(subject: string, data: Uint8Array, options: PublishOptions = {}): void {
    const message = wireMessage(subject, data, options)
    const isLost = this.isCutOff || this.isClosed
    this.#network.trace(() => `${this.name} → ${shown(message)}${isLost ? ' (cut off)' : ''}`)
    if (!isLost) this.#up(() => this.#network.route(this, message))
  }

  subscribe(subject: string, take: (message: Message) => void, queue = ''): Subscription {
    const subscription = new Subscription(this, subject, queue, take)
    this.#subscriptions.add(subscription)
    this.#up(() => this.#network.interest.add(subscription))
    return subscription
  }

  forget(subscription: Subscription): void {
    this.#subscriptions.delete(subscription)
    this.#up(() => this.#network.interest.remove(subscription))
  }

  /** Calls back when all that was sent before has reached the server. */
  ping(act: () => void): void {
    this.#up(() => this.#network.answerPing(this, act))
  }

  onCut(act: (isCutOff: boolean) => void): void {
    this.#listeners.push(act)
  }

  close(): void {
    if (this.isClosed) return
    const { interest } = this.#network
    const subscriptions = [...this.#subscriptions]
    this.#subscriptions.clear()
    this.#up(() => {
      for (const subscription of subscriptions) interest.remove(subscription)
    })
    this.isClosed = true
    this.#network.trace(() => `${this.name} closes its connection`)
  }

  /** The line breaks. */
  cut(): void {
    if (this.isCutOff || this.isClosed) return
    const { time, dice, interest } = this.#network
    this.#network.trace(() => `${this.name} is cut off`)
    this.isCutOff = true
    const line = ++this.line
    this.#upUs = 0
    this.downUs = 0
    const subscriptions = [...this.#subscriptions]
    const noticeMs = dice.chance(0.5) ? 0 : dice.between(0, NOTICE_MS_MAX)
    time.quietly(time.nowUs + noticeMs * 1000, () => {
      if (this.line !== line) return
      for (const subscription of subscriptions) interest.remove(subscription)
    })
    this.#noticedUs = time.nowUs + (this.isSchedulers ? dice.between(0, 20_000) : 0)
    this.#tell(this.#noticedUs, line, true)
  }

  /** The line could be used again: the client dials. */
  heal(): void {
    if (!this.isCutOff || this.isClosed) return
    const { time, dice } = this.#network
    const { line } = this
    const dialledUs = Math.max(this.#noticedUs, time.nowUs) + dice.between(1, DIAL_MS_MAX) * 1000
    time.quietly(dialledUs, () => {
      if (this.line === line && this.isCutOff && !this.isClosed) this.#dial()
    })
  }

  #dial(): void {
    const { time, interest } = this.#network
    this.#network.trace(() => `${this.name} is connected again`)
    this.isCutOff = false
    this.line++
    const subscriptions = [...this.#subscriptions]
    this.#up(() => {
      for (const subscription of subscriptions) interest.remove(subscription)
      for (const subscription of subscriptions) {
        if (!subscription.isClosed) interest.add(subscription)
      }
    })
    this.#tell(time.nowUs, this.line, false)
  }

  #tell(atUs: number, line: number, isCutOff: boolean): void {
    const { time } = this.#network
    const tell = (): void => {
      if (this.line !== line || this.isClosed) return
      for (const listener of this.#listeners) listener(isCutOff)
    }
    if (this.isSchedulers) time.schedulers(atUs, tell)
    else time.after(atUs - time.nowUs, tell)
  }

  /** What is sent to the server arrives there in order. */
  #up(act: () => void): void {
    if (this.isCutOff || this.isClosed) return
    const { time } = this.#network
    const { line } = this
    this.#upUs = Math.max(this.#upUs, time.nowUs + this.#network.hopUs())
    this.#network.onTheirWay++
    time.quietly(this.#upUs, () => {
      this.#network.onTheirWay--
      if (this.line === line) act()
    })
  }
}
