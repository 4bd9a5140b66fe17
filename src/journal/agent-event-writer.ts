/**
 * As event-writer.ts, of events that are about agents, and what every event begins and ends with. Main
 * thread.
 */
import type { ErrorCode } from '../errors.ts'
import type { Refusal } from '../policy/admission.ts'
import { type AgentSpec, AgentState } from '../policy/agents.ts'
import type { AllocationSpec } from '../policy/allocation.ts'
import type { PolicyState } from '../policy/state.ts'
import { Kind } from './format.ts'
import { joined, numbersText, routingText } from './texts.ts'
import type { WordBuffer } from './word-buffer.ts'
import type { JournalWriter } from './writer.ts'

/** What is told after each whole event. */
export interface Listened extends PolicyState {
  onEvent: (() => void) | null
}

export class AgentEventWriter {
  readonly writer: JournalWriter
  private readonly core: Listened

  constructor(writer: JournalWriter, core: Listened) {
    this.writer = writer
    this.core = core
  }

  hello(spec: AgentSpec, answer: AgentState | ErrorCode, nowMs: number): void {
    const { writer } = this
    const agent = typeof answer === 'string' ? null : answer
    const refusal = writer.name(typeof answer === 'string' ? answer : '')
    const id = writer.name(spec.id)
    const instance = writer.name(spec.instance)
    const queues = writer.name(joined(spec.queues))
    const capabilities = writer.name(joined(spec.capabilities))
    const labels = writer.name(numbersText(spec.labels))
    const specializations = writer.name(numbersText(spec.specializations))
    const out = this.begin(Kind.HELLO, nowMs)
    out.int(refusal)
    out.int(agent?.index ?? -1)
    out.int(agent?.generation ?? 0)
    out.int(id)
    out.int(instance)
    out.int(queues)
    out.int(capabilities)
    out.int(spec.concurrency)
    out.bool(spec.beats)
    out.bool(spec.leased)
    out.bool(spec.keeps)
    out.bool(spec.pull)
    out.bool(spec.preemptible)
    out.bool(spec.recalls)
    out.bool(spec.claims)
    out.bool(spec.declines)
    out.int(labels)
    out.int(specializations)
    this.end()
  }

  beat(
    answer: ErrorCode | null,
    id: string,
    instance: string,
    running: ReadonlySet<number> | null,
    nowMs: number,
    foreign: number,
  ): void {
    const out = this.fromInstance(Kind.BEAT, answer, id, instance, nowMs)
    out.int(foreign)
    out.bool(running !== null)
    out.int(running?.size ?? 0)
    if (running !== null) for (const counter of running) out.wide(counter)
    this.end()
  }

  pulled(
    answer: ErrorCode | null,
    id: string,
    instance: string,
    count: number,
    nowMs: number,
  ): void {
    this.fromInstance(Kind.PULL, answer, id, instance, nowMs).int(count)
    this.end()
  }

  prefetched(agent: AgentState, count: number): void {
    const out = this.writer.event(Kind.PREFETCH)
    out.int(agent.index)
    out.int(count)
    this.end()
  }

  bye(answer: ErrorCode | null, id: string, instance: string, drain: boolean, nowMs: number): void {
    this.fromInstance(Kind.BYE, answer, id, instance, nowMs).bool(drain)
    this.end()
  }

  draining(answer: ErrorCode | null, agentId: string): void {
    const refusal = this.writer.name(answer ?? '')
    const id = this.writer.name(agentId)
    const out = this.writer.event(Kind.DRAIN)
    out.int(refusal)
    out.int(id)
    this.end()
  }

  limited(answer: string | null, agentId: string, limit: number): void {
    const refusal = this.writer.name(answer ?? '')
    const id = this.writer.name(agentId)
    const out = this.writer.event(Kind.LIMIT)
    out.int(refusal)
    out.int(id)
    out.int(limit)
    this.end()
  }

  agentLost(agent: AgentState, nowMs: number): void {
    this.begin(Kind.AGENT_LOST, nowMs).int(agent.index)
    this.end()
  }

  connected(connected: boolean, nowMs: number): void {
    this.begin(Kind.CONNECTED, nowMs).bool(connected)
    this.end()
  }

  allocated(spec: AllocationSpec, answer: AgentState | Refusal | null): void {
    const { writer } = this
    const agent = answer instanceof AgentState ? answer : null
    const refusal = writer.name(answer === agent ? '' : (answer as Refusal).code)
    const queue = writer.name(spec.queue)
    const requires = writer.name(joined(spec.requires))
    const said = writer.name(routingText(spec.routing))
    const out = writer.event(Kind.ALLOCATE)
    out.int(refusal)
    out.int(agent?.index ?? -1)
    out.int(queue)
    out.int(spec.level)
    out.int(requires)
    out.int(said)
    this.end()
  }

  released(agentId: string, wasHeld: boolean): void {
    const id = this.writer.name(agentId)
    const out = this.writer.event(Kind.RELEASE)
    out.int(id)
    out.bool(wasHeld)
    this.end()
  }

  protected begin(kind: Kind, nowMs: number): WordBuffer {
    this.writer.time(nowMs)
    return this.writer.event(kind)
  }

  protected end(): void {
    this.writer.endEvent()
    if (this.core.onEvent !== null) this.core.onEvent()
  }

  private fromInstance(
    kind: Kind,
    answer: ErrorCode | null,
    agentId: string,
    agentInstance: string,
    nowMs: number,
  ): WordBuffer {
    const refusal = this.writer.name(answer ?? '')
    const id = this.writer.name(agentId)
    const instance = this.writer.name(agentInstance)
    const out = this.begin(kind, nowMs)
    out.int(refusal)
    out.int(id)
    out.int(instance)
    return out
  }
}
