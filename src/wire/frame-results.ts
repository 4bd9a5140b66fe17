/**
 * Frames of kind 4, agent → its scheduler: up to 64 results. The number in the head is the epoch of
 * the work they belong to, and so part of the token of each.
 *
 * ```
 *  0      4         12    16              20       24       28   29    30             32
 * +------+---------+-----+---------------+--------+--------+----+-----+--------------+- - -
 * | slot | counter | seq | payloadLength | heldUs | workUs |code|flags| messageLength| code, message,
 * |      |         |     |               |        |        | len|     |              | payload
 * +------+---------+-----+---------------+--------+--------+----+-----+--------------+- - -
 * ```
 *
 * `heldUs` is the time from the work's receipt to the result's sending, `workUs` that in the
 * handler: what is left of the scheduler's own measurement is the way there and back. A flag says
 * that the payload is no result but a checkpoint, of an attempt that was asked to stop; a frame with
 * one is of version 3.
 */
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
import { cutMessage, FrameWriter, messageBytes, textBytes } from './frame-writer.ts'

const ITEM_BYTES = 32

export const RESULT_FLAG = { retryable: 1, yields: 2 } as const
/** The first version with attempts that yield. */
const YIELDS_VERSION = 3
/** By version: the flags that there are. */
const KNOWN_FLAGS = [0, 1, 1, 3]

/** 71 minutes: longer ones are not told apart. */
const MICROSECONDS_MAX = 0xffff_ffff

export class ResultWriter extends FrameWriter {
  /** @param bytesMax what a frame may come to, where the server takes less than `FRAME.bytesMax`. */
  constructor(pool: FramePool, bytesMax: number = FRAME.bytesMax) {
    super(pool, FRAME_KIND.result, FRAME.itemsMax, bytesMax)
  }

  /**
   * @param code '' for a success, otherwise the failure's token.
   * @param flags of {@link RESULT_FLAG}; 0 for a success.
   * @param message the failure's sentence; '' for a success.
   * @returns false when it would not fit: `finish` first.
   */
  add(
    slot: number,
    counter: number,
    seq: number,
    heldUs: number,
    workUs: number,
    code: string,
    flags: number,
    message: string,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): boolean {
    const codeLength = textBytes(code, 0xff)
    const kept = cutMessage(message)
    const messageLength = messageBytes(kept)
    if (!this.reserve(ITEM_BYTES + codeLength + messageLength + length)) return false
    const { buffer, at } = this
    if (flags > RESULT_FLAG.retryable) this.needsVersion(YIELDS_VERSION)
    putU32(buffer, at, slot)
    putU64(buffer, at + 4, counter)
    putU32(buffer, at + 12, seq)
    putU32(buffer, at + 16, length)
    putU32(buffer, at + 20, Math.min(heldUs, MICROSECONDS_MAX))
    putU32(buffer, at + 24, Math.min(workUs, MICROSECONDS_MAX))
    buffer[at + 28] = codeLength
    buffer[at + 29] = flags
    putU16(buffer, at + 30, messageLength)
    let end = this.putText(at + ITEM_BYTES, code)
    end = this.putMessage(end, kept, messageLength)
    this.at = this.putBytes(end, bytes, start, length)
    return true
  }
}

export class ResultReader extends FrameReader {
  private readonly lastCode = new RepeatedText()
  private codeAt = 0
  codeLength = 0
  messageLength = 0
  slot = 0
  counter = 0
  seq = 0
  heldUs = 0
  workUs = 0
  isFailure = false
  /** Of a failure: whether trying again may help. */
  isRetryable = false
  /** It was asked to stop, and did: the payload is its checkpoint, or empty. */
  yields = false
  payloadStart = 0
  payloadLength = 0

  constructor() {
    super(FRAME_KIND.result, ITEM_BYTES, 1, FRAME.itemsMax, YIELDS_VERSION)
  }

  get epoch(): number {
    return this.headNumber
  }

  /** What the agent wrote: no token yet. '' of a success. */
  code(): string {
    return this.lastCode.read(this.bytes, this.codeAt, this.codeLength)
  }

  message(): string {
    return this.bytes.toString('utf8', this.payloadStart - this.messageLength, this.payloadStart)
  }

  protected override sizeOf(at: number): number {
    const { bytes } = this
    if (!isExact(bytes, at + 4)) throw badFrame('has a counter beyond 2^53 - 1')
    if (((bytes[at + 29] as number) & ~KNOWN_FLAGS[this.version]) !== 0) {
      throw badFrame(`has an item with the flags ${bytes[at + 29]}, of which some are not known`)
    }
    const isYield = ((bytes[at + 29] as number) & RESULT_FLAG.yields) !== 0
    if (isYield && bytes[at + 28] !== 0) throw badFrame('has an item that both fails and yields')
    const texts = (bytes[at + 28] as number) + u16(bytes, at + 30)
    return ITEM_BYTES + texts + u32(bytes, at + 16)
  }

  protected override readItem(at: number): number {
    const { bytes } = this
    this.slot = u32(bytes, at)
    this.counter = u64(bytes, at + 4)
    this.seq = u32(bytes, at + 12)
    this.payloadLength = u32(bytes, at + 16)
    this.heldUs = u32(bytes, at + 20)
    this.workUs = u32(bytes, at + 24)
    this.codeAt = at + ITEM_BYTES
    this.codeLength = bytes[at + 28] as number
    this.isFailure = this.codeLength > 0
    const flags = bytes[at + 29] as number
    this.isRetryable = (flags & RESULT_FLAG.retryable) !== 0
    this.yields = (flags & RESULT_FLAG.yields) !== 0
    this.messageLength = u16(bytes, at + 30)
    this.payloadStart = this.codeAt + this.codeLength + this.messageLength
    return this.payloadStart + this.payloadLength
  }
}
