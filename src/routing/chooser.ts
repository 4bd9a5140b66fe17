/**
 * The one function that chooses: slot in, agent out.
 *
 * Runs on: the front end (inline placement) and every router, an instance each; both call the very
 * same `choose`.
 * Invariant: what it returns is a candidate of the task's class with credit, as this thread sees it,
 * or NONE; whatever the strategy answered.
 *
 * The check after the strategy costs 5 ns. It is there for what a router cannot see in the bitsets
 * (other threads' commits between the choice and now; its own proposals on top of them), and for
 * strategies of users: an index from outside would read, and charge, a neighbour's column. Inline
 * the first answer of a correct strategy always stands.
 */
import { AgentTableReader } from '../../native-free/agent-table.ts'
import type { SlotIndex } from '../../native-free/brands.ts'
import type { SharedMemory } from '../../native-free/memory-map.ts'
import { SlotTableReader } from '../../native-free/slot-table.ts'
import { AgentView } from './agent-view.ts'
import { Candidates } from './candidates.ts'
import { NONE, type PlacementTask, type Scratch, type Strategy } from './strategy.ts'

/** Entries of each scratch array. */
const SCRATCH_LENGTH = 256
/** Answers of a strategy that may turn out full before the front end is asked to place instead. */
const ATTEMPTS = 8

/** Chooses agents for slots. */
export class Chooser {
  readonly agents: AgentView
  readonly candidates: Candidates
  private readonly slots: SlotTableReader
  private readonly strategies: readonly Strategy[]
  private readonly task: PlacementTask = { classIndex: 0, level: 0, slot: 0 }
  private readonly scratch: Scratch = {
    ints: new Int32Array(SCRATCH_LENGTH),
    floats: new Float64Array(SCRATCH_LENGTH),
  }

  /**
   * @param strategies by the strategy index that slots carry.
   * @param pending Int32Array[agentCountMax], proposals of this thread that are not settled; a
   * router passes its own, the front end nothing.
   */
  constructor(
    memory: SharedMemory,
    strategies: readonly Strategy[],
    pending = new Int32Array(memory.shape.agentCountMax),
  ) {
    const table = new AgentTableReader(memory)
    this.agents = new AgentView(table, pending)
    this.candidates = new Candidates(table)
    this.slots = new SlotTableReader(memory)
    this.strategies = strategies
  }

  /**
   * Chooses the agent of an offered slot.
   * @returns an agent's index, or NONE when nobody is free.
   * @throws Error when the slot names a strategy that this chooser does not have.
   * *Cost* no allocation, no atomics.
   */
  choose(slot: number): number {
    const { task, candidates, slots } = this
    const strategyIndex = slots.strategyIndex(slot as SlotIndex)
    const strategy = this.strategies[strategyIndex]
    if (strategy === undefined) {
      throw new Error(`slot ${slot}: strategy ${strategyIndex} of ${this.strategies.length}`)
    }
    task.slot = slot
    task.classIndex = slots.classIndex(slot as SlotIndex)
    task.level = slots.level(slot as SlotIndex)
    candidates.select(task.classIndex)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const agent = strategy.choose(task, candidates, this.agents, this.scratch)
      if (agent === NONE) return NONE
      if (!candidates.has(agent)) continue
      if (this.agents.credit(agent) > 0) return agent
      // Full by what this router itself proposed: out of sight until one of these is settled.
      if (this.agents.pending[agent] > 0) candidates.block(agent)
    }
    return NONE
  }
}
