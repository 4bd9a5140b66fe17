/**
 * Frames of kind 1, submitter → scheduler: up to 64 tasks for one queue and priority, which stand
 * in the subject. The number in the head is the client's own.
 *
 * ```
 *  0       4               8           12     13    14   15   16              18    20
 * +-------+---------------+-----------+------+-----+----+----+---------------+-----+- - -
 * |number | payloadLength | timeoutMs |retry |flags| id | 0  |requiresLength |  0  | id, requires,
 * |       |               |           |count |     | len|    |               |     | payload
 * +-------+---------------+-----------+------+-----+----+----+---------------+-----+- - -
 * ```
 */
import { badFrame, FRAME, FRAME_KIND, putU16, putU32, u16, u32 } from './frame-format.ts'
import type { FramePool } from './frame-pool.ts'
import { FrameReader, RepeatedText } from './frame-reader.ts'
import { FrameWriter, textBytes } from './frame-writer.ts'

const ITEM_BYTES = 20

export const SUBMIT_FLAG = { wantsAccepted: 1, wantsOutcome: 2 } as const
const KNOWN_FLAGS = SUBMIT_FLAG.wantsAccepted | SUBMIT_FLAG.wantsOutcome

/** A `retryCount` that says: as the queue has it. */
export const RETRY_COUNT_OF_QUEUE = 255
/** A `timeoutMs` that says: as the queue has it. */
export const TIMEOUT_OF_QUEUE = 0

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
   * @param requires tokens joined by commas.
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
  ): boolean {
    const idLength = textBytes(id, 0xff)
    const requiresLength = textBytes(requires, 0xffff)
    if (!this.reserve(ITEM_BYTES + idLength + requiresLength + length)) return false
    const { buffer, at } = this
    putU32(buffer, at, number)
    putU32(buffer, at + 4, length)
    putU32(buffer, at + 8, timeoutMs)
    buffer[at + 12] = retryCount
    buffer[at + 13] = flags
    buffer[at + 14] = idLength
    buffer[at + 15] = 0
    putU16(buffer, at + 16, requiresLength)
    putU16(buffer, at + 18, 0)
    let end = this.putText(at + ITEM_BYTES, id)
    end = this.putText(end, requires)
    this.at = this.putBytes(end, bytes, start, length)
    return true
  }
}

export class SubmitReader extends FrameReader {
  private readonly lastRequires = new RepeatedText()
  private idAt = 0
  idLength = 0
  requiresLength = 0
  number = 0
  timeoutMs = 0
  retryCount = 0
  wantsAccepted = false
  wantsOutcome = false
  payloadStart = 0
  payloadLength = 0

  constructor() {
    super(FRAME_KIND.submit, ITEM_BYTES, 1, FRAME.itemsMax)
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

  protected override sizeOf(at: number): number {
    const { bytes } = this
    if (((bytes[at + 13] as number) & ~KNOWN_FLAGS) !== 0) {
      throw badFrame(`has an item with the flags ${bytes[at + 13]}, of which some are not known`)
    }
    if (bytes[at + 15] !== 0 || u16(bytes, at + 18) !== 0) {
      throw badFrame('has an item that is not 0 where it is to be')
    }
    return ITEM_BYTES + (bytes[at + 14] as number) + u16(bytes, at + 16) + u32(bytes, at + 4)
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
    this.payloadStart = this.idAt + this.idLength + this.requiresLength
    return this.payloadStart + this.payloadLength
  }
}
