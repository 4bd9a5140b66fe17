/** A submitter of frames over a bare NATS connection: what it was answered, item by item. */
import { createInbox, type Msg, type NatsConnection } from 'nats'
import type { OwnPromises, TaskState } from '../../src/task.ts'
import {
  ANSWER,
  ANSWER_STATES,
  AnswerReader,
  FramePool,
  RETRY_COUNT_OF_QUEUE,
  SUBMIT_FLAG,
  type SubmitExtension,
  SubmitWriter,
  TIMEOUT_OF_QUEUE,
} from '../../src/wire/frames.ts'
import { SAYS_NO_PROMISE } from '../../src/wire/own-promises.ts'
import { until } from './until.ts'

export interface FrameItem {
  number: number
  id?: string
  payload?: string | Uint8Array
  requires?: string
  timeoutMs?: number
  retryCount?: number
  /** What its extension says; without one, none. */
  extension?: Partial<Omit<SubmitExtension, 'bytes'>>
  /** What it promises of itself; without any, none. */
  own?: Partial<OwnPromises>
  atMs?: number
  /** Both by default. */
  wants?: 'accepted' | 'outcome' | 'both' | 'nothing'
}

export interface ItemAnswer {
  number: number
  what: 'accepted' | 'outcome' | 'refused'
  state: TaskState
  id: string
  code: string
  message: string
  status: number
  attempts: number
  isDuplicate: boolean
  isRetryable: boolean
  payload: Uint8Array
}

/** The answer to a frame as a whole. */
export interface PlainAnswer {
  status: number
  code: string
  message: string
  /** `Sb-Frame`, '' without. */
  frame: string
}

const FLAGS = {
  accepted: SUBMIT_FLAG.wantsAccepted,
  outcome: SUBMIT_FLAG.wantsOutcome,
  both: SUBMIT_FLAG.wantsAccepted | SUBMIT_FLAG.wantsOutcome,
  nothing: 0,
}
const WHAT = Object.fromEntries(Object.entries(ANSWER).map(([name, what]) => [what, name]))

/** @returns one frame with all of them; not more than 64. */
export function submitFrame(items: readonly FrameItem[], frameNumber = 1): Uint8Array {
  const writer = new SubmitWriter(new FramePool(), Number.MAX_SAFE_INTEGER)
  writer.begin(frameNumber)
  for (const item of items) {
    const { number, timeoutMs = TIMEOUT_OF_QUEUE, retryCount = RETRY_COUNT_OF_QUEUE } = item
    const bytes = Buffer.from(item.payload ?? '')
    const flags = FLAGS[item.wants ?? 'both']
    const { id = '', requires = '' } = item
    const { length } = bytes
    const extension = item.extension === undefined ? null : extended(item.extension)
    const fields = [number, timeoutMs, retryCount, flags, id, requires] as const
    const own = item.own === undefined ? null : { ...SAYS_NO_PROMISE, ...item.own }
    const promises = { own, atMs: item.atMs ?? null }
    if (!writer.add(...fields, bytes, 0, length, extension, promises)) {
      throw new Error(`item ${number} does not fit into the frame`)
    }
  }
  return Uint8Array.from(writer.finish())
}

function extended(said: Partial<SubmitExtension>): SubmitExtension {
  const texts = { type: '', strategy: '', prefers: '', key: '', ...said }
  const { type, strategy, prefers, key } = texts
  const { length } = [type, strategy, prefers, key].join('')
  return { match: 0, ...texts, bytes: 6 + length }
}

export class FrameSubmitter {
  readonly nc: NatsConnection
  readonly inbox = createInbox()
  readonly answers: ItemAnswer[] = []
  /** Items of each frame that came, in order. */
  readonly frames: number[] = []
  readonly plain: PlainAnswer[] = []
  readonly #reader = new AnswerReader()

  constructor(nc: NatsConnection) {
    this.nc = nc
    nc.subscribe(this.inbox, { callback: (_, msg) => this.#take(msg) })
  }

  #take(msg: Msg): void {
    const { headers } = msg
    if (headers !== undefined) {
      const header = (name: string) => headers.get(name)
      this.plain.push({
        status: headers.code === 503 ? 503 : Number(header('Nats-Service-Error-Code')),
        code: header('Sb-Code'),
        message: header('Nats-Service-Error'),
        frame: header('Sb-Frame'),
      })
      return
    }
    const reader = this.#reader
    reader.open(msg.data)
    this.frames.push(reader.count)
    while (reader.next()) {
      const { number, status, attempts, isDuplicate, isRetryable, payloadStart } = reader
      this.answers.push({
        number,
        what: WHAT[reader.what] as ItemAnswer['what'],
        state: ANSWER_STATES[reader.state],
        id: reader.id(),
        code: reader.code(),
        message: reader.message(),
        status,
        attempts,
        isDuplicate,
        isRetryable,
        payload: msg.data.slice(payloadStart, payloadStart + reader.payloadLength),
      })
    }
  }

  submit(queue: string, items: readonly FrameItem[], frameNumber = 1): void {
    this.publish(`sb.frame.${queue}.3`, submitFrame(items, frameNumber))
  }

  publish(subject: string, frame: Uint8Array): void {
    this.nc.publish(subject, frame, { reply: this.inbox })
  }

  of(number: number): ItemAnswer[] {
    return this.answers.filter((answer) => answer.number === number)
  }

  /** The one answer of this kind to an item, once it has come. */
  answer(number: number, what: ItemAnswer['what']): Promise<ItemAnswer> {
    const found = () => this.of(number).find((answer) => answer.what === what)
    return until(found, { what: `item ${number} to be ${what}` })
  }

  /** Resolves when so many items have been answered so. */
  answered(what: ItemAnswer['what'], count: number): Promise<unknown> {
    const so = () => this.answers.filter((answer) => answer.what === what).length >= count
    return until(so, { what: `${count} items to be ${what}` })
  }

  /** Sends a frame and waits for the answer to it as a whole. */
  async refused(subject: string, frame: Uint8Array): Promise<PlainAnswer> {
    const before = this.plain.length
    this.publish(subject, frame)
    return until(() => this.plain[before], { what: `an answer on ${subject}` })
  }
}
