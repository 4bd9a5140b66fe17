/**
 * A task that came in a frame, read from its bytes only where the handler asks: a handler that looks
 * at nothing but the payload costs no string, one that looks at nothing no copy.
 *
 * Invariant: what the handler was given stays right for as long as it holds on to it. A payload is a
 * copy, since the message is a view of what was read from the socket, 27 KB for one small task; id
 * and queue are read from the frame, of which `WorkFrame` makes a copy before its message is left.
 */
import { AgentTask, type TaskDetails } from '../../agent-task.ts'
import { decodePayload, payloadText } from '../../wire/payload.ts'
import { ownBytes } from '../answers.ts'
import { ATTEMPT, type Attempt } from './attempt.ts'
import type { OwnCopies } from './own-copies.ts'

const EMPTY = new Uint8Array(0)

/** Where the tasks of one agent copy their payloads to, and send their progress. */
export interface TaskGround {
  readonly copies: OwnCopies
  progress(attempt: Attempt, bytes: Uint8Array): void
}

/** The bytes of one frame of work, shared by its tasks. */
export class WorkFrame {
  bytes: Buffer
  readonly ground: TaskGround
  #isOwn = false

  constructor(bytes: Buffer, ground: TaskGround) {
    this.bytes = bytes
    this.ground = ground
  }

  /** Its tasks outlive the message: they go on with a copy, unless that would save little. */
  keep(): void {
    if (this.#isOwn) return
    this.#isOwn = true
    const own = ownBytes(this.bytes)
    this.bytes = Buffer.from(own.buffer, own.byteOffset, own.length)
  }
}

export class FramedTask extends AgentTask {
  readonly #frame: WorkFrame
  readonly #attempt: Attempt
  readonly #idStart: number
  readonly #queueStart: number
  readonly #queueEnd: number
  /** Where the extension begins, if there is one, or the payload. */
  readonly #textsEnd: number
  readonly #payloadStart: number
  readonly #payloadEnd: number
  #id: string | null = null
  #queue: string | null = null
  #type: string | null = null
  #payload: Uint8Array | null = null
  readonly #details: TaskDetails | null

  /**
   * Its parts stand in the frame one behind the other.
   * @param typeLength 0 where the type is the queue's name; else a byte and the type stand between
   *   queue and payload.
   * @param extensionLength of what stands before the payload of tasks that were moved or interrupted, or
   *   are part of a graph.
   * @param details which that says; null for nearly all tasks.
   */
  constructor(
    attempt: Attempt,
    count: number,
    frame: WorkFrame,
    idLength: number,
    queueLength: number,
    typeLength: number,
    extensionLength: number,
    payloadStart: number,
    payloadLength: number,
    details: TaskDetails | null,
  ) {
    super('', '', count, EMPTY, null)
    this.#attempt = attempt
    this.#frame = frame
    this.#details = details
    const textsEnd = payloadStart - extensionLength
    this.#textsEnd = textsEnd
    this.#queueEnd = typeLength === 0 ? textsEnd : textsEnd - typeLength - 1
    this.#queueStart = this.#queueEnd - queueLength
    this.#idStart = this.#queueStart - idLength
    this.#payloadStart = payloadStart
    this.#payloadEnd = payloadStart + payloadLength
  }

  override get id(): string {
    this.#id ??= this.#text(this.#idStart, this.#queueStart)
    return this.#id
  }

  override get queue(): string {
    this.#queue ??= this.#text(this.#queueStart, this.#queueEnd)
    return this.#queue
  }

  override get type(): string {
    if (this.#queueEnd === this.#textsEnd) return this.queue
    this.#type ??= this.#text(this.#queueEnd + 1, this.#textsEnd)
    return this.#type
  }

  protected override get details(): TaskDetails {
    return this.#details ?? super.details
  }

  #text(start: number, end: number): string {
    return this.#frame.bytes.toString('latin1', start, end)
  }

  override get payload(): Uint8Array {
    if (this.#payload === null) {
      const { bytes, ground } = this.#frame
      const start = this.#payloadStart
      this.#payload = ground.copies.copy(bytes, start, this.#payloadEnd - start)
    }
    return this.#payload
  }

  override json<T = unknown>(): T {
    return decodePayload<T>(this.#view())
  }

  override text(): string {
    return payloadText(this.#view())
  }

  /** What the handler has may have been written into, and is what it means. */
  #view(): Uint8Array {
    return this.#payload ?? this.#frame.bytes.subarray(this.#payloadStart, this.#payloadEnd)
  }

  protected override sendProgress(bytes: Uint8Array): void {
    if (this.#attempt.state === ATTEMPT.running) this.#frame.ground.progress(this.#attempt, bytes)
  }
}
