import { expect, test } from 'vitest'
import { AckWriter, FramePool } from '../../src/wire/frames.ts'

test('frames: a finished frame is not written over before the pool has it back', () => {
  const pool = new FramePool()
  const writer = new AckWriter(pool)
  const finished = (counter: number) => {
    writer.add(counter)
    return writer.finish()
  }
  const first = finished(1)
  const second = finished(2)
  expect(second.buffer).not.toBe(first.buffer)
  expect([first[16], second[16]]).toEqual([1, 2])
  pool.reclaim()
  const third = finished(3)
  const fourth = finished(4)
  expect(new Set([third.buffer, fourth.buffer])).toEqual(new Set([first.buffer, second.buffer]))
})

test('frames: the pool keeps a bounded amount of what comes back', () => {
  const pool = new FramePool()
  const lend = (bytes: number, count: number) => {
    const all = Array.from({ length: count }, () => pool.take(bytes))
    for (const buffer of all) pool.lend(buffer)
    pool.reclaim()
    return new Set(all)
  }
  const again = (bytes: number, known: Set<Buffer>) => {
    let count = 0
    while (known.has(pool.take(bytes))) count++
    return count
  }
  expect(again(65_536, lend(65_536, 100))).toBe(64)
  expect(again(16_384, lend(16_000, 300))).toBe(256)
  expect(again(1, lend(1, 5_000))).toBe(1_024)
  expect(again(100_000, lend(100_000, 10))).toBe(0)
})
