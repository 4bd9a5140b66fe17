/**
 * Step 8 of 8, complete. Before: a task has its one final outcome. After: every submitter of its id
 * is answered, the payload's memory is free, the result is kept for look-up, and at the end of the
 * turn its latency is recorded. The policy's effects end here.
 */
import { nowUs } from '../clock.ts'
import type { AgentState } from '../policy/agents.ts'
import type { PolicyEffects } from '../policy/core.ts'
import type { Flow } from '../policy/graphs.ts'
import type { Stage } from '../policy/stages.ts'
import type { AttemptEnd, Note } from '../policy/state.ts'
import { COMPLETED, NOBODY, RUNNING, type TaskRecord } from '../policy/task-record.ts'
import { type FrontEndContext, STAGE_DELIVER, STAGE_DISPATCH, STAGE_TOTAL } from './context.ts'
import { learnAgent, learnCut, learnEnd } from './learned.ts'
import { aboutTask, tellNote } from './notes.ts'
import { NO_BYTES_REF, REFUSED } from './payloads.ts'
import type { AgentPort } from './transport.ts'

/** Told of agents and outcomes by name; the scheduler's own listeners. */
export type EventSink = (kind: string, detail: Record<string, unknown>) => void

export class Completion implements PolicyEffects {
  context!: FrontEndContext
  readonly #event: EventSink

  constructor(event: EventSink) {
    this.#event = event
  }

  outcome(record: TaskRecord): void {
    const { context } = this
    if (record === context.admitting) context.endedAtOnce = true
    else this.over(record)
  }

  /** As `outcome`; of a task that ended as it was admitted, once that is told. */
  over(record: TaskRecord): void {
    const { context } = this
    context.arena.free(record.payload)
    record.payload = NO_BYTES_REF
    if (record.wantsOutcome) record.origin.outcome(record, record.replyTo)
    if (record.waiters !== null) {
      for (const waiter of record.waiters) waiter.origin.outcome(record, waiter.replyTo)
      record.waiters = null
    }
    record.replyTo = null
    context.health.outcome(record)
    if (record.state === COMPLETED) {
      keepResult(context, record)
      // A second attempt was received by nobody.
      if (record.origin !== NOBODY) {
        context.deliveredUs.add(context.resultUs)
        context.deliveredUs.add(record.receivedUs)
      }
    }
    // Behind the result: whether that was kept stands in it.
    context.ledger?.writer.outcome(record, context.nowMs)
    if (record.extras === null) return
    context.hedger.over(record)
    context.together.over(record)
  }

  forgotten(record: TaskRecord): void {
    this.context.arena.free(record.result)
    record.result = NO_BYTES_REF
    for (const { result } of record.extras?.stages ?? []) this.context.arena.free(result)
    this.context.keptScores.forget(record)
    this.context.people.comments.forget(record)
    this.context.records.forget(record)
  }

  repeat(record: TaskRecord): void {
    const agent = record.attempt!.agent!
    this.context.ledger?.writer.sentAgain(record, agent, this.context.nowMs)
    ;(agent.link as AgentPort).repeat(record, agent)
  }

  revoke(agent: AgentState, counter: number, dispatchSeq: number, reason: string): void {
    ;(agent.link as AgentPort).cancel(agent, counter, dispatchSeq, reason)
  }

  ended(record: TaskRecord, counter: number, agent: AgentState, how: AttemptEnd): void {
    const { context } = this
    learnEnd(context, record, agent, how)
    if (context.hedger.ended(record, agent, how, context.nowMs)) learnCut(context, record, agent)
    context.health.ended(record, agent, how)
    context.agentHealth.ended(counter, agent, how)
    context.capacity.ended(record, agent, how, context.nowMs)
    if (agent.claims) context.people.ended(record)
    const code = how === 'failed' ? (record.code ?? '') : ''
    context.ledger?.writer.ended(record, agent, how, code, context.nowMs)
    if (how === 'recalled') {
      context.decisions.calledBack(record.seq, agent.index, agent.generation, context.nowMs)
    }
    if (how !== 'preempted') return
    const { attempts: attempt } = record
    this.#event('task_preempted', { ...aboutTask(record), agent: agent.id, attempt })
  }

  noted(record: TaskRecord, note: Note, detail: string): void {
    tellNote(this.context, this.#event, record, note, detail)
  }

  deadLetter(record: TaskRecord, name: string): void {
    const { context } = this
    context.ledger?.writer.deadLetter(record, name, context.nowMs)
    context.deadLetters.keep(record, name)
    const { code, message, attempts } = record
    this.#event('dead_letter', { ...aboutTask(record), name, code, message, attempts })
  }

  preempt(record: TaskRecord, agent: AgentState): void {
    this.context.ledger?.writer.preemptAsked(record, agent, this.context.nowMs)
    ;(agent.link as AgentPort).preempt(record, agent)
  }

  stolen(record: TaskRecord, from: AgentState, to: AgentState): void {
    const { context } = this
    context.decisions.stolen(record.seq, from.index, from.generation, context.nowMs)
    context.ledger?.writer.stolen(record, from, to, context.nowMs)
  }

  recall(record: TaskRecord, agent: AgentState): void {
    this.context.ledger?.writer.recallAsked(record, agent, this.context.nowMs)
    ;(agent.link as AgentPort).recall(record, agent)
  }

  /** What it came to is an input of what follows. */
  advanced(record: TaskRecord, stage: Stage): void {
    const { context } = this
    context.ledger?.writer.stageLeft(record, stage, context.nowMs)
    const ref = context.arena.put(record.view, record.viewStart, stage.resultBytes)
    record.dropView()
    if (ref !== REFUSED) stage.result = ref
  }

  flowEnded(flow: Flow): void {
    this.context.flows.ended(flow)
    this.context.ledger?.writer.flowEnded(flow, this.context.nowMs)
    this.#event('flow_ended', { flow: flow.id, queue: flow.queue, state: flow.state })
  }

  queuePaused(name: string, isPaused: boolean): void {
    this.context.ledger?.writer.queuePaused(name, isPaused)
    this.#event(isPaused ? 'queue_paused' : 'queue_resumed', { queue: name })
  }

  unbound(record: TaskRecord, agent: AgentState): void {
    this.context.ledger?.writer.unbound(record, agent, this.context.nowMs)
  }

  /** Only the journal cares. */
  creditBack(): void {}

  agentUp(agent: AgentState): void {
    learnAgent(this.context, agent)
    this.context.agentHealth.agentUp(agent, this.context.nowMs)
    this.context.ledger?.writer.agentUp(agent, this.context.nowMs)
    this.#event('agent_up', { agent: agent.id, instance: agent.instance })
  }

  agentDown(agent: AgentState, reason: string): void {
    this.context.learning.left(agent.index)
    this.context.agentHealth.agentDown(agent, reason, this.context.nowMs)
    this.context.capacity.left(agent, this.context.nowMs)
    this.context.ledger?.writer.agentDown(agent, reason, this.context.nowMs)
    this.#event('agent_down', { agent: agent.id, instance: agent.instance, reason })
  }

  fenced(agent: AgentState): void {
    ;(agent.link as AgentPort).fenced(agent)
    this.context.ledger?.writer.fenced(agent, this.context.nowMs)
    this.#event('agent_fenced', { agent: agent.id, instance: agent.instance })
  }

  drain(agent: AgentState): void {
    ;(agent.link as AgentPort).drain(agent)
  }
}

/**
 * What holds the result of a completed task, `record.resultBytes` long from `resultStart` on: the
 * message that brought it, or the arena. Both ask no memory.
 */
export function resultSource({ arena }: FrontEndContext, record: TaskRecord): Uint8Array {
  return record.result === NO_BYTES_REF ? record.view : arena.bytesOf(record.result)
}

export function resultStart({ arena }: FrontEndContext, record: TaskRecord): number {
  return record.result === NO_BYTES_REF ? record.viewStart : arena.startOf(record.result)
}

/** @returns the same as a view, valid during the call. */
export function resultBytes(context: FrontEndContext, record: TaskRecord): Uint8Array {
  const source = resultSource(context, record)
  const start = resultStart(context, record)
  const length = record.resultBytes
  return length === source.length ? source : source.subarray(start, start + length)
}

function keepResult(context: FrontEndContext, record: TaskRecord): void {
  const ref = context.arena.put(record.view, record.viewStart, record.resultBytes)
  record.dropView()
  if (ref === REFUSED) record.resultBytes = -1
  else record.result = ref
}

/** End of the turn: what was dispatched and delivered gets one stamp each. */
export function stampFlushed(context: FrontEndContext): void {
  const { dispatched, deliveredUs, latency } = context
  if (dispatched.length === 0 && deliveredUs.length === 0) return
  const stampUs = nowUs()
  for (let i = 0; i < dispatched.length; i++) {
    const record = dispatched.at(i)
    const { attempt } = record
    if (record.state !== RUNNING || attempt === null) continue
    attempt.dispatchedUs = stampUs
    if (record.attempts === 1) latency.record(STAGE_DISPATCH, (stampUs - attempt.committedUs) | 0)
  }
  dispatched.clear()
  for (let i = 0; i < deliveredUs.length; i += 2) {
    latency.record(STAGE_DELIVER, (stampUs - deliveredUs.at(i)) | 0)
    latency.record(STAGE_TOTAL, (stampUs - deliveredUs.at(i + 1)) | 0)
  }
  deliveredUs.clear()
}
