/**
 * Frames of kinds 5 and 6, whose items are counters of attempts alone: which results a scheduler
 * has taken (acknowledge, scheduler → agent), and what an agent has in hand (beat, agent → its
 * scheduler). The number in the head is the scheduler's epoch.
 *
 * ```
 * acknowledge    16        24              beat   16       24    25       32
 *               +---------+---------+- -         +--------+-----+--------+- - - - -+---------+- -
 *               | counter | counter |            |  seen  |inst.| 7 x 0  | instance| counter |
 *               |         |         |            | counter| len |        |         |         |
 *               +---------+---------+- -         +--------+-----+--------+- - - - -+---------+- -
 * ```
 */
import { assert } from '../errors.ts'
import { badFrame, FRAME, FRAME_KIND, isExact, putU64, u64 } from './frame-format.ts'
import type { FramePool } from './frame-pool.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameWriter, textBytes } from './frame-writer.ts'

const ITEM_BYTES = 8
/** Where a beat's instance begins. */
const INSTANCE_AT = 32

export class AckWriter extends FrameWriter {
  constructor(pool: FramePool) {
    super(pool, FRAME_KIND.acknowledge, FRAME.acksMax, FRAME.bytesMax)
  }

  /** @returns false when the frame is full: `finish` first. */
  add(counter: number): boolean {
    if (!this.reserve(ITEM_BYTES)) return false
    putU64(this.buffer, this.at, counter)
    this.at += ITEM_BYTES
    return true
  }
}

/** A beat is one frame whatever is in hand, since a part of it would say that the rest is lost. */
export class BeatWriter extends FrameWriter {
  constructor(pool: FramePool) {
    super(pool, FRAME_KIND.beat, FRAME.beatsMax, Number.MAX_SAFE_INTEGER)
  }

  /**
   * Opens a beat, for which there is then something to finish, with counters or without.
   * @param seen counter of the last work received; 0 for none.
   */
  override begin(epoch: number, seen = 0, instance = ''): void {
    assert(this.at === 0, 'a beat is finished before the next begins')
    super.begin(epoch)
    const instanceLength = textBytes(instance, 0xff)
    this.openFrame(INSTANCE_AT - FRAME.headBytes + instanceLength)
    putU64(this.buffer, FRAME.headBytes, seen)
    this.buffer.fill(0, FRAME.headBytes + 8, INSTANCE_AT)
    this.buffer[FRAME.headBytes + 8] = instanceLength
    this.at = this.putText(INSTANCE_AT, instance)
  }

  /** @returns false when there are more than may be in hand. */
  add(counter: number): boolean {
    assert(this.at > 0, 'a beat is begun before anything is added')
    if (!this.reserve(ITEM_BYTES)) return false
    putU64(this.buffer, this.at, counter)
    this.at += ITEM_BYTES
    return true
  }
}

abstract class CounterReader extends FrameReader {
  counter = 0

  get epoch(): number {
    return this.headNumber
  }

  protected override sizeOf(at: number): number {
    if (!isExact(this.bytes, at)) throw badFrame('has a counter beyond 2^53 - 1')
    return ITEM_BYTES
  }

  protected override readItem(at: number): number {
    this.counter = u64(this.bytes, at)
    return at + ITEM_BYTES
  }
}

export class AckReader extends CounterReader {
  constructor() {
    super(FRAME_KIND.acknowledge, ITEM_BYTES, 1, FRAME.acksMax)
  }
}

export class BeatReader extends CounterReader {
  constructor() {
    super(FRAME_KIND.beat, ITEM_BYTES, 0, FRAME.beatsMax)
  }

  /** Counter of the last work that the agent received; 0 for none. */
  get seen(): number {
    return u64(this.bytes, FRAME.headBytes)
  }

  /** What the agent wrote: no token yet. */
  instance(): string {
    return this.bytes.toString('latin1', INSTANCE_AT, this.firstItemAt())
  }

  protected override firstItemAt(): number {
    const { bytes } = this
    if (bytes.length < INSTANCE_AT) throw badFrame('ends before the instance of the agent')
    if (!isExact(bytes, FRAME.headBytes)) throw badFrame('has a counter beyond 2^53 - 1')
    for (let at = FRAME.headBytes + 9; at < INSTANCE_AT; at++) {
      if (bytes[at] !== 0) throw badFrame('is not 0 where it is to be')
    }
    const end = INSTANCE_AT + (bytes[FRAME.headBytes + 8] as number)
    if (end > bytes.length) throw badFrame('ends within the instance of the agent')
    return end
  }
}
