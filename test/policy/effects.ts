/** Effects of a policy core that only record. */

import type { AgentState } from '../../src/policy/agents.ts'
import type { PolicyEffects } from '../../src/policy/core.ts'
import type { Flow } from '../../src/policy/graphs.ts'
import type { Stage } from '../../src/policy/stages.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'

/** What the core told, in order. */
export class Effects implements PolicyEffects {
  readonly outcomes: TaskRecord[] = []
  readonly forgot: TaskRecord[] = []
  readonly revoked: { agent: AgentState; counter: number; seq: number; reason: string }[] = []
  readonly ends: {
    record: TaskRecord
    counter: number
    agent: AgentState
    how: string
    isCharged: boolean
  }[] = []
  readonly repeated: { record: TaskRecord; counter: number }[] = []
  readonly unbounds: { record: TaskRecord; agent: AgentState }[] = []
  readonly notes: { record: TaskRecord; note: string; detail: string }[] = []
  /** `queue`: where it died. */
  readonly deadLetters: { record: TaskRecord; name: string; queue: string }[] = []
  readonly preempts: { record: TaskRecord; agent: AgentState }[] = []
  readonly steals: { record: TaskRecord; from: AgentState; to: AgentState }[] = []
  readonly recalls: { record: TaskRecord; agent: AgentState }[] = []
  readonly advances: { record: TaskRecord; stage: Stage }[] = []
  readonly flowEnds: Flow[] = []
  readonly pauses: { name: string; isPaused: boolean }[] = []
  readonly creditsBack: { agent: AgentState; counter: number }[] = []
  readonly ups: AgentState[] = []
  readonly downs: { agent: AgentState; reason: string }[] = []
  readonly fencedAgents: AgentState[] = []
  readonly drains: AgentState[] = []
  /** Bytes of the result that the front end would keep. */
  resultBytes = -1

  outcome(record: TaskRecord): void {
    this.outcomes.push(record)
    record.resultBytes = this.resultBytes
  }
  forgotten(record: TaskRecord): void {
    this.forgot.push(record)
  }
  revoke(agent: AgentState, counter: number, seq: number, reason: string): void {
    this.revoked.push({ agent, counter, seq, reason })
  }
  ended(record: TaskRecord, counter: number, agent: AgentState, how: string, isCharged: boolean) {
    this.ends.push({ record, counter, agent, how, isCharged })
  }
  repeat(record: TaskRecord): void {
    this.repeated.push({ record, counter: record.attempt!.counter })
  }
  noted(record: TaskRecord, note: string, detail: string): void {
    this.notes.push({ record, note, detail })
  }
  deadLetter(record: TaskRecord, name: string): void {
    this.deadLetters.push({ record, name, queue: record.cls!.queue.name })
  }
  preempt(record: TaskRecord, agent: AgentState): void {
    this.preempts.push({ record, agent })
  }
  advanced(record: TaskRecord, stage: Stage): void {
    this.advances.push({ record, stage })
  }
  flowEnded(flow: Flow): void {
    this.flowEnds.push(flow)
  }
  stolen(record: TaskRecord, from: AgentState, to: AgentState): void {
    this.steals.push({ record, from, to })
  }
  recall(record: TaskRecord, agent: AgentState): void {
    this.recalls.push({ record, agent })
  }
  queuePaused(name: string, isPaused: boolean): void {
    this.pauses.push({ name, isPaused })
  }
  unbound(record: TaskRecord, agent: AgentState): void {
    this.unbounds.push({ record, agent })
  }
  creditBack(agent: AgentState, counter: number): void {
    this.creditsBack.push({ agent, counter })
  }
  agentUp(agent: AgentState): void {
    this.ups.push(agent)
  }
  agentDown(agent: AgentState, reason: string): void {
    this.downs.push({ agent, reason })
  }
  fenced(agent: AgentState): void {
    this.fencedAgents.push(agent)
  }
  drain(agent: AgentState): void {
    this.drains.push(agent)
  }
}
