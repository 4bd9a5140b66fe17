import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyBytes } from '../../src/wire/copy-bytes.ts'

test('copy bytes: the range arrives, and what is around it stays', () => {
  const plan = fc.record({
    length: fc.oneof(fc.nat(300), fc.constantFrom(0, 1, 7, 8, 9, 127, 128, 129)),
    at: fc.nat(20),
    start: fc.nat(20),
    offset: fc.nat(20),
    isBuffer: fc.boolean(),
  })
  fc.assert(
    fc.property(plan, ({ length, at, start, offset, isBuffer }) => {
      const whole = new Uint8Array(offset + start + length + 5).map((_, index) => (index * 7) & 255)
      const source = (isBuffer ? Buffer.from(whole.buffer) : whole).subarray(offset)
      const target = new Uint8Array(at + length + 6).fill(255)
      copyBytes(target, at, source, start, length)
      const expected = new Array(at + length + 6).fill(255)
      for (let i = 0; i < length; i++) expected[at + i] = ((offset + start + i) * 7) & 255
      expect([...target]).toEqual(expected)
    }),
    { numRuns: 2_000 },
  )
})
