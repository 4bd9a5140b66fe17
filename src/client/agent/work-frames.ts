/**
 * What an agent hears in frames: work, of which it takes what it does not have, and
 * acknowledgements of its results.
 *
 * Invariant: a frame is taken whole or, when it is not as documented, not at all; work that is
 * repeated never runs twice.
 *
 *   work arrives: unseen ──► to be run       queued, running ──► nothing, its result will come
 *                 kept   ──► the result again
 */
import type { Msg } from 'nats'
import { nowUs } from '../../clock.ts'
import { SignalboxError } from '../../errors.ts'
import { AckReader, FRAME_KIND, frameKind, frameNumber, WorkReader } from '../../wire/frames.ts'
import type { AgentInputs } from './agent-inputs.ts'
import { ATTEMPT, Attempt } from './attempt.ts'
import { FramedTask, type TaskGround, WorkFrame } from './framed-task.ts'
import type { SchedulerWork } from './scheduler-work.ts'
import type { WorkInHand } from './work-in-hand.ts'

/** What becomes of what was heard. */
export interface FrameEvents {
  /** New work, to be run when the frame has been read. */
  taken(attempt: Attempt): void
  /** Its result was not heard. */
  repeated(attempt: Attempt): void
  acknowledged(attempt: Attempt): void
  /**
   * A frame has been read.
   * @returns whether some of what was taken is still to be done.
   */
  read(): boolean
  /** @param number the frame's; -1 where there is none. */
  bad(msg: Msg, error: SignalboxError, number: number): void
}

export class WorkFrames {
  readonly #inHand: WorkInHand
  readonly #inputs: AgentInputs
  readonly #ground: TaskGround
  readonly #events: FrameEvents
  /** What comes before the scheduler's name in `<prefix>.from.<id>.<scheduler>.frames.<frame>`. */
  readonly #own: string
  readonly #work = new WorkReader()
  readonly #acks = new AckReader()

  constructor(
    inHand: WorkInHand,
    inputs: AgentInputs,
    ground: TaskGround,
    own: string,
    events: FrameEvents,
  ) {
    this.#inHand = inHand
    this.#inputs = inputs
    this.#ground = ground
    this.#own = own
    this.#events = events
  }

  readonly onFrame = (msg: Msg): void => {
    const { data } = msg
    try {
      if (frameKind(data) === FRAME_KIND.acknowledge) this.#takeAcks(data)
      else this.#takeWork(msg, data)
    } catch (error) {
      if (!(error instanceof SignalboxError)) throw error
      this.#events.bad(msg, error, frameNumber(data))
    }
  }

  #takeWork(msg: Msg, data: Uint8Array): void {
    const work = this.#work
    work.open(data)
    const name = this.#senderOf(msg.reply ?? '')
    const scheduler = name === '' ? null : this.#inHand.meet(name, work.epoch)
    if (scheduler === null) return
    scheduler.inFrames = true
    const receivedUs = nowUs()
    const frame = new WorkFrame(work.bytes, this.#ground)
    while (work.next()) this.#take(scheduler, frame, receivedUs)
    if (this.#events.read()) frame.keep()
  }

  /** @returns '' when it is no scheduler's message. */
  #senderOf(reply: string): string {
    const start = this.#own.length
    return reply.startsWith(this.#own) ? reply.slice(start, reply.indexOf('.', start)) : ''
  }

  #take(scheduler: SchedulerWork, frame: WorkFrame, receivedUs: number): void {
    const { slot, counter, seq, attempt: count, idLength, queueLength, typeLength } = this.#work
    scheduler.seenCounter = counter
    scheduler.seenSeq = seq
    const known = scheduler.attempts.get(counter)
    if (known !== null) {
      known.receivedUs = receivedUs
      if (known.state === ATTEMPT.kept) this.#events.repeated(known)
      return
    }
    const { extensionLength, payloadStart, payloadLength } = this.#work
    const attempt = new Attempt(scheduler, slot, counter, seq, '', receivedUs)
    const extension = this.#work.extension()
    const details = extension === null ? null : this.#inputs.detailsOf(attempt, extension)
    attempt.task = new FramedTask(
      attempt,
      count,
      frame,
      idLength,
      queueLength,
      typeLength,
      extensionLength,
      payloadStart,
      payloadLength,
      details,
    )
    this.#events.taken(attempt)
  }

  /** An acknowledgement names no scheduler; two that started in the same millisecond share one. */
  #takeAcks(data: Uint8Array): void {
    const acks = this.#acks
    acks.open(data)
    const { epoch } = acks
    for (const scheduler of this.#inHand.all()) {
      if (scheduler.epoch !== epoch) continue
      acks.open(data)
      while (acks.next()) this.#acknowledge(scheduler.attempts.get(acks.counter))
    }
    this.#events.read()
  }

  #acknowledge(attempt: Attempt | null): void {
    if (attempt?.state === ATTEMPT.kept) this.#events.acknowledged(attempt)
  }
}
