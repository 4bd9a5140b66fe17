/**
 * Frames of kind 2, scheduler → submitter: what became of up to 64 of its tasks. The number in the
 * head is the scheduler's epoch.
 *
 * ```
 *  0       4    5     6     7    8      10   11  12       14       16              20  24
 * +-------+----+-----+-----+----+------+----+---+--------+--------+---------------+---+- - -
 * |number |what|state|flags| id |status|code| 0 | message|attempts| payloadLength | 0 | id, code,
 * |       |    |     |     | len|      | len|   | Length |        |               |   | message,
 * +-------+----+-----+-----+----+------+----+---+--------+--------+---------------+---+ payload
 * ```
 */
import type { TaskState } from '../task.ts'
import { badFrame, FRAME, FRAME_KIND, putU16, putU32, u16, u32 } from './frame-format.ts'
import type { FramePool } from './frame-pool.ts'
import { FrameReader, RepeatedText } from './frame-reader.ts'
import { cutMessage, FrameWriter, messageBytes, textBytes } from './frame-writer.ts'

const ITEM_BYTES = 24

/** States by their number, to which further ones are added behind. */
export const ANSWER_STATES: readonly TaskState[] = [
  'pending',
  'assigned',
  'processing',
  'completed',
  'failed',
  'cancelled',
  'dead',
  'scheduled',
  'expired',
  'blocked',
]
/** The first version in which a task is scheduled or has expired, and how many states were before. */
const DELAYS_VERSION = 3
const FIRST_STATES = 7
/** The same of those that wait for others. */
const BLOCKED_VERSION = 4
const STATES_WITH_DELAYS = 9

export const ANSWER = { accepted: 1, outcome: 2, refused: 3 } as const
export const ANSWER_FLAG = { duplicate: 1, retryable: 2 } as const
const KNOWN_FLAGS = ANSWER_FLAG.duplicate | ANSWER_FLAG.retryable

export class AnswerWriter extends FrameWriter {
  /** @param bytesMax what a frame may come to, where the server takes less than `FRAME.bytesMax`. */
  constructor(pool: FramePool, bytesMax: number = FRAME.bytesMax) {
    super(pool, FRAME_KIND.answer, FRAME.itemsMax, bytesMax)
  }

  /**
   * @param number the item's, as it was submitted.
   * @param what of {@link ANSWER}.
   * @param state index in {@link ANSWER_STATES}.
   * @param flags of {@link ANSWER_FLAG}.
   * @param status 0, or the error's number.
   * @param code '' or the error's code, a token.
   * @param message the error's sentence; of `accepted`, what the task waits for.
   * @returns false when it would not fit: `finish` first.
   */
  add(
    number: number,
    what: number,
    state: number,
    flags: number,
    id: string,
    status: number,
    code: string,
    message: string,
    attempts: number,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): boolean {
    const idLength = textBytes(id, 0xff)
    const codeLength = textBytes(code, 0xff)
    const kept = cutMessage(message)
    const messageLength = messageBytes(kept)
    if (!this.reserve(ITEM_BYTES + idLength + codeLength + messageLength + length)) return false
    const { buffer, at } = this
    if (state >= FIRST_STATES) this.needsVersion(versionOfState(state))
    putU32(buffer, at, number)
    buffer[at + 4] = what
    buffer[at + 5] = state
    buffer[at + 6] = flags
    buffer[at + 7] = idLength
    putU16(buffer, at + 8, status)
    buffer[at + 10] = codeLength
    buffer[at + 11] = 0
    putU16(buffer, at + 12, messageLength)
    putU16(buffer, at + 14, Math.min(attempts, 0xffff))
    putU32(buffer, at + 16, length)
    putU32(buffer, at + 20, 0)
    let end = this.putText(at + ITEM_BYTES, id)
    end = this.putText(end, code)
    end = this.putMessage(end, kept, messageLength)
    this.at = this.putBytes(end, bytes, start, length)
    return true
  }
}

export class AnswerReader extends FrameReader {
  private readonly lastCode = new RepeatedText()
  private idAt = 0
  idLength = 0
  codeLength = 0
  messageLength = 0
  number = 0
  /** Of `ANSWER`. */
  what = 0
  /** Index in `ANSWER_STATES`. */
  state = 0
  isDuplicate = false
  isRetryable = false
  status = 0
  attempts = 0
  payloadStart = 0
  payloadLength = 0

  constructor() {
    super(FRAME_KIND.answer, ITEM_BYTES, 1, FRAME.itemsMax, BLOCKED_VERSION)
  }

  get epoch(): number {
    return this.headNumber
  }

  /** '' when the scheduler left it out. */
  id(): string {
    return this.bytes.toString('latin1', this.idAt, this.idAt + this.idLength)
  }

  code(): string {
    return this.lastCode.read(this.bytes, this.idAt + this.idLength, this.codeLength)
  }

  message(): string {
    return this.bytes.toString('utf8', this.payloadStart - this.messageLength, this.payloadStart)
  }

  protected override sizeOf(at: number): number {
    const { bytes } = this
    const what = bytes[at + 4] as number
    if (what < ANSWER.accepted || what > ANSWER.refused) {
      throw badFrame(`has an answer ${what}, which is none`)
    }
    const state = bytes[at + 5] as number
    if (state >= ANSWER_STATES.length || this.version < versionOfState(state)) {
      throw badFrame(`has a task in the state ${bytes[at + 5]}, which is none`)
    }
    if (((bytes[at + 6] as number) & ~KNOWN_FLAGS) !== 0) {
      throw badFrame(`has an item with the flags ${bytes[at + 6]}, of which some are not known`)
    }
    if (bytes[at + 11] !== 0 || u32(bytes, at + 20) !== 0) {
      throw badFrame('has an item that is not 0 where it is to be')
    }
    const texts = (bytes[at + 7] as number) + (bytes[at + 10] as number) + u16(bytes, at + 12)
    return ITEM_BYTES + texts + u32(bytes, at + 16)
  }

  protected override readItem(at: number): number {
    const { bytes } = this
    this.number = u32(bytes, at)
    this.what = bytes[at + 4] as number
    this.state = bytes[at + 5] as number
    const flags = bytes[at + 6] as number
    this.isDuplicate = (flags & ANSWER_FLAG.duplicate) !== 0
    this.isRetryable = (flags & ANSWER_FLAG.retryable) !== 0
    this.idAt = at + ITEM_BYTES
    this.idLength = bytes[at + 7] as number
    this.status = u16(bytes, at + 8)
    this.codeLength = bytes[at + 10] as number
    this.messageLength = u16(bytes, at + 12)
    this.attempts = u16(bytes, at + 14)
    this.payloadLength = u32(bytes, at + 16)
    this.payloadStart = this.idAt + this.idLength + this.codeLength + this.messageLength
    return this.payloadStart + this.payloadLength
  }
}

/** @returns the first version in which a task is in this state. */
function versionOfState(state: number): number {
  if (state < FIRST_STATES) return 1
  return state < STATES_WITH_DELAYS ? DELAYS_VERSION : BLOCKED_VERSION
}
