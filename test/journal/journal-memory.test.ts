import { expect, test } from 'vitest'
import { JournalMemory } from '../../src/journal/journal-memory.ts'

const HEAD = 1
const REST = 2
const BYTES_MAX = 10_000

/** An owner that begins a half only `late` chunks after it was asked. */
function recorded(chunkBytes: number, imageBytes: number, late: number, chunks: number) {
  const reasons: string[] = []
  let dueIn = -1
  const memory = new JournalMemory({
    bytesMax: BYTES_MAX,
    onFull: () => {
      dueIn = late
    },
    onStopped: (reason) => reasons.push(reason),
  })
  const begin = () => {
    memory.write(new Uint8Array(imageBytes).fill(HEAD))
    memory.checkImage()
  }
  begin()
  let most = 0
  for (let i = 0; i < chunks && reasons.length === 0; i++) {
    memory.write(new Uint8Array(chunkBytes).fill(REST))
    most = Math.max(most, memory.bytes)
    if (dueIn-- !== 0) continue
    memory.beginHalf()
    begin()
    most = Math.max(most, memory.bytes)
  }
  return { memory, reasons, most }
}

test.each([
  { chunkBytes: 1, imageBytes: 1, late: 0 },
  { chunkBytes: 100, imageBytes: 1_000, late: 0 },
  { chunkBytes: 333, imageBytes: 2_499, late: 1 },
  { chunkBytes: 999, imageBytes: 100, late: 4 },
])(
  'journal memory: $chunkBytes bytes a chunk, an image of $imageBytes: never more than it may have, always from a HEAD',
  ({ chunkBytes, imageBytes, late }) => {
    const { memory, reasons, most } = recorded(chunkBytes, imageBytes, late, 50_000)
    expect(reasons).toEqual([])
    expect(most).toBeLessThanOrEqual(BYTES_MAX)
    const chunks = memory.chunks()
    expect(chunks[0][0]).toBe(HEAD)
    expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(memory.bytes)
  },
)

test('journal memory: once it is full it holds at least the half before', () => {
  const { memory } = recorded(100, 1_000, 0, 1_000)
  expect(memory.bytes).toBeGreaterThanOrEqual(BYTES_MAX / 2)
})

test('journal memory: it stops when the state alone fills a half', async () => {
  const { memory, reasons } = recorded(100, 6_000, 0, 0)
  await null
  expect(reasons).toEqual([
    'the state alone takes 6000 bytes, and half of 10000 is what it may have',
  ])
  expect(memory.write(new Uint8Array(1))).toBe(false)
})

test('journal memory: it stops when one event fills all of it', async () => {
  const { memory, reasons } = recorded(1_000, 1_000, 1_000, 20)
  await null
  expect(reasons).toEqual(['10000 bytes of memory do not hold it'])
  expect(memory.bytes).toBeLessThanOrEqual(BYTES_MAX)
})
