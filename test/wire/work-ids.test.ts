import { expect, test } from 'vitest'
import { FramePool, WorkReader, WorkWriter } from '../../src/wire/frames.ts'

const NONE = new Uint8Array(0)

test('frames: an id of a prefix and a number is the text that they would make', () => {
  const writer = new WorkWriter(new FramePool())
  const reader = new WorkReader()
  const powers = Array.from({ length: 16 }, (_, digits) => 10 ** digits)
  const numbers = [0, Number.MAX_SAFE_INTEGER, ...powers.flatMap((n) => [n - 1, n, n + 1, 7 * n])]
  const exact = numbers.filter((number) => number <= Number.MAX_SAFE_INTEGER)
  for (const number of exact) {
    writer.add(1, 2, 3, 1, 'mwq92rge-', 'work', NONE, 0, 0, number)
    writer.add(1, 2, 3, 1, `mwq92rge-${number}`, 'work', NONE, 0, 0)
    reader.open(writer.finish())
    reader.next()
    expect(reader.id()).toBe(`mwq92rge-${number}`)
    expect(reader.queue()).toBe('work')
    reader.next()
    expect(reader.id()).toBe(`mwq92rge-${number}`)
  }
})
