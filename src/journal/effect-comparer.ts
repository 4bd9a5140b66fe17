/**
 * The effects of a core that is run again, each compared with the record that must stand next in the
 * journal, then passed on. Any thread.
 */
import type { AgentState } from '../policy/agents.ts'
import type { Flow } from '../policy/graphs.ts'
import type { Stage } from '../policy/stages.ts'
import type { AttemptEnd, Note, PolicyEffects } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { untilMs } from './effect-writer.ts'
import { Kind } from './format.ts'
import type { Replayer } from './replayer.ts'

export class EffectComparer implements PolicyEffects {
  private readonly replayer: Replayer
  private readonly told: PolicyEffects | undefined

  constructor(replayer: Replayer, told: PolicyEffects | undefined) {
    this.replayer = replayer
    this.told = told
  }

  outcome(record: TaskRecord): void {
    if (!this.replayer.expect(Kind.OUTCOME)) return
    const { reader } = this.replayer
    this.replayer.same('task', reader.wide(), record.seq)
    this.replayer.same('state', reader.int(), record.state)
    this.replayer.same('code', reader.string(), record.code ?? '')
    this.replayer.same('attempts', reader.int(), record.attempts)
    record.resultBytes = reader.int()
    reader.close()
    this.told?.outcome(record)
  }

  forgotten(record: TaskRecord): void {
    if (!this.replayer.expect(Kind.FORGOTTEN)) return
    this.replayer.same('task', this.replayer.reader.wide(), record.seq)
    this.replayer.reader.close()
    this.replayer.tasks.delete(record.seq)
    this.told?.forgotten(record)
  }

  ended(
    record: TaskRecord,
    counter: number,
    agent: AgentState,
    how: AttemptEnd,
    isCharged: boolean,
  ): void {
    if (!this.replayer.expect(Kind.ENDED)) return
    const { reader } = this.replayer
    this.replayer.same('task', reader.wide(), record.seq)
    this.replayer.same('counter', reader.wide(), counter)
    this.replayer.same('agent', reader.int(), agent.index)
    this.replayer.same('how', reader.string(), how)
    this.replayer.same('isCharged', reader.bool(), isCharged)
    reader.close()
    this.told?.ended(record, counter, agent, how, isCharged)
  }

  revoke(...[agent, counter, dispatchSeq, reason]: Parameters<PolicyEffects['revoke']>): void {
    if (!this.replayer.expect(Kind.REVOKE)) return
    const { reader } = this.replayer
    this.replayer.same('agent', reader.int(), agent.index)
    this.replayer.same('counter', reader.wide(), counter)
    this.replayer.same('dispatchSeq', reader.int(), dispatchSeq)
    this.replayer.same('reason', reader.string(), reason)
    reader.close()
    this.told?.revoke(agent, counter, dispatchSeq, reason)
  }

  repeat(record: TaskRecord): void {
    if (!this.replayer.expect(Kind.REPEAT)) return
    const { counter, agent } = record.attempt!
    const { reader } = this.replayer
    this.replayer.same('task', reader.wide(), record.seq)
    this.replayer.same('counter', reader.wide(), counter)
    this.replayer.same('agent', reader.int(), agent!.index)
    reader.close()
    this.told?.repeat(record)
  }

  noted(record: TaskRecord, note: Note, detail: string): void {
    if (!this.replayer.expect(Kind.NOTED)) return
    const { reader } = this.replayer
    this.replayer.same('task', reader.wide(), record.seq)
    this.replayer.same('note', reader.string(), note)
    this.replayer.same('detail', reader.string(), detail)
    this.replayer.same('level', reader.int(), record.level)
    this.replayer.same('dueMs', reader.wide(), record.dueMs)
    this.replayer.same('untilMs', reader.wide(), untilMs(record))
    reader.close()
    this.told?.noted(record, note, detail)
  }

  deadLetter(record: TaskRecord, name: string): void {
    if (!this.replayer.expect(Kind.DEAD_LETTER)) return
    const { reader } = this.replayer
    this.replayer.same('task', reader.wide(), record.seq)
    this.replayer.same('name', reader.string(), name)
    this.replayer.same('code', reader.string(), record.code ?? '')
    reader.close()
    this.told?.deadLetter(record, name)
  }

  preempt(record: TaskRecord, agent: AgentState): void {
    if (!this.replayer.expect(Kind.PREEMPT)) return
    const { reader } = this.replayer
    this.replayer.same('task', reader.wide(), record.seq)
    this.replayer.same('counter', reader.wide(), record.attempt!.counter)
    this.replayer.same('agent', reader.int(), agent.index)
    reader.close()
    this.told?.preempt(record, agent)
  }

  stolen(record: TaskRecord, from: AgentState, to: AgentState): void {
    if (!this.replayer.expect(Kind.STOLEN)) return
    const { reader } = this.replayer
    this.replayer.same('task', reader.wide(), record.seq)
    this.replayer.same('agent', reader.int(), from.index)
    this.replayer.same('to', reader.int(), to.index)
    reader.close()
    this.told?.stolen(record, from, to)
  }

  recall(record: TaskRecord, agent: AgentState): void {
    if (!this.replayer.expect(Kind.CALL_BACK)) return
    const { reader } = this.replayer
    this.replayer.same('task', reader.wide(), record.seq)
    this.replayer.same('counter', reader.wide(), record.attempt!.counter)
    this.replayer.same('agent', reader.int(), agent.index)
    reader.close()
    this.told?.recall(record, agent)
  }

  advanced(record: TaskRecord, stage: Stage): void {
    if (!this.replayer.expect(Kind.ADVANCED)) return
    const { reader } = this.replayer
    this.replayer.same('task', reader.wide(), record.seq)
    this.replayer.same('queue', reader.string(), stage.queue)
    this.replayer.same('rule', reader.int(), stage.rule)
    this.replayer.same('attempts', reader.int(), stage.attempts)
    ;(stage as { resultBytes: number }).resultBytes = reader.int()
    reader.close()
    this.told?.advanced(record, stage)
  }

  flowEnded(flow: Flow): void {
    if (!this.replayer.expect(Kind.FLOW_ENDED)) return
    const { reader } = this.replayer
    this.replayer.same('flow', reader.text(), flow.id)
    this.replayer.same('state', reader.string(), flow.state)
    reader.close()
    this.told?.flowEnded(flow)
  }

  queuePaused(name: string, isPaused: boolean): void {
    if (!this.replayer.expect(Kind.PAUSED)) return
    const { reader } = this.replayer
    this.replayer.same('queue', reader.string(), name)
    this.replayer.same('isPaused', reader.bool(), isPaused)
    reader.close()
    this.told?.queuePaused(name, isPaused)
  }

  unbound(record: TaskRecord, agent: AgentState): void {
    if (!this.replayer.expect(Kind.UNBOUND)) return
    this.replayer.same('task', this.replayer.reader.wide(), record.seq)
    this.replayer.same('agent', this.replayer.reader.int(), agent.index)
    this.replayer.reader.close()
    this.told?.unbound(record, agent)
  }

  creditBack(agent: AgentState, counter: number): void {
    if (!this.replayer.expect(Kind.CREDIT_BACK)) return
    this.replayer.same('agent', this.replayer.reader.int(), agent.index)
    this.replayer.same('counter', this.replayer.reader.wide(), counter)
    this.replayer.reader.close()
    this.told?.creditBack(agent, counter)
  }

  agentUp(agent: AgentState): void {
    if (!this.replayer.expect(Kind.AGENT_UP)) return
    const { reader } = this.replayer
    this.replayer.same('agent', reader.int(), agent.index)
    this.replayer.same('generation', reader.int(), agent.generation)
    this.replayer.same('id', reader.string(), agent.id)
    reader.close()
    this.told?.agentUp(agent)
  }

  agentDown(...[agent, reason]: Parameters<PolicyEffects['agentDown']>): void {
    if (!this.replayer.expect(Kind.AGENT_DOWN)) return
    this.replayer.same('agent', this.replayer.reader.int(), agent.index)
    this.replayer.same('reason', this.replayer.reader.string(), reason)
    this.replayer.reader.close()
    this.told?.agentDown(agent, reason)
  }

  fenced(agent: AgentState): void {
    if (!this.replayer.expect(Kind.FENCED)) return
    this.replayer.same('agent', this.replayer.reader.int(), agent.index)
    this.replayer.reader.close()
    this.told?.fenced(agent)
  }

  drain(agent: AgentState): void {
    if (!this.replayer.expect(Kind.DRAINING)) return
    this.replayer.same('agent', this.replayer.reader.int(), agent.index)
    this.replayer.reader.close()
    this.told?.drain(agent)
  }
}
