/**
 * What the hedger takes of a task's way through the core, in CPU time.
 *
 * Runs on: a child process of the hedging benchmark, one thread. Invariant: all sides take the same tasks
 * the same way, and none of them is late.
 */
import { Hedger } from '../src/hedging/hedger.ts'
import { type AgentState, SILENT } from '../src/policy/agents.ts'
import type { PolicyCore } from '../src/policy/core.ts'
import { NoEffects } from '../src/policy/no-effects.ts'
import type { AttemptEnd } from '../src/policy/state.ts'
import { NOBODY, TaskRecord } from '../src/policy/task-record.ts'
import { cpuUs } from './cpu.ts'
import { loneCore } from './lone-core.ts'

/** `off`: asked, in a queue without percentile. `without`: not asked. */
export type HedgeSide = 'on' | 'off' | 'without'
export const HEDGE_COST_ROUNDS = 2_000_000

const OUT = 64
const NO_BYTES = new Uint8Array(0)
const OPTIONS = { level: 3, requires: [], timeoutMs: null, retryCount: 0 }

class Loop extends NoEffects {
  readonly core: PolicyCore
  nowMs = 0
  readonly #hedger: Hedger | null
  readonly #agent: AgentState
  readonly #free: TaskRecord[] = []

  constructor(side: HedgeSide) {
    super()
    this.core = loneCore(
      {
        slots: 2 * OUT,
        agents: 1,
        queueDefaults: { hedgePercentile: side === 'on' ? 0.95 : 0 },
      },
      this,
    )
    const sink = {
      twinOf: () => null,
      hedged: () => {},
      refused: () => {},
    }
    this.#hedger = side === 'without' ? null : new Hedger(this.core, sink)
    const agent = this.core.hello(
      {
        id: 'one',
        instance: 'one',
        queues: ['*'],
        capabilities: [],
        labels: {},
        specializations: {},
        concurrency: OUT,
        ...SILENT,
        link: null,
      },
      0,
    )
    if (typeof agent === 'string') throw new Error(agent)
    this.#agent = agent
  }

  override ended(record: TaskRecord, _counter: number, agent: AgentState, how: AttemptEnd): void {
    this.#hedger?.ended(record, agent, how, this.nowMs)
  }

  override outcome(record: TaskRecord): void {
    if (record.extras !== null) this.#hedger?.over(record)
  }

  override forgotten(record: TaskRecord): void {
    record.clear()
    this.#free.push(record)
  }

  /** As many tasks as the agent may have, each from admission to its end. */
  turn(): void {
    const { core } = this
    for (let i = 0; i < OUT; i++) core.submit(this.#record(), this.nowMs)
    for (let i = 0; i < OUT; i++) {
      const record = core.nextOffer(this.nowMs)!
      const { slot, generation } = record.attempt!
      core.propose(slot, generation, this.#agent.index, this.#agent.generation, this.nowMs)
      this.#hedger?.started(record, this.nowMs)
    }
    this.#hedger?.run(this.nowMs)
    this.nowMs++
    for (let i = 0; i < OUT; i++) core.succeeded(this.#agent.running.head!, this.nowMs)
    this.#hedger?.run(this.nowMs)
  }

  #record(): TaskRecord {
    const known = this.#free.pop()
    if (known === undefined) {
      return new TaskRecord('', 'bench', OPTIONS, NO_BYTES, 0, 0, NOBODY, null, false, false, 0)
    }
    known.begin('', 'bench', OPTIONS, NO_BYTES, 0, 0, NOBODY, null, false, false, 0)
    return known
  }
}

/** @returns ns of CPU a task. */
export function hedgeCostNs(side: HedgeSide, rounds: number): number {
  const loop = new Loop(side)
  const turns = Math.ceil(rounds / OUT)
  for (let i = 0; i < turns / 4; i++) loop.turn()
  const beforeUs = cpuUs()
  for (let i = 0; i < turns; i++) loop.turn()
  const { completed } = loop.core.counters
  if (completed < turns * OUT) throw new Error(`${completed} tasks completed`)
  return ((cpuUs() - beforeUs) * 1_000) / (turns * OUT)
}
