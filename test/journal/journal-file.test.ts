import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { JournalFile } from '../../src/journal/journal-file.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-journal-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function opened(path: string, backlogBytesMax = 1024 * 1024) {
  const reasons: string[] = []
  const onStopped = (reason: string) => reasons.push(reason)
  return { file: await JournalFile.open(path, { backlogBytesMax, onStopped }), reasons }
}

function chunk(byte: number, length = 1_000): Uint8Array {
  return new Uint8Array(length).fill(byte)
}

test('journal file: chunks arrive whole and in order', async () => {
  const path = join(folder, 'order')
  const { file, reasons } = await opened(path)
  for (let i = 0; i < 1_000; i++) expect(file.write(chunk(i, 7))).toBe(true)
  await file.close()
  const expected = Buffer.concat(Array.from({ length: 1_000 }, (_, i) => chunk(i, 7)))
  expect(readFileSync(path).equals(expected)).toBe(true)
  expect(file.writtenBytes).toBe(7_000)
  expect(reasons).toEqual([])
})

test('journal file: a file that is there is kept beside the new one', async () => {
  const path = join(folder, 'again')
  for (const byte of [1, 2, 3]) {
    const { file } = await opened(path)
    file.write(chunk(byte, 3))
    await file.close()
  }
  expect([...readFileSync(path)]).toEqual([3, 3, 3])
  expect([...readFileSync(`${path}.old`)]).toEqual([2, 2, 2])
})

test('journal file: a path in a missing folder is refused in a sentence', async () => {
  const path = join(folder, 'no-such-folder', 'run.sbj')
  await expect(opened(path)).rejects.toMatchObject({
    code: 'journal_failed',
    message: `The journal ${path} cannot be made (ENOENT): check its folder, permissions and space.`,
  })
})

test('journal file: a full disk stops it once, and nothing is taken afterwards', async () => {
  const { file, reasons } = await opened('/dev/full')
  file.write(chunk(1))
  await until(() => reasons.length > 0, { what: 'the failed write' })
  expect(reasons).toEqual(['writing failed (ENOSPC)'])
  expect(file.write(chunk(2))).toBe(false)
  await file.close()
  expect(reasons.length).toBe(1)
})

test('journal file: a disk that is too slow stops it at the bound, with a whole prefix', async () => {
  const path = join(folder, 'slow')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const { file, reasons } = await opened(path, 300_000)
  let taken = 0
  while (file.write(chunk(taken))) taken++
  expect(taken).toBe(300)
  await until(() => reasons.length > 0, { what: 'the event' })
  expect(reasons[0]).toMatch(/^the disk is too slow: more than 300000 bytes/)
  const closed = file.close()
  const read: number[] = []
  const buffer = Buffer.alloc(65_536)
  await until(
    () => {
      read.push(...buffer.subarray(0, readNow(reader, buffer)))
      return read.length >= taken * 1_000
    },
    { what: 'what was taken to arrive' },
  )
  await closed
  closeSync(reader)
  expect(read.length).toBe(taken * 1_000)
  expect(read.every((byte, at) => byte === (Math.floor(at / 1_000) & 255))).toBe(true)
})

/** @returns how many bytes were there. */
function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw error
  }
}
