import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import { decode, parseSubmitSubject } from '../../src/front-end/decode.ts'
import { Records } from '../../src/front-end/records.ts'
import type { Origin } from '../../src/policy/task-record.ts'
import type { PriorityLevel } from '../../src/task.ts'
import type { HeaderSource } from '../../src/wire/submit-options.ts'

const ORIGIN: Origin = { accepted: () => {}, outcome: () => {}, refused: () => {} }
const PAYLOAD = new Uint8Array([1, 2, 3])
const RECORDS = new Records()

function headers(given: Record<string, string | string[]>): HeaderSource {
  return { keys: () => Object.keys(given), values: (key) => [given[key]].flat() }
}

function code(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof SignalboxError) return error.code
    throw error
  }
  return 'taken'
}

test.each([
  ['sb.task.ocr', { queue: 'ocr', level: null, call: false }],
  ['sb.task.ocr.5', { queue: 'ocr', level: 5, call: false }],
  ['sb.call.ocr', { queue: 'ocr', level: null, call: true }],
  ['sb.call.o-c_R.1', { queue: 'o-c_R', level: 1, call: true }],
])('subject: %s is read', (subject, expected) => {
  expect(parseSubmitSubject(subject, 'sb.'.length)).toEqual(expected)
})

test.each([
  ['sb.store.ocr.3', 'bad_subject'],
  ['sb.task', 'bad_token'],
  ['sb.', 'bad_subject'],
  ['sb.task.', 'bad_token'],
  ['sb.task.a b', 'bad_token'],
  ['sb.task.*', 'bad_token'],
  ['sb.task.>', 'bad_token'],
  [`sb.task.${'q'.repeat(65)}`, 'bad_token'],
  ['sb.task.q\r\nPUB x', 'bad_token'],
  ['sb.task.q.0', 'bad_priority'],
  ['sb.task.q.6', 'bad_priority'],
  ['sb.task.q.03', 'bad_priority'],
  ['sb.task.q.high', 'bad_priority'],
  ['sb.task.q.', 'bad_priority'],
  ['sb.task.q.*', 'bad_priority'],
  ['sb.task.q.3.x', 'bad_subject'],
])('subject: %j is %s', (subject, expected) => {
  expect(code(() => parseSubmitSubject(subject, 'sb.'.length))).toBe(expected)
})

test('subject: no text makes the reader fail but by refusing', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom('task', 'call', '.', 'q', '3', '*', '>', ' ', '\r\n')).map(String),
  )
  fc.assert(
    fc.property(text, (rest) => {
      const subject = `sb.${rest.replaceAll(',', '')}`
      if (code(() => parseSubmitSubject(subject, 3)) !== 'taken') return
      expect(subject).toMatch(/^sb\.(task|call)\.[A-Za-z0-9_-]{1,64}(\.[1-5])?$/)
    }),
    { numRuns: 10_000 },
  )
})

function decoded(call: boolean, level: PriorityLevel | null, given?: HeaderSource) {
  const address = { queue: 'ocr', level, call }
  return decode(RECORDS, address, given, PAYLOAD, ORIGIN, '_INBOX.x', 42)
}

test('decode: without headers a task is what its subject says', () => {
  const task = decoded(false, null)
  expect(task.view).toBe(PAYLOAD)
  expect([task.id, task.queueName, task.level, task.payloadBytes]).toEqual(['', 'ocr', 0, 3])
  expect([task.timeoutMs, task.retryCount, task.requires]).toEqual([-1, -1, []])
  expect([task.wantsAccepted, task.wantsOutcome]).toEqual([true, false])
  expect([task.origin, task.replyTo, task.receivedUs]).toEqual([ORIGIN, '_INBOX.x', 42])
  expect(decoded(false, 5).level).toBe(5)
})

test('decode: a call wants its outcome only, a submit may want both', () => {
  const call = decoded(true, null)
  expect([call.wantsAccepted, call.wantsOutcome]).toEqual([false, true])
  const both = decoded(false, null, headers({ 'Sb-Outcome': '1' }))
  expect([both.wantsAccepted, both.wantsOutcome]).toEqual([true, true])
  const one = decoded(false, null, headers({ 'Sb-Outcome': '0' }))
  expect([one.wantsAccepted, one.wantsOutcome]).toEqual([true, false])
})

test('decode: headers are options, and differ from the subject only to be refused', () => {
  const given = headers({ 'Nats-Msg-Id': 'x', 'Sb-Priority': '4', 'Sb-Requires': 'b,a' })
  const task = decoded(false, null, given)
  expect([task.id, task.level, task.requires]).toEqual(['x', 4, ['a', 'b']])
  expect(decoded(false, 4, given).level).toBe(4)
  expect(code(() => decoded(false, 5, given))).toBe('bad_header')
  expect(code(() => decoded(true, null, headers({ 'Sb-Priority': ['4', '4'] })))).toBe('bad_header')
})

test('decode: what headers say of placing is with the record until it is admitted', () => {
  const given = headers({
    'Sb-Type': 'scan',
    'Sb-Prefers': 'near, gpu >= 8.0',
    'Sb-Strategy': 'affinity',
    'Sb-Match': 'best_fit',
    'Sb-Key': 'book-7',
  })
  const task = decoded(false, null, given)
  expect(task.routing).toEqual({
    type: 'scan',
    strategy: 'affinity',
    match: 'best_fit',
    prefers: ['gpu>=8', 'near'],
  })
  expect(task.keyHash).not.toBe(0)
  expect(decoded(false, null).routing).toBe(null)
  expect(decoded(false, null, headers({ 'Sb-Outcome': '1' })).keyHash).toBe(0)
})

test('decode: what a task promises of itself is with its record, and costs nothing where it does not', () => {
  const task = decoded(false, null, headers({ 'Sb-Ttl-Ms': '90000', 'Sb-Delay-Ms': '50' }))
  expect(task.extras!.own).toEqual({
    ttlMs: 90_000,
    deadlineMs: null,
    slaTargetMs: null,
    retryDelayMs: null,
    delayMs: 50,
  })
  expect(decoded(false, null).extras).toBe(null)
  expect(decoded(false, 4, headers({ 'Sb-Outcome': '1' })).extras).toBe(null)
})

test('decode: a time of day becomes a delay by the clock on the wall; one that has passed is none', () => {
  const at = (ms: number) => decoded(false, null, headers({ 'Sb-At': String(Date.now() + ms) }))
  const { delayMs } = at(60_000).extras!.own
  expect(delayMs).toBeGreaterThan(0)
  expect(delayMs).toBeLessThanOrEqual(60_000)
  expect(at(-60_000).extras).toBe(null)
})

test('decode: the payload is never looked at', () => {
  const untouchable = new Proxy(new Uint8Array(8), {
    get(target, key) {
      if (key === 'length' || key === 'byteLength') return target.length
      throw new Error(`${String(key)} was looked at`)
    },
  })
  const address = { queue: 'q', level: 1, call: true } as const
  const task = decode(RECORDS, address, undefined, untouchable, ORIGIN, '', 0)
  expect(task.payloadBytes).toBe(8)
})
