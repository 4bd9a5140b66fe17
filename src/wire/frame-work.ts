/**
 * Frames of kind 3, scheduler → agent: up to 64 attempts to work on. The number in the head is
 * the scheduler's epoch, and so part of the token of each.
 *
 * ```
 *  0      4         12    16              20        22   23    24
 * +------+---------+-----+---------------+---------+----+-----+- - -
 * | slot | counter | seq | payloadLength | attempt | id |queue| id, queue, payload
 * |      |         |     |               |         | len| len |
 * +------+---------+-----+---------------+---------+----+-----+- - -
 * ```
 *
 * A task whose type is not its queue's name has it behind the queue: its length in one byte, then the
 * text. The highest bit of the queue's length announces it; a frame with one is of version 2.
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
import { digitCount, FrameWriter, textBytes } from './frame-writer.ts'

const ITEM_BYTES = 24
/** Of the queue's length, which is 64 at most. */
const HAS_TYPE = 0x80
/** The first version with types. */
export const TYPES_VERSION = 2

export class WorkWriter extends FrameWriter {
  /** @param bytesMax what a frame may come to, where the server takes less than `FRAME.bytesMax`. */
  constructor(pool: FramePool, bytesMax: number = FRAME.bytesMax) {
    super(pool, FRAME_KIND.work, FRAME.itemsMax, bytesMax)
  }

  /**
   * @param slot and `counter` and `seq`: the attempt's, with the epoch its token.
   * @param attempt how often the task was started, this time included.
   * @param idNumber stands behind `id` in decimal, unless it is -1: no text is made of the two.
   * @param type '' where it is the queue's name, or not to be told.
   * @returns false when it would not fit: `finish` first.
   */
  add(
    slot: number,
    counter: number,
    seq: number,
    attempt: number,
    id: string,
    queue: string,
    bytes: Uint8Array,
    start: number,
    length: number,
    idNumber = -1,
    type = '',
  ): boolean {
    const idLength = textBytes(id, 0xff) + (idNumber < 0 ? 0 : digitCount(idNumber))
    const queueLength = textBytes(queue, 0x7f)
    const typeBytes = type === '' ? 0 : 1 + textBytes(type, 0xff)
    if (!this.reserve(ITEM_BYTES + idLength + queueLength + typeBytes + length)) return false
    const { buffer, at } = this
    putU32(buffer, at, slot)
    putU64(buffer, at + 4, counter)
    putU32(buffer, at + 12, seq)
    putU32(buffer, at + 16, length)
    putU16(buffer, at + 20, Math.min(attempt, 0xffff))
    buffer[at + 22] = idLength
    buffer[at + 23] = type === '' ? queueLength : queueLength | HAS_TYPE
    let end = this.putText(at + ITEM_BYTES, id)
    if (idNumber >= 0) end = this.putDigits(end, idNumber)
    end = this.putText(end, queue)
    if (type !== '') end = this.putType(end, type)
    this.at = this.putBytes(end, bytes, start, length)
    return true
  }

  private putType(at: number, type: string): number {
    this.needsVersion(TYPES_VERSION)
    this.buffer[at] = type.length
    return this.putText(at + 1, type)
  }
}

export class WorkReader extends FrameReader {
  private readonly lastQueue = new RepeatedText()
  private readonly lastType = new RepeatedText()
  private idAt = 0
  idLength = 0
  queueLength = 0
  /** 0 where it is the queue's name. */
  typeLength = 0
  slot = 0
  counter = 0
  seq = 0
  attempt = 0
  payloadStart = 0
  payloadLength = 0

  constructor() {
    super(FRAME_KIND.work, ITEM_BYTES, 1, FRAME.itemsMax, TYPES_VERSION)
  }

  get epoch(): number {
    return this.headNumber
  }

  id(): string {
    return this.bytes.toString('latin1', this.idAt, this.idAt + this.idLength)
  }

  queue(): string {
    return this.lastQueue.read(this.bytes, this.idAt + this.idLength, this.queueLength)
  }

  /** '' where it is the queue's name. */
  type(): string {
    return this.lastType.read(this.bytes, this.payloadStart - this.typeLength, this.typeLength)
  }

  protected override sizeOf(at: number): number {
    const { bytes } = this
    if (!isExact(bytes, at + 4)) throw badFrame('has a counter beyond 2^53 - 1')
    const queueLength = bytes[at + 23] as number
    if (queueLength >= HAS_TYPE && this.version >= TYPES_VERSION) return this.typedSize(at)
    return ITEM_BYTES + (bytes[at + 22] as number) + queueLength + u32(bytes, at + 16)
  }

  private typedSize(at: number): number {
    const { bytes } = this
    const texts = (bytes[at + 22] as number) + ((bytes[at + 23] as number) & ~HAS_TYPE)
    const typeAt = at + ITEM_BYTES + texts
    if (typeAt >= bytes.length) throw badFrame('ends before the type of an item')
    if (bytes[typeAt] === 0) throw badFrame('has an item with an empty type')
    return ITEM_BYTES + texts + 1 + (bytes[typeAt] as number) + u32(bytes, at + 16)
  }

  protected override readItem(at: number): number {
    const { bytes } = this
    this.slot = u32(bytes, at)
    this.counter = u64(bytes, at + 4)
    this.seq = u32(bytes, at + 12)
    this.payloadLength = u32(bytes, at + 16)
    this.attempt = u16(bytes, at + 20)
    this.idAt = at + ITEM_BYTES
    this.idLength = bytes[at + 22] as number
    const queueLength = bytes[at + 23] as number
    const hasType = queueLength >= HAS_TYPE && this.version >= TYPES_VERSION
    this.queueLength = hasType ? queueLength & ~HAS_TYPE : queueLength
    this.payloadStart = this.idAt + this.idLength + this.queueLength
    this.typeLength = hasType ? (bytes[this.payloadStart] as number) : 0
    if (hasType) this.payloadStart += 1 + this.typeLength
    return this.payloadStart + this.payloadLength
  }
}
