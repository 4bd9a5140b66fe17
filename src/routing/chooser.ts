/**
 * The one function that chooses: slot in, agent out.
 *
 * Runs on: the front end (inline placement) and every router, an instance each; both call the very
 * same `choose`.
 * Invariant: what it returns is a candidate of the task's class with credit (with room, where the
 * class binds early), as this thread sees it, or NONE; whatever the strategy answered.
 *
 * Where a class prefers some candidates, the strategy is asked about these first, and about all of
 * them only when it answers that none of the preferred has room.
 *
 * The check after the strategy costs 5 ns. It is there for what a router cannot see in the bitsets
 * (other threads' commits between the choice and now; its own proposals on top of them), and for
 * strategies of users: an index from outside would read, and charge, a neighbour's column. Inline
 * the first answer of a correct strategy always stands.
 */
import { AgentTableReader } from '../../native-free/agent-table.ts'
import type { ClassIndex, SlotIndex } from '../../native-free/brands.ts'
import { ClassFlag, ClassTableReader } from '../../native-free/class-table.ts'
import { LearningReader } from '../../native-free/learning-table.ts'
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
  private readonly classes: ClassTableReader
  private readonly strategies: readonly Strategy[]
  private readonly task: PlacementTask = {
    classIndex: 0,
    level: 0,
    slot: 0,
    row: 0,
    matchRow: 0,
    key: 0,
    early: false,
  }
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
    this.agents = new AgentView(table, new LearningReader(memory), pending)
    this.candidates = new Candidates(table, memory.shape.classCountMax)
    this.slots = new SlotTableReader(memory)
    this.classes = new ClassTableReader(memory)
    this.strategies = strategies
  }

  /**
   * Chooses the agent of an offered slot.
   * @returns an agent's index, or NONE when nobody has room.
   * @throws Error when the slot names a strategy that this chooser does not have.
   * *Cost* no allocation, no atomics.
   */
  choose(slot: number): number {
    const strategyIndex = this.slots.strategyIndex(slot as SlotIndex)
    const strategy = this.strategies[strategyIndex]
    if (strategy === undefined) {
      throw new Error(`slot ${slot}: strategy ${strategyIndex} of ${this.strategies.length}`)
    }
    return this.chooseBy(strategy, slot)
  }

  /**
   * Chooses as `choose`, of all but some, by whatever strategy: these have no room meanwhile.
   * @param others int array of agents' indices, the first `count`.
   */
  chooseExcept(slot: number, others: Int32Array, count: number): number {
    const { agents, candidates } = this
    for (let i = 0; i < count; i++) {
      agents.exclude(others[i])
      candidates.block(others[i])
      candidates.blockRoom(others[i])
    }
    const agent = this.choose(slot)
    for (let i = 0; i < count; i++) {
      agents.readmit(others[i])
      candidates.unblock(others[i])
      candidates.unblockRoom(others[i])
    }
    return agent
  }

  /** Chooses as `choose`, by a strategy of the caller's. */
  chooseBy(strategy: Strategy, slot: number): number {
    const task = this.taskOf(slot)
    const { candidates } = this
    const { classIndex, early } = task
    this.agents.row = task.row
    if ((this.classes.flags(classIndex as ClassIndex) & ClassFlag.PREFERRED) !== 0) {
      candidates.selectPreferred(classIndex, early)
      const agent = this.ask(strategy, task)
      if (agent !== NONE) return agent
    }
    candidates.select(classIndex, early)
    return this.ask(strategy, task)
  }

  /** @returns what strategies may know of a slot's task: one object, filled anew by each call. */
  taskOf(slot: number): PlacementTask {
    const { task, slots, classes } = this
    const classIndex = slots.classIndex(slot as SlotIndex)
    task.slot = slot
    task.classIndex = classIndex
    task.level = slots.level(slot as SlotIndex)
    task.key = slots.key(slot as SlotIndex)
    task.row = classes.row(classIndex)
    task.matchRow = classes.matchRow(classIndex)
    task.early = (classes.flags(classIndex) & ClassFlag.EARLY) !== 0
    return task
  }

  /** Counts a proposal as load, until `settle`; hides the agent when it has nothing left. */
  propose(agent: number): void {
    const { agents, candidates } = this
    agents.propose(agent)
    if (agents.credit(agent) <= 0) candidates.block(agent)
    if (agents.room(agent) <= 0) candidates.blockRoom(agent)
  }

  /** A proposal was charged or refused. */
  settle(agent: number): void {
    const { agents, candidates } = this
    agents.settle(agent)
    // Without any left its bits tell all; with some, they may still use up what it has.
    const isClear = agents.pending[agent] === 0
    if (isClear || agents.credit(agent) > 0) candidates.unblock(agent)
    if (isClear || agents.room(agent) > 0) candidates.unblockRoom(agent)
  }

  /** An agent that was hidden may have got more capacity since. @returns whether it is a candidate. */
  private reveal(agent: number): boolean {
    const { agents, candidates } = this
    if (!(agents.pending[agent] > 0)) return false
    if (agents.credit(agent) > 0) candidates.unblock(agent)
    if (agents.room(agent) > 0) candidates.unblockRoom(agent)
    return candidates.has(agent)
  }

  private ask(strategy: Strategy, task: PlacementTask): number {
    const { agents, candidates, scratch } = this
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const agent = strategy.choose(task, candidates, agents, scratch)
      if (agent === NONE) return NONE
      if (!candidates.has(agent) && !this.reveal(agent)) continue
      if ((task.early ? agents.room(agent) : agents.credit(agent)) > 0) return agent
      // Full by what this router itself proposed: out of sight until one of these is settled.
      if (agents.pending[agent] > 0) this.hide(agent)
    }
    return NONE
  }

  private hide(agent: number): void {
    this.candidates.block(agent)
    if (this.agents.room(agent) <= 0) this.candidates.blockRoom(agent)
  }
}
