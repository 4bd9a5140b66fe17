/** A fleet in virtual time whose agents have queues of their own, and a balancer over it. */
import { Balancer, type Costs, type Evened } from '../../src/balance/balancer.ts'
import { STEALING_DEFAULTS, type StealingOptions } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { type AgentGiven, Policy, type PolicyGiven, type TaskSpec } from '../policy/support.ts'

export interface FleetGiven extends PolicyGiven {
  stealing?: Partial<StealingOptions>
  /** By agent's id, ms; 0 for unknown. */
  means?: Record<string, number>
  tripMs?: number
}

export class Fleet {
  readonly policy: Policy
  readonly balancer: Balancer
  readonly options: StealingOptions
  readonly means: Record<string, number>
  /** Sent because of the balancer, in order. */
  readonly started: TaskRecord[] = []
  readonly reports: Evened[] = []

  constructor(given: FleetGiven = {}) {
    const { stealing, means = {}, tripMs = 0, queue, ...policy } = given
    this.options = { ...STEALING_DEFAULTS, ...stealing }
    this.means = means
    this.policy = new Policy({
      agentQueueMax: 64,
      protectFrom: this.options.protectFrom,
      ...policy,
      queue: { binding: 'early', ...queue },
    })
    const costs: Costs = {
      meanMs: ({ id }) => this.means[id] ?? 0,
      roundTripMs: () => tripMs,
    }
    this.balancer = new Balancer(this.policy.core, costs, this.options, {
      started: (record) => this.started.push(record),
      evened: (report) => this.reports.push(report),
    })
  }

  agent(id: string, given: AgentGiven = {}): AgentState {
    return this.policy.agent(id, given)
  }

  agents(count: number, given: AgentGiven = {}): AgentState[] {
    return Array.from({ length: count }, (_, i) => this.agent(`a${i}`, given))
  }

  /** Tasks of an agent: what it has credit for runs, the rest is bound to it. */
  give(agent: AgentState, count: number, spec: TaskSpec = {}, queue = 'q'): TaskRecord[] {
    return Array.from({ length: count }, () => {
      const record = this.policy.submit(queue, spec)
      this.policy.offer()
      this.policy.propose(record, agent)
      return record
    })
  }

  /** Its running tasks end well, and what is bound to it begins. */
  finish(agent: AgentState, count = 1): void {
    for (let i = 0; i < count; i++) this.policy.succeed(agent.running.head!)
    this.policy.startBound()
  }

  run(afterMs = 0): void {
    this.policy.nowMs += afterMs
    this.balancer.run(this.policy.nowMs)
  }

  /** @returns tasks by agent: running, then in its own queue. */
  loads(agents: readonly AgentState[]): string {
    return agents.map(({ running, bound }) => `${running.length}+${bound.length}`).join(' ')
  }
}

export function queueOf(agent: AgentState): TaskRecord[] {
  const records: TaskRecord[] = []
  for (let record = agent.bound.head; record !== null; record = record.next) records.push(record)
  return records
}
