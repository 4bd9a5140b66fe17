/**
 * Agents on NATS: hello, beat, pull and bye come in here, and what they do is wired to where it is
 * understood: work and results in frames or in plain form, as each agent said at hello. Identity is
 * the subject's token, which the server authorised, never the body's. Main thread.
 */
import type { Msg, NatsConnection } from 'nats'
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import { encodeJson } from '../../wire/json.ts'
import {
  type Beat,
  type HelloAnswer,
  type PullAnswer,
  readBeat,
  readBye,
  readHello,
  readPull,
} from '../../wire/messages.ts'
import { newResultAddress, parseToken, Subjects } from '../../wire/subjects.ts'
import { requireToken } from '../../wire/tokens.ts'
import type { EventSink } from '../complete.ts'
import type { FrontEndContext } from '../context.ts'
import { learnHello } from '../learned.ts'
import type { Arrival } from '../transport.ts'
import { Acks } from './acks.ts'
import { AdoptedAgents } from './adopted.ts'
import { AgentFrames, type TakeBeat } from './agent-frames.ts'
import { type AgentWays, linkOf, NatsAgentLink } from './agent-link.ts'
import { AgentInputs } from './inputs.ts'
import type { Outlet } from './outlet.ts'
import { PlainResults } from './plain-results.ts'
import { PlainWork } from './plain-work.ts'
import { canHandBack, Recalls } from './recalls.ts'
import { refuseMessage } from './refuse-message.ts'
import { WorkFrames } from './work-frames.ts'

export class NatsAgents {
  readonly adopted: AdoptedAgents
  readonly #context: FrontEndContext
  readonly #nc: NatsConnection
  readonly #outlet: Outlet
  readonly #subjects: Subjects
  readonly #fromLength: number
  readonly #acks: Acks
  readonly #recalls: Recalls
  readonly #ways: AgentWays
  readonly #plainResults: PlainResults
  readonly #agentFrames: AgentFrames
  readonly #inputs: AgentInputs
  readonly #token = newResultAddress()

  constructor(
    context: FrontEndContext,
    nc: NatsConnection,
    outlet: Outlet,
    prefix: string,
    event: EventSink,
  ) {
    this.#context = context
    this.#nc = nc
    this.#outlet = outlet
    const subjects = new Subjects(prefix)
    this.#subjects = subjects
    this.#fromLength = `${prefix}.from.`.length
    const plain = new PlainWork(context, outlet, subjects)
    const frames = new WorkFrames(context, outlet, subjects)
    this.#acks = new Acks(context, outlet, frames)
    this.#recalls = new Recalls(context, outlet, frames)
    this.#ways = { context, outlet, plain, frames, recalls: this.#recalls }
    this.adopted = new AdoptedAgents(context, plain.send, event)
    this.#plainResults = new PlainResults(
      context,
      outlet,
      this.adopted,
      this.#acks,
      this.#fromLength,
    )
    this.#inputs = new AgentInputs(context, outlet, this.#fromLength)
    this.#agentFrames = new AgentFrames(
      context,
      outlet,
      this.#acks,
      this.#takeBeat,
      this.#fromLength,
    )
  }

  subscribe(): void {
    const { name } = this.#context.options
    this.#listen(this.#subjects.results(name), this.#plainResults.results)
    this.#listen(this.#subjects.progresses(name), this.#plainResults.progress)
    this.#listen(this.#subjects.inputs(name), this.#inputs.questions)
    this.#listen(this.#subjects.resultFrames('*', name), this.#agentFrames.frames)
    this.#listen(this.#subjects.frameReplies(name), this.#agentFrames.replies)
    this.#listen(this.#subjects.from('*', 'hello'), this.#answered(this.#hello))
    this.#listen(this.#subjects.from('*', 'beat'), this.#answered(this.#beat))
    this.#listen(this.#subjects.from('*', 'pull'), this.#answered(this.#pull))
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

  /** End of a turn: work that was gathered for agents leaves. */
  flush(): void {
    this.#ways.frames.flush()
    this.#recalls.flush()
  }

  stop(): void {
    this.adopted.stop()
    this.#acks.stop()
  }

  /**
   * Wraps a handler whose return value or SignalboxError is the answer to the request; undefined is
   * no answer.
   */
  #answered(handler: (agent: string, msg: Msg) => unknown): Arrival<Msg> {
    return {
      take: (msg) => {
        try {
          const agent = msg.subject.slice(this.#fromLength, msg.subject.lastIndexOf('.'))
          if (this.adopted.has(agent)) throw agentError('adopted', agent)
          if (this.#context.people.has(agent)) throw agentError('person', agent)
          const answer = handler(requireToken(agent, 'agent id'), msg)
          if (answer !== undefined) this.#outlet.answer(msg.reply, encodeJson(answer))
        } catch (error) {
          if (!(error instanceof SignalboxError)) throw error
          refuseMessage(this.#context, this.#outlet, msg, error)
        }
      },
    }
  }

  readonly #hello = (id: string, msg: Msg): HelloAnswer => {
    const { core, options, nowMs } = this.#context
    const { frames, prefetch, ...said } = readHello(msg.data, id)
    const link = this.#linkFor(id, said.instance)
    const recalls = said.recalls && canHandBack(frames, said.pull)
    const agent = core.hello({ ...said, recalls, id, leased: true, claims: false, link }, nowMs)
    if (typeof agent === 'string') throw agentError(agent, id)
    learnHello(this.#context, agent)
    link.met(frames, said.keeps, prefetch)
    // It may have said less than before.
    if (agent.prefetch > prefetch) core.setPrefetch(agent, prefetch)
    const { leaseMs, epoch } = core.options
    const answer = { scheduler: options.name, epoch, leaseMs, beatMs: this.#beatMs }
    return link.inFrames ? { ...answer, frames: link.frames } : answer
  }

  /** The one that it has, or a new one for a new instance. */
  #linkFor(id: string, instance: string): NatsAgentLink {
    const known = this.#context.core.agents.get(id)
    if (known?.instance === instance && known.link instanceof NatsAgentLink) return known.link
    const { work, frames, control } = this.#subjects
    return new NatsAgentLink(this.#ways, id, {
      work: work(id, instance),
      frames: frames(id, instance),
      control: control(id, instance),
    })
  }

  get #beatMs(): number {
    return Math.max(1, Math.floor(this.#context.core.options.leaseMs / LIMITS.beatsPerLease))
  }

  readonly #beat = (id: string, msg: Msg): { scheduler: string } => {
    const beat = readBeat(msg.data, id)
    return this.#alive(id, beat.instance, () => this.#runningOf(beat), beat.load)
  }

  readonly #takeBeat: TakeBeat = (id, instance, runningOf, msg) => {
    this.#outlet.answer(msg.reply, encodeJson(this.#alive(id, instance, runningOf)))
  }

  /**
   * @param load all that it has in hand, if it says so.
   * @throws fenced, agent_unknown
   */
  #alive(
    id: string,
    instance: string,
    runningOf: () => ReadonlySet<number>,
    load = 0,
  ): { scheduler: string } {
    const { core, options, nowMs } = this.#context
    const known = core.agents.get(id)
    const link = known?.instance === instance ? linkOf(this.#context, id) : undefined
    const compares = link?.mayCompare(nowMs, this.#beatMs) === true
    const running = compares || load > 0 ? runningOf() : null
    // What it names of ours counts as ours, whatever else it has.
    const foreign = Math.max(0, load - (running?.size ?? 0))
    const refusal = core.beat(id, instance, compares ? running : null, nowMs, foreign)
    if (refusal !== null) throw agentError(refusal, id)
    return { scheduler: options.name }
  }

  /** A beat that does not name this scheduler says that none of its attempts is worked on. */
  #runningOf(beat: Beat): ReadonlySet<number> {
    const { core, options } = this.#context
    const running = new Set<number>()
    if (!Object.hasOwn(beat.schedulers, options.name)) return running
    for (const token of beat.schedulers[options.name].running) {
      const readable = typeof token === 'string' && parseToken(token, 0, this.#token)
      if (readable && this.#token.epoch === core.options.epoch) running.add(this.#token.counter)
    }
    return running
  }

  /** What is meant for another scheduler is not answered. */
  readonly #pull = (id: string, msg: Msg): PullAnswer | undefined => {
    const { core, options, nowMs } = this.#context
    const { instance, n, scheduler } = readPull(msg.data, id)
    if (scheduler !== undefined && scheduler !== options.name) return undefined
    const refusal = core.pull(id, instance, n, nowMs)
    if (refusal !== null) throw agentError(refusal, id)
    return { scheduler: options.name, granted: core.agents.get(id)!.granted }
  }

  readonly #bye = (id: string, msg: Msg): { scheduler: string } => {
    const { core, options, nowMs } = this.#context
    const { instance, drain } = readBye(msg.data, id)
    const refusal = core.bye(id, instance, drain, nowMs)
    if (refusal !== null) throw agentError(refusal, id)
    return { scheduler: options.name }
  }
}

function agentError(code: 'fenced' | 'agent_unknown' | string, id: string): SignalboxError {
  if (code === 'fenced') {
    return new SignalboxError('fenced', `A newer instance of agent "${id}" has taken over: stop.`)
  }
  if (code === 'adopted') {
    return new SignalboxError('fenced', `Agent "${id}" is an adopted one here: take another name.`)
  }
  if (code === 'person') {
    return new SignalboxError('fenced', `"${id}" is a person here: give the agent another id.`)
  }
  if (code === 'too_many_agents') {
    return new SignalboxError('too_many_agents', 'As many agents as may are registered already.')
  }
  if (code === 'bad_option') {
    return new SignalboxError(
      'bad_option',
      `Agent "${id}" did not say at hello that it pulls: say "pull": true, or wait for work.`,
    )
  }
  return new SignalboxError('agent_unknown', `Agent "${id}" is not registered: say hello first.`)
}
