/** An agent made of the plain NATS client and the codec: it says what a test tells it to say. */
import { createInbox, type Msg, type NatsConnection } from 'nats'
import {
  AckReader,
  BeatWriter,
  FRAME_KIND,
  FramePool,
  frameKind,
  RESULT_FLAG,
  ResultWriter,
  WorkReader,
} from '../../src/wire/frames.ts'
import { encodeJson } from '../../src/wire/json.ts'
import type { Control, Hello, HelloAnswer } from '../../src/wire/messages.ts'
import { attemptToken, Subjects } from '../../src/wire/subjects.ts'

/** One attempt as it came. */
export interface Work {
  epoch: number
  slot: number
  counter: number
  seq: number
  attempt: number
  id: string
  queue: string
  /** '' where the frame does not tell it. */
  type: string
  sourceQueue: string
  /** null without one. */
  checkpoint: string | null
  payload: string
  /** Of the whole frame it came in. */
  reply: string
  /** Items of the frame it came in. */
  together: number
  receivedUs: number
}

export interface Said {
  /** null: success. */
  code?: string | null
  message?: string
  retryable?: boolean
  yields?: boolean
  payload?: string
  heldUs?: number
  workUs?: number
}

/** The answer to a request: an error's code, or null and the body. */
export interface Answer {
  code: string | null
  message: string
  frame: string
  body: Record<string, unknown> | null
}

const subjects = new Subjects('sb')

export class FrameAgent {
  readonly id: string
  readonly hello: Hello
  readonly works: Work[] = []
  readonly acknowledged: number[] = []
  ackFrames = 0
  readonly controls: Control[] = []
  scheduler = ''
  epoch = 0
  beatMs = 0
  onWork: (work: Work) => void = () => {}
  readonly #nc: NatsConnection
  readonly #pool = new FramePool()
  readonly #results = new ResultWriter(this.#pool)
  readonly #beats = new BeatWriter(this.#pool)

  constructor(nc: NatsConnection, id: string, more: Partial<Hello> = {}) {
    this.id = id
    this.#nc = nc
    this.hello = {
      instance: `${id}-${Math.random().toString(36).slice(2, 10)}`,
      queues: ['*'],
      capabilities: [],
      concurrency: 64,
      beats: true,
      frames: 1,
      ...more,
    }
  }

  /** Listens, and says hello. */
  async join(): Promise<HelloAnswer> {
    this.listen()
    return this.sayHello()
  }

  listen(): void {
    const { id, hello } = this
    this.#nc.subscribe(subjects.frames(id, hello.instance), {
      callback: (_, msg) => this.#onFrame(msg),
    })
    this.#nc.subscribe(subjects.control(id, hello.instance), {
      callback: (_, msg) => this.controls.push(msg.json()),
    })
  }

  async sayHello(): Promise<HelloAnswer> {
    const answer = await this.ask('hello', encodeJson(this.hello))
    if (answer.code !== null) throw new Error(`hello: ${answer.code} ${answer.message}`)
    const body = answer.body as unknown as HelloAnswer
    this.scheduler = body.scheduler
    this.epoch = body.epoch
    this.beatMs = body.beatMs
    return body
  }

  #onFrame(msg: Msg): void {
    if (frameKind(msg.data) === FRAME_KIND.acknowledge) {
      this.ackFrames++
      const acks = new AckReader()
      acks.open(msg.data)
      while (acks.next()) this.acknowledged.push(acks.counter)
      return
    }
    const reader = new WorkReader()
    reader.open(msg.data)
    while (reader.next()) {
      const { epoch, slot, counter, seq, attempt, payloadStart, payloadLength } = reader
      const extension = reader.extension()
      const work: Work = {
        epoch,
        slot,
        counter,
        seq,
        attempt,
        id: reader.id(),
        queue: reader.queue(),
        type: reader.type(),
        sourceQueue: extension?.sourceQueue ?? '',
        checkpoint: extension?.checkpoint ? Buffer.from(extension.checkpoint).toString() : null,
        payload: reader.bytes.toString('utf8', payloadStart, payloadStart + payloadLength),
        reply: msg.reply ?? '',
        together: reader.count,
        receivedUs: performance.now() * 1_000,
      }
      this.works.push(work)
      this.onWork(work)
    }
  }

  /** A frame with the same said of each attempt; `payload` is its own back, with `done`, if none. */
  resultFrame(works: readonly Work[], said: Said = {}, epoch = this.epoch): Uint8Array {
    const { code = null, message = '', retryable = true, heldUs = 0, workUs = 0 } = said
    this.#results.begin(epoch)
    for (const { slot, counter, seq, payload } of works) {
      const bytes = Buffer.from(code === null ? (said.payload ?? `${payload} done`) : '')
      const failed = code !== null && retryable ? RESULT_FLAG.retryable : 0
      const flags = said.yields === true ? RESULT_FLAG.yields : failed
      this.#results.add(
        slot,
        counter,
        seq,
        heldUs,
        workUs,
        code ?? '',
        flags,
        message,
        bytes,
        0,
        bytes.length,
      )
    }
    return Uint8Array.from(this.#results.finish())
  }

  finish(works: readonly Work[], said: Said = {}, epoch = this.epoch): void {
    this.send(this.resultFrame(works, said, epoch))
  }

  beatFrame(counters: readonly number[], epoch = this.epoch): Uint8Array {
    this.#beats.begin(epoch, counters.at(-1) ?? 0, this.hello.instance)
    for (const counter of counters) this.#beats.add(counter)
    return Uint8Array.from(this.#beats.finish())
  }

  /** Says which attempts are in hand. */
  beat(counters: readonly number[] = []): Promise<Answer> {
    return this.askFrames(this.beatFrame(counters))
  }

  send(frame: Uint8Array): void {
    this.#nc.publish(subjects.resultFrames(this.id, this.scheduler), frame)
  }

  /** A frame whose answer is waited for. */
  askFrames(frame: Uint8Array): Promise<Answer> {
    return this.#request(subjects.resultFrames(this.id, this.scheduler), frame)
  }

  ask(verb: 'hello' | 'beat' | 'bye' | 'pull', body: Uint8Array): Promise<Answer> {
    return this.#request(subjects.from(this.id, verb), body)
  }

  tokenOf({ epoch, counter, seq }: Work): string {
    return attemptToken(epoch, counter, seq)
  }

  async #request(subject: string, body: Uint8Array): Promise<Answer> {
    const msg = await this.#nc.request(subject, body, { timeout: 5_000 })
    const header = (name: string) => msg.headers?.get(name) ?? ''
    return {
      code: header('Sb-Code') || null,
      message: header('Nats-Service-Error'),
      frame: header('Sb-Frame'),
      body: msg.headers === undefined && msg.data.length > 0 ? msg.json() : null,
    }
  }

  /** How many answers come to one request, in all that is said until a later one is answered. */
  async answersTo(frame: Uint8Array): Promise<Msg[]> {
    const inbox = createInbox()
    const answers: Msg[] = []
    const subscription = this.#nc.subscribe(inbox, { callback: (_, msg) => answers.push(msg) })
    const subject = subjects.resultFrames(this.id, this.scheduler)
    this.#nc.publish(subject, frame, { reply: inbox })
    await this.beat()
    subscription.unsubscribe()
    return answers
  }
}
