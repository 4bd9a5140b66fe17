import { describe, expect, test } from 'vitest'
import { bytesInMemory } from '../../src/ledger/block-source.ts'
import { hashOf, readHeader } from '../../src/ledger/chain.ts'
import { HASH_BYTES } from '../../src/ledger/format.ts'
import { ChainVerifier, type LedgerVerdict } from '../../src/ledger/verify.ts'
import { Random } from '../../src/routing/generator.ts'
import { chainOf } from './support.ts'

const SEEDS = 10_000

function verdictOf(blocks: readonly Uint8Array[], hash?: string): LedgerVerdict {
  const verifier = new ChainVerifier(hash)
  verifier.file('a.sbl', bytesInMemory(Buffer.concat(blocks)))
  return verifier.verdict()
}

/** Where a block begins in the file. */
function startOf(blocks: readonly Uint8Array[], index: number): number {
  return blocks.slice(0, index).reduce((sum, { length }) => sum + length, 0)
}

interface Harm {
  readonly name: string
  /** @returns the harmed blocks, and which block, from 1, is to be named. */
  do(blocks: Uint8Array[], random: Random): { blocks: Uint8Array[]; number: number }
}

const HARMS: readonly Harm[] = [
  {
    name: 'a changed byte',
    do(blocks, random) {
      const index = random.nextInt(blocks.length)
      const at = random.nextInt(blocks[index].length)
      blocks[index][at] ^= 1 + random.nextInt(255)
      return { blocks, number: index + 1 }
    },
  },
  {
    name: 'a byte that was taken out',
    do(blocks, random) {
      const index = random.nextInt(blocks.length)
      const at = random.nextInt(blocks[index].length)
      const bytes = [...blocks[index]]
      bytes.splice(at, 1)
      return { blocks: blocks.with(index, Uint8Array.from(bytes)), number: index + 1 }
    },
  },
  {
    name: 'a byte that was put in',
    do(blocks, random) {
      const index = random.nextInt(blocks.length)
      const at = random.nextInt(blocks[index].length)
      const bytes = [...blocks[index]]
      // Another one than stood there, or the block would be whole and the last byte too many.
      bytes.splice(at, 0, bytes[at] ^ (1 + random.nextInt(255)))
      return { blocks: blocks.with(index, Uint8Array.from(bytes)), number: index + 1 }
    },
  },
  {
    name: 'a block that was taken out',
    do(blocks, random) {
      const index = 1 + random.nextInt(blocks.length - 2)
      return { blocks: blocks.toSpliced(index, 1), number: index + 1 }
    },
  },
  {
    name: 'a block that is there twice',
    do(blocks, random) {
      const index = random.nextInt(blocks.length)
      return { blocks: blocks.toSpliced(index, 0, blocks[index]), number: index + 1 }
    },
  },
  {
    name: 'two blocks that were swapped',
    do(blocks, random) {
      const first = random.nextInt(blocks.length - 1)
      const second = first + 1 + random.nextInt(blocks.length - first - 1)
      const swapped = blocks.with(first, blocks[second]).with(second, blocks[first])
      return { blocks: swapped, number: first + 1 }
    },
  },
  {
    name: 'a file that was cut',
    do(blocks, random) {
      const index = random.nextInt(blocks.length)
      const left = 1 + random.nextInt(blocks[index].length - 1)
      const cut = [...blocks.slice(0, index), blocks[index].subarray(0, left)]
      return { blocks: cut, number: index + 1 }
    },
  },
]

describe('ledger verify', () => {
  test('ledger verify: what was not touched has no finding, over 1,000 seeds', () => {
    for (let seed = 1; seed <= 1_000; seed++) {
      const random = new Random(seed)
      const verdict = verdictOf(chainOf(random, 1 + random.nextInt(5)))
      expect(verdict, `seed ${seed}`).toMatchObject({ total: 0, isEnded: true, notes: [] })
    }
  })

  test(`ledger verify: whatever is done to a chain is found in the right block, over ${SEEDS} seeds`, () => {
    const missed: string[] = []
    const done = new Map<string, number>()
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = new Random(seed)
      const harm = HARMS[seed % HARMS.length]
      const { blocks, number } = harm.do(chainOf(random, 1 + random.nextInt(5)), random)
      const { findings } = verdictOf(blocks)
      // Without a block before it nothing says which number the bytes had.
      const isNamed = findings.some(
        (each) => each.block === number || (number === 1 && (each.block ?? 2) === 2),
      )
      if (!isNamed) missed.push(`seed ${seed}: ${harm.name} in block ${number}`)
      done.set(harm.name, (done.get(harm.name) ?? 0) + 1)
    }
    expect(missed).toEqual([])
    expect(Math.min(...done.values())).toBeGreaterThan(1_000)
  })

  test('ledger verify: the bytes that are named are those of the changed block, times and tasks too', () => {
    const blocks = chainOf(new Random(7), 4)
    const header = readHeader(blocks[2])!
    const from = startOf(blocks, 2)
    blocks[2][140] ^= 1
    expect(verdictOf(blocks).findings).toEqual([
      {
        kind: 'changed',
        file: 'a.sbl',
        block: 3,
        fromByte: from,
        toByte: from + blocks[2].length,
        from: header.fromMs,
        to: header.toMs,
        firstTask: header.seqFirst,
        lastTask: header.seqLast,
        message: expect.stringMatching(/^Block 3 \(a\.sbl, bytes \d+ to \d+; .* was changed: /),
      },
    ])
  })

  test('ledger verify: a block that was written anew with its hash is found by the next one', () => {
    const blocks = chainOf(new Random(3), 4)
    blocks[2][140] ^= 1
    blocks[2].set(
      hashOf(blocks[2].subarray(0, blocks[2].length - HASH_BYTES)),
      blocks[2].length - HASH_BYTES,
    )
    expect(verdictOf(blocks).findings).toMatchObject([{ kind: 'rewritten', block: 3 }])
  })

  test('ledger verify: one change is one finding, also of a hash', () => {
    const blocks = chainOf(new Random(5), 4)
    blocks[2][blocks[2].length - 1] ^= 1
    expect(verdictOf(blocks).findings).toMatchObject([{ kind: 'changed', block: 3 }])
  })

  test('ledger verify: what was taken from the end is only told as an end that is not there', () => {
    const blocks = chainOf(new Random(4), 3)
    const verdict = verdictOf(blocks.slice(0, -1))
    expect(verdict).toMatchObject({ total: 0, isEnded: false })
    expect(verdict.notes).toHaveLength(1)
  })

  test('ledger verify: a hash that was noted elsewhere is found, and its absence is', () => {
    const blocks = chainOf(new Random(4), 3)
    const { lastHash } = verdictOf(blocks)
    expect(verdictOf(blocks, lastHash!.toUpperCase()).hasHash).toBe(true)
    expect(verdictOf(blocks.slice(0, -1), lastHash!).hasHash).toBe(false)
    expect(verdictOf(blocks).hasHash).toBe(null)
  })

  test('ledger verify: a file that is missing between two others is named by its blocks', () => {
    const blocks = chainOf(new Random(9), 5)
    const verifier = new ChainVerifier()
    verifier.file('1.sbl', bytesInMemory(Buffer.concat(blocks.slice(0, 2))))
    verifier.file('3.sbl', bytesInMemory(Buffer.concat(blocks.slice(4))), false)
    expect(verifier.verdict().findings.map(({ message }) => message)).toEqual([
      'Blocks 3 to 4 are missing between 1.sbl and 3.sbl.',
    ])
  })

  test('ledger verify: what is no ledger at all is no block', () => {
    const { findings, blocks } = verdictOf([Buffer.from('a,b,c\n'.repeat(100))])
    expect(blocks).toBe(0)
    expect(findings).toMatchObject([{ kind: 'foreign', fromByte: 0, toByte: 600 }])
  })
})
