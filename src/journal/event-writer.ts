/**
 * What a core was told, as records: one method for each event, called when it has been done. Main
 * thread.
 */
import { NONE } from '../../native-free/index.ts'
import type { ErrorCode } from '../errors.ts'
import type { QueueOptions } from '../options.ts'
import type { AgentState } from '../policy/agents.ts'
import { BOUND_TO_AGENT, COMMITTED, type Proposal, type Withdrawal } from '../policy/core.ts'
import type { OwnPromises, TaskRecord } from '../policy/task-record.ts'
import type { TaskAfter, TaskRouting } from '../task.ts'
import { AgentEventWriter } from './agent-event-writer.ts'
import { Kind } from './format.ts'
import { afterText, joined, promisesText, routingText } from './texts.ts'
import type { WordBuffer } from './word-buffer.ts'

const NO_BYTES = new Uint8Array(0)

/** A task as it was given, before the core has filled in what its queue has. */
export interface Given {
  readonly id: string
  readonly level: number
  readonly timeoutMs: number
  readonly retryCount: number
  readonly routing: TaskRouting | null
  readonly own: OwnPromises | null
  readonly after: TaskAfter | null
}

/** @returns what a record says before it is admitted. */
export function givenOf({ id, level, timeoutMs, retryCount, routing, extras }: TaskRecord): Given {
  const own = extras?.own ?? null
  return { id, level, timeoutMs, retryCount, routing, own, after: extras?.after ?? null }
}

export class EventWriter extends AgentEventWriter {
  /** @param parents numbers of those that it names, as far as they are still known. */
  submitted(
    record: TaskRecord,
    refusal: string,
    given: Given,
    parents: readonly number[],
    nowMs: number,
  ): void {
    const { writer } = this
    const answer = writer.name(refusal)
    const queue = writer.name(record.queueName)
    const requires = writer.name(joined(record.requires))
    const said = writer.name(routingText(given.routing))
    const own = writer.name(promisesText(given.own))
    writer.time(nowMs)
    const out = writer.event(Kind.SUBMIT)
    out.int(answer)
    const isMadeUp = given.id === '' && refusal === ''
    this.task(out, record, given, queue, requires, said, own, isMadeUp)
    out.text(afterText(given.after))
    out.int(parents.length)
    for (const seq of parents) out.wide(seq)
    this.end()
  }

  /** As it was handed in, and what has come of that. The names are numbers of texts. */
  protected task(
    out: WordBuffer,
    record: TaskRecord,
    given: Given,
    queue: number,
    requires: number,
    routing: number,
    own: number,
    isMadeUp: boolean,
  ): void {
    out.wide(record.seq)
    out.int(queue)
    out.int(record.level)
    out.int(requires)
    out.int(record.timeoutMs)
    out.int(record.retryCount)
    out.int(record.payloadBytes)
    out.int(given.timeoutMs)
    out.int(given.retryCount)
    out.int(routing)
    out.int(record.keyHash)
    out.int(given.level)
    out.int(own)
    out.bool(isMadeUp)
    out.text(record.id)
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

  heard(record: TaskRecord, nowMs: number): void {
    this.taskAndSlot(this.begin(Kind.HEARD, nowMs), record, record.attempt!.slot)
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

  yielded(record: TaskRecord, slot: number, checkpoint: Uint8Array | null, nowMs: number): void {
    const out = this.begin(Kind.YIELD, nowMs)
    this.taskAndSlot(out, record, slot)
    this.begun(out, record)
    out.bool(checkpoint !== null)
    out.copyBytes(checkpoint ?? NO_BYTES)
    this.end()
  }

  /** It is in the other agent's hands by now: its own queue, or running. */
  stolen(record: TaskRecord, thief: AgentState, nowMs: number): void {
    const out = this.begin(Kind.STEAL, nowMs)
    out.wide(record.seq)
    if (record.attempt === null) {
      out.int(thief.index)
      this.notBegun(out)
    } else this.begun(out, record)
    this.end()
  }

  /** @param thief null when it is to go back to its lane. */
  recallAsked(record: TaskRecord, thief: AgentState | null, nowMs: number): void {
    const out = this.begin(Kind.RECALL, nowMs)
    this.taskAndSlot(out, record, record.attempt!.slot)
    out.int(thief === null ? NONE : thief.index)
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

  ticked(hasMore: boolean, nowMs: number): void {
    this.begin(Kind.TICK, nowMs).bool(hasMore)
    this.end()
  }

  /** Running attempts were asked to stop. */
  interrupted(asked: number, nowMs: number): void {
    this.begin(Kind.INTERRUPT, nowMs).int(asked)
    this.end()
  }

  /** @param isPaused nothing of the queue is given out from now on. */
  paused(isPaused: boolean, answer: ErrorCode | null, queueName: string): void {
    this.ofQueue(isPaused ? Kind.PAUSE : Kind.RESUME, answer, queueName)
    this.end()
  }

  configured(answer: ErrorCode | null, queueName: string, options: QueueOptions): void {
    this.ofQueue(Kind.CONFIGURE, answer, queueName).text(JSON.stringify(options))
    this.end()
  }

  /** @param value index of a strategy, or whether tasks are bound early. */
  switched(kind: Kind, answer: ErrorCode | null, queueName: string, value: number): void {
    this.ofQueue(kind, answer, queueName).int(value)
    this.end()
  }

  private ofQueue(kind: Kind, answer: ErrorCode | null, queueName: string): WordBuffer {
    const refusal = this.writer.name(answer ?? '')
    const queue = this.writer.name(queueName)
    const out = this.writer.event(kind)
    out.int(refusal)
    out.int(queue)
    return out
  }

  /** The attempt that runs by now, if one does. */
  protected begun(out: WordBuffer, { attempt }: TaskRecord): void {
    out.int(attempt?.agent?.index ?? -1)
    if (attempt === null) {
      this.notBegun(out)
      return
    }
    out.int(attempt.slot)
    out.int(attempt.generation)
    out.wide(attempt.counter)
    out.int(attempt.dispatchSeq)
  }

  private notBegun(out: WordBuffer): void {
    out.int(-1)
    out.int(0)
    out.wide(0)
    out.int(0)
  }

  protected taskAndSlot(out: WordBuffer, record: TaskRecord, slot: number): void {
    out.wide(record.seq)
    out.int(slot)
  }
}
