/** Messages of the simulated network: header block and data in one piece, as on the wire. */
import { MsgHdrsImpl } from 'nats/lib/nats-base-client/headers.js'
import type { Delivery } from './peer.ts'

/** Characters of a message that a trace shows. */
const SHOWN_MAX = 120

export class Message implements Delivery {
  readonly subject: string
  readonly reply: string
  readonly raw: Uint8Array
  /** -1 without headers. */
  readonly headerLength: number
  #headers: Delivery['headers'] = null

  constructor(subject: string, reply: string, raw: Uint8Array, headerLength: number) {
    this.subject = subject
    this.reply = reply
    this.raw = raw
    this.headerLength = headerLength
  }

  get data(): Uint8Array {
    return this.headerLength < 0 ? this.raw : this.raw.subarray(this.headerLength)
  }

  get headers(): Delivery['headers'] {
    if (this.headerLength < 0) return null
    this.#headers ??= MsgHdrsImpl.decode(this.raw.subarray(0, this.headerLength))
    return this.#headers
  }
}

export interface PublishOptions {
  readonly reply?: string | undefined
  readonly headers?: { encode(): Uint8Array } | undefined
}

/** @param data copied: it may be a view that is valid only during the call. */
export function wireMessage(subject: string, data: Uint8Array, options: PublishOptions): Message {
  const reply = options.reply ?? ''
  const headers = options.headers?.encode()
  if (headers === undefined) return new Message(subject, reply, Uint8Array.from(data), -1)
  const raw = new Uint8Array(headers.length + data.length)
  raw.set(headers, 0)
  raw.set(data, headers.length)
  return new Message(subject, reply, raw, headers.length)
}

/** A message on one line of a trace. */
export function shown({ subject, reply, raw }: Message): string {
  const text = Buffer.from(raw).toString('latin1')
  const body = text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, SHOWN_MAX)
  return `${subject}${reply === '' ? '' : ` ⟲ ${reply}`} (${raw.length} B) ${body}`
}
