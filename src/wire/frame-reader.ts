/**
 * Reading a frame: opened, and so checked whole, then item by item. One reader is used for all
 * frames of its kind; each kind has its own on top of this.
 *
 * Invariant: after `open` threw there is no item; after it returned there are `count` of them,
 * each whole.
 *
 * ```
 *   empty --open--> opened --next: true--> at an item --next: false--> empty
 *     ^               |                       | ^ |
 *     '- open throws -'                       '-' next: true
 * ```
 *
 * An item's fields stay until the next `next` or `open`; its texts are made only when asked for.
 */
import { copyBytes } from './copy-bytes.ts'
import { badFrame, FRAME, type FrameKind, openHead, u64 } from './frame-format.ts'

const NO_BYTES: Buffer = Buffer.alloc(0)

export abstract class FrameReader {
  private readonly kind: FrameKind
  private readonly versionMax: number
  private readonly itemBytes: number
  private readonly countMin: number
  private readonly countMax: number
  private left = 0
  private nextAt = 0
  /** Of the frame that is open. */
  protected version = 1
  /** The frame's bytes, which payloads are ranges of. */
  bytes: Buffer = NO_BYTES
  /** Items of the frame, read or not. */
  count = 0
  /** The head's number: a submit frame's own, the scheduler's epoch of all others. */
  headNumber = 0

  /** @param versionMax the newest version that there is of this kind. */
  constructor(
    kind: FrameKind,
    itemBytes: number,
    countMin: number,
    countMax: number,
    versionMax = 1,
  ) {
    this.kind = kind
    this.versionMax = versionMax
    this.itemBytes = itemBytes
    this.countMin = countMin
    this.countMax = countMax
  }

  /**
   * @throws frame_version when it is of a newer version.
   * @throws bad_frame unless all of it is as its kind's byte table says.
   */
  open(bytes: Uint8Array): void {
    this.left = 0
    this.count = 0
    const count = openHead(bytes, this.kind, this.versionMax, this.countMin, this.countMax)
    this.bytes = asBuffer(bytes)
    this.version = bytes[2] as number
    const first = this.firstItemAt()
    let at = first
    for (let item = 0; item < count; item++) {
      if (at + this.itemBytes > bytes.length) throw badFrame(`ends within item ${item + 1}`)
      at += this.sizeOf(at)
    }
    if (at !== bytes.length) {
      throw badFrame(`has ${bytes.length} bytes where its items’ lengths come to ${at}`)
    }
    this.headNumber = u64(bytes, 8)
    this.nextAt = first
    this.left = count
    this.count = count
  }

  /** @returns whether there is another item, whose fields this reader then shows. */
  next(): boolean {
    if (this.left === 0) return false
    this.left--
    this.nextAt = this.readItem(this.nextAt)
    return true
  }

  /** Checks what stands between head and items, of a beat. */
  protected firstItemAt(): number {
    return FRAME.headBytes
  }

  /**
   * The whole length of the item at `at`, of which the fixed part is there.
   * @throws bad_frame for an unknown flag, and for a byte that is to be 0 and is not.
   */
  protected abstract sizeOf(at: number): number

  /** @returns where the item ends. */
  protected abstract readItem(at: number): number
}

/** `Buffer` makes texts of ranges; what comes from a socket is one already. */
function asBuffer(bytes: Uint8Array): Buffer {
  if (bytes instanceof Buffer) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/**
 * A text of a frame, which is likely to be that of the item before: a queue, a code. The same
 * bytes give the same string again, without making one.
 */
export class RepeatedText {
  private readonly lastBytes = new Uint8Array(255)
  private lastLength = 0
  private lastText = ''

  read(buffer: Buffer, start: number, length: number): string {
    if (length === 0) return ''
    if (this.isLast(buffer, start, length)) return this.lastText
    const text = buffer.toString('latin1', start, start + length)
    if (length > this.lastBytes.length) return text
    copyBytes(this.lastBytes, 0, buffer, start, length)
    this.lastLength = length
    this.lastText = text
    return text
  }

  private isLast(buffer: Buffer, start: number, length: number): boolean {
    if (length !== this.lastLength) return false
    for (let i = 0; i < length; i++) if (this.lastBytes[i] !== buffer[start + i]) return false
    return true
  }
}
