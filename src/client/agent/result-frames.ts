/**
 * Results on their way out in frames: one open frame for each scheduler, sent when it is full and in
 * the turn after its first result, so that the results of one frame of work leave in one frame and
 * those of handlers that end together share one.
 *
 * Invariant: what stands in an open frame is kept by the agent as well; if the connection is gone by
 * the time the frame leaves, it is thrown away and its results leave anew when it is back.
 */
import type { AttemptResult } from '../../agent-task.ts'
import { nowUs } from '../../clock.ts'
import { assert } from '../../errors.ts'
import { FRAME } from '../../wire/frames.ts'
import type { Link } from '../link.ts'
import type { Attempt } from './attempt.ts'
import { StampedResultWriter } from './result-writer.ts'
import type { SchedulerWork } from './scheduler-work.ts'

/** What a NATS server takes unless it is configured otherwise. */
const PAYLOAD_BYTES_MAX = 1024 * 1024
/** Head of a frame, fixed part of an item, and a code. */
const ITEM_ROOM = 16 + 32 + 64
const UTF8_BYTES_MAX = 3

export class ResultFrames {
  readonly #link: Link
  /** Schedulers whose frame has something in it. */
  readonly #open: SchedulerWork[] = []
  /** What the server takes in one message. */
  #payloadBytesMax: number

  constructor(link: Link) {
    this.#link = link
    this.#payloadBytesMax = payloadBytesMax(link)
  }

  /**
   * The connection is another one now, perhaps to a server with other limits.
   * @param schedulers all that there are: their frames begin anew.
   */
  reset(schedulers: Iterable<SchedulerWork>): void {
    this.#payloadBytesMax = payloadBytesMax(this.#link)
    for (const scheduler of schedulers) {
      scheduler.writer = null
      scheduler.isOpen = false
    }
    this.#open.length = 0
  }

  /** @returns whether a result fits into a message. */
  fits({ bytes, message }: AttemptResult): boolean {
    const room = ITEM_ROOM + message.length * UTF8_BYTES_MAX
    return bytes.length + room <= this.#payloadBytesMax
  }

  /** The attempt has a result. */
  add(attempt: Attempt): void {
    const { scheduler } = attempt
    const writer = scheduler.writer ?? this.#writerFor(scheduler)
    if (!scheduler.isOpen) {
      scheduler.isOpen = true
      this.#open.push(scheduler)
    }
    if (!writer.addResult(attempt)) {
      this.#send(scheduler)
      assert(writer.addResult(attempt), 'an empty frame takes any result')
    }
    if (writer.isFull) this.#send(scheduler)
  }

  #writerFor(scheduler: SchedulerWork): StampedResultWriter {
    const bytesMax = Math.min(FRAME.bytesMax, this.#payloadBytesMax)
    const writer = new StampedResultWriter(this.#link.pool, scheduler.epoch, bytesMax)
    scheduler.writer = writer
    return writer
  }

  #send({ writer, framesSubject }: SchedulerWork): void {
    if (writer === null || writer.count === 0) return
    const frame = writer.finishAt(nowUs())
    if (this.#link.connected) this.#link.nc.publish(framesSubject, frame)
  }

  /** What was added leaves. */
  flush(): void {
    for (const scheduler of this.#open) {
      scheduler.isOpen = false
      this.#send(scheduler)
    }
    this.#open.length = 0
  }
}

function payloadBytesMax({ nc }: Link): number {
  return nc.info?.max_payload ?? PAYLOAD_BYTES_MAX
}
