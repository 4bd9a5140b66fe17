import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeHeaders, errorHeaders, headerText, workHeaders } from '../../src/wire/headers.ts'
import { decodePayload, encodePayload, payloadText } from '../../src/wire/payload.ts'

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

test('headers: a block is the version, a line each, and an empty line', () => {
  expect(text(encodeHeaders('A: 1', 'B: 2').encode())).toBe('NATS/1.0\r\nA: 1\r\nB: 2\r\n\r\n')
  expect(text(workHeaders('id-1', 'q', 3).encode())).toBe(
    'NATS/1.0\r\nSb-Id: id-1\r\nSb-Queue: q\r\nSb-Attempt: 3\r\n\r\n',
  )
})

test('headers: an error’s sentence cannot break out of its line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (message) => {
      const block = text(errorHeaders(400, message, 'bad_token', false, 'Sb-Id: x').encode())
      const lines = block.split(/\r\n|\r|\n/)
      expect(lines.length).toBe(8)
      expect(lines[2].startsWith('Nats-Service-Error:')).toBe(true)
      expect(lines.slice(3)).toEqual(['Sb-Code: bad_token', 'Sb-Retryable: 0', 'Sb-Id: x', '', ''])
    }),
    { numRuns: 5_000 },
  )
})

test('headers: control characters of a text become one space', () => {
  expect(headerText(' a\r\nb\0\u007f\tc ')).toBe('a b c')
})

test('payload: bytes pass as they are, nothing is no bytes, the rest is JSON', () => {
  const bytes = new Uint8Array([0, 255])
  expect(encodePayload(bytes)).toBe(bytes)
  expect(encodePayload(undefined).length).toBe(0)
  expect(decodePayload(new Uint8Array(0))).toBe(undefined)
  expect(payloadText(encodePayload('é'))).toBe('"é"')
  for (const value of [null, 0, '', false, [1, { a: 'b' }]]) {
    expect(decodePayload(encodePayload(value))).toEqual(value)
  }
})
