import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import { LIMITS } from '../../src/options.ts'
import { encodeJson, parseObject, tokenList } from '../../src/wire/json.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function refusal(body: Uint8Array): string {
  try {
    parseObject(body, 'hello')
  } catch (error) {
    if (error instanceof SignalboxError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'taken'
}

test('json: an object is read, and no bytes are an empty one', () => {
  expect(parseObject(bytes('{"a":[1,{"b":null}]}'), 'hello')).toEqual({ a: [1, { b: null }] })
  expect(parseObject(new Uint8Array(0), 'hello')).toEqual({})
  expect(parseObject(encodeJson({ ü: '😀' }), 'hello')).toEqual({ ü: '😀' })
})

test.each(['[]', 'null', '1', '"text"', 'true', '{', '{]', '{"a":}', 'NaN', '{"a":1}{', ' ', '\0'])(
  'json: %j is refused',
  (text) => {
    expect(refusal(bytes(text))).toMatch(/^bad_body: The hello is not (JSON|a JSON object)/)
  },
)

test('json: a million [ is refused at once, by its size or by its depth', () => {
  expect(refusal(bytes('['.repeat(1_000_000)))).toMatch(/^bad_body: The hello is 1000000 bytes/)
  const fits = bytes('['.repeat(LIMITS.controlBytesMax))
  expect(refusal(fits)).toBe('bad_body: The hello nests deeper than 32.')
  expect(refusal(bytes(`{"a":${'{"a":'.repeat(50_000)}`))).toMatch(/nests deeper/)
})

test('json: nesting is taken up to the depth and not beyond, and counts outside of texts only', () => {
  const nested = (depth: number) => bytes(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`)
  expect(refusal(nested(LIMITS.jsonDepthMax))).toBe('taken')
  expect(refusal(nested(LIMITS.jsonDepthMax + 1))).toMatch(/nests deeper/)
  expect(refusal(bytes(`{"a":"${'['.repeat(1_000)}"}`))).toBe('taken')
  expect(refusal(bytes(`{"a":"\\"${'{'.repeat(1_000)}"}`))).toBe('taken')
  expect(refusal(bytes(`{"a":"\\\\",${'"b":['.repeat(33)}`))).toMatch(/nests deeper/)
})

test('json: a byte order mark is no harm, bytes that are no UTF-8 are refused', () => {
  expect(refusal(bytes('\ufeff{}'))).toBe('taken')
  for (const wrong of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]]) {
    const body = new Uint8Array([...bytes('{"a":"'), ...wrong, ...bytes('"}')])
    expect(refusal(body)).toMatch(/^bad_body: The hello is not JSON/)
  }
})

test.each(['__proto__', 'constructor', 'prototype'])(
  'json: the key %s is refused, however deep',
  (key) => {
    expect(refusal(bytes(`{"${key}":{"instance":"x"}}`))).toMatch(/^bad_body: .*leave it out/)
    expect(refusal(bytes(`{"a":[{"${key}":1}]}`))).toMatch(/^bad_body: .*leave it out/)
  },
)

test('json: no bytes make the reader fail in another way than by refusing', () => {
  const nearly = fc.json().map(bytes)
  const cut = fc.tuple(nearly, fc.nat()).map(([one, at]) => one.subarray(0, at % (one.length + 1)))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), nearly, cut), (body) => {
      expect(refusal(body)).toMatch(/^(taken|bad_body: )/)
    }),
    { numRuns: 5_000 },
  )
})

test('json: a list of names is sorted, without doubles, and bounded', () => {
  expect(tokenList({ list: ['b', 'a', 'b'] }, 'list', 3)).toEqual(['a', 'b'])
  expect(tokenList({}, 'list', 3)).toEqual([])
  expect(tokenList({ list: null }, 'list', 3)).toEqual([])
  expect(tokenList({ list: ['*', 'a'] }, 'list', 3, { star: true })).toEqual(['*', 'a'])
  expect(() => tokenList({ list: ['a', 'b', 'c', 'd'] }, 'list', 3)).toThrow(/at most 3 names/)
  expect(() => tokenList({ list: 'a' }, 'list', 3)).toThrow(/must be a list/)
  expect(() => tokenList({ list: ['*'] }, 'list', 3)).toThrow(/"list" holds "\*"/)
  expect(() => tokenList({ list: [{ toString: 1 }] }, 'list', 3)).toThrow(/"list" holds/)
})
