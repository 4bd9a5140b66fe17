/**
 * What a core does, as records: effects that are written, behind the event that had them, and passed
 * on. Main thread.
 */
import type { ErrorCode } from '../errors.ts'
import type { AgentState } from '../policy/agents.ts'
import type { Flow } from '../policy/graphs.ts'
import type { Stage } from '../policy/stages.ts'
import type { AttemptEnd, Note, PolicyEffects } from '../policy/state.ts'
import { SCHEDULED, type TaskRecord } from '../policy/task-record.ts'
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

  noted(record: TaskRecord, note: Note, detail: string): void {
    const name = this.writer.name(note)
    const about = this.writer.name(detail)
    const out = this.writer.effect(Kind.NOTED)
    out.wide(record.seq)
    out.int(name)
    out.int(about)
    out.int(record.level)
    out.wide(record.dueMs)
    out.wide(untilMs(record))
    out.end()
    this.told.noted(record, note, detail)
  }

  deadLetter(record: TaskRecord, name: string): void {
    const letter = this.writer.name(name)
    const code = this.writer.name(record.code ?? '')
    const out = this.writer.effect(Kind.DEAD_LETTER)
    out.wide(record.seq)
    out.int(letter)
    out.int(code)
    out.end()
    this.told.deadLetter(record, name)
  }

  preempt(record: TaskRecord, agent: AgentState): void {
    const out = this.writer.effect(Kind.PREEMPT)
    out.wide(record.seq)
    out.wide(record.attempt!.counter)
    out.int(agent.index)
    out.end()
    this.told.preempt(record, agent)
  }

  stolen(record: TaskRecord, from: AgentState, to: AgentState): void {
    const out = this.writer.effect(Kind.STOLEN)
    out.wide(record.seq)
    out.int(from.index)
    out.int(to.index)
    out.end()
    this.told.stolen(record, from, to)
  }

  recall(record: TaskRecord, agent: AgentState): void {
    const out = this.writer.effect(Kind.CALL_BACK)
    out.wide(record.seq)
    out.wide(record.attempt!.counter)
    out.int(agent.index)
    out.end()
    this.told.recall(record, agent)
  }

  advanced(record: TaskRecord, stage: Stage): void {
    // First the front end, as for an outcome.
    this.told.advanced(record, stage)
    const queue = this.writer.name(stage.queue)
    const out = this.writer.effect(Kind.ADVANCED)
    out.wide(record.seq)
    out.int(queue)
    out.int(stage.rule)
    out.int(stage.attempts)
    out.int(stage.resultBytes)
    out.end()
  }

  flowEnded(flow: Flow): void {
    const state = this.writer.name(flow.state)
    const out = this.writer.effect(Kind.FLOW_ENDED)
    out.text(flow.id)
    out.int(state)
    out.end()
    this.told.flowEnded(flow)
  }

  queuePaused(name: string, isPaused: boolean): void {
    const queue = this.writer.name(name)
    const out = this.writer.effect(Kind.PAUSED)
    out.int(queue)
    out.bool(isPaused)
    out.end()
    this.told.queuePaused(name, isPaused)
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

/** Until when a task is not to be tried; 0 unless it is scheduled. */
export function untilMs({ state, extras }: TaskRecord): number {
  return state === SCHEDULED ? (extras?.phase?.dueMs ?? 0) : 0
}
