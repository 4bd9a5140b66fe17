import { expect, test } from 'vitest'
import { OwnCopies } from '../../src/client/agent/own-copies.ts'

test('own copies: each is a range of its own that nobody else writes into', () => {
  const copies = new OwnCopies()
  const source = Uint8Array.from({ length: 20_000 }, (_, n) => n % 251)
  const lengths = [0, 1, 7, 8, 9, 256, 2_047, 2_048, 2_049, 20_000]
  const taken = Array.from({ length: 300 }, (_, n) => {
    const length = lengths[n % lengths.length]
    const start = n % (source.length - length + 1)
    return { start, length, copy: copies.copy(source, start, length) }
  })
  for (const { copy } of taken) copy.set(copy.map((byte) => byte ^ 0xff))
  for (const { start, length, copy } of taken) {
    const expected = source.slice(start, start + length).map((byte) => byte ^ 0xff)
    expect(Buffer.compare(copy, expected)).toBe(0)
    expect(copy.byteOffset % 8).toBe(0)
  }
})

test('own copies: a buffer that several share stays where it is when a part is transferred', () => {
  const copies = new OwnCopies()
  const [first, second] = [1, 2].map((byte) => copies.copy(Uint8Array.of(byte), 0, 1))
  expect(second.buffer).toBe(first.buffer)
  try {
    structuredClone(first, { transfer: [first.buffer as ArrayBuffer] })
  } catch (error) {
    expect(error).toMatchObject({ name: 'DataCloneError' })
  }
  expect([...first, ...second]).toEqual([1, 2])
})
