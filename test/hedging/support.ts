/** A real core in virtual time with the hedger over it, as the front end has them. */
import { Hedger } from '../../src/hedging/hedger.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { AttemptEnd } from '../../src/policy/state.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { Policy, type PolicyGiven, type TaskSpec } from '../policy/support.ts'

export class Ground {
  readonly policy: Policy
  readonly hedger: Hedger
  /** In order: tasks, their second attempts, and what they were late after. */
  readonly hedged: { record: TaskRecord; twin: TaskRecord; limitMs: number }[] = []
  /** Whose first attempt was late and was cut, so that its agent learns from it. */
  readonly cut: TaskRecord[] = []
  hasMemory = true

  /** p95 and a budget of 5 % unless the queue is said otherwise. */
  constructor({ queue, ...given }: PolicyGiven = {}) {
    const policy = new Policy({
      ...given,
      queue: { hedgePercentile: 0.95, hedgeBudget: 0.05, ...queue },
    })
    this.policy = policy
    const hedger = new Hedger(policy.core, {
      twinOf: () => (this.hasMemory ? Policy.record('q') : null),
      hedged: (record, twin, limitMs) => this.hedged.push({ record, twin, limitMs }),
      refused: () => {},
    })
    this.hedger = hedger
    const { effects } = policy
    const { ended, outcome } = effects
    effects.ended = (record, counter, agent, how, isCharged) => {
      ended.call(effects, record, counter, agent, how, isCharged)
      if (hedger.ended(record, agent, how as AttemptEnd, policy.nowMs)) this.cut.push(record)
    }
    effects.outcome = (record) => {
      outcome.call(effects, record)
      hedger.over(record)
    }
  }

  /** Places what can be, and looks at who is late. @returns whether somebody was helped. */
  turn(): boolean {
    for (const record of this.policy.place()) this.hedger.started(record, this.policy.nowMs)
    const isHelped = this.hedger.run(this.policy.nowMs)
    for (const record of this.policy.place()) this.hedger.started(record, this.policy.nowMs)
    return isHelped
  }

  /** One that runs. */
  run(spec: TaskSpec = {}): TaskRecord {
    const record = this.policy.submit('q', spec)
    this.turn()
    return record
  }

  /** So many runs of that length, one after the other, by whoever is free. */
  runs(count: number, ms: number, spec: TaskSpec = {}): void {
    for (let i = 0; i < count; i++) {
      const record = this.run(spec)
      this.pass(ms)
      this.policy.succeed(record)
      this.turn()
    }
  }

  /** In virtual time, a turn at the end. */
  pass(ms: number): boolean {
    this.policy.nowMs += ms
    return this.turn()
  }

  agents(...ids: string[]): AgentState[] {
    return ids.map((id) => this.policy.agent(id, { leased: false, beats: false }))
  }
}
