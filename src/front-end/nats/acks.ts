/**
 * Acknowledgements: an agent that keeps its results until they were heard is told which were. Main
 * thread; what was heard within a few milliseconds goes out in one message.
 *
 * Invariant: every result of an agent that keeps is acknowledged once for each time it was heard,
 * whatever became of it: taken, late, or of a token that nobody gave out. Else the agent would keep
 * it for ever.
 *
 * Rejected: with the work that goes out next, since an agent that finishes its last tasks would keep
 * their results; one a turn, which is a message for each result where tasks come one by one.
 */
import { AckWriter, FRAME } from '../../wire/frames.ts'
import { encodeJson } from '../../wire/json.ts'
import type { Control } from '../../wire/messages.ts'
import type { FrontEndContext } from '../context.ts'
import type { NatsAgentLink } from './agent-link.ts'
import type { Outlet } from './outlet.ts'
import type { WorkFrames } from './work-frames.ts'

/** A result waits so long at most for others to be acknowledged with. */
const ACK_MS = 5
const COUNTER_BYTES = 8
/** Tokens of one control message: some 3 KiB. */
const TOKENS_MAX = 100

export class Acks {
  readonly #context: FrontEndContext
  readonly #outlet: Outlet
  readonly #frames: WorkFrames
  readonly #writer: AckWriter
  readonly #countersMax: number
  #waiting: NatsAgentLink[] = []
  #timer: NodeJS.Timeout | undefined
  #armed = false

  constructor(context: FrontEndContext, outlet: Outlet, frames: WorkFrames) {
    this.#context = context
    this.#outlet = outlet
    this.#frames = frames
    this.#writer = new AckWriter(outlet.pool)
    const fitting = Math.floor((outlet.frameBytesMax - FRAME.headBytes) / COUNTER_BYTES)
    this.#countersMax = Math.min(FRAME.acksMax, fitting)
  }

  /** A result came in a frame of this scheduler's epoch. */
  heard(link: NatsAgentLink, counter: number): void {
    const { heardCounters } = link
    if (heardCounters.length === 0) this.#wait(link)
    heardCounters.push(counter)
    if (heardCounters.length >= this.#countersMax) this.#sendCounters(link)
  }

  /** A result came in plain form, on the subject that ends in its token. */
  heardPlain(link: NatsAgentLink, token: string): void {
    const { heardTokens } = link
    if (heardTokens.length === 0) this.#wait(link)
    heardTokens.push(token)
    if (heardTokens.length >= TOKENS_MAX) this.#sendTokens(link)
  }

  #wait(link: NatsAgentLink): void {
    this.#waiting.push(link)
    if (this.#armed) return
    this.#armed = true
    if (this.#timer === undefined) this.#timer = setTimeout(this.sendAll, ACK_MS)
    else this.#timer.refresh()
  }

  /** What waits goes out now. */
  readonly sendAll = (): void => {
    this.#armed = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const link of waiting) {
      // It stands here once more after a full message of its went out.
      if (link.heardCounters.length > 0) this.#sendCounters(link)
      if (link.heardTokens.length > 0) this.#sendTokens(link)
    }
  }

  /** Behind the work that is being repeated: once its result is acknowledged, it would be run anew. */
  #sendCounters(link: NatsAgentLink): void {
    this.#frames.send(link)
    const writer = this.#writer
    writer.begin(this.#context.core.options.epoch)
    for (const counter of link.heardCounters) writer.add(counter)
    link.heardCounters.length = 0
    this.#outlet.send(link.framesSubject, writer.finish())
  }

  #sendTokens(link: NatsAgentLink): void {
    const scheduler = this.#context.options.name
    const tokens = link.heardTokens.splice(0)
    const control: Control = { type: 'acknowledge', scheduler, tokens }
    this.#outlet.send(link.controlSubject, encodeJson(control))
  }

  /** The last ones; then nothing is timed any more. */
  stop(): void {
    this.sendAll()
    clearTimeout(this.#timer)
  }
}
