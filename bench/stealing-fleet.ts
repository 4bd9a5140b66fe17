/**
 * Agents with queues of their own in a real policy core, and tasks that are bound to whoever is named.
 *
 * Runs on: a child process of the stealing benchmark, one thread. Invariant: every task that was given
 * to an agent is in its hands or in its queue, or ended well.
 */
import { Balancer, NO_COSTS } from '../src/balance/balancer.ts'
import { STEALING_DEFAULTS, type StealingOptions } from '../src/options.ts'
import { type AgentState, SILENT } from '../src/policy/agents.ts'
import type { PolicyCore } from '../src/policy/core.ts'
import { NoEffects } from '../src/policy/no-effects.ts'
import { type Origin, TaskRecord } from '../src/policy/task-record.ts'
import { loneCore } from './lone-core.ts'

const NO_BYTES = new Uint8Array(0)
const NOBODY: Origin = { accepted() {}, outcome() {}, refused() {} }
const LEVEL = 3

const NO_EFFECTS = new NoEffects()

export interface FleetSpec {
  readonly agents: number
  readonly queueMax: number
  /** By agent; nothing by default. */
  readonly capabilities?: (agent: number) => readonly string[]
  readonly stealing?: Partial<StealingOptions>
}

export class BoundFleet {
  readonly core: PolicyCore
  readonly balancer: Balancer
  readonly agents: AgentState[]
  nowMs = 0
  /** Tasks that the balancer had begun. */
  started = 0

  constructor({ agents, queueMax, capabilities = () => [], stealing }: FleetSpec) {
    this.core = loneCore(
      {
        slots: 2 * agents + 32,
        agents,
        queueDefaults: { binding: 'early', tasksMax: 2 ** 30 },
        policy: { agentQueueMax: queueMax, protectFrom: STEALING_DEFAULTS.protectFrom },
      },
      NO_EFFECTS,
    )
    this.agents = Array.from({ length: agents }, (_, i) =>
      this.#join(`agent-${i}`, capabilities(i)),
    )
    const options = { ...STEALING_DEFAULTS, ...stealing }
    this.balancer = new Balancer(this.core, NO_COSTS, options, { started: () => this.started++ })
  }

  #join(id: string, capabilities: readonly string[]): AgentState {
    const joined = this.core.hello(
      {
        id,
        instance: 'one',
        queues: ['*'],
        capabilities,
        labels: {},
        specializations: {},
        concurrency: 1,
        ...SILENT,
        link: null,
      },
      0,
    )
    if (typeof joined === 'string') throw new Error(`agent ${id} was refused: ${joined}`)
    return joined
  }

  /** @throws Error when the task is not that agent's now. */
  give(agent: AgentState, requires: readonly string[] = []): TaskRecord {
    const options = { level: LEVEL, requires, timeoutMs: null, retryCount: 0 }
    const record = new TaskRecord(
      '',
      'bench',
      options,
      NO_BYTES,
      0,
      0,
      NOBODY,
      null,
      false,
      false,
      0,
    )
    const refusal = this.core.submit(record, this.nowMs)
    if (refusal !== null) throw new Error(`a task was refused: ${refusal.code}`)
    const offered = this.core.nextOffer(this.nowMs)
    if (offered !== record) throw new Error('another task was offered')
    const { slot, generation } = record.attempt!
    this.core.propose(slot, generation, agent.index, agent.generation, this.nowMs)
    if (record.agentId !== agent.id) throw new Error(`the task is not with ${agent.id}`)
    return record
  }

  /** What the agent runs ends well; what is bound to it does not begin by itself. */
  finish(agent: AgentState): void {
    this.core.succeeded(agent.running.head!, this.nowMs)
  }

  /** @throws Error unless all of them are with somebody. */
  expectTasks(count: number): void {
    let found = 0
    for (const { running, bound } of this.agents) found += running.length + bound.length
    if (found !== count) throw new Error(`${found} of ${count} tasks are with agents`)
  }
}
