/**
 * Bytes of a ledger, in a file or in memory, and a walk through their blocks. Any thread but that of
 * NATS: it reads synchronously.
 *
 * Invariant: whatever the bytes are, the walk tells of each of them once: as part of a block, of what is
 * no block, or of a block that is cut off at the end.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type BlockHeader, readHeader } from './chain.ts'
import { HEADER_BYTES, MAGIC } from './format.ts'
import { ledgerFailed } from './ledger-failed.ts'

export interface Bytes {
  readonly length: number
  /** @returns a copy or a view; fewer bytes than asked for at the end. */
  read(from: number, length: number): Uint8Array
}

export function bytesInMemory(bytes: Uint8Array): Bytes {
  return { length: bytes.length, read: (from, length) => bytes.subarray(from, from + length) }
}

/** Opens a file for as long as `use` takes. @throws ledger_failed */
export function withFile<T>(path: string, use: (bytes: Bytes) => T): T {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    throw ledgerFailed(`${path} cannot be opened`, error)
  }
  try {
    const { size } = fstatSync(file)
    return use({
      length: size,
      read: (from, length) => {
        const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - from)))
        const got = readSync(file, bytes, 0, bytes.length, from)
        return bytes.subarray(0, got)
      },
    })
  } finally {
    closeSync(file)
  }
}

/** What stands from `from` to `to`, the last byte not included. */
export type Stretch =
  | { is: 'block'; from: number; to: number; header: BlockHeader; block: Uint8Array }
  /** `header` is null when not even that is whole. */
  | { is: 'cut'; from: number; to: number; header: BlockHeader | null }
  | { is: 'foreign'; from: number; to: number }

const SEARCH_BYTES = 1024 * 1024
const MAGIC_BYTES = Buffer.from(Uint32Array.of(MAGIC).buffer)

/** Calls `take` with each stretch, in order. */
export function walk(bytes: Bytes, take: (stretch: Stretch) => void): void {
  // Ends: each round goes at least a byte further.
  for (let from = 0; from < bytes.length; ) {
    const stretch = stretchAt(bytes, from)
    take(stretch)
    from = stretch.to
  }
}

function stretchAt(bytes: Bytes, from: number): Stretch {
  const start = bytes.read(from, HEADER_BYTES)
  if (start.length < HEADER_BYTES) {
    const known = Math.min(start.length, MAGIC_BYTES.length)
    const isBegun = MAGIC_BYTES.subarray(0, known).equals(start.subarray(0, known))
    return { is: isBegun ? 'cut' : 'foreign', from, to: bytes.length, header: null }
  }
  const header = readHeader(start)
  if (header === null) return { is: 'foreign', from, to: nextHeader(bytes, from + 1) }
  const to = from + header.bytes
  // A block that lost bytes reaches into the next one: that begins earlier than it should.
  if (to < bytes.length && readHeader(bytes.read(to, HEADER_BYTES)) === null) {
    const next = nextHeader(bytes, from + HEADER_BYTES)
    const block = bytes.read(from, Math.min(next, to) - from)
    if (next < to) return { is: 'block', from, to: next, header, block }
  }
  if (to > bytes.length) {
    const next = nextHeader(bytes, from + HEADER_BYTES)
    if (next < bytes.length) {
      return { is: 'block', from, to: next, header, block: bytes.read(from, next - from) }
    }
    return { is: 'cut', from, to: bytes.length, header }
  }
  return { is: 'block', from, to, header, block: bytes.read(from, header.bytes) }
}

/** @returns where the next whole header is; the end when there is none. */
function nextHeader(bytes: Bytes, from: number): number {
  // Ends: each round goes at least a byte further.
  for (let at = from; at < bytes.length; ) {
    const window = Buffer.from(bytes.read(at, SEARCH_BYTES))
    const found = window.indexOf(MAGIC_BYTES)
    if (found < 0) {
      if (at + window.length >= bytes.length) return bytes.length
      // The mark may stand across the edge.
      at += Math.max(1, window.length - MAGIC_BYTES.length + 1)
    } else if (readHeader(bytes.read(at + found, HEADER_BYTES)) !== null) return at + found
    else at += found + 1
  }
  return bytes.length
}
