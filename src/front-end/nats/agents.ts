/**
 * Agents on NATS: hello, beat and bye come in, work and control go out, results and progress come
 * back on the subject that the work named as its reply. Identity is the subject's token, which the
 * server authorised, never the body's.
 */
import type { Msg, MsgHdrs, NatsConnection } from 'nats'
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import type { AgentState } from '../../policy/agents.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import { HEADER, workHeaders } from '../../wire/headers.ts'
import { encodeJson } from '../../wire/json.ts'
import {
  type Beat,
  type Control,
  type HelloAnswer,
  readBeat,
  readBye,
  readHello,
} from '../../wire/messages.ts'
import { payloadText } from '../../wire/payload.ts'
import {
  attemptToken,
  newResultAddress,
  parseResultSubject,
  parseToken,
  Subjects,
} from '../../wire/subjects.ts'
import { requireToken } from '../../wire/tokens.ts'
import type { EventSink } from '../complete.ts'
import type { FrontEndContext } from '../context.ts'
import { type ResultBody, takeNoResponder, takeProgress, takeResult } from '../result.ts'
import type { AgentPort, Arrival } from '../transport.ts'
import { AdoptedAgents } from './adopted.ts'
import { headersOf } from './incoming.ts'
import type { Outlet } from './outlet.ts'

const EMPTY = new Uint8Array(0)
/** Beats in a lease: two may be lost. */
const BEATS_PER_LEASE = 3

export class NatsAgents implements AgentPort {
  readonly adopted: AdoptedAgents
  readonly #context: FrontEndContext
  readonly #nc: NatsConnection
  readonly #outlet: Outlet
  readonly #subjects: Subjects
  readonly #fromLength: number
  readonly #workSubjects = new WeakMap<AgentState, string>()
  /** When a beat of the agent was last compared with its attempts. */
  readonly #comparedMs = new WeakMap<AgentState, number>()
  /** Reused for every result. */
  readonly #address = newResultAddress()
  readonly #body: ResultBody = {
    code: null,
    message: '',
    retryable: false,
    bytes: EMPTY,
    start: 0,
    length: 0,
  }

  constructor(
    context: FrontEndContext,
    nc: NatsConnection,
    outlet: Outlet,
    prefix: string,
    event: EventSink,
  ) {
    this.adopted = new AdoptedAgents(context, this.#send, event)
    this.#context = context
    this.#nc = nc
    this.#outlet = outlet
    this.#subjects = new Subjects(prefix)
    this.#fromLength = `${prefix}.from.`.length
  }

  subscribe(): void {
    const { name } = this.#context.options
    this.#listen(this.#subjects.results(name), this.#results)
    this.#listen(this.#subjects.progresses(name), this.#progress)
    this.#listen(this.#subjects.from('*', 'hello'), this.#answered(this.#hello))
    this.#listen(this.#subjects.from('*', 'beat'), this.#answered(this.#beat))
    this.#listen(this.#subjects.from('*', 'bye'), this.#answered(this.#bye))
  }

  #listen(subject: string, arrival: Arrival<Msg>): void {
    const { inbox } = this.#context
    this.#nc.subscribe(subject, {
      callback: (error, msg) => {
        if (error === null) inbox.arrive(arrival, msg)
      },
    })
  }

  readonly #results: Arrival<Msg> = {
    take: (msg) => {
      if (!parseResultSubject(msg.subject, this.#fromLength, this.#address)) {
        this.#refuse(msg, new SignalboxError('bad_subject', 'The result’s token is malformed.'))
        return
      }
      try {
        this.#takeResult(msg)
      } catch (error) {
        if (!(error instanceof SignalboxError)) throw error
        this.#refuse(msg, error)
      }
    },
  }

  #takeResult(msg: Msg): void {
    const headers = headersOf(msg)
    if (headers !== undefined && headers.code === 503 && msg.data.length === 0) {
      takeNoResponder(this.#context, this.#address)
      this.adopted.absent(this.#address.agent)
      return
    }
    this.adopted.answered(this.#address.agent)
    const refusal = takeResult(this.#context, this.#address, this.#readBody(msg, headers))
    if (refusal !== null) this.#refuse(msg, refusal)
    else this.#outlet.answer(msg.reply)
  }

  #readBody(msg: Msg, headers: MsgHdrs | undefined): ResultBody {
    const body = this.#body
    body.bytes = msg.data
    body.length = msg.data.length
    body.code = null
    if (headers === undefined || !headers.has(HEADER.errorCode)) return body
    body.code = headers.get(HEADER.code) || this.#plainCode(headers)
    body.message = headers.get(HEADER.error)
    body.retryable = headers.get(HEADER.retryable) !== '0'
    return body
  }

  /** A service that knows nothing of our codes gives its own number. */
  #plainCode(headers: MsgHdrs): string {
    return this.adopted.has(this.#address.agent) ? headers.get(HEADER.errorCode) : 'error'
  }

  readonly #progress: Arrival<Msg> = {
    take: (msg) => {
      if (!parseResultSubject(msg.subject, this.#fromLength, this.#address)) {
        this.#context.count('bad_subject')
        return
      }
      const text = payloadText(msg.data.subarray(0, LIMITS.progressBytesMax))
      takeProgress(this.#context, this.#address, text)
    },
  }

  /** Wraps a handler whose return value or SignalboxError is the answer to the request. */
  #answered(handler: (agent: string, msg: Msg) => unknown): Arrival<Msg> {
    return {
      take: (msg) => {
        try {
          const agent = msg.subject.slice(this.#fromLength, msg.subject.lastIndexOf('.'))
          if (this.adopted.has(agent)) throw agentError('adopted', agent)
          const answer = handler(requireToken(agent, 'agent id'), msg)
          this.#outlet.answer(msg.reply, encodeJson(answer))
        } catch (error) {
          if (!(error instanceof SignalboxError)) throw error
          this.#refuse(msg, error)
        }
      },
    }
  }

  readonly #hello = (id: string, msg: Msg): HelloAnswer => {
    const { core, options, nowMs } = this.#context
    const hello = { keeps: false, pull: false, ...readHello(msg.data, id) }
    const spec = { ...hello, id, leased: true, link: this }
    const agent = core.hello(spec, nowMs)
    if (typeof agent === 'string') throw agentError(agent, id)
    const { leaseMs, epoch } = core.options
    return { scheduler: options.name, epoch, leaseMs, beatMs: this.#beatMs }
  }

  get #beatMs(): number {
    return Math.max(1, Math.floor(this.#context.core.options.leaseMs / BEATS_PER_LEASE))
  }

  readonly #beat = (id: string, msg: Msg): { scheduler: string } => {
    const { core, options, nowMs } = this.#context
    const beat = readBeat(msg.data, id)
    const running = this.#mayCompare(id, beat.instance, nowMs) ? this.#runningOf(beat) : null
    const refusal = core.beat(id, beat.instance, running, nowMs)
    if (refusal !== null) throw agentError(refusal, id)
    return { scheduler: options.name }
  }

  /**
   * Beats that were held up on their way arrive together, perhaps behind work that was sent after
   * them: of those within half an interval one tells which attempts are lost, the others only that
   * the agent lives.
   */
  #mayCompare(id: string, instance: string, nowMs: number): boolean {
    const agent = this.#context.core.agents.get(id)
    if (agent?.instance !== instance) return false
    const lastMs = this.#comparedMs.get(agent)
    if (lastMs !== undefined && nowMs - lastMs < this.#beatMs / 2) return false
    this.#comparedMs.set(agent, nowMs)
    return true
  }

  readonly #bye = (id: string, msg: Msg): { scheduler: string } => {
    const { core, options, nowMs } = this.#context
    const { instance, drain } = readBye(msg.data, id)
    const refusal = core.bye(id, instance, drain, nowMs)
    if (refusal !== null) throw agentError(refusal, id)
    return { scheduler: options.name }
  }

  /** A beat that does not name this scheduler says that none of its attempts is worked on. */
  #runningOf(beat: Beat): Set<number> {
    const { core, options } = this.#context
    const running = new Set<number>()
    if (!Object.hasOwn(beat.schedulers, options.name)) return running
    for (const token of beat.schedulers[options.name].running) {
      const readable = typeof token === 'string' && parseToken(token, 0, this.#address)
      if (readable && this.#address.epoch === core.options.epoch) running.add(this.#address.counter)
    }
    return running
  }

  #refuse(msg: Msg, error: SignalboxError): void {
    if (error.code !== 'late_result' && error.code !== 'result_unknown') {
      this.#context.count(error.code)
    }
    this.#outlet.answerError(msg.reply, error)
  }

  dispatch(record: TaskRecord, agent: AgentState): void {
    this.#send(this.#workSubject(agent), record, agent)
  }

  repeat(record: TaskRecord, agent: AgentState): void {
    this.dispatch(record, agent)
  }

  readonly #send = (subject: string, record: TaskRecord, agent: AgentState): void => {
    const payload = this.#context.arena.get(record.payload, record.payloadBytes)
    const { slot, counter, dispatchSeq } = record.attempt!
    const token = attemptToken(this.#context.core.options.epoch, counter, dispatchSeq)
    const { name } = this.#context.options
    const headers = workHeaders(record.id, record.queueName, record.attempts)
    const reply = this.#subjects.result(agent.id, name, slot, token)
    this.#outlet.send(subject, payload, headers, reply)
  }

  #workSubject(agent: AgentState): string {
    const known = this.#workSubjects.get(agent)
    if (known !== undefined) return known
    const subject = this.#subjects.work(agent.id, agent.instance)
    this.#workSubjects.set(agent, subject)
    return subject
  }

  cancel(agent: AgentState, counter: number, dispatchSeq: number, reason: string): void {
    const token = attemptToken(this.#context.core.options.epoch, counter, dispatchSeq)
    this.#control(agent, { type: 'cancel', scheduler: this.#context.options.name, token, reason })
  }

  drain(agent: AgentState): void {
    this.#control(agent, { type: 'drain', scheduler: this.#context.options.name })
  }

  fenced(agent: AgentState): void {
    this.#control(agent, { type: 'fenced', scheduler: this.#context.options.name })
  }

  #control(agent: AgentState, control: Control): void {
    this.#outlet.send(this.#subjects.control(agent.id, agent.instance), encodeJson(control))
  }
}

function agentError(code: 'fenced' | 'agent_unknown' | string, id: string): SignalboxError {
  if (code === 'fenced') {
    return new SignalboxError('fenced', `A newer instance of agent "${id}" has taken over: stop.`)
  }
  if (code === 'adopted') {
    return new SignalboxError('fenced', `Agent "${id}" is an adopted one here: take another name.`)
  }
  if (code === 'too_many_agents') {
    return new SignalboxError('too_many_agents', 'As many agents as may are registered already.')
  }
  return new SignalboxError('agent_unknown', `Agent "${id}" is not registered: say hello first.`)
}
