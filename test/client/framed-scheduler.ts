/** A scheduler by hand that speaks frames with its agents: sends work, keeps results, acknowledges. */
import type { NatsConnection } from 'nats'
import {
  AckWriter,
  BeatReader,
  FRAME_KIND,
  FramePool,
  frameKind,
  ResultReader,
  WorkWriter,
} from '../../src/wire/frames.ts'
import { encodeJson } from '../../src/wire/json.ts'
import { payloadText } from '../../src/wire/payload.ts'
import { until } from '../support/until.ts'
import { type FakeOptions, FakeScheduler } from './fake-scheduler.ts'

export interface FramedResult {
  /** Which of the frames it came in, from 0. */
  readonly frame: number
  readonly epoch: number
  readonly slot: number
  readonly counter: number
  readonly seq: number
  readonly heldUs: number
  readonly workUs: number
  /** '' for a success. */
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  readonly yields: boolean
  readonly text: string
}

export interface FramedBeat {
  readonly epoch: number
  readonly seen: number
  readonly instance: string
  readonly counters: number[]
}

interface Dispatched {
  readonly counter: number
  readonly type?: string
  readonly payload: Uint8Array
}

export class FramedScheduler extends FakeScheduler {
  readonly framed: FramedResult[] = []
  readonly framedBeats: FramedBeat[] = []
  /** What an agent answered to a frame of work, as a refusal. */
  readonly refusals: string[] = []
  override frames: number | undefined = 1
  #resultFrames = 0
  #counter = 0

  constructor(nc: NatsConnection, prefix: string, options: FakeOptions) {
    super(nc, prefix, options)
  }

  override async start(): Promise<this> {
    this.listen(`from.*.${this.name}.frames`, (msg) => {
      if (frameKind(msg.data) !== FRAME_KIND.beat) {
        this.#takeResults(msg.data)
        return
      }
      this.#takeBeat(msg.data)
      this.answer(msg, this.beatError, { scheduler: this.name })
    })
    this.listen(`from.*.${this.name}.frames.*`, (msg) => {
      this.refusals.push(`${msg.headers?.get('Sb-Code')} ${msg.headers?.get('Sb-Frame')}`)
    })
    return super.start()
  }

  #takeResults(bytes: Uint8Array): void {
    const reader = new ResultReader()
    reader.open(bytes)
    const frame = this.#resultFrames++
    while (reader.next()) {
      const { epoch, slot, counter, seq, heldUs, workUs, payloadStart, payloadLength } = reader
      const text = payloadText(reader.bytes.subarray(payloadStart, payloadStart + payloadLength))
      const code = reader.code()
      const message = reader.message()
      const { isRetryable: retryable, yields } = reader
      const token = { frame, epoch, slot, counter, seq }
      this.framed.push({ ...token, heldUs, workUs, code, message, retryable, yields, text })
    }
  }

  #takeBeat(bytes: Uint8Array): void {
    const reader = new BeatReader()
    reader.open(bytes)
    const counters: number[] = []
    while (reader.next()) counters.push(reader.counter)
    const { epoch, seen } = reader
    this.framedBeats.push({ epoch, seen, instance: reader.instance(), counters: counters.sort() })
  }

  /** @returns the counters of the attempts, which went out in one frame. */
  send(
    agent: string,
    payloads: readonly unknown[],
    epoch = this.epoch,
    types: readonly string[] = [],
  ): number[] {
    const work = payloads.map((payload, index) => ({
      counter: ++this.#counter,
      type: types[index],
      payload: payload instanceof Uint8Array ? payload : encodeJson(payload as object),
    }))
    this.#publish(agent, work, epoch)
    return work.map(({ counter }) => counter)
  }

  /** The same work again, under the same tokens. */
  repeat(agent: string, counters: readonly number[], payload: unknown, epoch = this.epoch): void {
    const bytes = encodeJson(payload as object)
    this.#publish(
      agent,
      counters.map((counter) => ({ counter, payload: bytes })),
      epoch,
    )
  }

  #publish(agent: string, work: readonly Dispatched[], epoch: number): void {
    const writer = new WorkWriter(new FramePool())
    writer.begin(epoch)
    for (const { counter, payload, type = '' } of work) {
      const id = `task-${counter}`
      writer.add(7, counter, counter, 1, id, 'work', payload, 0, payload.length, -1, type)
    }
    const reply = `${this.prefix}.from.${agent}.${this.name}.frames.${epoch}-${work[0].counter}-1`
    this.sendFrame(agent, writer.finish(), reply)
  }

  sendFrame(agent: string, bytes: Uint8Array, reply?: string): void {
    const { instance } = this.hellos.at(-1)!
    const subject = `${this.prefix}.agent.${agent}.${instance}.frames`
    this.nc.publish(subject, Uint8Array.from(bytes), { reply })
  }

  acknowledge(agent: string, counters: readonly number[], epoch = this.epoch): void {
    for (let at = 0; at < counters.length; at += 4_096) {
      const writer = new AckWriter(new FramePool())
      writer.begin(epoch)
      for (const counter of counters.slice(at, at + 4_096)) writer.add(counter)
      this.sendFrame(agent, writer.finish())
    }
  }

  acknowledgeAll(agent: string): void {
    for (const epoch of new Set(this.framed.map((result) => result.epoch))) {
      const heard = this.framed.filter((result) => result.epoch === epoch)
      const counters = heard.map(({ counter }) => counter)
      this.acknowledge(agent, counters, epoch)
    }
  }

  /** @returns the results of this attempt, in the order in which they came. */
  resultsOf(counter: number): FramedResult[] {
    return this.framed.filter((result) => result.counter === counter)
  }

  async resultsTo(count: number): Promise<FramedResult[]> {
    await until(() => this.framed.length >= count, { what: `${count} results` })
    return this.framed
  }

  /** Waits for a beat that was sent after now and reports exactly these attempts. */
  async framedBeatWith(counters: readonly number[]): Promise<FramedBeat> {
    const first = this.framedBeats.length
    const wanted = JSON.stringify([...counters].sort())
    return until(
      () => this.framedBeats.slice(first).find((beat) => JSON.stringify(beat.counters) === wanted),
      { what: `a beat with ${wanted}` },
    )
  }
}
