/**
 * Makes blocks a chain: each gets its number, the hash of the one before, and its own. The ledger's
 * thread.
 *
 * Invariant: the hash of a block depends on every byte of it and of all blocks before.
 */
import { createHash } from 'node:crypto'
import { setWide, wideAt } from './entry-buffer.ts'
import {
  BLOCK_END,
  BLOCK_HEAD,
  type BlockKind,
  CHECK_BYTES,
  HASH_BYTES,
  HEADER,
  HEADER_BYTES,
  type HeadFacts,
  MAGIC,
  VERSION,
} from './format.ts'

const PREVIOUS_AT = 4 * HEADER.previousHash
const CHECK_AT = 4 * HEADER.check

export class Chain {
  /** Of the block that comes next, from 1. */
  nextNumber = 1
  lastHash: Uint8Array = new Uint8Array(HASH_BYTES)
  readonly epoch: number

  constructor(epoch: number) {
    this.epoch = epoch
  }

  /**
   * Gives a sealed chunk its place.
   * @param bytes of its header and body; behind them is room for the hash.
   * @returns the whole block, in the same memory.
   */
  append(buffer: ArrayBuffer, bytes: number): Uint8Array {
    const words = new Int32Array(buffer, 0, HEADER_BYTES >> 2)
    const block = new Uint8Array(buffer, 0, bytes + HASH_BYTES)
    setWide(words, HEADER.number_F64, this.nextNumber)
    block.set(this.lastHash, PREVIOUS_AT)
    block.set(checkOf(block), CHECK_AT)
    const hash = hashOf(block.subarray(0, bytes))
    block.set(hash, bytes)
    this.lastHash = hash
    this.nextNumber++
    return block
  }

  head(facts: HeadFacts, nowMs: number): Uint8Array {
    return this.#own(BLOCK_HEAD, Buffer.from(JSON.stringify(facts)), nowMs)
  }

  end(nowMs: number): Uint8Array {
    return this.#own(BLOCK_END, new Uint8Array(0), nowMs)
  }

  #own(kind: BlockKind, text: Uint8Array, nowMs: number): Uint8Array {
    const bytes = HEADER_BYTES + ((text.length + 3) & ~3)
    const buffer = new ArrayBuffer(bytes + HASH_BYTES)
    const words = new Int32Array(buffer)
    words[HEADER.magic] = MAGIC
    words[HEADER.kind] = (VERSION << 8) | kind
    words[HEADER.bodyBytes] = bytes - HEADER_BYTES
    setWide(words, HEADER.fromMs_F64, nowMs)
    setWide(words, HEADER.toMs_F64, nowMs)
    setWide(words, HEADER.seqFirst_F64, -1)
    setWide(words, HEADER.seqLast_F64, -1)
    setWide(words, HEADER.epoch_F64, this.epoch)
    new Uint8Array(buffer).set(text, HEADER_BYTES)
    return this.append(buffer, bytes)
  }
}

export interface BlockHeader {
  kind: number
  number: number
  /** Of the whole block, header and hash included. */
  bytes: number
  entries: number
  fromMs: number
  toMs: number
  /** -1 without tasks. */
  seqFirst: number
  seqLast: number
  epoch: number
  lost: number
  previousHash: string
}

/** @param bytes at least a header. @returns null when it is none, or was changed. */
export function readHeader(bytes: Uint8Array): BlockHeader | null {
  if (!isHeader(bytes)) return null
  const words = wordsOf(bytes.subarray(0, HEADER_BYTES))
  return {
    kind: words[HEADER.kind] & 0xff,
    number: wideAt(words, HEADER.number_F64),
    bytes: HEADER_BYTES + words[HEADER.bodyBytes] + HASH_BYTES,
    entries: words[HEADER.entries],
    fromMs: wideAt(words, HEADER.fromMs_F64),
    toMs: wideAt(words, HEADER.toMs_F64),
    seqFirst: wideAt(words, HEADER.seqFirst_F64),
    seqLast: wideAt(words, HEADER.seqLast_F64),
    epoch: wideAt(words, HEADER.epoch_F64),
    lost: wideAt(words, HEADER.lost_F64),
    previousHash: hexOf(bytes.subarray(PREVIOUS_AT, PREVIOUS_AT + HASH_BYTES)),
  }
}

function isHeader(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES) return false
  const check = checkOf(bytes)
  for (let i = 0; i < CHECK_BYTES; i++) if (bytes[CHECK_AT + i] !== check[i]) return false
  return (
    bytes[0] === (MAGIC & 0xff) && wordsOf(bytes.subarray(0, HEADER_BYTES))[HEADER.bodyBytes] >= 0
  )
}

/** Of a header that is whole up to where the check stands. */
function checkOf(bytes: Uint8Array): Uint8Array {
  return hashOf(bytes.subarray(0, CHECK_AT)).subarray(0, CHECK_BYTES)
}

export function hashOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** @returns the words of bytes that may begin anywhere in their memory. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  const count = bytes.length >> 2
  if (bytes.byteOffset % 4 === 0) return new Int32Array(bytes.buffer, bytes.byteOffset, count)
  // A copy: `slice` of a Buffer is none.
  return new Int32Array(new Uint8Array(bytes).buffer, 0, count)
}

/** @returns what the first block of a file says; null when it is no such block. */
export function readHead(block: Uint8Array): HeadFacts | null {
  const header = readHeader(block)
  if (header?.kind !== BLOCK_HEAD) return null
  const body = block.subarray(HEADER_BYTES, header.bytes - HASH_BYTES)
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString()
  try {
    return JSON.parse(text.replaceAll('\0', '')) as HeadFacts
  } catch {
    return null
  }
}
