/**
 * Step 8 of 8, complete. Before: a task has its one final outcome. After: every submitter of its id
 * is answered, the payload's memory is free, the result is kept for look-up, and at the end of the
 * turn its latency is recorded. The policy's effects end here.
 */
import { nowUs } from '../clock.ts'
import type { AgentState } from '../policy/agents.ts'
import type { PolicyEffects } from '../policy/core.ts'
import { COMPLETED, type TaskRecord } from '../policy/task-record.ts'
import { type FrontEndContext, STAGE_DELIVER, STAGE_DISPATCH, STAGE_TOTAL } from './context.ts'
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
    context.arena.free(record.payload)
    record.payload = NO_BYTES_REF
    if (record.wantsOutcome) record.origin.outcome(record, record.replyTo)
    if (record.waiters !== null) {
      for (const waiter of record.waiters) waiter.origin.outcome(record, waiter.replyTo)
      record.waiters = null
    }
    if (record.state === COMPLETED) keepResult(context, record)
    context.delivered.push(record)
  }

  forgotten(record: TaskRecord): void {
    this.context.arena.free(record.result)
    record.result = NO_BYTES_REF
  }

  revoke(agent: AgentState, counter: number, dispatchSeq: number, reason: string): void {
    ;(agent.link as AgentPort).cancel(agent, counter, dispatchSeq, reason)
  }

  /** Only the journal cares. */
  ended(): void {}

  creditBack(): void {}

  agentUp(agent: AgentState): void {
    this.#event('agent_up', { agent: agent.id, instance: agent.instance })
  }

  agentDown(agent: AgentState, reason: string): void {
    this.#event('agent_down', { agent: agent.id, instance: agent.instance, reason })
  }

  fenced(agent: AgentState): void {
    ;(agent.link as AgentPort).fenced(agent)
    this.#event('agent_fenced', { agent: agent.id, instance: agent.instance })
  }

  drain(agent: AgentState): void {
    ;(agent.link as AgentPort).drain(agent)
  }
}

/** The bytes of a final task's result: still the message's own, or the kept copy. */
export function resultBytes(context: FrontEndContext, record: TaskRecord): Uint8Array {
  return record.resultBytes >= 0
    ? context.arena.get(record.result, record.resultBytes)
    : record.view
}

function keepResult(context: FrontEndContext, record: TaskRecord): void {
  const ref = context.arena.put(record.view)
  if (ref !== REFUSED) {
    record.result = ref
    record.resultBytes = record.view.length
  }
  record.dropView()
}

/** End of the turn: what was dispatched and delivered gets one stamp each. */
export function stampFlushed(context: FrontEndContext): void {
  const { dispatched, delivered, latency } = context
  if (dispatched.length === 0 && delivered.length === 0) return
  const stampUs = nowUs()
  for (const record of dispatched) {
    record.dispatchedUs = stampUs
    if (record.attempts === 1) latency.record(STAGE_DISPATCH, (stampUs - record.committedUs) | 0)
  }
  dispatched.length = 0
  for (const record of delivered) {
    if (record.state !== COMPLETED) continue
    latency.record(STAGE_DELIVER, (stampUs - record.resultUs) | 0)
    latency.record(STAGE_TOTAL, (stampUs - record.receivedUs) | 0)
  }
  delivered.length = 0
}
