import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import { isToken, quote, randomToken, requireToken } from '../../src/wire/tokens.ts'

/** What subjects give a meaning to, and what the protocol of NATS does. */
const DANGEROUS = ['\r', '\n', '\r\n', ' ', '.', '*', '>', '\t', '\0', '$', '/', ':', '😀', 'é']

const dangerous = fc
  .tuple(fc.string({ unit: 'binary' }), fc.constantFrom(...DANGEROUS), fc.string())
  .map((parts) => parts.join(''))

test('tokens: exactly what the documented pattern matches', () => {
  const any = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 70 }),
    fc.stringMatching(/^[A-Za-z0-9_-]{0,70}$/),
    dangerous,
  )
  fc.assert(
    fc.property(any, (text) => {
      expect(isToken(text)).toBe(/^[A-Za-z0-9_-]{1,64}$/.test(text) && !text.endsWith('\n'))
    }),
    { numRuns: 20_000 },
  )
})

test('tokens: nothing that means something in a subject or on the wire passes', () => {
  fc.assert(
    fc.property(dangerous, (text) => isToken(text) === false),
    { numRuns: 20_000 },
  )
})

test('tokens: 64 characters are one, 65 and none are not', () => {
  expect(isToken('a'.repeat(64))).toBe(true)
  expect(isToken('a'.repeat(65))).toBe(false)
  expect(isToken('')).toBe(false)
})

test('tokens: what is no text is none, even if it reads like one', () => {
  for (const value of [1, null, undefined, ['abc'], { toString: () => 'abc' }, new String('abc')]) {
    expect(isToken(value)).toBe(false)
  }
})

test('tokens: any value that is none is refused with a sentence, never with another error', () => {
  const values = fc.oneof(
    fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
    fc.constant({ toString: 1 }),
    fc.constant([{ toString: 1, valueOf: 1 }]),
    fc.constant(Symbol('s')),
    dangerous,
  )
  fc.assert(
    fc.property(values, (value) => {
      if (isToken(value)) return
      try {
        requireToken(value, 'task id')
      } catch (error) {
        expect(error).toBeInstanceOf(SignalboxError)
        expect((error as SignalboxError).code).toBe('bad_token')
        return
      }
      throw new Error('it was taken')
    }),
    { numRuns: 5_000 },
  )
})

test('tokens: a quoted value is printable, on one line and short', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 300 })), (value) => {
      const quoted = quote(value)
      expect(quoted).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      // 80 characters of which each may become six.
      expect(quoted.length).toBeLessThanOrEqual(80 * 6 + 3)
    }),
    { numRuns: 5_000 },
  )
  expect(quote('a"b')).toBe('"a\\"b"')
})

test('tokens: random ones are tokens of their length, and differ', () => {
  const tokens = Array.from({ length: 1_000 }, () => randomToken(10))
  expect(tokens.every((token) => isToken(token) && token.length === 10)).toBe(true)
  expect(new Set(tokens).size).toBe(1_000)
})
