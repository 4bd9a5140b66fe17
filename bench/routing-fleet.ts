/**
 * The fleets of the routing benchmark, ours in shared memory, and how a decision on one is timed.
 *
 * Runs on: a child process, one thread. Invariant: what is charged when the time is taken is what was
 * placed and not given back, and within each agent's credit; else the run fails.
 */
import { Bench } from 'tinybench'
import {
  type AgentIndex,
  AgentTableWriter,
  ClassTableWriter,
  createMemory,
  LearningWriter,
  NONE,
  type SlotIndex,
  SlotTableWriter,
  toAgent,
  toClass,
  toSlot,
} from '../native-free/index.ts'
import { Chooser } from '../src/routing/chooser.ts'
import { Random } from '../src/routing/generator.ts'
import { mixBits } from '../src/routing/key-hash.ts'
import { createStrategies } from '../src/routing/registry.ts'
import { STRATEGY_DEFAULTS } from '../src/strategy-options.ts'
import type { Values } from './harness.ts'
import { median } from './statistics.ts'

export const CONCURRENCY = 10
export const SEED = 1
/** Tasks that take turns, so that levels differ from decision to decision. */
const SLOTS = 1_024
const LEVELS = 5
const CLASS = toClass(0)
/** Of the class's type of tasks; row 0 is over all types. */
const ROW = 1

/** Whatever can place one task; both sides are driven through it. */
export interface Fleet {
  /** Agents that may be charged. */
  readonly members: readonly number[]
  /** @returns the agent that is charged now, or NONE. */
  place(): number
  giveBack(agent: number): void
  loadOf(agent: number): number
}

/**
 * `candidates` agents of `agents`, evenly spread; each of them knows its type of tasks, at a latency,
 * success and skill of its own. All others hold something at random, and stay as they are.
 */
export class SharedFleet implements Fleet {
  readonly members: readonly number[]
  readonly #table: AgentTableWriter
  readonly #chooser: Chooser
  readonly #slots: SlotTableWriter
  /** Twice as many as tasks are out; 0 where keys play no part. */
  readonly #keys: number
  #key = 0
  #slot = 0

  constructor(agents: number, candidates: number, strategy: string) {
    const agentCountMax = Math.ceil(agents / 32) * 32
    const memory = createMemory({
      slotCount: SLOTS,
      agentCountMax,
      classCountMax: 1,
      routerCount: 0,
      ringCapacity: 2,
      publishMax: 1,
      latencyStageCount: 0,
    })
    this.members = Array.from({ length: candidates }, (_, i) =>
      Math.floor((i * agents) / candidates),
    )
    this.#table = new AgentTableWriter(memory)
    this.#fill(agents, new LearningWriter(memory))
    new ClassTableWriter(memory).setRow(CLASS, ROW)
    this.#slots = new SlotTableWriter(memory)
    this.#keys = strategy === 'affinity' ? candidates * CONCURRENCY : 0
    for (let slot = 0; slot < SLOTS; slot++) this.#offer(toSlot(slot))
    const random = new Random(SEED)
    const shape = { agentCountMax, classCountMax: 1, phase: 0 }
    const context = { random, options: STRATEGY_DEFAULTS, ...shape }
    this.#chooser = new Chooser(memory, createStrategies([strategy], context))
  }

  #fill(agents: number, learning: LearningWriter): void {
    const dice = new Random(SEED + 1)
    const members = new Set(this.members)
    for (let i = 0; i < agents; i++) {
      const agent = toAgent(i)
      this.#table.join(agent, CONCURRENCY)
      for (const row of [0, ROW]) {
        learning.setLatency(row, agent, 1_000 * (1 + dice.nextInt(100)))
        learning.setSuccess(row, agent, 1 - dice.nextInt(20) / 100)
        learning.setSkill(row, agent, dice.nextInt(100) / 100)
      }
      if (members.has(i)) this.#table.setCandidate(CLASS, agent, true)
      else for (let load = dice.nextInt(CONCURRENCY + 1); load > 0; load--) this.#table.take(agent)
    }
    for (const row of [0, ROW]) learning.setRowLatency(row, 50_000)
  }

  #offer(slot: SlotIndex): void {
    this.#key = this.#key >= this.#keys ? 1 : this.#key + 1
    const key = this.#keys === 0 ? 0 : mixBits(this.#key)
    this.#slots.offer(slot, CLASS, 0, slot % LEVELS, 0, 0, key)
  }

  place(): number {
    this.#slot = (this.#slot + 1) & (SLOTS - 1)
    const slot = this.#slot as SlotIndex
    // With the same thousand keys again and again a few agents would be wanted by everybody.
    if (this.#keys > 0) {
      this.#slots.release(slot)
      this.#offer(slot)
    }
    const agent = this.#chooser.choose(slot)
    if (agent !== NONE) this.#table.take(agent as AgentIndex)
    return agent
  }

  giveBack(agent: number): void {
    this.#table.give(agent as AgentIndex)
  }

  loadOf(agent: number): number {
    return this.#table.inUse(agent as AgentIndex)
  }
}

/**
 * Times decisions: the choice, the credit taken, and the credit of the oldest placement given back.
 * @param batch decisions that are timed together.
 * @throws Error when nobody was found though half of all credit is free, or credit leaks.
 */
export async function measure(fleet: Fleet, batch: number, timeMs: number): Promise<Values> {
  const placed = new Int32Array((fleet.members.length * CONCURRENCY) / 2)
  for (let i = 0; i < placed.length; i++) placed[i] = place(fleet)
  let oldest = 0
  const bench = new Bench({ time: timeMs, warmupTime: timeMs / 3, warmupIterations: 3 })
  bench.add('decisions', () => {
    for (let i = 0; i < batch; i++) {
      fleet.giveBack(placed[oldest])
      placed[oldest] = place(fleet)
      oldest = oldest + 1 === placed.length ? 0 : oldest + 1
    }
  })
  await bench.run()
  const { result } = bench.tasks[0]
  if (result.state !== 'completed') throw new Error(`tinybench says ${result.state}`)
  check(fleet, placed)
  return { ns: (result.latency.p50 * 1_000_000) / batch }
}

function place(fleet: Fleet): number {
  const agent = fleet.place()
  if (agent === NONE) throw new Error('nobody was found, though half of all credit is free')
  return agent
}

function check(fleet: Fleet, placed: Int32Array): void {
  const expected = new Map(fleet.members.map((agent) => [agent, 0]))
  for (const agent of placed) expected.set(agent, expected.get(agent)! + 1)
  for (const [agent, holds] of expected) {
    const load = fleet.loadOf(agent)
    if (load !== holds || load > CONCURRENCY) {
      throw new Error(`agent ${agent} is charged ${load}, but holds ${holds}`)
    }
  }
}

/** @returns the middle of each repeat's ratio: what was measured in one repeat is compared. */
export function medianRatio(ours: readonly number[], base: readonly number[]): number {
  return median(ours.map((value, repeat) => value / base[repeat]))
}
