/**
 * Work on its way to agents that take frames: one open frame for each of them, sent when it is full
 * and at the end of the turn, so that a task alone leaves in the turn that placed it and a burst in
 * messages of up to 64. Main thread.
 *
 * Invariant: the attempts of a frame are all that this scheduler has given to the agent from the
 * first's counter to the last's. So the reply subject names them all in two numbers, and an empty 503
 * on it, which the server sends when nobody listens, ends exactly those that were in the frame.
 *
 * Attempts that are repeated may lie apart: where one is no neighbour of those in the frame, the
 * frame goes out as it is. What is lost is mostly lost in a row, so that is rare.
 */
import type { Attempt } from '../../policy/attempt.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import { type WorkExtension, WorkWriter } from '../../wire/frames.ts'
import { attemptToken, type Subjects } from '../../wire/subjects.ts'
import type { FrontEndContext } from '../context.ts'
import { attemptOf, taskOf } from '../hedging.ts'
import type { NatsAgentLink } from './agent-link.ts'
import type { Outlet } from './outlet.ts'

/** Agents with an open frame; beyond, all frames leave before the next is begun: 4 MiB of buffers. */
const OPEN_MAX = 1_024

export class WorkFrames {
  readonly #context: FrontEndContext
  readonly #outlet: Outlet
  readonly #subjects: Subjects
  /** Agents that got work in this turn. */
  readonly #open: NatsAgentLink[] = []

  constructor(context: FrontEndContext, outlet: Outlet, subjects: Subjects) {
    this.#context = context
    this.#outlet = outlet
    this.#subjects = subjects
  }

  /** Puts the record's attempt into the agent's frame; its payload is copied here, once. */
  add(link: NatsAgentLink, record: TaskRecord): void {
    const attempt = record.attempt!
    const writer = link.writer ?? this.#writerFor(link)
    if (!link.isOpen) this.#opens(link)
    if (writer.count > 0 && !isNeighbour(link, attempt)) this.send(link)
    // Ends: an empty frame takes an item of any size.
    while (!this.#write(writer, record, attempt, link.typeOf(record), link.extensionOf(record)))
      this.send(link)
    this.#note(link, attempt)
    if (writer.isFull) this.send(link)
  }

  #writerFor(link: NatsAgentLink): WorkWriter {
    const writer = new WorkWriter(this.#outlet.pool, this.#outlet.frameBytesMax)
    writer.begin(this.#context.core.options.epoch)
    link.writer = writer
    return writer
  }

  #opens(link: NatsAgentLink): void {
    if (this.#open.length >= OPEN_MAX) this.flush()
    link.isOpen = true
    this.#open.push(link)
  }

  #write(
    writer: WorkWriter,
    record: TaskRecord,
    attempt: Attempt,
    type: string,
    extension: WorkExtension | null,
  ): boolean {
    const { arena } = this.#context
    const { payload } = record
    const task = taskOf(record)
    const { isNamed } = task
    return writer.add(
      attempt.slot,
      attempt.counter,
      attempt.dispatchSeq,
      attemptOf(record),
      isNamed ? task.givenId : task.queue!.idPrefix,
      record.cls!.queue.name,
      arena.bytesOf(payload),
      arena.startOf(payload),
      record.payloadBytes,
      isNamed ? -1 : task.seq,
      type,
      extension,
    )
  }

  #note(link: NatsAgentLink, { dispatchSeq, counter }: Attempt): void {
    if (link.writer!.count === 1) {
      link.seqLow = dispatchSeq
      link.seqHigh = dispatchSeq
      link.counterLow = counter
      link.counterHigh = counter
    } else if (dispatchSeq > link.seqHigh) {
      link.seqHigh = dispatchSeq
      link.counterHigh = counter
    } else {
      link.seqLow = dispatchSeq
      link.counterLow = counter
    }
  }

  /** Sends what there is for the agent; nothing when there is none. */
  send(link: NatsAgentLink): void {
    const { writer } = link
    if (writer === null || writer.count === 0) return
    const { core, options } = this.#context
    const { counterLow, counterHigh } = link
    const frame = attemptToken(core.options.epoch, counterLow, counterHigh)
    const reply = this.#subjects.frameReply(link.id, options.name, frame)
    this.#outlet.send(link.framesSubject, writer.finish(), undefined, reply)
  }

  /** End of a turn: every open frame leaves. */
  flush(): void {
    const open = this.#open
    for (const link of open) {
      link.isOpen = false
      this.send(link)
    }
    open.length = 0
  }
}

/** Dispatches of one agent are numbered without a gap. */
function isNeighbour(link: NatsAgentLink, { dispatchSeq }: Attempt): boolean {
  return dispatchSeq === link.seqHigh + 1 || dispatchSeq === link.seqLow - 1
}
