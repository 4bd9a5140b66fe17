/**
 * Frames: what all kinds of them have in common. docs/PROTOCOL.md, "Frames", has the byte tables.
 *
 * Both ends of a connection use it, on whatever thread holds that connection.
 *
 * Invariant: a frame is read only after all of it has been found whole, and no byte of one that
 * is not is ever taken for a task, a result or an answer.
 *
 * ```
 *  0    2    3    4      6      8                  16
 * +----+----+----+------+------+-------------------+------- - -
 * | SB |ver.|kind|count | flags|      number       | items
 * +----+----+----+------+------+-------------------+------- - -
 * ```
 *
 * Little-endian. Numbers of 64 bits are two of 32, the lower first, and are read as JavaScript
 * numbers: one beyond 2^53 - 1 is refused, not rounded. Nothing is padded to a boundary, since
 * items begin wherever the one before them ends; so bytes are put together one by one, which
 * costs about as much as a `DataView` and needs none.
 *
 * Rejected: a general encoding (MessagePack, protobuf), whose keys and tags take the time that
 * a frame is there to save.
 */
import { SignalboxError } from '../errors.ts'

export const FRAME = {
  /** The newest that is spoken; a frame is of the lowest in which it can be said. */
  version: 4,
  headBytes: 16,
  /** Items of a submit, answer, work or result frame. */
  itemsMax: 64,
  /** Counters of an acknowledgement. */
  acksMax: 4_096,
  /** Counters of a beat: an agent's whole concurrency. */
  beatsMax: 65_535,
  /** A writer is full beyond it; one item alone may be larger. */
  bytesMax: 64 * 1024,
} as const

export const FRAME_KIND = {
  submit: 1,
  answer: 2,
  work: 3,
  result: 4,
  acknowledge: 5,
  beat: 6,
} as const
export type FrameKind = (typeof FRAME_KIND)[keyof typeof FRAME_KIND]

const MAGIC = 0x4253
const UINT32 = 4_294_967_296
/** Above it the upper half of a number of 64 bits makes it inexact. */
const HIGH_MAX = 0x1f_ffff

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
}

export function u32(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0
}

/** @returns the number, not exact unless {@link isExact} says so. */
export function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at) + u32(bytes, at + 4) * UINT32
}

/** @returns whether the number of 64 bits at `at` is at most 2^53 - 1. */
export function isExact(bytes: Uint8Array, at: number): boolean {
  return u32(bytes, at + 4) <= HIGH_MAX
}

export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
}

export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

/** @param value a whole number from 0 to 2^53 - 1. */
export function putU64(bytes: Uint8Array, at: number, value: number): void {
  putU32(bytes, at, value)
  putU32(bytes, at + 4, value / UINT32)
}

export function putHead(
  bytes: Uint8Array,
  kind: FrameKind,
  version: number,
  count: number,
  number: number,
): void {
  putU16(bytes, 0, MAGIC)
  bytes[2] = version
  bytes[3] = kind
  putU16(bytes, 4, count)
  putU16(bytes, 6, 0)
  putU64(bytes, 8, number)
}

/** @returns the kind that the head says, whatever else is wrong; 0 when there is no whole head. */
export function frameKind(bytes: Uint8Array): number {
  return bytes.length < FRAME.headBytes ? 0 : (bytes[3] as number)
}

/** @returns the head's number for the answer to a bad frame; -1 when there is none to name. */
export function frameNumber(bytes: Uint8Array): number {
  return bytes.length >= FRAME.headBytes && isExact(bytes, 8) ? u64(bytes, 8) : -1
}

/**
 * @param versionMax the newest that there is of this kind.
 * @returns how many items the head says.
 * @throws frame_version for a newer one; bad_frame for anything else but this kind's head.
 */
export function openHead(
  bytes: Uint8Array,
  kind: FrameKind,
  versionMax: number,
  min: number,
  max: number,
): number {
  if (bytes.length < FRAME.headBytes) throw badFrame(`has ${bytes.length} bytes, fewer than a head`)
  if (u16(bytes, 0) !== MAGIC) throw badFrame('does not begin with the letters SB')
  const version = bytes[2] as number
  if (version > versionMax) {
    throw new SignalboxError(
      'frame_version',
      `The frame is of version ${version}: send version ${versionMax}, or the plain form.`,
    )
  }
  if (version === 0) throw badFrame('has the version 0')
  if (bytes[3] !== kind) throw badFrame(`is of kind ${bytes[3]} where kind ${kind} is taken`)
  if (u16(bytes, 6) !== 0) throw badFrame(`has the flags ${u16(bytes, 6)}, which are to be 0`)
  if (!isExact(bytes, 8)) throw badFrame('has a number beyond 2^53 - 1 in its head')
  const count = u16(bytes, 4)
  if (count < min || count > max) {
    throw badFrame(`counts ${count} items where ${min} to ${max} are taken`)
  }
  return count
}

/** @param reason goes on from "The frame". */
export function badFrame(reason: string): SignalboxError {
  return new SignalboxError(
    'bad_frame',
    `The frame ${reason}; nothing of it was taken: compare it with "Frames" in PROTOCOL.md.`,
  )
}
