/** Agents of a policy core in virtual time, and their health as a front end would keep it. */
import { expect } from 'vitest'
import { AgentHealth } from '../../src/agent-health/agent-health.ts'
import type { AgentSources } from '../../src/agent-health/slow.ts'
import { AGENT_HEALTH_DEFAULTS, type AgentHealthOptions } from '../../src/balance-options.ts'
import type { LearnedOf } from '../../src/learning/learning.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { type AgentGiven, Policy, type PolicyGiven } from '../policy/support.ts'

export interface Told {
  kind: string
  detail: Record<string, unknown>
}

/** Ever so many results of an agent with a type; µs. */
export interface Paced {
  us: number
  latelyUs?: number
  results?: number
  total?: number
}

const MANY = 100

export class World {
  readonly policy: Policy
  readonly options: AgentHealthOptions | null
  readonly health: AgentHealth
  readonly told: Told[] = []
  /** What is learned of agents, by id and type; type 0 is all together. */
  readonly pace = new Map<string, Map<number, Paced>>()

  constructor(given: Partial<AgentHealthOptions> | null = {}, policy: PolicyGiven = {}) {
    this.policy = new Policy({ queue: { retryCount: 0, lossLimit: 1_000 }, ...policy })
    this.options = given === null ? null : { ...AGENT_HEALTH_DEFAULTS, ...given }
    const { core, effects } = this.policy
    this.health = new AgentHealth(core, this.#sources, this.options, (kind, detail) =>
      this.told.push({ kind, detail }),
    )
    effects.agentUp = (agent) => this.health.agentUp(agent, this.policy.nowMs)
    effects.agentDown = (agent, reason) => this.health.agentDown(agent, reason, this.policy.nowMs)
    effects.ended = (_record, counter, agent, how) =>
      this.health.ended(counter, agent, how as never)
    this.health.check(this.policy.nowMs)
  }

  readonly #sources: AgentSources = {
    overall: (agent) => this.#learned(agent, 0),
    stats: (agent) => {
      const rows = [...(this.pace.get(this.#idOf(agent))?.keys() ?? [])]
      return rows.filter((row) => row > 0).map((row) => this.#learned(agent, row))
    },
  }

  #idOf(agent: number): string {
    return this.policy.core.agentAt[agent]!.id
  }

  #learned(agent: number, row: number): LearnedOf {
    const known = this.pace.get(this.#idOf(agent))?.get(row)
    const { us = null, latelyUs = us, results = MANY, total = results } = known ?? {}
    const none = known === undefined
    return {
      row,
      results: none ? 0 : results,
      total: none ? 0 : total,
      successes: none ? 0 : Math.round(0.9 * results),
      latencyUs: us,
      latelyUs,
      success: 0.9,
      latelySuccess: null,
      skill: 0.5,
    }
  }

  learn(id: string, paced: Paced, row = 0): void {
    const rows = this.pace.get(id) ?? new Map<number, Paced>()
    this.pace.set(id, rows.set(row, paced))
  }

  join(id: string, given: AgentGiven = {}): AgentState {
    const agent = this.policy.agent(id, {
      queues: ['q'],
      concurrency: 100,
      leased: false,
      ...given,
    })
    this.turn()
    return agent
  }

  /** What a front end's turn does before it places. */
  turn(): void {
    this.health.act(this.policy.nowMs)
  }

  /** Lets so much time pass, with a look each second. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 1_000) {
      this.policy.pass(Math.min(1_000, left))
      this.turn()
      this.health.check(this.policy.nowMs)
    }
  }

  /** A task of its own for an agent. @throws Error when it may not have it. */
  give(agent: AgentState): TaskRecord {
    const { policy } = this
    const record = policy.submit()
    const offered = policy.offer()
    if (offered === null || policy.propose(offered, agent) !== 0) {
      policy.cancel(record)
      throw new Error(`${agent.id} takes nothing`)
    }
    return offered
  }

  /** The agent's next results. */
  results(agent: AgentState, ok: number, bad = 0): void {
    for (let i = 0; i < ok + bad; i++) {
      const record = this.give(agent)
      if (i < ok) this.policy.succeed(record)
      else this.policy.fail(record, false)
      this.turn()
    }
  }

  condition(agent: AgentState): string {
    return this.health.conditionOf(agent).condition
  }

  reason(agent: AgentState): string {
    return this.health.conditionOf(agent).reason ?? ''
  }

  /** @returns the events since the last call, as `kind agent`. */
  events(): string[] {
    return this.told.splice(0).map(({ kind, detail }) => `${kind} ${detail.agent}`)
  }

  expectConditions(expected: Record<string, string>): void {
    const found = Object.keys(expected).map((id) => [
      id,
      this.condition(this.policy.core.agents.get(id)!),
    ])
    expect(Object.fromEntries(found)).toEqual(expected)
  }
}
