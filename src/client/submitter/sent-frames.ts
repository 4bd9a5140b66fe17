/**
 * Frames that were published and may still come back: nobody listened (a 503 on the frame's own reply
 * subject), or the server did not let it pass. Their bytes are kept until that cannot happen any more,
 * so that the same tasks can be sent in the plain form.
 *
 *   add ──► kept ── a later frame was answered, or a ping sent after it ──► confirmed ──► its buffer is free
 *             └──── 503, or denied: taken out, and sent again
 *
 * Runs in the thread of the client's connection. Invariant: a frame that may have been served is never
 * sent again.
 *
 * The server takes the messages of a connection in order and says in that order which it could not
 * pass on, so an answer to one of a frame's tasks vouches for all frames before it. Where none comes,
 * as with tasks that run for long, a ping is sent after them.
 */
import { Fifo } from '../../submit/fifo.ts'
import { FramePool } from '../../wire/frames.ts'
import type { Link } from '../link.ts'
import type { Lane } from './lane.ts'

/** Kept unconfirmed without a ping for so long, and so many bytes, at most. */
const PING_AFTER_MS = 200
const PING_AFTER_BYTES = 4 * 1024 * 1024

export interface SentFrame {
  readonly number: number
  readonly lane: Lane
  readonly bytes: Uint8Array
  readonly buffer: Buffer
  /** It was sent again. */
  isTaken: boolean
}

/** Buffers come back one by one, when their frames are confirmed, instead of all together. */
class SubmitPool extends FramePool {
  lastLent: Buffer | undefined

  override lend(buffer: Buffer): void {
    this.lastLent = buffer
  }
}

export class SentFrames {
  readonly pool = new SubmitPool()
  readonly #link: Link
  /** In the order of their numbers, which have no gaps. */
  readonly #frames = new Fifo<SentFrame>()
  #confirmed = 0
  #bytes = 0
  #pinged = false
  #timer: NodeJS.Timeout | undefined

  constructor(link: Link) {
    this.#link = link
  }

  /** The last finished frame of this pool has gone out. */
  add(number: number, lane: Lane, bytes: Uint8Array): void {
    const buffer = this.pool.lastLent!
    this.#frames.push({ number, lane, bytes, buffer, isTaken: false })
    this.#bytes += buffer.length
    if (this.#bytes > PING_AFTER_BYTES) this.#ping()
    this.#timer ??= setTimeout(this.#onTimer, PING_AFTER_MS)
  }

  /** A task of this frame was answered: neither it nor any before it will come back. */
  confirm(number: number): void {
    if (number > this.#confirmed) this.#confirmed = number
  }

  /** @returns a frame that has come back; undefined when it is not, or no longer, kept. */
  take(number: number): SentFrame | undefined {
    const first = this.#frames.first()
    const frame = first === undefined ? undefined : this.#frames.at(number - first.number)
    if (frame === undefined || frame.isTaken) return undefined
    frame.isTaken = true
    return frame
  }

  /** @returns the lane's last `count` frames: what was let pass was so before what was not. */
  takeLast(lane: Lane, count: number): SentFrame[] {
    const found: SentFrame[] = []
    for (let at = this.#frames.length - 1; at >= 0 && found.length < count; at--) {
      const frame = this.#frames.at(at)!
      if (frame.lane !== lane || frame.isTaken) continue
      frame.isTaken = true
      found.unshift(frame)
    }
    return found
  }

  /**
   * Frees what is confirmed. To be called in a turn of its own: of one read from the socket, answers
   * are heard of before refusals by the server are.
   */
  sweep(): void {
    for (let frame = this.#frames.first(); frame; frame = this.#frames.first()) {
      if (frame.number > this.#confirmed || (frame.lane.denials > 0 && !frame.isTaken)) return
      this.#frames.shift()
      this.#free(frame)
    }
  }

  /** The connection is lost: what became of the frames cannot be known any more. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (let frame = this.#frames.shift(); frame; frame = this.#frames.shift()) this.#free(frame)
  }

  /** @returns when the server has said what it has to say about all that was sent before. */
  async settled(): Promise<void> {
    await this.#link.nc.flush()
    await new Promise(setImmediate)
  }

  #free({ buffer }: SentFrame): void {
    this.#bytes -= buffer.length
    this.pool.giveBack(buffer)
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined
    this.sweep()
    if (this.#frames.length === 0) return
    this.#ping()
    this.#timer = setTimeout(this.#onTimer, PING_AFTER_MS)
  }

  #ping(): void {
    const last = this.#frames.at(this.#frames.length - 1)
    if (this.#pinged || last === undefined || !this.#link.connected) return
    this.#pinged = true
    const over = () => {
      this.#pinged = false
    }
    this.settled().then(() => {
      over()
      this.confirm(last.number)
      this.sweep()
    }, over)
  }
}
