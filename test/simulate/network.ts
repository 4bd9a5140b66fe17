/**
 * The simulated NATS: one server, its clients, and the weather between them.
 *
 * Runs on: the one thread of a simulation.
 * Invariant: what one client sends another arrives in order, or not at all, unless the weather
 * reorders; what is on its way when a client is cut off never arrives.
 *
 * ```
 *  publish ─── up, in order ───► server ─── interest ───► down, in order ───► take
 *                                  │ nobody, but a reply subject
 *                                  └──────► 503 to one subscription of the publisher
 * ```
 *
 * Dropping, doubling and reordering befall deliveries; subscriptions and pings are safe while the
 * line holds. A cut line loses both directions at once. The server may notice later that the client
 * is away, and until then swallows what it would have sent there.
 */
import type { Dice } from './dice.ts'
import { InterestTable } from './interest.ts'
import { Message, shown } from './message.ts'
import { Client, type Subscription } from './network-client.ts'
import type { Weather } from './peer.ts'
import type { VirtualTime } from './time.ts'

const NO_RESPONDERS = new TextEncoder().encode('NATS/1.0 503\r\n\r\n')

export const FAIR: Weather = { delayMs: [0.05, 0.2], drop: 0, duplicate: 0, reorder: 0 }

export class Network {
  weather: Weather = FAIR
  /** Messages between a client and the server, in either direction. */
  onTheirWay = 0
  readonly time: VirtualTime
  readonly dice: Dice
  readonly trace: (line: () => string) => void
  readonly interest = new InterestTable<Subscription>()
  /** All that ever connected under a name: several processes may share one. */
  readonly #clients = new Map<string, Client[]>()
  readonly #pick = (count: number): number => this.dice.whole(0, count - 1)

  constructor(time: VirtualTime, dice: Dice, trace: (line: () => string) => void) {
    this.time = time
    this.dice = dice
    this.trace = trace
  }

  connect(name: string, isSchedulers = false): Client {
    const client = new Client(this, name, isSchedulers)
    const namesakes = this.#clients.get(name)
    if (namesakes === undefined) this.#clients.set(name, [client])
    else namesakes.push(client)
    return client
  }

  /** Breaks or heals the lines of everybody who has this name. */
  setCutOff(name: string, isCutOff: boolean): void {
    for (const client of this.#clients.get(name) ?? []) {
      if (isCutOff) client.cut()
      else client.heal()
    }
  }

  /** Heals every line. */
  healAll(): void {
    for (const name of this.#clients.keys()) this.setCutOff(name, false)
  }

  /** Half of what a delivery takes in this weather. */
  hopUs(): number {
    const [from, to] = this.weather.delayMs
    return this.dice.between(from, to) * 500
  }

  /** At the server: everybody who is interested gets the message. */
  route(from: Client, message: Message): void {
    const receivers = this.interest.receivers(message.subject, this.#pick)
    for (const subscription of receivers) this.#deliver(subscription, message)
    if (receivers.length > 0 || message.reply === '') return
    const answer = new Message(message.reply, '', NO_RESPONDERS, NO_RESPONDERS.length)
    const own = this.interest
      .receivers(message.reply, this.#pick)
      .find(({ client }) => client === from)
    if (own !== undefined) this.#deliver(own, answer)
  }

  answerPing(client: Client, act: () => void): void {
    const { line } = client
    client.downUs = Math.max(client.downUs, this.time.nowUs + this.hopUs())
    this.#at(client, client.downUs, () => {
      if (client.line === line) act()
    })
  }

  #deliver(subscription: Subscription, message: Message): void {
    const { weather, dice } = this
    if (weather.drop > 0 && dice.chance(weather.drop)) {
      this.trace(() => `the network drops ${message.subject} for ${subscription.client.name}`)
      return
    }
    this.#send(subscription, message)
    if (weather.duplicate > 0 && dice.chance(weather.duplicate)) this.#send(subscription, message)
  }

  #send(subscription: Subscription, message: Message): void {
    const { client } = subscription
    const { line } = client
    let atUs = this.time.nowUs + this.hopUs()
    if (this.weather.reorder > 0 && this.dice.chance(this.weather.reorder)) {
      atUs += this.dice.between(0, 2) * this.weather.delayMs[1] * 1000
    } else {
      atUs = Math.max(atUs, client.downUs)
      client.downUs = atUs
    }
    this.#at(client, atUs, () => {
      const isLost = client.line !== line || client.isCutOff || subscription.isClosed
      if (isLost || client.isClosed) return
      this.trace(() => `${client.name} ← ${shown(message)}`)
      subscription.take(message)
    })
  }

  #at(client: Client, atUs: number, take: () => void): void {
    this.onTheirWay++
    const act = (): void => {
      this.onTheirWay--
      take()
    }
    if (client.isSchedulers) this.time.schedulers(atUs, act)
    else this.time.after(atUs - this.time.nowUs, act)
  }
}
