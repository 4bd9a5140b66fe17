/**
 * Frames of kind 1, submitter → scheduler: up to 64 tasks for one queue and priority, which stand
 * in the subject. The number in the head is the client's own.
 *
 * ```
 *  0       4               8           12     13    14   15   16              18    20
 * +-------+---------------+-----------+------+-----+----+----+---------------+-----+- - -
 * |number | payloadLength | timeoutMs |retry |flags| id | 0  |requiresLength | ext.| id, requires,
 * |       |               |           |count |     | len|    |               | len | ext., payload
 * +-------+---------------+-----------+------+-----+----+----+---------------+-----+- - -
 * ```
 *
 * What few tasks say stands in an extension, which a flag announces; a frame with one is of version 2,
 * so that a scheduler which would not heed it refuses the frame in one answer.
 *
 * ```
 *  0     1      2          3       4               6
 * +-----+------+----------+-------+---------------+- - -
 * | key | type | strategy | match | prefersLength | type, strategy, prefers, key
 * | len | len  | len      |       |               |
 * +-----+------+----------+-------+---------------+- - -
 * ```
 *
 * What a task promises of itself stands behind that, in numbers, announced by a flag of its own; a
 * frame with it is of version 3.
 *
 * ```
 *  0       4            8             12              16        20      28
 * +-------+------------+-------------+---------------+---------+-------+
 * | ttlMs | deadlineMs | slaTargetMs | retryDelayMs  | delayMs | at    |
 * +-------+------------+-------------+---------------+---------+-------+
 * ```
 */
import { MATCHES } from '../options.ts'
import type { TaskRouting } from '../task.ts'
import {
  badFrame,
  FRAME,
  FRAME_KIND,
  isExact,
  putU16,
  putU32,
  putU64,
  u16,
  u32,
  u64,
} from './frame-format.ts'
import type { FramePool } from './frame-pool.ts'
import { FrameReader, RepeatedText } from './frame-reader.ts'
import { FrameWriter, textBytes } from './frame-writer.ts'
import { SAYS_NO_PROMISE, type SaidPromises } from './own-promises.ts'

const ITEM_BYTES = 20

export const SUBMIT_FLAG = {
  wantsAccepted: 1,
  wantsOutcome: 2,
  isExtended: 4,
  promises: 8,
} as const
/** The first version with extensions, and that with promises. */
const EXTENDED_VERSION = 2
const PROMISES_VERSION = 3
const EXTENSION_BYTES = 6
const PROMISES_BYTES = 28
/** By version: the flags that there are. */
const KNOWN_FLAGS = [0, 3, 7, 15]
/** Of a number that is promised: as the queue has it. */
const OF_QUEUE = 0xffff_ffff

/** A `retryCount` that says: as the queue has it. */
export const RETRY_COUNT_OF_QUEUE = 255
/** A `timeoutMs` that says: as the queue has it. */
export const TIMEOUT_OF_QUEUE = 0

/** What an extension says; '' and 0 stand for the queue's. */
export interface SubmitExtension {
  readonly type: string
  readonly strategy: string
  /** 1 exact, 2 best_fit, 3 fallback. */
  readonly match: number
  /** Terms joined by commas. */
  readonly prefers: string
  readonly key: string
  /** Of all of it in a frame. */
  readonly bytes: number
}

/** @returns null when nothing of it is said. */
export function submitExtension(
  routing: TaskRouting | null,
  key: string | null,
): SubmitExtension | null {
  if (routing === null && key === null) return null
  const { type, strategy, match, prefers } = routing ?? {}
  const texts = {
    type: type ?? '',
    strategy: strategy ?? '',
    prefers: prefers?.join(',') ?? '',
    key: key ?? '',
  }
  const length = Object.values(texts).reduce((sum, text) => sum + text.length, 0)
  const matchNumber = match == null ? 0 : MATCHES.indexOf(match) + 1
  return { ...texts, match: matchNumber, bytes: EXTENSION_BYTES + length }
}

/** @returns bytes that promises take in a frame; 0 for none. */
export function promisesBytes({ own, atMs }: SaidPromises): number {
  return own === null && atMs === null ? 0 : PROMISES_BYTES
}

const NO_PROMISES: SaidPromises = { own: null, atMs: null }

export class SubmitWriter extends FrameWriter {
  /** @param bytesMax what a frame may come to, where the server takes less than `FRAME.bytesMax`. */
  constructor(pool: FramePool, bytesMax: number = FRAME.bytesMax) {
    super(pool, FRAME_KIND.submit, FRAME.itemsMax, bytesMax)
  }

  /**
   * @param number the client's own, below 2^32; comes back in the answers.
   * @param timeoutMs {@link TIMEOUT_OF_QUEUE}, or how long an attempt may run.
   * @param retryCount {@link RETRY_COUNT_OF_QUEUE}, or how often a failed attempt is repeated.
   * @param flags of {@link SUBMIT_FLAG}.
   * @param id a token, or '' for one that the scheduler makes up.
   * @param requires terms joined by commas.
   * @param extension null for most tasks.
   * @param said what it promises of itself: nothing, for most.
   * @returns false when it would not fit: `finish` first.
   */
  add(
    number: number,
    timeoutMs: number,
    retryCount: number,
    flags: number,
    id: string,
    requires: string,
    bytes: Uint8Array,
    start: number,
    length: number,
    extension: SubmitExtension | null = null,
    said: SaidPromises = NO_PROMISES,
  ): boolean {
    const idLength = textBytes(id, 0xff)
    const requiresLength = textBytes(requires, 0xffff)
    const extensionBytes = extension === null ? 0 : extension.bytes
    const saidBytes = promisesBytes(said)
    const moreBytes = extensionBytes + saidBytes
    if (!this.reserve(ITEM_BYTES + idLength + requiresLength + moreBytes + length)) return false
    const { buffer, at } = this
    putU32(buffer, at, number)
    putU32(buffer, at + 4, length)
    putU32(buffer, at + 8, timeoutMs)
    buffer[at + 12] = retryCount
    const extended = extension === null ? flags : flags | SUBMIT_FLAG.isExtended
    buffer[at + 13] = saidBytes === 0 ? extended : extended | SUBMIT_FLAG.promises
    buffer[at + 14] = idLength
    buffer[at + 15] = 0
    putU16(buffer, at + 16, requiresLength)
    putU16(buffer, at + 18, extensionBytes)
    let end = this.putText(at + ITEM_BYTES, id)
    end = this.putText(end, requires)
    if (extension !== null) end = this.putExtension(end, extension)
    if (saidBytes > 0) end = this.putPromises(end, said)
    this.at = this.putBytes(end, bytes, start, length)
    return true
  }

  private putExtension(at: number, extension: SubmitExtension): number {
    const { type, strategy, match, prefers, key } = extension
    const { buffer } = this
    buffer[at] = textBytes(key, 0xff)
    buffer[at + 1] = textBytes(type, 0xff)
    buffer[at + 2] = textBytes(strategy, 0xff)
    buffer[at + 3] = match
    putU16(buffer, at + 4, textBytes(prefers, 0xffff))
    let end = this.putText(at + EXTENSION_BYTES, type)
    end = this.putText(end, strategy)
    end = this.putText(end, prefers)
    this.needsVersion(EXTENDED_VERSION)
    return this.putText(end, key)
  }

  private putPromises(at: number, { own, atMs }: SaidPromises): number {
    const { buffer } = this
    const { ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs } = own ?? SAYS_NO_PROMISE
    putU32(buffer, at, ttlMs ?? OF_QUEUE)
    putU32(buffer, at + 4, deadlineMs ?? OF_QUEUE)
    putU32(buffer, at + 8, slaTargetMs ?? OF_QUEUE)
    putU32(buffer, at + 12, retryDelayMs ?? OF_QUEUE)
    putU32(buffer, at + 16, delayMs)
    putU64(buffer, at + 20, atMs ?? 0)
    this.needsVersion(PROMISES_VERSION)
    return at + PROMISES_BYTES
  }
}

export class SubmitReader extends FrameReader {
  private readonly lastRequires = new RepeatedText()
  private readonly lastRouting = new RepeatedText()
  private idAt = 0
  idLength = 0
  requiresLength = 0
  /** Of the extension; 0 without one. */
  extensionLength = 0
  /** Where promises stand, or would. */
  private promisesAt = 0
  hasPromises = false
  number = 0
  timeoutMs = 0
  retryCount = 0
  wantsAccepted = false
  wantsOutcome = false
  payloadStart = 0
  payloadLength = 0

  constructor() {
    super(FRAME_KIND.submit, ITEM_BYTES, 1, FRAME.itemsMax, PROMISES_VERSION)
  }

  get frameNumber(): number {
    return this.headNumber
  }

  /** What the submitter wrote: no token yet. '' when there is none. */
  id(): string {
    return this.bytes.toString('latin1', this.idAt, this.idAt + this.idLength)
  }

  /** As written: no list of tokens yet. '' when there are none. */
  requires(): string {
    return this.lastRequires.read(this.bytes, this.idAt + this.idLength, this.requiresLength)
  }

  private get extensionAt(): number {
    return this.promisesAt - this.extensionLength
  }

  /** Bytes that are equal where all is that the extension says but the key; '' without one. */
  routingText(): string {
    if (this.extensionLength === 0) return ''
    const start = this.extensionAt + 1
    const keyLength = this.bytes[start - 1] as number
    return this.lastRouting.read(this.bytes, start, this.promisesAt - keyLength - start)
  }

  /** '' when there is none; no token yet. */
  key(): string {
    if (this.extensionLength === 0) return ''
    const { bytes, promisesAt } = this
    const keyLength = bytes[this.extensionAt] as number
    return bytes.toString('latin1', promisesAt - keyLength, promisesAt)
  }

  /** As written: numbers of any size. null when it makes none, as most tasks do. */
  promises(): SaidPromises | null {
    if (!this.hasPromises) return null
    const { bytes, promisesAt: at } = this
    const own = {
      ttlMs: numberOf(u32(bytes, at)),
      deadlineMs: numberOf(u32(bytes, at + 4)),
      slaTargetMs: numberOf(u32(bytes, at + 8)),
      retryDelayMs: numberOf(u32(bytes, at + 12)),
      delayMs: u32(bytes, at + 16),
    }
    const atMs = u64(bytes, at + 20)
    return { own, atMs: atMs === 0 ? null : atMs }
  }

  /** As written: no tokens yet. null when there is none. */
  extension(): SubmitExtension | null {
    if (this.extensionLength === 0) return null
    const { bytes, extensionAt: at, extensionLength } = this
    const strategyAt = at + EXTENSION_BYTES + (bytes[at + 1] as number)
    const prefersAt = strategyAt + (bytes[at + 2] as number)
    return {
      type: bytes.toString('latin1', at + EXTENSION_BYTES, strategyAt),
      strategy: bytes.toString('latin1', strategyAt, prefersAt),
      match: bytes[at + 3] as number,
      prefers: bytes.toString('latin1', prefersAt, prefersAt + u16(bytes, at + 4)),
      key: this.key(),
      bytes: extensionLength,
    }
  }

  protected override sizeOf(at: number): number {
    const { bytes } = this
    const flags = bytes[at + 13] as number
    if ((flags & ~KNOWN_FLAGS[this.version]) !== 0) {
      throw badFrame(`has an item with the flags ${flags}, of which some are not known`)
    }
    if (bytes[at + 15] !== 0) throw badFrame('has an item that is not 0 where it is to be')
    const size = ITEM_BYTES + (bytes[at + 14] as number) + u16(bytes, at + 16) + u32(bytes, at + 4)
    if ((flags & (SUBMIT_FLAG.isExtended | SUBMIT_FLAG.promises)) === 0) {
      if (u16(bytes, at + 18) !== 0) throw badFrame('has an item that is not 0 where it is to be')
      return size
    }
    return size + this.moreSize(at, flags)
  }

  /** @returns how long extension and promises are together. */
  private moreSize(itemAt: number, flags: number): number {
    const { bytes } = this
    const isExtended = (flags & SUBMIT_FLAG.isExtended) !== 0
    if (!isExtended && u16(bytes, itemAt + 18) !== 0) {
      throw badFrame('has an item that is not 0 where it is to be')
    }
    const extension = isExtended ? this.extensionSize(itemAt) : 0
    if ((flags & SUBMIT_FLAG.promises) === 0) return extension
    const texts = (bytes[itemAt + 14] as number) + u16(bytes, itemAt + 16)
    const at = itemAt + ITEM_BYTES + texts + extension
    if (at + PROMISES_BYTES > bytes.length) throw badFrame('has an item whose promises are cut')
    if (!isExact(bytes, at + 20)) throw badFrame('has a time beyond 2^53 - 1')
    return extension + PROMISES_BYTES
  }

  /** @returns the extension's length, which is what its own lengths come to. */
  private extensionSize(itemAt: number): number {
    const { bytes } = this
    const length = u16(bytes, itemAt + 18)
    const at = itemAt + ITEM_BYTES + (bytes[itemAt + 14] as number) + u16(bytes, itemAt + 16)
    if (length < EXTENSION_BYTES || at + length > bytes.length) {
      throw badFrame('has an item whose extension is cut')
    }
    const texts = (bytes[at] as number) + (bytes[at + 1] as number) + (bytes[at + 2] as number)
    if (EXTENSION_BYTES + texts + u16(bytes, at + 4) !== length) {
      throw badFrame('has an item whose extension is not as long as its lengths say')
    }
    if ((bytes[at + 3] as number) > MATCHES.length) {
      throw badFrame(`has an item with the match ${bytes[at + 3]}, which is none`)
    }
    return length
  }

  protected override readItem(at: number): number {
    const { bytes } = this
    this.number = u32(bytes, at)
    this.payloadLength = u32(bytes, at + 4)
    this.timeoutMs = u32(bytes, at + 8)
    this.retryCount = bytes[at + 12] as number
    const flags = bytes[at + 13] as number
    this.wantsAccepted = (flags & SUBMIT_FLAG.wantsAccepted) !== 0
    this.wantsOutcome = (flags & SUBMIT_FLAG.wantsOutcome) !== 0
    this.idAt = at + ITEM_BYTES
    this.idLength = bytes[at + 14] as number
    this.requiresLength = u16(bytes, at + 16)
    this.extensionLength = u16(bytes, at + 18)
    this.promisesAt = this.idAt + this.idLength + this.requiresLength + this.extensionLength
    this.hasPromises = (flags & SUBMIT_FLAG.promises) !== 0
    this.payloadStart = this.promisesAt + (this.hasPromises ? PROMISES_BYTES : 0)
    return this.payloadStart + this.payloadLength
  }
}

function numberOf(value: number): number | null {
  return value === OF_QUEUE ? null : value
}
