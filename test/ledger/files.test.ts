import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { withFile } from '../../src/ledger/block-source.ts'
import { Chain, readHead } from '../../src/ledger/chain.ts'
import { tailFiles } from '../../src/ledger/file-tail.ts'
import { LedgerFiles } from '../../src/ledger/ledger-files.ts'
import { LedgerMemory } from '../../src/ledger/ledger-memory.ts'
import { ledgerFilesIn, verifyFiles } from '../../src/ledger/verify.ts'
import { EPOCH, queueNamed, taskOf, writerWith } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-ledger-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let folders = 0
const newFolder = () => join(folder, String(folders++))

interface RunOptions {
  directory: string
  blocks: number
  fileBytesMax?: number
  filesMax?: number
  /** Without an end, as a killed scheduler leaves it. */
  isKilled?: boolean
}

/** A scheduler's run, as the thread writes it: 20 tasks a block. */
function run({ directory, blocks, fileBytesMax, filesMax, isKilled }: RunOptions): Chain {
  const chain = new Chain(EPOCH)
  const start = { scheduler: 'test', epoch: EPOCH, startedAt: 'then' }
  const options = { directory, fileBytesMax: fileBytesMax ?? 1e9, filesMax: filesMax ?? 0 }
  const files = new LedgerFiles(options, chain, start)
  files.begin(1)
  const queue = queueNamed('mail')
  const writer = writerWith(({ buffer, bytes }) => {
    files.makeRoom(bytes + 32, 2)
    files.append(chain.append(buffer, bytes))
    writer.giveBack(buffer)
  })
  for (let seq = 0; seq < 20 * blocks; seq++) {
    writer.accepted(taskOf(queue, seq, { id: `task-${seq}` }), seq)
    if (seq % 20 === 19) writer.handOver()
  }
  if (!isKilled) files.append(chain.end(3))
  files.close()
  expect(files.failure).toBe(null)
  return chain
}

const verdictOf = (directory: string) => verifyFiles(ledgerFilesIn(directory))

describe('ledger files', () => {
  test('ledger files: a new one is begun beyond a size, each begins with a head, and all are one chain', () => {
    const directory = newFolder()
    const chain = run({ directory, blocks: 10, fileBytesMax: 3_000 })
    const files = ledgerFilesIn(directory)
    expect(files.length).toBeGreaterThan(3)
    expect([...files].sort()).toEqual(files)
    const reasons = files.map((file) =>
      withFile(file, (bytes) => readHead(bytes.read(0, 4_000))?.reason),
    )
    expect(reasons).toEqual(['start', ...files.slice(1).map(() => 'rotation')])
    for (const file of files) expect(readFileSync(file).length).toBeLessThanOrEqual(3_000)
    expect(verdictOf(directory)).toMatchObject({
      total: 0,
      entries: 200,
      isEnded: true,
      lastBlock: chain.nextNumber - 1,
      lastHash: Buffer.from(chain.lastHash).toString('hex'),
    })
  })

  test('ledger files: the oldest go beyond a number, and the rest says where it begins', () => {
    const directory = newFolder()
    run({ directory, blocks: 10, fileBytesMax: 3_000, filesMax: 2 })
    expect(readdirSync(directory)).toHaveLength(2)
    const verdict = verdictOf(directory)
    expect(verdict).toMatchObject({ total: 0, isEnded: true })
    expect(verdict.firstBlock).toBeGreaterThan(1)
    expect(verdict.notes).toEqual([expect.stringMatching(/^It begins at block \d+: /)])
  })

  test('ledger files: a scheduler that starts again goes on with the chain', () => {
    const directory = newFolder()
    run({ directory, blocks: 3 })
    run({ directory, blocks: 3 })
    expect(ledgerFilesIn(directory)).toHaveLength(2)
    expect(verdictOf(directory)).toMatchObject({ total: 0, entries: 120, isEnded: true, notes: [] })
  })

  test('ledger files: a block that was cut in the middle is said as cut, not as changed', () => {
    const directory = newFolder()
    run({ directory, blocks: 3, isKilled: true })
    const [file] = ledgerFilesIn(directory)
    const { length } = readFileSync(file)
    truncateSync(file, length - 100)
    expect(verdictOf(directory).findings).toMatchObject([
      { kind: 'cut', block: 4, message: expect.stringMatching(/ ends in the middle of block 4: /) },
    ])
  })

  test('ledger files: at any byte of its last block a cut is a cut', () => {
    const directory = newFolder()
    run({ directory, blocks: 2, isKilled: true })
    const [file] = ledgerFilesIn(directory)
    const whole = readFileSync(file)
    const { fromByte } = (() => {
      truncateSync(file, whole.length - 1)
      return verdictOf(directory).findings[0]
    })()
    const kinds = new Set<string>()
    for (let length = whole.length - 1; length > fromByte; length--) {
      truncateSync(file, length)
      kinds.add(
        verdictOf(directory)
          .findings.map(({ kind }) => kind)
          .join(),
      )
    }
    expect([...kinds]).toEqual(['cut'])
    truncateSync(file, fromByte)
    expect(verdictOf(directory)).toMatchObject({ total: 0, isEnded: false })
  })

  test('ledger files: after a crash the next file says what was cut, so it is no finding any more', () => {
    const directory = newFolder()
    run({ directory, blocks: 3, isKilled: true })
    const [file] = ledgerFilesIn(directory)
    truncateSync(file, readFileSync(file).length - 100)
    run({ directory, blocks: 2 })
    const verdict = verdictOf(directory)
    expect(verdict).toMatchObject({ total: 0, entries: 80, isEnded: true })
    expect(verdict.notes).toEqual([expect.stringContaining('as a crash leaves it')])
    truncateSync(file, readFileSync(file).length - 1)
    expect(verdictOf(directory).findings).toMatchObject([{ kind: 'cut', block: 4 }])
  })

  test('ledger files: a file that was taken away, and one that was added, are found', () => {
    const directory = newFolder()
    run({ directory, blocks: 10, fileBytesMax: 3_000 })
    const files = ledgerFilesIn(directory)
    const without = verifyFiles(files.toSpliced(1, 1))
    expect(without.findings).toMatchObject([{ kind: 'missing', file: basename(files[2]) }])
    expect(verifyFiles([...files, files[1]]).findings.map(({ kind }) => kind)).toContain('doubled')
    appendFileSync(files[0], 'more')
    expect(verdictOf(directory).findings).toMatchObject([
      { kind: 'foreign', file: basename(files[0]) },
    ])
  })

  test('ledger files: their newest entries are read, and on from a cursor, over files', () => {
    const directory = newFolder()
    run({ directory, blocks: 10, fileBytesMax: 3_000 })
    const files = ledgerFilesIn(directory)
    const newest = tailFiles(files, { limit: 150 })
    expect(newest.entries.map(({ task }) => task)).toEqual(
      Array.from({ length: 150 }, (_, i) => `task-${50 + i}`),
    )
    expect(tailFiles(files, { after: newest.cursor }).entries).toEqual([])
    const all: (string | null)[] = []
    let after = '0.0'
    for (let page = 0; page < 29; page++) {
      const { entries, cursor } = tailFiles(files, { after, limit: 7 })
      all.push(...entries.map(({ task }) => task))
      after = cursor
    }
    expect(all).toEqual(Array.from({ length: 200 }, (_, i) => `task-${i}`))
  })

  test('ledger files: a folder that cannot be made is said with its path', () => {
    const directory = join(newFolder())
    run({ directory, blocks: 1 })
    const [file] = ledgerFilesIn(directory)
    const below = join(file, 'folder')
    expect(() => run({ directory: below, blocks: 1 })).toThrow(below)
  })
})

test('ledger memory: it holds what its bound allows, the newest blocks', () => {
  const chain = new Chain(EPOCH)
  const memory = new LedgerMemory(10_000)
  const writer = writerWith(({ buffer, bytes }) => {
    memory.keep(chain.append(buffer, bytes))
    writer.giveBack(buffer)
  })
  for (let block = 0; block < 500; block++) {
    for (let i = 0; i < 20; i++) writer.change('something', `number ${block}-${i}`, block)
    writer.handOver()
    expect(memory.bytes).toBeLessThanOrEqual(10_000)
  }
  const numbers = memory.blocks().map(({ header }) => header.number)
  expect(numbers.at(-1)).toBe(500)
  expect(numbers.length).toBeGreaterThan(2)
  expect(numbers).toEqual(numbers.map((_, i) => 501 - numbers.length + i))
})
