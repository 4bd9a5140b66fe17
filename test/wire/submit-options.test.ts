import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import type { PriorityLevel, SubmitOptions } from '../../src/task.ts'
import {
  checkOptions,
  type HeaderSource,
  NO_OPTIONS,
  optionsFromHeaders,
} from '../../src/wire/submit-options.ts'

/** Headers as the NATS client shows them: each name with its values in order. */
function headers(...lines: [string, string][]): HeaderSource {
  const values = new Map<string, string[]>()
  for (const [key, value] of lines) values.set(key, [...(values.get(key) ?? []), value])
  return { keys: () => [...values.keys()], values: (key) => values.get(key) ?? [] }
}

function code(check: () => unknown): string {
  try {
    check()
  } catch (error) {
    if (error instanceof SignalboxError) return error.code
    throw error
  }
  return 'taken'
}

test('headers: all options are read', () => {
  const given = headers(
    ['Nats-Msg-Id', 'order-17'],
    ['Sb-Priority', 'high'],
    ['Sb-Requires', 'ocr, gpu,,ocr , vram >= 24.0'],
    ['Sb-Prefers', 'near'],
    ['Sb-Type', 'scan'],
    ['Sb-Strategy', 'affinity'],
    ['Sb-Match', 'best_fit'],
    ['Sb-Key', 'book-7'],
    ['Sb-Timeout-Ms', '500'],
    ['Sb-Retry-Count', '0'],
    ['Sb-Ttl-Ms', '90000'],
    ['Sb-Deadline-Ms', '600000'],
    ['Sb-Sla-Target-Ms', '60000'],
    ['Sb-Retry-Delay-Ms', '0'],
    ['Sb-Delay-Ms', '5000'],
    ['Sb-After', 'a, read/b,,a'],
    ['Sb-On-Parent-Failure', 'skip'],
    ['Sb-Voters', '3'],
    ['Sb-Decide', 'majority'],
    ['Sb-Decide-By', 'review.verdict'],
    ['Sb-Outcome', '1'],
    ['traceparent', '00-x'],
    ['X-Other', 'a'],
  )
  expect(optionsFromHeaders(given, null)).toEqual({
    id: 'order-17',
    level: 4,
    requires: ['gpu', 'ocr', 'vram>=24'],
    timeoutMs: 500,
    retryCount: 0,
    routing: { type: 'scan', strategy: 'affinity', match: 'best_fit', prefers: ['near'] },
    key: 'book-7',
    own: {
      ttlMs: 90_000,
      deadlineMs: 600_000,
      slaTargetMs: 60_000,
      retryDelayMs: 0,
      delayMs: 5_000,
    },
    atMs: null,
    after: { ids: ['a', 'read/b'], onFailure: 'skip' },
    votes: { voters: 3, decide: 'majority', by: 'review.verdict' },
    outcome: true,
    form: null,
  })
})

test('headers: without any the defaults stand, with the subject’s level', () => {
  expect(optionsFromHeaders(undefined, null)).toBe(NO_OPTIONS)
  expect(optionsFromHeaders(undefined, 5).level).toBe(5)
  expect(optionsFromHeaders(headers(), 1).level).toBe(1)
  expect(optionsFromHeaders(headers(), null).level).toBe(0)
})

test.each<[string, string, PriorityLevel | null, string]>([
  ['Nats-Msg-Id', '', null, 'bad_token'],
  ['Nats-Msg-Id', 'a b', null, 'bad_token'],
  ['Nats-Msg-Id', 'a.b', null, 'bad_token'],
  ['Nats-Msg-Id', '$JS.ACK', null, 'bad_token'],
  ['Nats-Msg-Id', '../x', null, 'bad_token'],
  ['Nats-Msg-Id', 'x'.repeat(10 * 1024), null, 'bad_token'],
  ['Sb-Priority', '0', null, 'bad_priority'],
  ['Sb-Priority', '6', null, 'bad_priority'],
  ['Sb-Priority', '-1', null, 'bad_priority'],
  ['Sb-Priority', '3.0', null, 'bad_priority'],
  ['Sb-Priority', 'NaN', null, 'bad_priority'],
  ['Sb-Priority', 'high ', null, 'bad_priority'],
  ['Sb-Priority', 'constructor', null, 'bad_priority'],
  ['Sb-Priority', '', null, 'bad_priority'],
  ['Sb-Priority', 'HIGH', null, 'taken'],
  ['Sb-Priority', '4', 4, 'taken'],
  ['Sb-Priority', 'high', 4, 'taken'],
  ['Sb-Priority', '4', 5, 'bad_header'],
  ['Sb-Requires', 'gpu>=24', null, 'taken'],
  ['Sb-Requires', 'gpu>=24,gpu<80', null, 'taken'],
  ['Sb-Requires', 'gpu>=', null, 'bad_option'],
  ['Sb-Requires', 'gpu=>24', null, 'bad_option'],
  ['Sb-Requires', 'gpu>=abc', null, 'bad_option'],
  ['Sb-Requires', 'gpu>=1.2.3', null, 'bad_option'],
  ['Sb-Requires', '>=24', null, 'bad_option'],
  ['Sb-Prefers', 'gpu>=24, ocr', null, 'taken'],
  ['Sb-Prefers', 'a b', null, 'bad_token'],
  ['Sb-Prefers', Array.from({ length: 33 }, (_, i) => `c${i}`).join(), null, 'bad_option'],
  ['Sb-Type', 'scan', null, 'taken'],
  ['Sb-Type', '', null, 'bad_token'],
  ['Sb-Type', 'a b', null, 'bad_token'],
  ['Sb-Strategy', 'affinity', null, 'taken'],
  ['Sb-Strategy', 'no such', null, 'bad_token'],
  ['Sb-Match', 'fallback', null, 'taken'],
  ['Sb-Match', 'Exact', null, 'bad_option'],
  ['Sb-Match', '', null, 'bad_option'],
  ['Sb-Match', 'constructor', null, 'bad_option'],
  ['Sb-Key', '', null, 'bad_token'],
  ['Sb-Key', 'a.b', null, 'bad_token'],
  ['Sb-Requires', 'ocr,a b', null, 'bad_token'],
  ['Sb-Requires', '', null, 'taken'],
  ['Sb-Requires', Array.from({ length: 33 }, (_, i) => `c${i}`).join(), null, 'bad_option'],
  ['Sb-Ttl-Ms', '0', null, 'taken'],
  ['Sb-Ttl-Ms', '2592000000', null, 'taken'],
  ['Sb-Ttl-Ms', '2592000001', null, 'bad_option'],
  ['Sb-Ttl-Ms', '-1', null, 'bad_option'],
  ['Sb-Deadline-Ms', '1.5', null, 'bad_option'],
  ['Sb-Deadline-Ms', 'Infinity', null, 'bad_option'],
  ['Sb-Sla-Target-Ms', '1e18', null, 'bad_option'],
  ['Sb-Sla-Target-Ms', '', null, 'bad_option'],
  ['Sb-Retry-Delay-Ms', '1000000000000000000', null, 'bad_option'],
  ['Sb-Delay-Ms', ' 5', null, 'bad_option'],
  ['Sb-At', '0', null, 'taken'],
  ['Sb-At', String(Date.now() + 60_000), null, 'taken'],
  ['Sb-At', String(Date.now() + 31 * 24 * 3600 * 1000), null, 'bad_option'],
  ['Sb-At', '2026-02-13T10:30:00Z', null, 'bad_option'],
  ['Sb-At', '-5', null, 'bad_option'],
  ['Sb-Form', 'message', null, 'taken'],
  ['Sb-Form', 'json', null, 'bad_header'],
  ['Sb-Timeout-Ms', '0', null, 'bad_option'],
  ['Sb-Timeout-Ms', '-5', null, 'bad_option'],
  ['Sb-Timeout-Ms', '1e3', null, 'bad_option'],
  ['Sb-Timeout-Ms', ' 7', null, 'bad_option'],
  ['Sb-Timeout-Ms', '0x10', null, 'bad_option'],
  ['Sb-Timeout-Ms', '', null, 'bad_option'],
  ['Sb-Timeout-Ms', String(30 * 24 * 3600 * 1000), null, 'taken'],
  ['Sb-Timeout-Ms', String(30 * 24 * 3600 * 1000 + 1), null, 'bad_option'],
  ['Sb-Retry-Count', '100', null, 'taken'],
  ['Sb-Retry-Count', '101', null, 'bad_option'],
  ['Sb-Retry-Count', '9007199254740993', null, 'bad_option'],
  ['Sb-Outcome', '0', null, 'taken'],
  ['Sb-Outcome', 'true', null, 'bad_header'],
  ['Sb-Deadline', '5000', null, 'not_supported'],
  ['Sb-Key', 'x', null, 'taken'],
  ['sb-priority', '3', null, 'not_supported'],
  ['NATS-MSG-ID', 'x', null, 'not_supported'],
])('headers: %s: %s with level %s in the subject is %s', (key, value, level, expected) => {
  expect(code(() => optionsFromHeaders(headers([key, value]), level))).toBe(expected)
})

test.each(['Nats-Msg-Id', 'Sb-Priority', 'Sb-Requires', 'Sb-Timeout-Ms', 'Sb-Outcome'])(
  'headers: %s given twice is refused, even with one value',
  (key) => {
    const value = key === 'Nats-Msg-Id' || key === 'Sb-Requires' ? 'a' : '1'
    expect(code(() => optionsFromHeaders(headers([key, value], [key, value]), null))).toBe(
      'bad_header',
    )
  },
)

test('headers: more than 32 are refused, whatever they are', () => {
  const many = (count: number) =>
    headers(...Array.from({ length: count }, (_, i) => [`X-${i}`, ''] as [string, string]))
  expect(code(() => optionsFromHeaders(many(32), null))).toBe('taken')
  expect(code(() => optionsFromHeaders(many(33), null))).toBe('headers_too_large')
})

test('headers: no value is taken that could leave its place in a subject', () => {
  const key = fc.constantFrom(
    'Nats-Msg-Id',
    'Sb-Requires',
    'Sb-Prefers',
    'Sb-Type',
    'Sb-Strategy',
    'Sb-Key',
    'Sb-Priority',
    'Sb-Timeout-Ms',
  )
  fc.assert(
    fc.property(key, fc.string({ unit: 'binary', maxLength: 80 }), (name, value) => {
      const given = headers([name, value])
      if (code(() => optionsFromHeaders(given, null)) !== 'taken') return
      const { id, requires, key, routing } = optionsFromHeaders(given, null)
      const { type = null, strategy = null, prefers = [] } = routing ?? {}
      for (const token of [id, key, type, strategy].filter((each) => each !== null)) {
        expect(token).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
      }
      for (const term of [...requires, ...prefers]) {
        expect(term).toMatch(/^[A-Za-z0-9_-]{1,64}([<>=!]{1,2}-?[0-9][0-9.e+-]*)?$/)
      }
    }),
    { numRuns: 10_000 },
  )
})

test('options: the library checks as the headers do', () => {
  expect(checkOptions(undefined)).toBe(NO_OPTIONS)
  expect(checkOptions({})).toEqual(NO_OPTIONS)
  expect(
    checkOptions({ id: 'x', priority: 'low', requires: ['b', 'a', 'b'], timeoutMs: 1 }),
  ).toEqual({ ...NO_OPTIONS, id: 'x', level: 2, requires: ['a', 'b'], timeoutMs: 1 })
  expect(
    checkOptions({ type: 'scan', prefers: ['b', 'ram>=8', 'a'], match: 'exact', key: 'k' }),
  ).toEqual({
    ...NO_OPTIONS,
    routing: { type: 'scan', strategy: null, match: 'exact', prefers: ['a', 'b', 'ram>=8'] },
    key: 'k',
  })
  expect(checkOptions({ strategy: 'random' }).routing).toEqual({
    type: null,
    strategy: 'random',
    match: null,
    prefers: [],
  })
  expect(checkOptions({ prefers: [], type: undefined }).routing).toBe(null)
})

test('options: terms that mean the same are the same text, in the same order', () => {
  const same = ['gpu>=24', 'a', 'ram=8', 'gpu>=24.0', ' gpu >= 2.4e1 '.trim(), 'ram==8.00', 'a']
  expect(checkOptions({ requires: same }).requires).toEqual(['a', 'gpu>=24', 'ram=8'])
})

test.each<[object, string]>([
  [{ priority: 0 }, 'bad_priority'],
  [{ priority: 2.5 }, 'bad_priority'],
  [{ priority: Number.NaN }, 'bad_priority'],
  [{ priority: null }, 'bad_priority'],
  [{ id: '' }, 'bad_token'],
  [{ id: 7 }, 'bad_token'],
  [{ requires: 'ocr' }, 'bad_option'],
  [{ requires: [7] }, 'bad_token'],
  [{ requires: ['a', 'gpu<3'] }, 'taken'],
  [{ requires: ['gpu<'] }, 'bad_option'],
  [{ requires: ['gpu>=1234567890123456'] }, 'bad_option'],
  [{ requires: [`${'g'.repeat(65)}>=1`] }, 'bad_option'],
  [{ prefers: 'ocr' }, 'bad_option'],
  [{ prefers: [null] }, 'bad_token'],
  [{ type: '' }, 'bad_token'],
  [{ type: null }, 'bad_token'],
  [{ strategy: 7 }, 'bad_token'],
  [{ match: 'some' }, 'bad_option'],
  [{ match: null }, 'bad_option'],
  [{ key: '' }, 'bad_token'],
  [{ key: 7 }, 'bad_token'],
  [{ timeoutMs: '5' }, 'bad_option'],
  [{ timeoutMs: Number.POSITIVE_INFINITY }, 'bad_option'],
  [{ retryCount: -1 }, 'bad_option'],
  [{ deadlineMs: 5 }, 'taken'],
  [{ ttlMs: -1 }, 'bad_option'],
  [{ ttlMs: 1e18 }, 'bad_option'],
  [{ ttlMs: null }, 'bad_option'],
  [{ slaTargetMs: '5' }, 'bad_option'],
  [{ slaTargetMs: Number.POSITIVE_INFINITY }, 'bad_option'],
  [{ retryDelayMs: Number.NaN }, 'bad_option'],
  [{ delayMs: 0.5 }, 'bad_option'],
  [{ at: 0 }, 'taken'],
  [{ at: new Date() }, 'taken'],
  [{ at: new Date(Number.NaN) }, 'bad_option'],
  [{ at: '2026-02-13' }, 'bad_option'],
  [{ at: Date.now() + 1e18 }, 'bad_option'],
  [{ at: new Date(), delayMs: 5 }, 'bad_option'],
  [{ deadline: 5 }, 'not_supported'],
  [{ __proto__x: 5 }, 'not_supported'],
])('options: %j is %s', (options, expected) => {
  expect(code(() => checkOptions(options as SubmitOptions))).toBe(expected)
})

test('promises: a task that makes none has no object for them', () => {
  expect(checkOptions({ priority: 4 })).toMatchObject({ own: null, atMs: null })
  expect(checkOptions({ delayMs: 0 }).own).toBe(null)
  expect(NO_OPTIONS.own).toBe(null)
})

test('promises: a time of day travels as it is, in ms since 1970', () => {
  const at = new Date(Date.now() + 60_000)
  expect(checkOptions({ at, ttlMs: 5 })).toMatchObject({
    own: { ttlMs: 5, deadlineMs: null, slaTargetMs: null, retryDelayMs: null, delayMs: 0 },
    atMs: at.getTime(),
  })
  expect(checkOptions({ at: at.getTime() })).toMatchObject({ own: null, atMs: at.getTime() })
})

test('promises: a time and a delay are not both taken from headers either', () => {
  const both = headers(['Sb-At', String(Date.now() + 1_000)], ['Sb-Delay-Ms', '5'])
  expect(code(() => optionsFromHeaders(both, null))).toBe('bad_option')
})
