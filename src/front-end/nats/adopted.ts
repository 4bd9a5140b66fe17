/**
 * Adopted agents: services that answer requests on a subject of their own and know nothing of us.
 * Work goes to that subject with the same reply subject and headers as to any agent, so their plain
 * `respond` is the result. They say neither hello nor beat: the server tells that nobody is there.
 * Main thread, in turns and timers.
 *
 *            no responders                  the pause is over
 *   UP ──────────────────────► PAUSED ────────────────────────► TRIED
 *    ▲                            ▲         no responders         │
 *    │                            └────── (a longer pause) ───────┤
 *    └──────────────── anything on its result subject ────────────┘
 *
 * Invariant: one that is TRIED gets one task more than it has in hand, so a pause costs at most one
 * message in vain, and the server says itself that nobody had it.
 *
 * Rejected: an empty request as a probe, which a service would take for work; the server's own list
 * of subscriptions, which only its system account may read.
 */
import type { AgentIndex } from '../../../native-free/index.ts'
import { policyMs } from '../../clock.ts'
import { SignalboxError } from '../../errors.ts'
import { type AdoptedAgent, LIMITS } from '../../options.ts'
import { type AgentSpec, type AgentState, SILENT } from '../../policy/agents.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import { randomToken } from '../../wire/tokens.ts'
import type { EventSink } from '../complete.ts'
import type { FrontEndContext } from '../context.ts'
import type { AgentPort } from '../transport.ts'

interface Adopted {
  readonly subject: string
  readonly spec: AgentSpec
  state: 'up' | 'paused' | 'tried'
  /** The next pause. */
  pauseMs: number
  timer: NodeJS.Timeout | undefined
}

type Send = (subject: string, record: TaskRecord, agent: AgentState) => void

export class AdoptedAgents implements AgentPort {
  readonly #context: FrontEndContext
  readonly #send: Send
  readonly #event: EventSink
  readonly #byName = new Map<string, Adopted>()
  /** How many are TRIED: only then does an answer mean anything here. */
  #tried = 0

  constructor(context: FrontEndContext, send: Send, event: EventSink) {
    this.#context = context
    this.#send = send
    this.#event = event
  }

  /** @throws bad_option, too_many_agents */
  adopt({ subject, name, ...said }: AdoptedAgent): void {
    const whose = `Agent "${name}" on ${subject} cannot be adopted`
    if (this.#context.people.has(name)) {
      throw new SignalboxError('bad_option', `${whose}: a person has the name: give each its own.`)
    }
    const known = { id: name, instance: randomToken(), ...said }
    const spec: AgentSpec = { ...known, ...SILENT, link: this }
    const agent = this.#context.core.hello(spec, policyMs())
    if (typeof agent === 'string') {
      throw new SignalboxError(agent, `${whose}: ${agent}.`)
    }
    const pauseMs = LIMITS.adoptedPauseMsMin
    this.#byName.set(name, { subject, spec, state: 'up', pauseMs, timer: undefined })
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  adoptedSubject(agent: AgentState): string | undefined {
    return this.#byName.get(agent.id)?.subject
  }

  /** Nobody was there for an attempt, and the policy has paused the agent. */
  absent(name: string): void {
    const adopted = this.#byName.get(name)
    if (adopted === undefined || adopted.state === 'paused') return
    if (this.#context.core.agents.get(name)?.paused !== true) return
    const { subject, state, pauseMs } = adopted
    if (state === 'tried') this.#tried--
    else this.#event('responder_gone', { agent: name, subject })
    adopted.state = 'paused'
    adopted.pauseMs = Math.min(2 * pauseMs, LIMITS.adoptedPauseMsMax)
    adopted.timer = setTimeout(() => this.#try(adopted), pauseMs)
  }

  /** Offers it one task more than it has in hand. */
  #try(adopted: Adopted): void {
    const { core, inbox } = this.#context
    const { spec } = adopted
    const agent = core.agents.get(spec.id)
    // A hello would end the drain that an operator asked for.
    if (agent === undefined || agent.draining) return
    adopted.state = 'tried'
    this.#tried++
    const inHand = core.table.inUse(agent.index as AgentIndex)
    core.hello({ ...spec, concurrency: Math.min(spec.concurrency, inHand + 1) }, policyMs())
    inbox.wake()
  }

  /** Something came on a result subject, be it late. */
  answered(name: string): void {
    if (this.#tried === 0) return
    const adopted = this.#byName.get(name)
    if (adopted?.state !== 'tried') return
    const { core, nowMs } = this.#context
    this.#tried--
    adopted.state = 'up'
    adopted.pauseMs = LIMITS.adoptedPauseMsMin
    this.#event('responder_back', { agent: name, subject: adopted.subject })
    if (!core.agents.get(name)!.draining) core.hello(adopted.spec, nowMs)
  }

  dispatch(record: TaskRecord, agent: AgentState): void {
    this.#send(this.#byName.get(agent.id)!.subject, record, agent)
  }

  /** It keeps nothing, and would work twice. */
  repeat(): void {}

  /** It would not understand: what it still answers is late. */
  cancel(): void {}

  /** It says nothing of itself, so it is never asked. */
  preempt(): void {}

  recall(): void {}

  drain(): void {}

  /** An agent of this process has taken its name. */
  fenced(agent: AgentState): void {
    const adopted = this.#byName.get(agent.id)
    if (adopted === undefined) return
    clearTimeout(adopted.timer)
    if (adopted.state === 'tried') this.#tried--
    this.#byName.delete(agent.id)
  }

  /** Nobody is tried any more. */
  stop(): void {
    for (const { timer } of this.#byName.values()) clearTimeout(timer)
  }
}
