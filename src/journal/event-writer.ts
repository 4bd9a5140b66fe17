/**
 * What a core was told, as records: one method for each event, called when it has been done. Main
 * thread.
 */
import type { ErrorCode } from '../errors.ts'
import type { Refusal } from '../policy/admission.ts'
import { type AgentSpec, AgentState } from '../policy/agents.ts'
import type { AllocationSpec } from '../policy/allocation.ts'
import { BOUND_TO_AGENT, COMMITTED, type Proposal, type Withdrawal } from '../policy/core.ts'
import type { PolicyState } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { TaskRouting } from '../task.ts'
import { Kind } from './format.ts'
import { joined, numbersText, routingText } from './texts.ts'
import type { WordBuffer } from './word-buffer.ts'
import type { JournalWriter } from './writer.ts'

/** What is told after each whole event. */
interface Listened extends PolicyState {
  onEvent: (() => void) | null
}

export class EventWriter {
  readonly writer: JournalWriter
  private readonly core: Listened

  constructor(writer: JournalWriter, core: Listened) {
    this.writer = writer
    this.core = core
  }

  /** @param timeoutMs and `retryCount`, `routing`, `id`: as they were given. */
  submitted(
    record: TaskRecord,
    refusal: string,
    id: string,
    timeoutMs: number,
    retryCount: number,
    routing: TaskRouting | null,
    nowMs: number,
  ): void {
    const { writer } = this
    const answer = writer.name(refusal)
    const queue = writer.name(record.queueName)
    const requires = writer.name(joined(record.requires))
    const said = writer.name(routingText(routing))
    writer.time(nowMs)
    const out = writer.event(Kind.SUBMIT)
    out.int(answer)
    out.wide(record.seq)
    out.int(queue)
    out.int(record.level)
    out.int(requires)
    out.int(record.timeoutMs)
    out.int(record.retryCount)
    out.int(record.payloadBytes)
    out.int(timeoutMs)
    out.int(retryCount)
    out.int(said)
    out.int(record.keyHash)
    out.bool(id === '' && refusal === '')
    out.text(record.id)
    this.end()
  }

  offered(record: TaskRecord, wasBounced: boolean, nowMs: number): void {
    const out = this.begin(Kind.OFFER, nowMs)
    const { slot, generation } = record.attempt!
    out.wide(record.seq)
    out.int(slot)
    out.int(generation)
    out.int(record.cls!.index)
    out.int(record.cls!.strategyIndex)
    out.bool(wasBounced)
    this.end()
  }

  /** @param record what was in the slot. */
  proposed(
    record: TaskRecord | null,
    answer: Proposal,
    slot: number,
    generation: number,
    agent: number,
    agentGeneration: number,
    nowMs: number,
    byRouter: boolean,
  ): void {
    const out = this.begin(Kind.PROPOSE, nowMs)
    out.int(answer)
    out.int(slot)
    out.int(generation)
    out.int(agent)
    out.int(agentGeneration)
    out.bool(byRouter)
    if (answer === COMMITTED) {
      out.wide(record!.seq)
      out.wide(record!.attempt!.counter)
      out.int(record!.attempt!.dispatchSeq)
    } else if (answer === BOUND_TO_AGENT) out.wide(record!.seq)
    this.end()
  }

  /** A bound task has begun. */
  started(record: TaskRecord, nowMs: number): void {
    const out = this.begin(Kind.START, nowMs)
    const { slot, generation, agent, counter, dispatchSeq } = record.attempt!
    this.taskAndSlot(out, record, slot)
    out.int(generation)
    out.int(agent!.index)
    out.wide(counter)
    out.int(dispatchSeq)
    this.end()
  }

  bounced(record: TaskRecord, slot: number): void {
    this.taskAndSlot(this.writer.event(Kind.BOUNCE), record, slot)
    this.end()
  }

  withdrawn(record: TaskRecord, reason: Withdrawal): void {
    const out = this.writer.event(Kind.WITHDRAW)
    const { slot, generation } = record.attempt!
    this.taskAndSlot(out, record, slot)
    out.int(generation)
    out.int(reason)
    this.end()
  }

  late(agentId: string, slot: number, epoch: number, counter: number): void {
    const agent = this.writer.name(agentId)
    const out = this.writer.event(Kind.LATE)
    out.int(agent)
    // Whoever lies may name a slot beyond a word: then it is as wrong as any other that is not there.
    out.int(Math.min(slot, 2 ** 31 - 1))
    out.wide(epoch)
    out.wide(counter)
    this.end()
  }

  heard(agent: AgentState, nowMs: number): void {
    this.begin(Kind.HEARD, nowMs).int(agent.index)
    this.end()
  }

  succeeded(record: TaskRecord, slot: number, nowMs: number): void {
    this.taskAndSlot(this.begin(Kind.SUCCEEDED, nowMs), record, slot)
    this.end()
  }

  failed(
    record: TaskRecord,
    slot: number,
    code: string,
    message: string,
    retryable: boolean,
    nowMs: number,
  ): void {
    const name = this.writer.name(code)
    const out = this.begin(Kind.FAILED, nowMs)
    this.taskAndSlot(out, record, slot)
    out.int(name)
    out.bool(retryable)
    out.text(message)
    this.end()
  }

  dispatchFailed(record: TaskRecord, slot: number, nowMs: number): void {
    this.taskAndSlot(this.begin(Kind.DISPATCH_FAILED, nowMs), record, slot)
    this.end()
  }

  cancelled(record: TaskRecord, answer: 'finished' | null, nowMs: number): void {
    const queue = this.writer.name(record.queueName)
    const out = this.begin(Kind.CANCEL, nowMs)
    out.wide(record.seq)
    out.bool(answer !== null)
    out.int(queue)
    out.text(record.id)
    this.end()
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
  ): void {
    const out = this.fromInstance(Kind.BEAT, answer, id, instance, nowMs)
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

  agentLost(agent: AgentState, nowMs: number): void {
    this.begin(Kind.AGENT_LOST, nowMs).int(agent.index)
    this.end()
  }

  connected(connected: boolean, nowMs: number): void {
    this.begin(Kind.CONNECTED, nowMs).bool(connected)
    this.end()
  }

  ticked(hasMore: boolean, nowMs: number): void {
    this.begin(Kind.TICK, nowMs).bool(hasMore)
    this.end()
  }

  /** @param value index of a strategy, or whether tasks are bound early. */
  switched(kind: Kind, answer: ErrorCode | null, queueName: string, value: number): void {
    const refusal = this.writer.name(answer ?? '')
    const queue = this.writer.name(queueName)
    const out = this.writer.event(kind)
    out.int(refusal)
    out.int(queue)
    out.int(value)
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

  private begin(kind: Kind, nowMs: number): WordBuffer {
    this.writer.time(nowMs)
    return this.writer.event(kind)
  }

  private end(): void {
    this.writer.endEvent()
    if (this.core.onEvent !== null) this.core.onEvent()
  }

  private taskAndSlot(out: WordBuffer, record: TaskRecord, slot: number): void {
    out.wide(record.seq)
    out.int(slot)
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
