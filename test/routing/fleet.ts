/** A fleet in a small shared memory, and the chooser over it, as the front end has them. */
import {
  AgentTableWriter,
  ClassTableWriter,
  createMemory,
  LearningWriter,
  type SharedMemory,
  SlotTableWriter,
  toAgent,
  toClass,
  toSlot,
} from '../../native-free/index.ts'
import { Chooser } from '../../src/routing/chooser.ts'
import { Random } from '../../src/routing/generator.ts'
import { createStrategies, strategyNames } from '../../src/routing/registry.ts'
import type { Strategy, StrategyContext } from '../../src/routing/strategy.ts'
import { STRATEGY_DEFAULTS, type StrategyOptions } from '../../src/strategy-options.ts'

export interface FleetOptions {
  agentCountMax?: number
  seed?: number
  phase?: number
  options?: Partial<StrategyOptions>
  /** Instead of all built-in strategies. */
  strategies?: Strategy[]
}

/** Agents and one slot for each strategy and class: `choose` is all that tests need. */
export class Fleet {
  readonly memory: SharedMemory
  readonly agents: AgentTableWriter
  readonly slots: SlotTableWriter
  readonly classes: ClassTableWriter
  readonly learning: LearningWriter
  readonly chooser: Chooser
  readonly context: StrategyContext
  private readonly strategies: Strategy[]
  private readonly names = strategyNames()

  constructor(options: FleetOptions = {}) {
    const { agentCountMax = 1_024, seed = 1, phase = 0 } = options
    this.memory = createMemory({
      slotCount: 32,
      agentCountMax,
      classCountMax: 8,
      routerCount: 0,
      ringCapacity: 2,
      publishMax: 1,
      latencyStageCount: 0,
    })
    this.agents = new AgentTableWriter(this.memory)
    this.slots = new SlotTableWriter(this.memory)
    this.classes = new ClassTableWriter(this.memory)
    this.learning = new LearningWriter(this.memory)
    this.context = {
      random: new Random(seed),
      options: { ...STRATEGY_DEFAULTS, ...options.options },
      agentCountMax,
      classCountMax: 8,
      phase,
    }
    this.strategies = options.strategies ?? createStrategies(this.names, this.context)
    this.chooser = new Chooser(this.memory, this.strategies)
  }

  /** The instance behind a built-in name. */
  strategy(name: string): Strategy {
    return this.strategies[this.names.indexOf(name)]
  }

  /** Adds an agent that can do the tasks of these classes. */
  join(agent: number, capacity: number, inUse = 0, classes = [0]): void {
    this.agents.join(toAgent(agent), capacity)
    for (let i = 0; i < inUse; i++) this.agents.take(toAgent(agent))
    for (const one of classes) this.agents.setCandidate(toClass(one), toAgent(agent), true)
  }

  /** Chooses for a task, by the strategy's name or index; nothing is charged. */
  choose(strategy: string | number, classIndex = 0, level = 2, key = 0): number {
    return this.#chosen(strategy, classIndex, level, key, (slot) => this.chooser.choose(slot))
  }

  /** As `choose`, of all but the first `count` of some. */
  chooseExcept(strategy: string, others: Int32Array, count: number, classIndex = 0): number {
    return this.#chosen(strategy, classIndex, 2, 0, (slot) =>
      this.chooser.chooseExcept(slot, others, count),
    )
  }

  #chosen(
    strategy: string | number,
    classIndex: number,
    level: number,
    key: number,
    choose: (slot: number) => number,
  ): number {
    const index = typeof strategy === 'number' ? strategy : this.names.indexOf(strategy)
    const slot = toSlot(0)
    this.slots.offer(slot, toClass(classIndex), index, level, 0, 0, key)
    try {
      return choose(slot)
    } finally {
      this.slots.release(slot)
    }
  }

  /** Chooses and charges, as inline placement does. */
  place(strategy: string, classIndex = 0): number {
    const agent = this.choose(strategy, classIndex)
    if (agent >= 0) this.charge(agent)
    return agent
  }

  /** Charges the agent, or puts one more into its own queue when it has no credit. */
  charge(agent: number): void {
    const { agents } = this
    const index = toAgent(agent)
    if (agents.credit(index) > 0) agents.take(index)
    else agents.setQueued(index, agents.queued(index) + 1)
  }
}
