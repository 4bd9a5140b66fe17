import type { Msg, NatsConnection } from 'nats'
import { expect, test } from 'vitest'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import { FrameClients } from '../../src/front-end/nats/frame-clients.ts'
import { Outlet } from '../../src/front-end/nats/outlet.ts'
import { SubmitFrames } from '../../src/front-end/nats/submit-frames.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import { LIMITS } from '../../src/options.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'
import { ANSWER, AnswerReader } from '../../src/wire/frames.ts'
import { type FrameItem, submitFrame } from '../support/frame-submitter.ts'

interface Sent {
  subject: string
  /** What the client was given: it packs it in a microtask, not at once. */
  bytes: Uint8Array
}

type Callback = (error: null, msg: Msg) => void

/** The submitters' side of a front end that never has a turn of its own, and what it says. */
class Standing {
  readonly sent: Sent[] = []
  readonly context: FrontEndContext
  readonly clients: FrameClients
  readonly outlet: Outlet
  turnsAsked = 0
  #hear!: Callback

  constructor(maxPayload = 1024 * 1024) {
    const frontEnd = new FrontEnd(frontEndOptions({ routers: 0 }), () => {})
    frontEnd.stop()
    this.context = frontEnd.context
    const { inbox } = this.context
    inbox.wake = () => {
      this.turnsAsked++
    }
    const nc = {
      info: { max_payload: maxPayload },
      isClosed: () => false,
      isDraining: () => false,
      publish: (subject: string, bytes: Uint8Array) => this.sent.push({ subject, bytes }),
      subscribe: (_: string, { callback }: { callback: Callback }) => {
        this.#hear = callback
      },
    } as unknown as NatsConnection
    this.outlet = new Outlet(nc, ['_INBOX.'], () => true)
    this.clients = new FrameClients(this.context, this.outlet)
    const options = { prefix: 'sb', queues: ['*'] }
    const frames = new SubmitFrames(this.context, nc, this.outlet, this.clients, options)
    frames.subscribe()
  }

  submit(items: FrameItem[], reply = '_INBOX.a'): void {
    const data = Buffer.from(submitFrame(items))
    this.#hear(null, { subject: 'sb.frame.work.3', reply, data } as unknown as Msg)
  }

  startTurn(): void {
    this.outlet.startTurn()
    this.clients.startTurn()
  }

  /** Numbers and codes, frame by frame. */
  read(): [number, string][][] {
    const reader = new AnswerReader()
    return this.sent.map(({ bytes }) => {
      reader.open(bytes)
      const items: [number, string][] = []
      while (reader.next()) {
        expect(reader.what).toBe(ANSWER.refused)
        items.push([reader.number, reader.code()])
      }
      return items
    })
  }
}

const many = (count: number, first = 0): FrameItem[] =>
  Array.from({ length: count }, (_, n) => ({ number: first + n, wants: 'nothing' }))
const bad = (count: number, first = 0): FrameItem[] =>
  many(count, first).map((item) => ({ ...item, id: '*' }))
const numbers = (frames: [number, string][][]) => frames.map((items) => items.map(([n]) => n))

test('frame clients: a task refused at receipt asks for a turn, which sends the refusal', () => {
  const standing = new Standing()
  standing.submit(many(3))
  expect(standing.turnsAsked).toBe(0)
  standing.submit(bad(2))
  standing.submit(bad(1, 7))
  expect([standing.turnsAsked, standing.sent.length]).toEqual([1, 0])
  standing.startTurn()
  standing.clients.flush()
  expect(numbers(standing.read())).toEqual([[0, 1, 7]])
  standing.startTurn()
  standing.clients.of('_INBOX.a').refused(9, 'stopping', 'No more.', 503, true)
  expect(standing.turnsAsked).toBe(1)
  standing.clients.flush()
  standing.clients.flush()
  expect(standing.sent.length).toBe(2)
})

test('frame clients: 64 answers are sent at once, the next begin a frame of their own', () => {
  const standing = new Standing()
  standing.submit(bad(64))
  expect(standing.sent.length).toBe(1)
  standing.submit(bad(64, 64))
  standing.submit(bad(1, 128))
  standing.clients.flush()
  expect(standing.read().map(({ length }) => length)).toEqual([64, 64, 1])
})

test('frame clients: more tasks than may wait are refused one by one, and nothing else is', () => {
  const standing = new Standing()
  for (let n = 0; n < LIMITS.submitsWaitingMax - 32; n += 32) standing.submit(many(32))
  expect(standing.context.inbox.submitsWaiting).toBe(LIMITS.submitsWaitingMax - 32)
  standing.submit(many(64))
  standing.clients.flush()
  const [items, ...more] = standing.read()
  expect(items).toEqual(many(32, 32).map(({ number }) => [number, 'too_many_submits']))
  expect(more).toEqual([])
  expect(standing.context.inbox.submitsWaiting).toBe(LIMITS.submitsWaitingMax)
  expect(standing.context.refused).toEqual({ too_many_submits: 32 })
})

test('frame clients: what is on its way when the scheduler stops is answered `stopping`', () => {
  const standing = new Standing()
  standing.context.draining = true
  standing.submit(many(64))
  const expected = many(64).map(({ number }) => [number, 'stopping'])
  expect(standing.read()).toEqual([expected])
  expect(standing.context.inbox.submitsWaiting).toBe(0)
})

test('frame clients: no frame is larger than the server takes', () => {
  const standing = new Standing(16 * 1024)
  const text = 'The way is barred. '.repeat(200)
  const client = standing.clients.of('_INBOX.a')
  for (let n = 0; n < 40; n++) client.refused(n, 'error', text, 500, true)
  standing.clients.flush()
  const frames = standing.read()
  expect(frames.flat().map(([number]) => number)).toEqual([...Array(40).keys()])
  for (const { bytes } of standing.sent) expect(bytes.length).toBeLessThan(16 * 1024)
  expect(frames.length).toBeLessThan(14)
})

test('frame clients: a frame stays as it is until the turn after the one that sent it', () => {
  const standing = new Standing()
  for (let turn = 0; turn < 20; turn++) {
    standing.sent.length = 0
    // Some are sent between turns, some in the middle of one, some at its end.
    standing.submit(bad(64))
    standing.startTurn()
    standing.sent.splice(0)
    const client = standing.clients.of('_INBOX.a')
    for (let n = 0; n < 150; n++) client.refused(n, 'stopping', 'No more.', 503, true)
    for (let n = 0; n < 10; n++) {
      standing.clients.of(`_INBOX.${n}`).refused(1_000 + n, 'stopping', 'No more.', 503, true)
    }
    standing.clients.flush()
    standing.submit(bad(64, 5_000))
    expect(numbers(standing.read()).flat()).toEqual([
      ...Array(150).keys(),
      ...Array.from({ length: 10 }, (_, n) => 1_000 + n),
      ...Array.from({ length: 64 }, (_, n) => 5_000 + n),
    ])
  }
})

test('frame clients: thousands at once are each answered, and few of their frames are open at a time', () => {
  const standing = new Standing()
  const subjects = Array.from({ length: 12_000 }, (_, n) => `_INBOX.c${n}`)
  standing.startTurn()
  for (const subject of subjects) {
    standing.clients.of(subject).refused(1, 'stopping', 'No more.', 503, true)
  }
  expect(standing.sent.length).toBeGreaterThan(subjects.length - 1_000)
  standing.clients.flush()
  expect(standing.sent.map(({ subject }) => subject)).toEqual(subjects)
})
