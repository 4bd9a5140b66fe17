/**
 * Effects that come to nothing: the beginning of whoever cares for a few of them only. Any thread.
 *
 * Invariant: it has every effect there is, so a new one concerns only those who want it.
 */
import type { AgentState } from './agents.ts'
import type { Flow } from './graphs.ts'
import type { Stage } from './stages.ts'
import type { AttemptEnd, Note, PolicyEffects } from './state.ts'
import type { TaskRecord } from './task-record.ts'

export class NoEffects implements PolicyEffects {
  outcome(_record: TaskRecord): void {}
  noted(_record: TaskRecord, _note: Note, _detail: string): void {}
  deadLetter(_record: TaskRecord, _name: string): void {}
  preempt(_record: TaskRecord, _agent: AgentState): void {}
  stolen(_record: TaskRecord, _from: AgentState, _to: AgentState): void {}
  recall(_record: TaskRecord, _agent: AgentState): void {}
  advanced(_record: TaskRecord, _stage: Stage): void {}
  flowEnded(_flow: Flow): void {}
  queuePaused(_name: string, _isPaused: boolean): void {}
  forgotten(_record: TaskRecord): void {}
  repeat(_record: TaskRecord): void {}
  revoke(..._what: Parameters<PolicyEffects['revoke']>): void {}
  ended(_record: TaskRecord, _counter: number, _agent: AgentState, _how: AttemptEnd): void {}
  unbound(_record: TaskRecord, _agent: AgentState): void {}
  creditBack(_agent: AgentState, _counter: number): void {}
  agentUp(_agent: AgentState): void {}
  agentDown(..._what: Parameters<PolicyEffects['agentDown']>): void {}
  fenced(_agent: AgentState): void {}
  drain(_agent: AgentState): void {}
}
