/** What a sample of a frame is, and the parts that samples are made of. */
import type { FramePool } from '../../src/wire/frames.ts'
import type { AnyReader } from './frame-items.ts'

export const EPOCH = 1_764_000_000_000
/** Needs both halves of a number of 64 bits. */
export const LARGE_COUNTER = 2 ** 32 + 2

/** A length or count that a frame holds, and where: what lies about it must be refused. */
export interface Field {
  at: number
  bytes: 1 | 2 | 4
}

export interface Sample {
  name: string
  kind: number
  write(pool: FramePool): Uint8Array
  newReader(): AnyReader
  hex: string
  items: object[]
  /** Length fields. */
  lengths: Field[]
  /** Bytes that are to be 0, beyond the head. */
  zeros: number[]
  /** Bytes of flags, and the bits in use. */
  flags: { at: number; known: number }[]
  /** Numbers of 64 bits, beyond the head. */
  longs: number[]
  /** The newest version that there is of its kind. */
  versionMax: number
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const HI = bytesOf('"hi"')
export const HELLO = bytesOf('xx"Hello!"xx')
export const NONE = new Uint8Array(0)
