import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/options.ts'
import {
  AckReader,
  AckWriter,
  ANSWER_STATES,
  AnswerReader,
  AnswerWriter,
  BeatReader,
  BeatWriter,
  FRAME,
  FramePool,
  ResultReader,
  ResultWriter,
  type SubmitExtension,
  SubmitReader,
  SubmitWriter,
  WorkReader,
  WorkWriter,
} from '../../src/wire/frames.ts'
import { itemOf } from './frame-items.ts'
import { workExtension } from './work-extension.ts'

const u8 = fc.oneof(fc.nat(255), fc.constantFrom(0, 255))
const u16 = fc.oneof(fc.nat(65_535), fc.constantFrom(0, 65_535))
const u32 = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1))
const long = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 2 ** 32, Number.MAX_SAFE_INTEGER))
const token = fc.stringMatching(/^[A-Za-z0-9_-]{0,64}$/)
const list = fc.stringMatching(/^[A-Za-z0-9_,-]{0,200}$/)
const message = fc.string({ unit: 'grapheme', maxLength: 200 })
const flag = fc.boolean()
const extension = fc.record({
  type: token,
  strategy: token,
  match: fc.nat(3),
  prefers: list,
  key: token,
})
const EXTENSION_BYTES = 6
const ms = fc.nat(2 ** 31)
/** 0 stands for no time. */
const promises = fc.record({
  own: fc.record({
    ttlMs: fc.option(ms),
    deadlineMs: fc.option(ms),
    slaTargetMs: fc.option(ms),
    retryDelayMs: fc.option(ms),
    delayMs: ms,
  }),
  atMs: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
})
/** Long enough for a frame to be full before it has 64 items. */
const payload = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.nat(20_000).map((length) => 'x'.repeat(length)),
)
const LEAD = 3

/** A payload in the middle of other bytes, as it comes in a message. */
function range(text: string): [Uint8Array, number, number] {
  const bytes = Buffer.from(`<<<${text}>>>`)
  return [bytes, LEAD, bytes.length - 2 * LEAD]
}

/** As the writer takes it, with the bytes that it comes to. */
function sized(said: {
  type: string
  strategy: string
  match: number
  prefers: string
  key: string
}): SubmitExtension {
  const { type, strategy, prefers, key } = said
  const length = [type, strategy, prefers, key].join('').length
  return { ...said, bytes: EXTENSION_BYTES + length }
}

const bits = (first: boolean, second: boolean): number => (first ? 1 : 0) | (second ? 2 : 0)

/** Writes every item, finishing frames as they fill, and reads all of them back. */
function through<Item>(
  writer: { readonly isFull: boolean; readonly count: number; finish(): Uint8Array },
  reader: { open(frame: Uint8Array): void; next(): boolean; readonly headNumber: number },
  items: readonly Item[],
  add: (item: Item) => boolean,
  number: number,
): object[] {
  const frames: Uint8Array[] = []
  for (const item of items) {
    if (add(item)) continue
    expect(writer.count).toBeGreaterThan(0)
    frames.push(Uint8Array.from(writer.finish()))
    expect(writer.count).toBe(0)
    expect(add(item)).toBe(true)
  }
  if (writer.count > 0) frames.push(writer.finish())
  const read: object[] = []
  for (const frame of frames) {
    reader.open(frame)
    expect(reader.headNumber).toBe(number)
    while (reader.next()) read.push(itemOf(reader as never))
  }
  return read
}

describe('frames: whatever is written is read back, in order, in as many frames as it takes', () => {
  const pool = new FramePool()
  const runs = { numRuns: 150 }
  const many = { maxLength: 150 }

  test('frames: submits', () => {
    const item = fc.record({
      number: u32,
      timeoutMs: u32,
      retryCount: u8,
      wantsAccepted: flag,
      wantsOutcome: flag,
      id: token,
      requires: list,
      extension: fc.option(extension, { nil: undefined, freq: 3 }),
      promises: fc.option(promises, { nil: undefined, freq: 3 }),
      payload,
    })
    const writer = new SubmitWriter(pool)
    const reader = new SubmitReader()
    fc.assert(
      fc.property(fc.array(item, many), long, (items, number) => {
        writer.begin(number)
        const add = (each: (typeof items)[number]) =>
          writer.add(
            each.number,
            each.timeoutMs,
            each.retryCount,
            bits(each.wantsAccepted, each.wantsOutcome),
            each.id,
            each.requires,
            ...range(each.payload),
            each.extension === undefined ? null : sized(each.extension),
            each.promises,
          )
        expect(through(writer, reader, items, add, number)).toEqual(items)
        pool.reclaim()
      }),
      runs,
    )
  })

  test('frames: answers', () => {
    const item = fc.record({
      number: u32,
      what: fc.constantFrom(1, 2, 3),
      state: fc.nat(ANSWER_STATES.length - 1),
      isDuplicate: flag,
      isRetryable: flag,
      status: u16,
      attempts: u16,
      id: token,
      code: token,
      message,
      payload,
    })
    const writer = new AnswerWriter(pool)
    const reader = new AnswerReader()
    fc.assert(
      fc.property(fc.array(item, many), long, (items, number) => {
        writer.begin(number)
        const add = (each: (typeof items)[number]) =>
          writer.add(
            each.number,
            each.what,
            each.state,
            bits(each.isDuplicate, each.isRetryable),
            each.id,
            each.status,
            each.code,
            each.message,
            each.attempts,
            ...range(each.payload),
          )
        expect(through(writer, reader, items, add, number)).toEqual(items)
        pool.reclaim()
      }),
      runs,
    )
  })

  test('frames: work', () => {
    const item = fc.record({
      slot: u32,
      counter: long,
      seq: u32,
      attempt: u16,
      id: token,
      queue: fc.oneof(token, fc.constantFrom('greet', 'grunt')),
      type: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), { nil: undefined }),
      extension: fc.option(workExtension, { nil: undefined, freq: 3 }),
      payload,
    })
    const writer = new WorkWriter(pool)
    const reader = new WorkReader()
    fc.assert(
      fc.property(fc.array(item, many), long, (items, number) => {
        writer.begin(number)
        const add = (each: (typeof items)[number]) =>
          writer.add(
            each.slot,
            each.counter,
            each.seq,
            each.attempt,
            each.id,
            each.queue,
            ...range(each.payload),
            -1,
            each.type,
            each.extension,
          )
        expect(through(writer, reader, items, add, number)).toEqual(items)
        pool.reclaim()
      }),
      runs,
    )
  })

  test('frames: results', () => {
    const item = fc.record({
      slot: u32,
      counter: long,
      seq: u32,
      heldUs: u32,
      workUs: u32,
      isFailure: flag,
      isRetryable: flag,
      code: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
      message,
      payload,
    })
    const writer = new ResultWriter(pool)
    const reader = new ResultReader()
    fc.assert(
      fc.property(fc.array(item, many), long, (drawn, number) => {
        const items = drawn.map((each) => (each.isFailure ? each : { ...each, code: '' }))
        writer.begin(number)
        const add = (each: (typeof items)[number]) =>
          writer.add(
            each.slot,
            each.counter,
            each.seq,
            each.heldUs,
            each.workUs,
            each.code,
            bits(each.isRetryable, false),
            each.message,
            ...range(each.payload),
          )
        expect(through(writer, reader, items, add, number)).toEqual(items)
        pool.reclaim()
      }),
      runs,
    )
  })

  test('frames: acknowledgements', () => {
    const writer = new AckWriter(pool)
    const reader = new AckReader()
    fc.assert(
      fc.property(fc.array(long, { maxLength: 10_000 }), long, (counters, number) => {
        writer.begin(number)
        const read = through(writer, reader, counters, (counter) => writer.add(counter), number)
        expect(read).toEqual(counters.map((counter) => ({ counter })))
        pool.reclaim()
      }),
      runs,
    )
  })

  test('frames: beats', () => {
    const writer = new BeatWriter(pool)
    const reader = new BeatReader()
    const running = fc.array(long, { maxLength: 3_000 })
    fc.assert(
      fc.property(running, long, long, token, (counters, epoch, seen, instance) => {
        writer.begin(epoch, seen, instance)
        for (const counter of counters) expect(writer.add(counter)).toBe(true)
        reader.open(writer.finish())
        expect([reader.epoch, reader.seen, reader.instance()]).toEqual([epoch, seen, instance])
        const read: number[] = []
        while (reader.next()) read.push(reader.counter)
        expect(read).toEqual(counters)
        pool.reclaim()
      }),
      runs,
    )
  })
})

const NOTHING = new Uint8Array(0)

test('frames: a writer is full at 64 items, and empty when it has been finished', () => {
  const writer = new WorkWriter(new FramePool())
  writer.begin(1)
  const add = () => writer.add(1, 2, 3, 1, 'a', 'q', NOTHING, 0, 0)
  for (let item = 1; item <= FRAME.itemsMax; item++) {
    expect(writer.isFull).toBe(false)
    expect(add()).toBe(true)
    expect(writer.count).toBe(item)
  }
  expect(writer.isFull).toBe(true)
  expect(add()).toBe(false)
  const frame = writer.finish()
  expect(frame.length).toBe(16 + 64 * 26)
  expect([writer.count, writer.isFull]).toEqual([0, false])
  expect(() => writer.finish()).toThrow('an open frame is finished')
})

test('frames: 64 KiB is all that a frame of several items has, to the byte', () => {
  const payload = new Uint8Array(FRAME.bytesMax)
  const room = FRAME.bytesMax - FRAME.headBytes - 2 * 24
  const writer = new WorkWriter(new FramePool())
  expect(writer.add(1, 2, 3, 1, '', '', payload, 0, room - 100)).toBe(true)
  expect(writer.add(1, 2, 3, 1, '', '', payload, 0, 101)).toBe(false)
  expect(writer.add(1, 2, 3, 1, '', '', payload, 0, 100)).toBe(true)
  expect(writer.isFull).toBe(true)
  expect(writer.finish().length).toBe(FRAME.bytesMax)
})

test('frames: a frame may be allowed less, where a server takes no more', () => {
  const payload = new Uint8Array(1_000)
  const writer = new ResultWriter(new FramePool(), 4_096)
  const add = () => writer.add(1, 2, 3, 4, 5, '', 0, '', payload, 0, payload.length)
  expect([add(), add(), add(), add()]).toEqual([true, true, true, false])
  expect(writer.finish().length).toBe(16 + 3 * 1_032)
})

test('frames: an item larger than a frame has one of its own', () => {
  const large = new Uint8Array(1_000_000).fill(7)
  const pool = new FramePool()
  const writer = new WorkWriter(pool)
  const reader = new WorkReader()
  expect(writer.add(1, 2, 3, 1, 'small', 'q', large, 0, 9)).toBe(true)
  expect(writer.add(1, 2, 3, 1, 'large', 'q', large, 0, large.length)).toBe(false)
  writer.finish()
  expect(writer.add(1, 2, 3, 1, 'large', 'q', large, 0, large.length)).toBe(true)
  expect(writer.isFull).toBe(true)
  expect(writer.add(1, 2, 3, 1, 'small', 'q', large, 0, 0)).toBe(false)
  reader.open(writer.finish())
  expect([reader.next(), reader.id(), reader.payloadLength]).toEqual([true, 'large', large.length])
  expect(reader.bytes.subarray(reader.payloadStart).every((byte) => byte === 7)).toBe(true)
})

test('frames: a beat with a whole agent’s concurrency in hand is one frame', () => {
  const writer = new BeatWriter(new FramePool())
  writer.begin(1, 2, 'instance')
  let taken = 0
  while (taken <= LIMITS.concurrencyMax && writer.add(taken + 1)) taken++
  expect(taken).toBe(LIMITS.concurrencyMax)
  const reader = new BeatReader()
  reader.open(writer.finish())
  expect(reader.count).toBe(LIMITS.concurrencyMax)
  let sum = 0
  while (reader.next()) sum += reader.counter
  expect(sum).toBe((LIMITS.concurrencyMax * (LIMITS.concurrencyMax + 1)) / 2)
})

test('frames: what does not fit its field is refused aloud', () => {
  const pool = new FramePool()
  const work = new WorkWriter(pool)
  expect(() => work.add(1, 2, 3, 1, 'x'.repeat(256), 'q', NOTHING, 0, 0)).toThrow('fits')
  expect(() => work.add(1, 2, 3, 1, 'é', 'q', NOTHING, 0, 0)).toThrow('ASCII')
  expect(() => new BeatWriter(pool).add(1)).toThrow('begun')
})

test('frames: of a message as much is kept as a scheduler keeps of any', () => {
  const max = LIMITS.errorMessageBytesMax
  for (const [text, kept] of [
    ['x'.repeat(max), 'x'.repeat(max)],
    ['x'.repeat(max + 1), 'x'.repeat(max)],
    ['€'.repeat(100_000), '€'.repeat(max)],
    [`${'x'.repeat(max - 1)}😀`, `${'x'.repeat(max - 1)}\ufffd`],
  ]) {
    const writer = new ResultWriter(new FramePool())
    writer.add(1, 2, 3, 4, 5, 'error', 0, text, NOTHING, 0, 0)
    const reader = new ResultReader()
    reader.open(writer.finish())
    expect([reader.next(), reader.message()]).toEqual([true, kept])
  }
})

test('frames: attempts beyond the field are told as its largest', () => {
  const writer = new WorkWriter(new FramePool())
  writer.add(1, 2, 3, 70_000, 'a', 'q', NOTHING, 0, 0)
  const reader = new WorkReader()
  reader.open(writer.finish())
  expect([reader.next(), reader.attempt]).toEqual([true, 65_535])
})
