/**
 * What agents that speak in frames say: up to 64 results in one message, and beats of up to 65,535
 * counters. Also the server's word that nobody listened where a frame of work was sent. Main thread.
 *
 * Invariant: a frame is taken whole or not at all: it is checked from end to end before the first of
 * its results is looked at, and one that is not as documented gets one answer. Results of attempts
 * that are over, or that nobody gave out, are counted and take nothing from the others.
 */
import type { Msg } from 'nats'
import { nowUs } from '../../clock.ts'
import { SignalboxError } from '../../errors.ts'
import type { AgentState } from '../../policy/agents.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import { BeatReader, FRAME_KIND, frameKind, ResultReader } from '../../wire/frames.ts'
import { newResultAddress, parseToken } from '../../wire/subjects.ts'
import type { FrontEndContext } from '../context.ts'
import { endAttempt, isPersons, newResultBody, type ResultBody } from '../result.ts'
import type { Arrival } from '../transport.ts'
import type { Acks } from './acks.ts'
import { NatsAgentLink } from './agent-link.ts'
import { headersOf, isNoResponder } from './incoming.ts'
import type { Outlet } from './outlet.ts'
import { refuseFrame, refuseMessage } from './refuse-message.ts'

const EMPTY = new Uint8Array(0)

/** A beat that came as a frame; `running` are counters of this scheduler's epoch. */
export type TakeBeat = (
  id: string,
  instance: string,
  runningOf: () => ReadonlySet<number>,
  msg: Msg,
) => void

export class AgentFrames {
  readonly #context: FrontEndContext
  readonly #outlet: Outlet
  readonly #acks: Acks
  readonly #takeBeat: TakeBeat
  readonly #fromLength: number
  readonly #results = new ResultReader()
  readonly #beats = new BeatReader()
  readonly #numbers = newResultAddress()
  /** Reused for every result. */
  readonly #body = newResultBody()

  /** @param fromLength length of `<prefix>.from.` */
  constructor(
    context: FrontEndContext,
    outlet: Outlet,
    acks: Acks,
    takeBeat: TakeBeat,
    fromLength: number,
  ) {
    this.#context = context
    this.#outlet = outlet
    this.#acks = acks
    this.#takeBeat = takeBeat
    this.#fromLength = fromLength
  }

  #agentOf(subject: string): string {
    return subject.slice(this.#fromLength, subject.indexOf('.', this.#fromLength))
  }

  readonly frames: Arrival<Msg> = {
    take: (msg) => {
      try {
        if (frameKind(msg.data) === FRAME_KIND.beat) this.#takeBeatFrame(msg)
        else this.#takeResultFrame(msg)
      } catch (error) {
        if (!(error instanceof SignalboxError)) throw error
        refuseFrame(this.#context, this.#outlet, msg, error)
      }
    },
  }

  /** @throws frame_version, bad_frame; also for a kind that no agent sends. */
  #takeResultFrame(msg: Msg): void {
    const results = this.#results
    results.open(msg.data)
    const id = this.#agentOf(msg.subject)
    const agent = this.#context.core.agents.get(id)
    const link = agent?.link instanceof NatsAgentLink ? agent.link : null
    const receivedUs = nowUs()
    this.#body.bytes = results.bytes
    while (results.next()) this.#takeResult(id, link, receivedUs)
    this.#body.bytes = EMPTY
    this.#outlet.answer(msg.reply)
    if (agent !== undefined && link !== null) this.#adapt(agent, link)
  }

  #takeResult(id: string, link: NatsAgentLink | null, receivedUs: number): void {
    const { core } = this.#context
    const { slot, epoch, counter } = this.#results
    const record = core.attempt(id, slot, epoch, counter)
    if (typeof record === 'string') this.#context.count(record)
    else if (isPersons(record)) this.#context.count('result_unknown')
    else this.#end(record, link, receivedUs)
    // Of another epoch is what the agent kept for a predecessor: it forgets that by itself.
    if (link?.keeps === true && epoch === core.options.epoch) this.#acks.heard(link, counter)
  }

  #end(record: TaskRecord, link: NatsAgentLink | null, receivedUs: number): void {
    const { heldUs, workUs } = this.#results
    const elapsedUs = (receivedUs - record.attempt!.dispatchedUs) | 0
    // What was handed back says nothing of how long work takes.
    if (link !== null && !this.#results.yields) link.meter.add(elapsedUs, heldUs, workUs)
    endAttempt(this.#context, record, this.#readBody(), receivedUs)
  }

  #readBody(): ResultBody {
    const body = this.#body
    const results = this.#results
    body.yields = results.yields
    if (results.isFailure) {
      body.code = results.code()
      body.message = results.message()
      body.retryable = results.isRetryable
    } else {
      body.code = null
      body.start = results.payloadStart
      body.length = results.payloadLength
    }
    return body
  }

  /** Gives the agent as much to hold as its round trip asks for. */
  #adapt(agent: AgentState, { meter, prefetchMax }: NatsAgentLink): void {
    const { core, nowMs } = this.#context
    if (prefetchMax === 0 || agent.pull || !meter.isDue(nowMs)) return
    const wanted = meter.look(nowMs, agent.concurrency, agent.prefetch, prefetchMax)
    if (wanted !== agent.prefetch) core.setPrefetch(agent, wanted)
  }

  /** @throws frame_version, bad_frame, and what a beat is refused with */
  #takeBeatFrame(msg: Msg): void {
    const beats = this.#beats
    beats.open(msg.data)
    this.#takeBeat(this.#agentOf(msg.subject), beats.instance(), this.#runningOf, msg)
  }

  /** Attempts of another epoch are a predecessor's: none of ours is worked on. */
  readonly #runningOf = (): ReadonlySet<number> => {
    const beats = this.#beats
    const running = new Set<number>()
    if (beats.epoch !== this.#context.core.options.epoch) return running
    while (beats.next()) running.add(beats.counter)
    return running
  }

  /** What comes where a frame of work asked its answer: only the server has anything to say. */
  readonly replies: Arrival<Msg> = {
    take: (msg) => {
      try {
        this.#takeReply(msg)
      } catch (error) {
        if (!(error instanceof SignalboxError)) throw error
        refuseMessage(this.#context, this.#outlet, msg, error)
      }
    },
  }

  #takeReply(msg: Msg): void {
    const { core, nowMs } = this.#context
    const numbers = this.#numbers
    const isWhole = parseToken(msg.subject, msg.subject.lastIndexOf('.') + 1, numbers)
    if (!isWhole || !isNoResponder(msg, headersOf(msg))) {
      throw new SignalboxError('bad_subject', 'Send results on the subject that ends in "frames".')
    }
    const agent = core.agents.get(this.#agentOf(msg.subject))
    if (agent === undefined || numbers.epoch !== core.options.epoch) return
    for (const record of dispatchedWithin(agent, numbers.counter, numbers.seq)) {
      core.dispatchFailed(record, nowMs)
    }
  }
}

/** Those that still run of what was given to the agent from one counter to another. */
function dispatchedWithin(agent: AgentState, low: number, high: number): TaskRecord[] {
  const found: TaskRecord[] = []
  for (let record = agent.running.head; record !== null; record = record.next) {
    const { counter } = record.attempt!
    if (counter >= low && counter <= high) found.push(record)
  }
  return found
}
