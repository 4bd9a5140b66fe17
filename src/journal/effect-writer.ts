/**
 * What a core does, as records: effects that are written, behind the event that had them, and passed
 * on. Main thread.
 */
import type { ErrorCode } from '../errors.ts'
import type { AgentState } from '../policy/agents.ts'
import type { AttemptEnd, PolicyEffects } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { Kind } from './format.ts'
import type { JournalWriter } from './writer.ts'

export class EffectWriter implements PolicyEffects {
  private readonly writer: JournalWriter
  private readonly told: PolicyEffects

  constructor(writer: JournalWriter, told: PolicyEffects) {
    this.writer = writer
    this.told = told
  }

  outcome(record: TaskRecord): void {
    // First the front end: it writes how many bytes of the result it keeps, which is part of it.
    this.told.outcome(record)
    const code = this.writer.name(record.code ?? '')
    const out = this.writer.effect(Kind.OUTCOME)
    out.wide(record.seq)
    out.int(record.state)
    out.int(code)
    out.int(record.attempts)
    out.int(record.resultBytes)
    out.end()
  }

  forgotten(record: TaskRecord): void {
    const out = this.writer.effect(Kind.FORGOTTEN)
    out.wide(record.seq)
    out.end()
    this.told.forgotten(record)
  }

  ended(
    record: TaskRecord,
    counter: number,
    agent: AgentState,
    how: AttemptEnd,
    isCharged: boolean,
  ): void {
    const name = this.writer.name(how)
    const out = this.writer.effect(Kind.ENDED)
    out.wide(record.seq)
    out.wide(counter)
    out.int(agent.index)
    out.int(name)
    out.bool(isCharged)
    out.end()
    this.told.ended(record, counter, agent, how, isCharged)
  }

  revoke(agent: AgentState, counter: number, dispatchSeq: number, reason: ErrorCode): void {
    const name = this.writer.name(reason)
    const out = this.writer.effect(Kind.REVOKE)
    out.int(agent.index)
    out.wide(counter)
    out.int(dispatchSeq)
    out.int(name)
    out.end()
    this.told.revoke(agent, counter, dispatchSeq, reason)
  }

  repeat(record: TaskRecord): void {
    const { counter, agent } = record.attempt!
    const out = this.writer.effect(Kind.REPEAT)
    out.wide(record.seq)
    out.wide(counter)
    out.int(agent!.index)
    out.end()
    this.told.repeat(record)
  }

  unbound(record: TaskRecord, agent: AgentState): void {
    const out = this.writer.effect(Kind.UNBOUND)
    out.wide(record.seq)
    out.int(agent.index)
    out.end()
    this.told.unbound(record, agent)
  }

  creditBack(agent: AgentState, counter: number): void {
    const out = this.writer.effect(Kind.CREDIT_BACK)
    out.int(agent.index)
    out.wide(counter)
    out.end()
    this.told.creditBack(agent, counter)
  }

  agentUp(agent: AgentState): void {
    const id = this.writer.name(agent.id)
    const out = this.writer.effect(Kind.AGENT_UP)
    out.int(agent.index)
    out.int(agent.generation)
    out.int(id)
    out.end()
    this.told.agentUp(agent)
  }

  agentDown(agent: AgentState, reason: ErrorCode | 'bye'): void {
    const name = this.writer.name(reason)
    const out = this.writer.effect(Kind.AGENT_DOWN)
    out.int(agent.index)
    out.int(name)
    out.end()
    this.told.agentDown(agent, reason)
  }

  fenced(agent: AgentState): void {
    const out = this.writer.effect(Kind.FENCED)
    out.int(agent.index)
    out.end()
    this.told.fenced(agent)
  }

  drain(agent: AgentState): void {
    const out = this.writer.effect(Kind.DRAINING)
    out.int(agent.index)
    out.end()
    this.told.drain(agent)
  }
}
