/**
 * The frame form of a scripted agent: work and acknowledgements that come in frames are handed on as
 * if they had come alone, and results go out in frames, those of one moment together. What fits in no
 * frame (a malformed subject, the server's own word) goes as it is.
 */
import { MsgHdrsImpl } from 'nats/lib/nats-base-client/headers.js'
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
import { HEADER } from '../../src/wire/headers.ts'
import {
  attemptToken,
  newResultAddress,
  parseResultSubject,
  parseToken,
  type Subjects,
} from '../../src/wire/subjects.ts'
import type { Delivery, Peer } from './peer.ts'

const SCHEDULER = 'main'

export interface FrameHands {
  take(work: Delivery): void
  acknowledged(tokens: readonly string[]): void
  publish: Peer['publish']
  after(ms: number, act: () => void): void
}

export class AgentFrames {
  /** As the scheduler said when it answered the hello. */
  isOn = false
  readonly #id: string
  readonly #instance: string
  readonly #subjects: Subjects
  readonly #hands: FrameHands
  readonly #results: ResultWriter
  readonly #beats: BeatWriter
  readonly #work = new WorkReader()
  readonly #acks = new AckReader()
  readonly #address = newResultAddress()
  /** Of work that came in frames, by counter. */
  readonly #tokens = new Map<number, string>()
  #epoch = -1

  constructor(id: string, instance: string, subjects: Subjects, hands: FrameHands) {
    const pool = new FramePool()
    this.#id = id
    this.#instance = instance
    this.#subjects = subjects
    this.#hands = hands
    this.#results = new ResultWriter(pool)
    this.#beats = new BeatWriter(pool)
  }

  /** @throws SignalboxError when the scheduler has sent no whole frame. */
  take(message: Delivery): void {
    if (frameKind(message.data) === FRAME_KIND.work) this.#takeWork(message)
    else this.#takeAcks(message.data)
  }

  #takeWork({ subject, data }: Delivery): void {
    const work = this.#work
    work.open(Uint8Array.from(data))
    while (work.next()) {
      const token = attemptToken(work.epoch, work.counter, work.seq)
      const id = work.id()
      const { payloadStart, payloadLength } = work
      const checkpoint = Buffer.from(work.extension()?.checkpoint ?? []).toString('base64')
      const said: Record<string, string> = { 'Sb-Id': id, [HEADER.checkpoint]: checkpoint }
      this.#tokens.set(work.counter, token)
      this.#hands.take({
        subject,
        reply: this.#subjects.result(this.#id, SCHEDULER, work.slot, token),
        headers: { code: 0, get: (name) => said[name] ?? '' },
        data: work.bytes.slice(payloadStart, payloadStart + payloadLength),
      })
    }
  }

  #takeAcks(data: Uint8Array): void {
    const acks = this.#acks
    acks.open(Uint8Array.from(data))
    while (acks.next()) this.#hands.acknowledged([this.#tokens.get(acks.counter) ?? ''])
  }

  readonly publish: Peer['publish'] = (subject, data, options = {}) => {
    const address = this.#address
    const from = `${this.#subjects.prefix}.from.`.length
    const headers = options.headers && MsgHdrsImpl.decode(options.headers.encode())
    const isOwn = parseResultSubject(subject, from, address) && address.agent === this.#id
    const isResult =
      isOwn &&
      subject ===
        this.#subjects.result(
          this.#id,
          SCHEDULER,
          address.slot,
          attemptToken(address.epoch, address.counter, address.seq),
        )
    if (!this.isOn || !isResult || headers?.code === 503) {
      this.#hands.publish(subject, data, options)
      return
    }
    if (!this.#add(data, headers)) {
      this.flush()
      this.#add(data, headers)
    }
  }

  #add(data: Uint8Array, headers: MsgHdrsImpl | undefined): boolean {
    const { slot, epoch, counter, seq } = this.#address
    const results = this.#results
    if (results.count > 0 && epoch !== this.#epoch) this.flush()
    if (results.count === 0) {
      results.begin(epoch)
      this.#epoch = epoch
      this.#hands.after(0, this.flush)
    }
    const code = headers?.get(HEADER.code) ?? ''
    const isRetryable = headers?.get(HEADER.retryable) === '1'
    const yields = headers?.get(HEADER.yields) === '1' ? RESULT_FLAG.yields : 0
    const flags = isRetryable ? RESULT_FLAG.retryable : yields
    const message = headers?.get(HEADER.error) ?? ''
    const [heldUs, workUs] = [(counter * 331) % 20_000, (counter * 97) % 10_000]
    return results.add(
      slot,
      counter,
      seq,
      heldUs,
      workUs,
      code,
      flags,
      message,
      data,
      0,
      data.length,
    )
  }

  readonly flush = (): void => {
    if (this.#results.count === 0) return
    const subject = this.#subjects.resultFrames(this.#id, SCHEDULER)
    this.#hands.publish(subject, Uint8Array.from(this.#results.finish()))
  }

  /** @returns false for what a frame cannot say. */
  beat(seen: string | null, running: readonly string[], reply: string): boolean {
    const address = this.#address
    if (seen === null || !parseToken(seen, 0, address)) return false
    const { epoch, counter } = address
    this.#beats.begin(epoch, counter, this.#instance)
    for (const token of running) {
      const isOfIt = parseToken(token, 0, address) && address.epoch === epoch
      if (isOfIt) this.#beats.add(address.counter)
    }
    const frame = Uint8Array.from(this.#beats.finish())
    this.#hands.publish(this.#subjects.resultFrames(this.#id, SCHEDULER), frame, { reply })
    return true
  }
}
