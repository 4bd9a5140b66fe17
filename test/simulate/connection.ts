/**
 * Stands in for `src/front-end/nats/connection.ts`: a connection to the simulated network. As much
 * of the NATS client as the scheduler uses, with the client's own message and header classes, so
 * that everything from the bytes of a header on is the real code.
 *
 * As the real client does: what is published while the line is away is lost, a closed connection
 * throws, and `drain` unsubscribes, waits for the server and closes.
 */
import type { Msg, NatsConnection, NatsError, Status } from 'nats'
import { MsgImpl } from 'nats/lib/nats-base-client/msg.js'
import type { NatsOptions } from '../../src/options.ts'
import { current } from './current.ts'
import type { Message } from './message.ts'
import type { Client, Subscription } from './network-client.ts'

export const SCHEDULER_CLIENT = 'scheduler'
const MAX_PAYLOAD = 1024 * 1024
const SERVER = 'simulated:4222'

export async function connectNats(_options: NatsOptions, _name: string): Promise<NatsConnection> {
  const client = current().network.connect(SCHEDULER_CLIENT, true)
  return new SimulatedConnection(client) as unknown as NatsConnection
}

type Callback = (error: NatsError | null, msg: Msg) => void

interface Subscribing {
  readonly queue?: string
  readonly callback: Callback
}

class SimulatedConnection {
  readonly info = { max_payload: MAX_PAYLOAD }
  readonly services = { add: async () => ({ addEndpoint: this.#addEndpoint }) }
  readonly #client: Client
  readonly #statuses = new Statuses()
  /** Of flushes that the server has not answered; the first is answered first. */
  readonly #flushes: ((error: Error) => void)[] = []
  #isDraining = false

  constructor(client: Client) {
    this.#client = client
    client.onCut((isCutOff) => {
      if (isCutOff) for (const reject of this.#flushes.splice(0)) reject(new Error('DISCONNECT'))
      this.#statuses.push({ type: isCutOff ? 'disconnect' : 'reconnect', data: SERVER } as Status)
    })
  }

  readonly #addEndpoint = (
    _name: string,
    endpoint: { subject: string; queue: string; handler: Callback },
  ): void => {
    this.subscribe(endpoint.subject, { queue: endpoint.queue, callback: endpoint.handler })
  }

  publish(
    subject: string,
    data: Uint8Array,
    options?: { reply?: string; headers?: { encode(): Uint8Array } },
  ): void {
    if (this.isClosed()) throw new Error('CONNECTION_CLOSED')
    this.#client.publish(subject, data, options)
  }

  subscribe(subject: string, { queue, callback }: Subscribing): object {
    const take = (message: Message): void => callback(null, this.#toMsg(message))
    const subscription = this.#client.subscribe(subject, take, queue ?? '')
    return {
      isClosed: () => subscription.isClosed,
      unsubscribe: () => subscription.unsubscribe(),
      drain: () => this.#drainOne(subscription),
    }
  }

  /** What was on its way when the server heard of it still comes. */
  async #drainOne(subscription: Subscription): Promise<void> {
    this.#client.forget(subscription)
    await this.flush()
    subscription.isClosed = true
  }

  #toMsg({ subject, reply, raw, headerLength }: Message): Msg {
    const parsed = { subject: EMPTY, reply: undefined, hdr: headerLength, sid: 0, size: raw.length }
    const msg = new MsgImpl(parsed as never, raw, this as never)
    msg._subject = subject
    msg._reply = reply
    return msg as unknown as Msg
  }

  status(): Statuses {
    return this.#statuses
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#client.isCutOff) {
        reject(new Error('DISCONNECT'))
        return
      }
      this.#flushes.push(reject)
      this.#client.ping(() => {
        this.#flushes.shift()
        resolve()
      })
    })
  }

  async drain(): Promise<void> {
    this.#isDraining = true
    await this.flush()
    await this.close()
  }

  async close(): Promise<void> {
    this.#client.close()
    this.#statuses.end()
  }

  isClosed(): boolean {
    return this.#client.isClosed
  }

  isDraining(): boolean {
    return this.#isDraining
  }

  getServer(): string {
    return SERVER
  }
}

const EMPTY = new Uint8Array(0)

/** Status events as the client hands them out: one after the other, to one listener. */
class Statuses implements AsyncIterableIterator<Status> {
  readonly #waiting: Status[] = []
  #wake: ((result: IteratorResult<Status>) => void) | undefined
  #isOver = false

  push(status: Status): void {
    if (this.#wake === undefined) this.#waiting.push(status)
    else this.#answer({ value: status, done: false })
  }

  end(): void {
    this.#isOver = true
    this.#answer({ value: undefined, done: true })
  }

  #answer(result: IteratorResult<Status>): void {
    this.#wake?.(result)
    this.#wake = undefined
  }

  next(): Promise<IteratorResult<Status>> {
    const status = this.#waiting.shift()
    if (status !== undefined) return Promise.resolve({ value: status, done: false })
    if (this.#isOver) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
