/**
 * A policy core that can write a journal of itself: each door that changes something becomes one
 * event, each effect one record behind it. Main thread. Without a journal each door costs one
 * comparison with null.
 *
 * Invariant: whatever changes the core's state goes through a door of this class, so a core that is
 * built from an image and given the same events is in the same state after each.
 */
import {
  AgentTableWriter,
  ClassTableWriter,
  type SharedMemory,
  SlotTableWriter,
} from '../../native-free/index.ts'
import type { ErrorCode } from '../errors.ts'
import type { Binding, QueueOptions } from '../options.ts'
import type { AgentSpec, AgentState } from '../policy/agents.ts'
import type { AllocationSpec } from '../policy/allocation.ts'
import type {
  PolicyCore,
  PolicyEffects,
  PolicyOptions,
  Proposal,
  Withdrawal,
} from '../policy/core.ts'
import type { RecallRefusal } from '../policy/recalls.ts'
import type { StealRefusal } from '../policy/stealing.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { headOf, type JournalAbout, NOBODY_IN_PARTICULAR } from './about.ts'
import { EffectWriter } from './effect-writer.ts'
import { givenOf } from './event-writer.ts'
import { Kind } from './format.ts'
import { GraphEventWriter } from './graph-event-writer.ts'
import { GraphRecorder, parentsOf } from './graph-recorder.ts'
import { imageOf } from './image.ts'
import type { JournalWriter } from './writer.ts'

export class RecordedCore extends GraphRecorder {
  readonly memory: SharedMemory
  readonly about: JournalAbout
  /** Called after each whole event, while a journal is written. */
  onEvent: (() => void) | null = null
  private readonly unrecorded: PolicyEffects

  constructor(
    memory: SharedMemory,
    options: PolicyOptions,
    effects: PolicyEffects,
    about: JournalAbout = NOBODY_IN_PARTICULAR,
  ) {
    super(
      new SlotTableWriter(memory),
      new AgentTableWriter(memory),
      new ClassTableWriter(memory),
      options,
      effects,
    )
    this.memory = memory
    this.about = about
    this.unrecorded = effects
  }

  get isRecording(): boolean {
    return this.journal !== null
  }

  /** Begins a journal with HEAD and IMAGE; one that is being written is left as it is. */
  record(writer: JournalWriter): void {
    writer.head(headOf(this))
    writer.image(imageOf(this))
    this.journal = new GraphEventWriter(writer, this)
    this.effects = new EffectWriter(writer, this.unrecorded)
  }

  /** Writes the state into the journal again: whoever rebuilds it compares. */
  checkpoint(): void {
    this.journal?.writer.image(imageOf(this))
  }

  /** @returns an END record for the journal so far, which goes on. */
  endOfJournal(): Uint8Array | null {
    return this.journal?.writer.endOf(imageOf(this)) ?? null
  }

  /** Ends the journal. @param withEnd false leaves it as if the process had been killed. */
  stopRecording(withEnd = true): void {
    const { journal } = this
    if (journal === null) return
    this.journal = null
    this.effects = this.unrecorded
    if (withEnd) journal.writer.end(imageOf(this))
  }

  override submit(record: TaskRecord, nowMs: number): ReturnType<PolicyCore['submit']> {
    const { journal } = this
    if (journal === null) return super.submit(record, nowMs)
    const given = givenOf(record)
    const parents = parentsOf(this, record)
    const refusal = super.submit(record, nowMs)
    const known = refusal === null ? parents : []
    journal.submitted(record, refusal?.code ?? '', given, known, nowMs)
    return refusal
  }

  override nextOffer(nowMs: number): TaskRecord | null {
    const record = super.nextOffer(nowMs)
    if (this.journal !== null && record !== null) this.journal.offered(record, false, nowMs)
    return record
  }

  override nextBounced(nowMs: number): TaskRecord | null {
    const record = super.nextBounced(nowMs)
    if (this.journal !== null && record !== null) this.journal.offered(record, true, nowMs)
    return record
  }

  override propose(
    slot: number,
    generation: number,
    agentIndex: number,
    agentGeneration: number,
    nowMs: number,
    byRouter = false,
  ): Proposal {
    const { journal } = this
    if (journal === null) {
      return super.propose(slot, generation, agentIndex, agentGeneration, nowMs, byRouter)
    }
    // One that is bound gives its slot back.
    const record = this.recordAt[slot]
    const answer = super.propose(slot, generation, agentIndex, agentGeneration, nowMs, byRouter)
    journal.proposed(record, answer, slot, generation, agentIndex, agentGeneration, nowMs, byRouter)
    return answer
  }

  override nextBound(nowMs: number): TaskRecord | null {
    const record = super.nextBound(nowMs)
    if (this.journal !== null && record !== null) this.journal.started(record, nowMs)
    return record
  }

  override bounce(record: TaskRecord): void {
    const { slot } = record.attempt!
    super.bounce(record)
    this.journal?.bounced(record, slot)
  }

  override withdraw(record: TaskRecord, reason: Withdrawal): void {
    super.withdraw(record, reason)
    this.journal?.withdrawn(record, reason)
  }

  override attempt(
    agentId: string,
    slot: number,
    epoch: number,
    counter: number,
  ): TaskRecord | 'late_result' | 'result_unknown' {
    const found = super.attempt(agentId, slot, epoch, counter)
    if (found === 'late_result') this.journal?.late(agentId, slot, epoch, counter)
    return found
  }

  override heard(record: TaskRecord, progress: string, nowMs: number): void {
    super.heard(record, progress, nowMs)
    this.journal?.heard(record, nowMs)
  }

  override failed(
    record: TaskRecord,
    code: string,
    message: string,
    retryable: boolean,
    nowMs: number,
  ): void {
    const { slot } = record.attempt!
    super.failed(record, code, message, retryable, nowMs)
    this.journal?.failed(record, slot, code, message, retryable, nowMs)
  }

  override yielded(
    record: TaskRecord,
    checkpoint: Uint8Array | null,
    nowMs: number,
  ): ErrorCode | null {
    const { slot } = record.attempt!
    const refusal = super.yielded(record, checkpoint, nowMs)
    // One that nobody asked for changes nothing.
    if (refusal === null) this.journal?.yielded(record, slot, checkpoint, nowMs)
    return refusal
  }

  override steal(record: TaskRecord, thief: AgentState, nowMs: number): StealRefusal | null {
    const refusal = super.steal(record, thief, nowMs)
    // One that is refused changes nothing, here and below.
    if (refusal === null) this.journal?.stolen(record, thief, nowMs)
    return refusal
  }

  override recall(
    record: TaskRecord,
    thief: AgentState | null,
    nowMs: number,
  ): RecallRefusal | null {
    const refusal = super.recall(record, thief, nowMs)
    if (refusal === null) this.journal?.recallAsked(record, thief, nowMs)
    return refusal
  }

  override limitAgent(id: string, limit: number): 'agent_unknown' | null {
    const answer = super.limitAgent(id, limit)
    this.journal?.limited(answer, id, limit)
    return answer
  }

  override requestPreemptions(nowMs: number): number {
    const asked = super.requestPreemptions(nowMs)
    if (asked > 0) this.journal?.interrupted(asked, nowMs)
    return asked
  }

  override dispatchFailed(record: TaskRecord, nowMs: number): void {
    const { slot } = record.attempt!
    super.dispatchFailed(record, nowMs)
    this.journal?.dispatchFailed(record, slot, nowMs)
  }

  override cancel(record: TaskRecord, nowMs: number): 'finished' | null {
    const answer = super.cancel(record, nowMs)
    this.journal?.cancelled(record, answer, nowMs)
    return answer
  }

  override hello(spec: AgentSpec, nowMs: number): AgentState | ErrorCode {
    const answer = super.hello(spec, nowMs)
    this.journal?.hello(spec, answer, nowMs)
    return answer
  }

  override beat(
    id: string,
    instance: string,
    running: ReadonlySet<number> | null,
    nowMs: number,
    foreign = 0,
  ): ErrorCode | null {
    const answer = super.beat(id, instance, running, nowMs, foreign)
    this.journal?.beat(answer, id, instance, running, nowMs, foreign)
    return answer
  }

  override pull(id: string, instance: string, count: number, nowMs: number): ErrorCode | null {
    const answer = super.pull(id, instance, count, nowMs)
    this.journal?.pulled(answer, id, instance, count, nowMs)
    return answer
  }

  override setPrefetch(agent: AgentState, count: number): void {
    super.setPrefetch(agent, count)
    // Of one that has gone nothing was changed, and its index may be another's.
    if (!agent.gone) this.journal?.prefetched(agent, count)
  }

  override bye(id: string, instance: string, drain: boolean, nowMs: number): ErrorCode | null {
    const answer = super.bye(id, instance, drain, nowMs)
    this.journal?.bye(answer, id, instance, drain, nowMs)
    return answer
  }

  override drainAgent(id: string): ErrorCode | null {
    const answer = super.drainAgent(id)
    this.journal?.draining(answer, id)
    return answer
  }

  override setStrategy(queue: string | null, index: number): 'queue_unknown' | null {
    const answer = super.setStrategy(queue, index)
    this.journal?.switched(Kind.STRATEGY, answer, queue ?? '', index)
    return answer
  }

  override setShadow(queue: string, index: number): 'queue_unknown' | null {
    const answer = super.setShadow(queue, index)
    this.journal?.switched(Kind.SHADOW, answer, queue, index)
    return answer
  }

  override setBinding(queue: string, binding: Binding): 'queue_unknown' | null {
    const answer = super.setBinding(queue, binding)
    this.journal?.switched(Kind.BINDING, answer, queue, binding === 'early' ? 1 : 0)
    return answer
  }

  override pauseQueue(queue: string): 'queue_unknown' | null {
    const answer = super.pauseQueue(queue)
    this.journal?.paused(true, answer, queue)
    return answer
  }

  override resumeQueue(queue: string): 'queue_unknown' | null {
    const answer = super.resumeQueue(queue)
    this.journal?.paused(false, answer, queue)
    return answer
  }

  override configureQueue(queue: string, options: QueueOptions): 'queue_unknown' | null {
    const answer = super.configureQueue(queue, options)
    this.journal?.configured(answer, queue, options)
    return answer
  }

  override allocate(spec: AllocationSpec): ReturnType<PolicyCore['allocate']> {
    const answer = super.allocate(spec)
    this.journal?.allocated(spec, answer)
    return answer
  }

  override release(agentId: string): boolean {
    const wasHeld = super.release(agentId)
    this.journal?.released(agentId, wasHeld)
    return wasHeld
  }

  override agentLost(agent: AgentState, nowMs: number): void {
    super.agentLost(agent, nowMs)
    this.journal?.agentLost(agent, nowMs)
  }

  override setConnected(connected: boolean, nowMs: number): void {
    super.setConnected(connected, nowMs)
    this.journal?.connected(connected, nowMs)
  }

  override tick(nowMs: number): boolean {
    if (this.journal === null) return super.tick(nowMs)
    // There is one each turn: before anything is due it is none, not even for what it would tidy up.
    if (this.nextTickMs() > nowMs) return false
    const hasMore = super.tick(nowMs)
    this.journal?.ticked(hasMore, nowMs)
    return hasMore
  }
}
