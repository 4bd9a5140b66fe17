/**
 * Writing a frame, item by item; each kind of frame has its own writer on top of this.
 *
 * Invariant: what `finish` gives is a whole frame with all items whose `add` returned true, in
 * their order, and nothing else.
 *
 * ```
 *   empty --add--> open --add--> open --add: false--> full
 *     ^              |                                  |
 *     '--- finish ---'------------- finish -------------'
 * ```
 */
import { assert } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { copyBytes } from './copy-bytes.ts'
import { FRAME, type FrameKind, putHead } from './frame-format.ts'
import type { FramePool } from './frame-pool.ts'

/** Of ASCII. */
const DIGIT_ZERO = 48
const NO_BUFFER: Buffer = Buffer.alloc(0)

export abstract class FrameWriter {
  private readonly pool: FramePool
  private readonly kind: FrameKind
  private readonly itemsMax: number
  private readonly bytesMax: number
  private items = 0
  private number = 0
  /** Of the open frame: the lowest in which all of its items can be said. */
  private version = 1
  /** As long as the last frame was, so that a busy writer's buffer need not grow each time. */
  private expectedBytes = 0
  protected buffer: Buffer = NO_BUFFER
  /** Bytes written so far, and so where the next item begins. */
  protected at = 0

  constructor(pool: FramePool, kind: FrameKind, itemsMax: number, bytesMax: number) {
    this.pool = pool
    this.kind = kind
    this.itemsMax = itemsMax
    this.bytesMax = bytesMax
  }

  /** Items in the open frame. */
  get count(): number {
    return this.items
  }

  /** Nothing more fits, whatever its size. */
  get isFull(): boolean {
    return this.items >= this.itemsMax || this.at >= this.bytesMax
  }

  /**
   * Says what stands in the head, as this frame's number or the scheduler's epoch; it stays for
   * the frames after this one until it is said anew.
   * @param number 0 to 2^53 - 1.
   */
  begin(number: number): void {
    this.number = number
  }

  /** @returns the frame, whose buffer is lent until the pool's `reclaim`. The writer is empty. */
  finish(): Uint8Array {
    assert(this.at > 0, 'an open frame is finished')
    putHead(this.buffer, this.kind, this.version, this.items, this.number)
    const frame = this.buffer.subarray(0, this.at)
    this.pool.lend(this.buffer)
    this.expectedBytes = Math.min(this.at, FRAME.bytesMax)
    this.buffer = NO_BUFFER
    this.items = 0
    this.at = 0
    this.version = 1
    return frame
  }

  /** The open frame holds an item that is not known before this version. */
  protected needsVersion(version: number): void {
    if (this.version < version) this.version = version
  }

  /**
   * Makes room for one item, which the caller then writes at `at` in full.
   * @returns false when it belongs into the next frame: `finish` first.
   */
  protected reserve(bytes: number): boolean {
    if (this.at === 0) this.openFrame(bytes)
    else if (this.items >= this.itemsMax) return false
    else if (this.items > 0 && this.at + bytes > this.bytesMax) return false
    if (this.at + bytes > this.buffer.length) this.grow(this.at + bytes)
    this.items++
    return true
  }

  /** Takes a buffer, and leaves the place of the head to `finish`. */
  protected openFrame(bytes: number): void {
    this.buffer = this.pool.take(Math.max(FRAME.headBytes + bytes, this.expectedBytes))
    this.at = FRAME.headBytes
  }

  protected putText(at: number, text: string): number {
    const { buffer } = this
    let all = 0
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      all |= code
      buffer[at + i] = code
    }
    assert(all < 0x80, 'tokens in frames are ASCII')
    return at + text.length
  }

  /** @param value a whole number from 0 to 2^53 - 1, written in decimal. */
  protected putDigits(at: number, value: number): number {
    const end = at + digitCount(value)
    let left = value
    for (let digitAt = end - 1; digitAt >= at; digitAt--) {
      const rest = Math.trunc(left / 10)
      this.buffer[digitAt] = DIGIT_ZERO + (left - rest * 10)
      left = rest
    }
    return end
  }

  /** @param bytes as many as {@link messageBytes} said. */
  protected putMessage(at: number, message: string, bytes: number): number {
    if (bytes === message.length) return this.putText(at, message)
    this.buffer.write(message, at, bytes, 'utf8')
    return at + bytes
  }

  protected putBytes(at: number, bytes: Uint8Array, start: number, length: number): number {
    copyBytes(this.buffer, at, bytes, start, length)
    return at + length
  }

  /** Doubling, so that a frame of many items is copied a few times at most. */
  private grow(bytes: number): void {
    const larger = this.pool.take(Math.max(bytes, 2 * this.buffer.length))
    copyBytes(larger, 0, this.buffer, 0, this.at)
    this.pool.giveBack(this.buffer)
    this.buffer = larger
  }
}

/** @returns how many digits the number has in decimal. */
export function digitCount(value: number): number {
  let count = 1
  for (let limit = 10; value >= limit; limit *= 10) count++
  return count
}

/** @returns the length of a token or list of tokens, checked against its field in the frame. */
export function textBytes(text: string, max: number): number {
  assert(text.length <= max, 'a text fits into its field of a frame')
  return text.length
}

/** @returns the message, of which as much is kept as a scheduler keeps of any. */
export function cutMessage(message: string): string {
  const max = LIMITS.errorMessageBytesMax
  return message.length <= max ? message : message.slice(0, max)
}

/** @returns bytes of `message` in UTF-8. */
export function messageBytes(message: string): number {
  for (let i = 0; i < message.length; i++) {
    if (message.charCodeAt(i) > 0x7f) return Buffer.byteLength(message)
  }
  return message.length
}
