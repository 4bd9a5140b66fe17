/**
 * What a chooser may read about agents.
 *
 * Runs on: front end and routers, an instance each.
 * Invariant: `load` counts what the front end has charged and bound plus what this chooser itself has
 * proposed and the front end has not settled, so one chooser never gives an agent more than its room.
 *
 * On the front end `pending` stays all zero: it charges in the turn in which it chooses. On a router
 * a proposal may for a moment be counted twice (charged, and not yet seen as settled): the load then
 * is too high, which only makes the router look elsewhere.
 *
 * What the tables say of an agent (its load level, its free bit) lacks the router's own proposals:
 * who goes by a level must look at `load` as well, and take the agent for as loaded as that.
 */
import type { AgentTableReader } from '../../native-free/agent-table.ts'
import type { AgentIndex, Generation } from '../../native-free/brands.ts'
import type { LearningReader } from '../../native-free/learning-table.ts'
import { LEARNED_WORDS, MOVED_COUNT } from '../../native-free/memory-map.ts'

/** Success of an agent of whom nothing is known. */
const SUCCESS_PRIOR = 0.9
/** Skill of an agent that can do a type and of whom nothing is known. */
const SKILL_PRIOR = 0.5
/** More than any agent holds, with its queue. */
const EXCLUDED = 2 ** 20

/** Reads of one agent; no checks, an index outside reads a neighbour's column. */
export class AgentView {
  /** Int32Array[agentCountMax], proposals, written by this thread, not shared. */
  readonly pending: Int32Array
  /** Raised by whoever takes something out of `pending`: a load may have fallen. */
  ownEasings = 0
  /** Learning row of the task at hand. */
  row = 0
  /** Float64Array[1]: what was warmed is stored somewhere, or the compiler would leave it out. */
  private readonly warmed = new Float64Array(1)
  /** Agents whose `pending` changed, counted as `AgentTableReader.moves` counts; wrapping. */
  ownMoves = 0
  /** The last of them, Int32Array[MOVED_COUNT]. */
  private readonly ownMoved = new Int32Array(MOVED_COUNT)
  private readonly table: AgentTableReader
  private readonly learning: LearningReader
  private readonly learned: Float32Array
  private readonly agentCount: number

  constructor(table: AgentTableReader, learning: LearningReader, pending: Int32Array) {
    this.table = table
    this.learning = learning
    this.learned = learning.learned
    this.agentCount = learning.agentCount
    this.pending = pending
  }

  /** @returns tasks that the agent may hold at once, at least 1: loads can be divided by it. */
  capacity(agent: number): number {
    const capacity = this.table.capacity(agent as AgentIndex)
    return capacity > 0 ? capacity : 1
  }

  /** @returns tasks that it holds, that wait in its queue, or that this chooser has proposed. */
  load(agent: number): number {
    return (
      this.table.inUse(agent as AgentIndex) +
      this.table.queued(agent as AgentIndex) +
      this.pending[agent]
    )
  }

  /** @returns tasks that wait in its own queue: only classes that bind early put them there. */
  queued(agent: number): number {
    return this.table.queued(agent as AgentIndex)
  }

  /** @returns a number that stands still only while loads do nothing but rise; wrapping. */
  easings(): number {
    return (this.table.easings() + this.ownEasings) | 0
  }

  /** @returns tasks that it could be given to work on; 0 or less when it has none free. */
  credit(agent: number): number {
    const index = agent as AgentIndex
    return this.table.capacity(index) - this.table.inUse(index) - this.pending[agent]
  }

  /** @returns tasks that it could be given to work on or to keep in its own queue. */
  room(agent: number): number {
    return this.table.capacity(agent as AgentIndex) + this.table.queueMax() - this.load(agent)
  }

  /** @returns µs, what a task of the row takes it: learned, else the row's, else its own over all. */
  latencyUs(row: number, agent: number): number {
    const own = this.learned[(row * this.agentCount + agent) * LEARNED_WORDS]
    if (own > 0) return own
    const mean = this.learning.rowLatency(row)
    return mean > 0 ? mean : this.learned[agent * LEARNED_WORDS]
  }

  /** @returns 0 … 1: with the row's tasks, else over all, else 0.9. */
  success(row: number, agent: number): number {
    const own = this.learned[(row * this.agentCount + agent) * LEARNED_WORDS + 1]
    if (own > 0) return own
    const all = this.learned[agent * LEARNED_WORDS + 1]
    return all > 0 ? all : SUCCESS_PRIOR
  }

  /** @returns 0 … 1: declared or learned, else 0.5. */
  skill(row: number, agent: number): number {
    const own = this.learned[(row * this.agentCount + agent) * LEARNED_WORDS + 2]
    return own > 0 ? own : SKILL_PRIOR
  }

  /** @returns 0 … 1: the part of the requirements that it meets; 1 for row 0. */
  match(matchRow: number, agent: number): number {
    return matchRow === 0 ? 1 : this.table.match(matchRow, agent as AgentIndex)
  }

  /** @returns µs, the mean over agents; 0 without evidence. */
  rowLatencyUs(row: number): number {
    return this.learning.rowLatency(row)
  }

  /**
   * Reads what scores will read of these agents, and forgets it. In a fleet that the cache does not
   * hold each read takes as long as a score: here they run side by side, while in a strategy's loop
   * each would wait for a branch that waits for the read before.
   */
  warm(agents: Int32Array, count: number): void {
    const { learned, table, pending } = this
    const first = this.row * this.agentCount
    let loads = 0
    let scores = 0
    for (let i = 0; i < count; i++) {
      const agent = agents[i]
      loads += table.inUse(agent as AgentIndex) + pending[agent]
      scores += learned[(first + agent) * LEARNED_WORDS]
    }
    this.warmed[0] = loads + scores
  }

  generation(agent: number): Generation {
    return this.table.generation(agent as AgentIndex)
  }

  /** Counts a proposal of this chooser as load until `settle`. */
  propose(agent: number): void {
    this.pending[agent]++
    this.ownMove(agent)
  }

  /** The front end has charged or refused a proposal: it counts in the columns, or no more. */
  settle(agent: number): void {
    this.pending[agent]--
    this.ownEasings = (this.ownEasings + 1) | 0
    this.ownMove(agent)
  }

  /** Has the agent seem full, whatever it does, until `readmit`. */
  exclude(agent: number): void {
    this.pending[agent] += EXCLUDED
    this.ownMove(agent)
  }

  readmit(agent: number): void {
    this.pending[agent] -= EXCLUDED
    this.ownEasings = (this.ownEasings + 1) | 0
    this.ownMove(agent)
  }

  /** @returns as `AgentTableReader#moves`. */
  moves(): number {
    return this.table.moves()
  }

  /** @returns as `AgentTableReader#moved`. */
  moved(move: number): number {
    return this.table.moved(move)
  }

  /** @returns its load level, -1 without credit; this chooser's own proposals are not in it. */
  level(agent: number): number {
    return this.table.level(agent as AgentIndex)
  }

  /** Tells whether its load is only what it works on: what its load level goes by. */
  isSettled(agent: number): boolean {
    return this.pending[agent] + this.table.queued(agent as AgentIndex) === 0
  }

  /** @returns how many agents stand in a load level. */
  levelCount(level: number): number {
    return this.table.levelCount(level)
  }

  /** @returns as `AgentTableReader#isUniform`. */
  isUniform(): boolean {
    return this.table.isUniform()
  }

  /** @returns the agent of change `move` of `ownMoves`, one of the last MOVED_COUNT. */
  ownMovedAt(move: number): number {
    return this.ownMoved[move & (MOVED_COUNT - 1)]
  }

  private ownMove(agent: number): void {
    this.ownMoved[this.ownMoves & (MOVED_COUNT - 1)] = agent
    this.ownMoves = (this.ownMoves + 1) | 0
  }
}
