/**
 * Tasks on their way out, as many in a message as one turn of the loop brings.
 *
 *                 first task                  full, or end of the turn
 *   lane empty ──────────────► frame open ─────────────────────────────► sent, kept till confirmed
 *                                │     ▲                                    │
 *                                └─────┘ further tasks                      └─ came back: plain form
 *
 * Runs in the thread of the client's connection. Invariant: a lane with an open frame is listed, and
 * one `setImmediate` is due that sends it: nothing waits for a timer, a task alone leaves in its own
 * turn, and whatever one read from the socket has set going leaves together.
 *
 * A frame's reply subject names it, so that a 503 of the server says which tasks nobody had.
 */
import { assert, type SignalboxError } from '../../errors.ts'
import type { InFlight } from '../../submit/in-flight.ts'
import type { ItemOptions } from '../../submit/port.ts'
import {
  FRAME,
  promisesBytes,
  RETRY_COUNT_OF_QUEUE,
  SubmitReader,
  TIMEOUT_OF_QUEUE,
} from '../../wire/frames.ts'
import { frameReplyTo } from '../../wire/subjects.ts'
import { requireToken } from '../../wire/tokens.ts'
import { disconnected, type Link } from '../link.ts'
import { Lane } from './lane.ts'
import type { PlainForm, PlainOptions } from './plain-form.ts'
import { type SentFrame, SentFrames } from './sent-frames.ts'

const NO_PROMISES = { own: null, atMs: null }
/** Fixed part of an item. */
const ITEM_BYTES = 20
/** Lanes remembered; those of which nothing would be missed are dropped when there are more. */
const LANES_MAX = 10_000

export class SubmitFrames {
  readonly #link: Link
  readonly #inFlight: InFlight<Lane>
  readonly #plain: PlainForm
  readonly #inbox: string
  /** Ends a task that could not be sent. */
  readonly #fail: (number: number, error: SignalboxError) => void
  readonly #sent: SentFrames
  /** By queue, then by level. */
  readonly #lanes = new Map<string, (Lane | undefined)[]>()
  readonly #open: Lane[] = []
  readonly #reader = new SubmitReader()
  readonly #publishOptions = { reply: '' }
  #isDue = false
  #nextFrame = 1
  #bytesMax: number

  constructor(
    link: Link,
    inFlight: InFlight<Lane>,
    plain: PlainForm,
    inbox: string,
    fail: (number: number, error: SignalboxError) => void,
  ) {
    this.#link = link
    this.#inFlight = inFlight
    this.#plain = plain
    this.#inbox = inbox
    this.#fail = fail
    this.#sent = new SentFrames(link)
    this.#bytesMax = frameBytesMax(link)
  }

  /** @throws bad_token; a name that was checked is not checked again. */
  laneOf(queue: string, level: number): Lane {
    let lanes = this.#lanes.get(queue)
    if (lanes === undefined) {
      requireToken(queue, 'queue')
      if (this.#lanes.size >= LANES_MAX) this.#forgetIdle()
      lanes = []
      this.#lanes.set(queue, lanes)
    }
    lanes[level] ??= new Lane(this.#link.subjects, this.#sent.pool, queue, level)
    return lanes[level]
  }

  #forgetIdle(): void {
    for (const [queue, lanes] of this.#lanes) {
      if (lanes.every((lane) => lane === undefined || lane.isIdle)) this.#lanes.delete(queue)
    }
  }

  /** *Cost* no allocation, except for the plain form. */
  send(lane: Lane, options: ItemOptions, number: number, id: string, payload: Uint8Array): void {
    const { requiresText, timeoutMs, retryCount, extension } = options
    const moreBytes = (extension === null ? 0 : extension.bytes) + promisesBytes(options)
    const bytes = ITEM_BYTES + id.length + requiresText.length + moreBytes + payload.length
    // What it depends on may stand in a frame that has not left.
    if (options.after !== null) this.publishOpen()
    const isPlain = lane.isPlain || options.after !== null || options.votes !== null
    if (isPlain || FRAME.headBytes + bytes > this.#bytesMax) {
      this.#sendPlain(lane, options, number, id, Uint8Array.from(payload))
      return
    }
    if (lane.bytes + bytes > this.#bytesMax) this.#publish(lane)
    if (!lane.isOpen) this.#listOpen(lane)
    const { writer } = lane
    lane.numbers[writer.count] = number
    lane.bytes += bytes
    const isIn = writer.add(
      number,
      timeoutMs ?? TIMEOUT_OF_QUEUE,
      retryCount ?? RETRY_COUNT_OF_QUEUE,
      options.wants,
      id,
      requiresText,
      payload,
      0,
      payload.length,
      extension,
      options,
    )
    assert(isIn, 'a task fits into a frame that has room')
    if (writer.isFull) this.#publish(lane)
  }

  #sendPlain(lane: Lane, options: PlainOptions, number: number, id: string, payload: Uint8Array) {
    this.#inFlight.markSent(number, 0)
    const error = this.#plain.publish(lane, options, number, id, payload)
    if (error !== null) this.#fail(number, error)
  }

  #listOpen(lane: Lane): void {
    lane.isOpen = true
    this.#open.push(lane)
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    this.#isDue = false
    this.publishOpen()
    this.#sent.sweep()
  }

  publishOpen(): void {
    for (const lane of this.#open) {
      lane.isOpen = false
      if (lane.writer.count > 0) this.#publish(lane)
    }
    this.#open.length = 0
  }

  #publish(lane: Lane): void {
    const { writer, numbers } = lane
    const { count } = writer
    if (count === 0) return
    const number = this.#nextFrame++
    writer.begin(number)
    const bytes = writer.finish()
    lane.emptied()
    this.#sent.add(number, lane, bytes)
    for (let i = 0; i < count; i++) this.#inFlight.markSent(numbers[i], number)
    if (lane.isPlain || !this.#handOver(lane, number, bytes)) {
      this.#sendAgain(this.#sent.take(number)!)
    }
  }

  /** @returns false when it is larger than the server takes by now, or the connection is closed. */
  #handOver(lane: Lane, number: number, bytes: Uint8Array): boolean {
    this.#publishOptions.reply = frameReplyTo(this.#inbox, number)
    try {
      this.#link.nc.publish(lane.frameSubject, bytes, this.#publishOptions)
      return true
    } catch {
      return false
    }
  }

  /** An answer to a task of this frame has come. */
  answered(frame: number): void {
    this.#sent.confirm(frame)
  }

  /** Nobody takes frames like this one: its tasks go out in the plain form, and its lane's next. */
  cameBack(number: number): void {
    const frame = this.#sent.take(number)
    if (frame === undefined) return
    frame.lane.isPlain = true
    this.#sendAgain(frame)
  }

  /** @returns the tasks of a frame that was refused as a whole, and is not sent again. */
  tasksOf(number: number): number[] {
    const frame = this.#sent.take(number)
    const tasks: number[] = []
    if (frame === undefined) return tasks
    this.#reader.open(frame.bytes)
    // Ends: a frame counts at most 64 items.
    while (this.#reader.next()) tasks.push(this.#reader.number)
    return tasks
  }

  #sendAgain({ lane, bytes }: SentFrame): void {
    const reader = this.#reader
    reader.open(bytes)
    // Ends: a frame counts at most 64 items.
    while (reader.next()) {
      const place = this.#inFlight.placeOf(reader.number)
      if (place < 0) continue
      const { number, payloadStart, payloadLength, timeoutMs, retryCount } = reader
      const options: PlainOptions = {
        requiresText: reader.requires(),
        timeoutMs: timeoutMs === TIMEOUT_OF_QUEUE ? null : timeoutMs,
        retryCount: retryCount === RETRY_COUNT_OF_QUEUE ? null : retryCount,
        wants: this.#inFlight.flagsAt(place) & 3,
        extension: reader.extension(),
        after: null,
        votes: null,
        ...(reader.promises() ?? NO_PROMISES),
      }
      // A copy, as the frame's buffer is used again before the connection has sent this.
      const payload = Uint8Array.from(bytes.subarray(payloadStart, payloadStart + payloadLength))
      this.#sendPlain(lane, options, number, reader.id(), payload)
    }
  }

  /** The server did not let a frame to this subject pass. @returns whether it is one of a lane. */
  denied(subject: string): boolean {
    const lane = this.#laneOfSubject(subject)
    if (lane === undefined) return false
    lane.isPlain = true
    if (lane.denials++ === 0) void this.#sendDeniedAgain(lane)
    return true
  }

  /** When the server has said of all frames whether they passed, it is known which did not. */
  async #sendDeniedAgain(lane: Lane): Promise<void> {
    await this.#sent.settled().catch(() => {})
    const frames = this.#sent.takeLast(lane, lane.denials)
    lane.denials = 0
    for (const frame of frames) this.#sendAgain(frame)
  }

  #laneOfSubject(subject: string): Lane | undefined {
    for (const lanes of this.#lanes.values()) {
      const found = lanes.find((lane) => lane?.frameSubject === subject)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** A scheduler is up that may take frames of these queues. */
  tryFramesAgain(serves: (queue: string) => boolean): void {
    for (const [queue, lanes] of this.#lanes) {
      if (!serves(queue)) continue
      for (const lane of lanes) if (lane !== undefined) lane.isPlain = false
    }
  }

  /** The connection is lost; what has not left will not. */
  disconnected(): void {
    for (const lane of this.#open) {
      lane.isOpen = false
      const { writer } = lane
      const numbers = lane.numbers.slice(0, writer.count)
      if (writer.count > 0) this.#discard(lane)
      for (const number of numbers) this.#fail(number, disconnected('nothing was submitted'))
    }
    this.#open.length = 0
    this.#sent.clear()
  }

  #discard(lane: Lane): void {
    lane.writer.finish()
    lane.emptied()
    this.#sent.pool.giveBack(this.#sent.pool.lastLent!)
  }

  reconnected(): void {
    this.#bytesMax = frameBytesMax(this.#link)
    this.tryFramesAgain(() => true)
  }
}

/** A frame is one message, so a server that takes less than a frame may have decides. */
function frameBytesMax({ nc }: Link): number {
  return Math.min(FRAME.bytesMax, nc.info?.max_payload ?? FRAME.bytesMax)
}
