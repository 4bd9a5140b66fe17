import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import { LIMITS } from '../../src/options.ts'
import { encodeJson } from '../../src/wire/json.ts'
import {
  readBeat,
  readBye,
  readHello,
  readPull,
  requireConcurrency,
} from '../../src/wire/messages.ts'

function code(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof SignalboxError) return error.code
    throw error
  }
  return 'taken'
}

const HELLO = { instance: 'i1', queues: ['q'], capabilities: ['ocr'], concurrency: 4, beats: true }
const hello = (changes: object) => code(() => readHello(encodeJson({ ...HELLO, ...changes }), 'a'))

function numbered(count: number, value: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, value]))
}

test('hello: what is not said has its default, lists are sorted', () => {
  expect(readHello(encodeJson({ instance: 'i1', queues: ['r', '*', 'q', 'q'] }), 'a')).toEqual({
    instance: 'i1',
    queues: ['*', 'q', 'r'],
    capabilities: [],
    labels: {},
    specializations: {},
    concurrency: 1,
    beats: false,
    frames: 0,
    keeps: false,
    prefetch: 0,
    pull: false,
    preemptible: false,
    recalls: false,
    declines: false,
  })
})

test.each([
  [{}, 'taken'],
  [{ id: 'a' }, 'taken'],
  [{ id: 'b' }, 'identity_mismatch'],
  [{ id: 7 }, 'identity_mismatch'],
  [{ id: { toString: 1 } }, 'identity_mismatch'],
  [{ instance: undefined }, 'bad_token'],
  [{ instance: '' }, 'bad_token'],
  [{ instance: 'a.b' }, 'bad_token'],
  [{ instance: 'a\r\nPUB x' }, 'bad_token'],
  [{ instance: { toString: 1, valueOf: 1 } }, 'bad_token'],
  [{ queues: undefined }, 'bad_body'],
  [{ queues: [] }, 'bad_body'],
  [{ queues: 'q' }, 'bad_body'],
  [{ queues: ['q.r'] }, 'bad_token'],
  [{ queues: ['>'] }, 'bad_token'],
  [{ queues: [[]] }, 'bad_token'],
  [{ queues: [{ toString: 1 }] }, 'bad_token'],
  [{ queues: Array.from({ length: 257 }, (_, i) => `q${i}`) }, 'bad_body'],
  [{ capabilities: ['*'] }, 'bad_token'],
  [{ capabilities: ['gpu>=24'] }, 'bad_token'],
  [{ capabilities: Array.from({ length: 257 }, (_, i) => `c${i}`) }, 'bad_body'],
  [{ concurrency: 0 }, 'bad_concurrency'],
  [{ concurrency: -1 }, 'bad_concurrency'],
  [{ concurrency: 1.5 }, 'bad_concurrency'],
  [{ concurrency: 65_535 }, 'taken'],
  [{ concurrency: 65_536 }, 'bad_concurrency'],
  [{ concurrency: 1e9 }, 'bad_concurrency'],
  [{ concurrency: '4' }, 'bad_concurrency'],
  [{ concurrency: { toString: 1 } }, 'bad_concurrency'],
  [{ labels: {} }, 'taken'],
  [{ labels: null }, 'taken'],
  [{ labels: { gpu: 24, temp: -3.5 } }, 'taken'],
  [{ labels: { gpu: '24' } }, 'bad_option'],
  [{ labels: { gpu: null } }, 'bad_option'],
  [{ labels: { gpu: { toString: 1 } } }, 'bad_option'],
  [{ labels: { 'gpu.0': 24 } }, 'bad_token'],
  [{ labels: { '': 24 } }, 'bad_token'],
  [{ labels: { __proto__x: 1 } }, 'taken'],
  [{ labels: [] }, 'bad_option'],
  [{ labels: [24] }, 'bad_option'],
  [{ labels: 'gpu=24' }, 'bad_option'],
  [{ labels: 7 }, 'bad_option'],
  [{ labels: numbered(64, 1) }, 'taken'],
  [{ labels: numbered(65, 1) }, 'bad_option'],
  [{ specializations: null }, 'taken'],
  [{ specializations: { ocr: 0, read: 1, scan: 0.95 } }, 'taken'],
  [{ specializations: { ocr: 1.01 } }, 'bad_option'],
  [{ specializations: { ocr: -0.1 } }, 'bad_option'],
  [{ specializations: { ocr: true } }, 'bad_option'],
  [{ specializations: { 'a b': 1 } }, 'bad_token'],
  [{ specializations: numbered(256, 0.5) }, 'taken'],
  [{ specializations: numbered(257, 0.5) }, 'bad_option'],
  [{ frames: 0 }, 'taken'],
  [{ frames: 1 }, 'taken'],
  [{ frames: 255 }, 'taken'],
  [{ frames: 256 }, 'bad_option'],
  [{ frames: -1 }, 'bad_option'],
  [{ frames: 1.5 }, 'bad_option'],
  [{ frames: true }, 'bad_option'],
  [{ frames: '1' }, 'bad_option'],
  [{ prefetch: 0 }, 'taken'],
  [{ prefetch: 1_024 }, 'taken'],
  [{ prefetch: 1_025 }, 'bad_option'],
  [{ prefetch: -1 }, 'bad_option'],
  [{ prefetch: '9' }, 'bad_option'],
  [{ prefetch: { toString: 1 } }, 'bad_option'],
] as const)('hello: %j is %s', (changes, expected) => {
  expect(hello(changes)).toBe(expected)
})

test('hello: what an agent offers is read, and of frames no newer version than is spoken', () => {
  const read = (changes: object) => readHello(encodeJson({ ...HELLO, ...changes }), 'a')
  expect(read({ frames: 1, keeps: true, prefetch: 256, pull: true })).toMatchObject({
    frames: 1,
    keeps: true,
    prefetch: 256,
    pull: true,
  })
  expect(read({ frames: 7 }).frames).toBe(4)
  expect(read({ frames: null, prefetch: null })).toMatchObject({ frames: 0, prefetch: 0 })
  for (const no of [undefined, null, 0, 1, 'true', {}]) {
    const said = { keeps: false, pull: false, preemptible: false, recalls: false, declines: false }
    const given = { keeps: no, pull: no, preemptible: no, recalls: no, declines: no }
    expect(read(given)).toMatchObject(said)
  }
  expect(read({ preemptible: true }).preemptible).toBe(true)
  expect(read({ recalls: true }).recalls).toBe(true)
  expect(read({ declines: true }).declines).toBe(true)
})

test('hello: numbers by name are read in the order of their names, whatever order they came in', () => {
  const read = (labels: object) => readHello(encodeJson({ ...HELLO, labels }), 'a').labels
  const text = JSON.stringify({ cpu: 8, gpu: 24, zone: 1e300 })
  expect(JSON.stringify(read({ zone: 1e300, gpu: 24, cpu: 8 }))).toBe(text)
  expect(JSON.stringify(read({ gpu: 24, cpu: 8, zone: 1e300 }))).toBe(text)
})

test.each([
  [{ instance: 'i', n: 1 }, 'taken'],
  [{ instance: 'i', n: 65_535 }, 'taken'],
  [{ instance: 'i', n: 1, id: 'a' }, 'taken'],
  [{ instance: 'i', n: 1, scheduler: 's' }, 'taken'],
  [{ instance: 'i', n: 1, scheduler: null }, 'taken'],
  [{ instance: 'i' }, 'taken'],
  [{ instance: 'i', n: 0 }, 'bad_option'],
  [{ instance: 'i', n: 65_536 }, 'bad_option'],
  [{ instance: 'i', n: -1 }, 'bad_option'],
  [{ instance: 'i', n: 1.5 }, 'bad_option'],
  [{ instance: 'i', n: '5' }, 'bad_option'],
  [{ instance: 'i', n: [5] }, 'bad_option'],
  [{ n: 5 }, 'bad_token'],
  [{ instance: 'i', n: 5, scheduler: 'a.b' }, 'bad_token'],
  [{ instance: 'i', n: 5, id: 'b' }, 'identity_mismatch'],
] as const)('pull: %j is %s', (body, expected) => {
  expect(code(() => readPull(encodeJson(body), 'a'))).toBe(expected)
})

test('pull: one task is asked for unless it says more, of every scheduler unless it names one', () => {
  expect(readPull(encodeJson({ instance: 'i' }), 'a')).toEqual({ instance: 'i', n: 1 })
  const named = { instance: 'i', n: 5, scheduler: 'main' }
  expect(readPull(encodeJson(named), 'a')).toEqual(named)
})

const beat = (body: unknown) => code(() => readBeat(encodeJson(body), 'a'))

test.each([
  [{ instance: 'i', schedulers: { s: { seen: null, running: [] } } }, 'taken'],
  [{ instance: 'i' }, 'taken'],
  [{ instance: 'i', schedulers: null }, 'taken'],
  [{ schedulers: {} }, 'bad_token'],
  [{ instance: 'i', id: 'b' }, 'identity_mismatch'],
  [{ instance: 'i', schedulers: [] }, 'bad_body'],
  [{ instance: 'i', schedulers: 'all' }, 'bad_body'],
  [{ instance: 'i', schedulers: { s: null } }, 'bad_body'],
  [{ instance: 'i', schedulers: { s: {} } }, 'bad_body'],
  [{ instance: 'i', schedulers: { s: { running: 'all' } } }, 'bad_body'],
  [{ instance: 'i', schedulers: { s: { running: [1, null, {}] } } }, 'taken'],
  [{ instance: 'i', load: null }, 'taken'],
  [{ instance: 'i', load: 0 }, 'taken'],
  [{ instance: 'i', load: 65_535 }, 'taken'],
  [{ instance: 'i', load: 65_536 }, 'bad_option'],
  [{ instance: 'i', load: -1 }, 'bad_option'],
  [{ instance: 'i', load: 1.5 }, 'bad_option'],
  [{ instance: 'i', load: '5' }, 'bad_option'],
  [{ instance: 'i', load: true }, 'bad_option'],
  [{ instance: 'i', load: [5] }, 'bad_option'],
  [{ instance: 'i', load: { valueOf: 5 } }, 'bad_option'],
] as const)('beat: %j is %s', (body, expected) => {
  expect(beat(body)).toBe(expected)
})

test('beat: what an agent has in hand is read, and is nothing where it does not say so', () => {
  const load = (body: object) => readBeat(encodeJson({ instance: 'i', ...body }), 'a').load
  expect([load({ load: 7 }), load({}), load({ load: null })]).toEqual([7, undefined, undefined])
})

test('beat: more tokens than an agent can work on are refused', () => {
  const running = new Array(LIMITS.concurrencyMax + 1).fill(0)
  expect(beat({ instance: 'i', schedulers: { s: { running } } })).toBe('bad_body')
})

test('bye: drain is off unless it is true', () => {
  const bye = (body: unknown) => readBye(encodeJson(body), 'a')
  expect(bye({ instance: 'i' })).toEqual({ instance: 'i', drain: false })
  expect(bye({ instance: 'i', drain: 1 }).drain).toBe(false)
  expect(bye({ instance: 'i', drain: true }).drain).toBe(true)
  expect(code(() => bye({ instance: 'i', id: 'b' }))).toBe('identity_mismatch')
  expect(code(() => bye({}))).toBe('bad_token')
})

test('control messages: nothing that can be sent makes a reader fail but by refusing', () => {
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        id: fc.jsonValue(),
        instance: fc.oneof(fc.constant('i'), fc.jsonValue()),
        queues: fc.oneof(fc.constant(['q']), fc.jsonValue()),
        capabilities: fc.jsonValue(),
        concurrency: fc.jsonValue(),
        labels: fc.jsonValue(),
        schedulers: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
        load: fc.jsonValue(),
        recalls: fc.jsonValue(),
        drain: fc.jsonValue(),
        frames: fc.jsonValue(),
        prefetch: fc.jsonValue(),
        n: fc.jsonValue(),
        scheduler: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  )
  fc.assert(
    fc.property(body, (value) => {
      const bytes = encodeJson(value)
      for (const read of [readHello, readBeat, readBye, readPull]) code(() => read(bytes, 'a'))
    }),
    { numRuns: 5_000 },
  )
})

test('concurrency: only whole numbers from 1 to 65,535', () => {
  for (const right of [1, 2, 65_535]) expect(requireConcurrency(right)).toBe(right)
  for (const wrong of [0, -1, 0.5, 65_536, Number.NaN, Number.POSITIVE_INFINITY, '1', null, [1]]) {
    expect(code(() => requireConcurrency(wrong))).toBe('bad_concurrency')
  }
})
