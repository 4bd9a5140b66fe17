/**
 * `least_loaded`: the agent with the smallest share of its capacity in use.
 *
 * Runs on: front end and routers.
 * Invariant: nobody with credit has a smaller load ratio than the one chosen; ties go round by index.
 *
 * Agents of capacity 10 with loads 2, 7 and 5 stand at 8, 8, 8 after ten tasks. Ratios are compared
 * exactly, by cross multiplication: `a/b < c/d` is `a·d < c·b`, whole numbers below 2^53. With equal
 * capacities this is "fewest active tasks"; with unequal ones a count would fill the small agents
 * while large ones idle.
 *
 * ```
 *  level 0         AND candidates   empty
 *  level 1         AND candidates   empty         the agent table keeps the sets of 32 load levels:
 *  level 2  0100…  AND candidates   0100… → 33    level l holds shares from l/32 up to (l+1)/32
 *  level 3  …
 * ```
 *
 * The lowest level in which a candidate stands holds the smallest ratio. Within it:
 * - When all agents are of one capacity of at most 32, everybody in a level has the same load: the
 *   next in rotation is taken, and nothing is scanned.
 * - Else the level is gone round, and the walk stops at the first agent at the level's floor
 *   (level-memory.ts): the smallest ratio that the last walk found, kept right since. It looks at 256
 *   agents at most. So with unequal capacities the choice is exact while at most 256 candidates stand
 *   in the lowest level; of more it takes the best of 256, which is less than 1/32 from the smallest
 *   share.
 *
 * A router's own proposals are not in the levels: who is found in one and has proposals pending is
 * as loaded as these make it, and higher levels are looked at until none can hold a smaller ratio.
 *
 * With early binding, agents without credit stand in no level. They are asked only when nobody has
 * credit, and compared by what they hold and what waits in their queues: all of up to 256, of more
 * the best of 12 samples.
 *
 * Not taken: sampling in large fleets, which this replaces; it was as quick, and off by the best of
 * 16. A heap of agents by load for each class: a take moves its agent in every class's.
 *
 * Source: source documents 000 and 003.
 */
import { ctz32 } from '../../native-free/bitset.ts'
import { LOAD_LEVELS } from '../../native-free/memory-map.ts'
import type { AgentView } from './agent-view.ts'
import { type Candidates, EXACT_MAX } from './candidates.ts'
import type { Random } from './generator.ts'
import { LevelMemory } from './level-memory.ts'
import { Rotation } from './rotation.ts'
import {
  NONE,
  type PlacementTask,
  type Scratch,
  type Strategy,
  type StrategyContext,
} from './strategy.ts'

class LeastLoaded implements Strategy {
  readonly name = 'least_loaded'
  private readonly rotation: Rotation
  private readonly random: Random
  private readonly memory: LevelMemory
  /** The best of this choice so far, over all levels. */
  private best = NONE
  private bestLoad = 0
  private bestCapacity = 1
  /** Agents that this choice has looked at. */
  private looked = 0
  /** Of the level at hand: its best, the last that was seen of it, and how many. */
  private levelLoad = 0
  private levelCapacity = 0
  private last = NONE
  private count = 0

  constructor(context: StrategyContext) {
    this.rotation = new Rotation(context)
    this.random = context.random
    this.memory = new LevelMemory(2 * context.classCountMax)
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number {
    const { classIndex } = task
    const cursor = this.rotation.from(classIndex, candidates)
    let agent = this.withCredit(candidates, agents, cursor)
    if (agent === NONE && task.early) {
      agent = this.withRoom(candidates, agents, cursor, scratch.ints)
    }
    if (agent !== NONE) this.rotation.pass(classIndex, agent)
    return agent
  }

  explain(_task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const load = agents.load(agent)
    const capacity = agents.capacity(agent)
    return { load, capacity, score: 1 - load / capacity }
  }

  /** @returns the least loaded of those with credit, or NONE. */
  private withCredit(candidates: Candidates, agents: AgentView, cursor: number): number {
    const base = this.memory.sync(candidates, agents)
    this.best = NONE
    this.bestLoad = 0
    this.bestCapacity = 1
    this.looked = 0
    for (let level = 0; level < LOAD_LEVELS; level++) {
      if (agents.levelCount(level) === 0) continue
      // Everybody from here on holds at least level / LOAD_LEVELS.
      if (this.best !== NONE && this.bestLoad * LOAD_LEVELS <= level * this.bestCapacity) break
      const cell = base + level
      const lone = this.memory.lone(cell)
      if (lone !== NONE) this.look(agents, lone)
      else if (this.memory.count(cell) !== 0) this.round(candidates, agents, cursor, level, cell)
      if (this.looked >= EXACT_MAX && this.best !== NONE) break
    }
    return this.best
  }

  /** Goes once round a level from `cursor`; of those with the smallest ratio the first wins. */
  private round(
    candidates: Candidates,
    agents: AgentView,
    cursor: number,
    level: number,
    cell: number,
  ): void {
    const { memory } = this
    this.levelLoad = 0
    this.levelCapacity = 0
    this.count = 0
    const { limit } = candidates
    if (this.walk(candidates, agents, level, cell, cursor, limit)) return
    if (cursor > 0 && this.walk(candidates, agents, level, cell, 0, Math.min(cursor, limit))) return
    memory.setFloor(cell, this.levelLoad, this.levelCapacity)
    if (this.looked < EXACT_MAX) memory.setCount(cell, this.count, this.last)
  }

  /**
   * Compares the agents of a level from `from` up to, not with, `to`.
   * @returns true as soon as one has the level's smallest ratio.
   */
  private walk(
    candidates: Candidates,
    agents: AgentView,
    level: number,
    cell: number,
    from: number,
    to: number,
  ): boolean {
    const first = from >>> 5
    const last = (to - 1) >> 5
    const isUniform = agents.isUniform()
    const floorLoad = this.memory.floorLoad(cell)
    const floorCapacity = this.memory.floorCapacity(cell)
    // Ends: nextLevelWord grows, and each inner round clears one of 32 bits.
    for (
      let w = candidates.nextLevelWord(level, first);
      w !== NONE && w <= last;
      w = candidates.nextLevelWord(level, w + 1)
    ) {
      let bits = candidates.levelWord(level, w)
      if (w === first) bits &= -1 << (from & 31)
      if (w === last && (to & 31) !== 0) bits &= ~(-1 << (to & 31))
      for (; bits !== 0; bits &= bits - 1) {
        const agent = (w << 5) + ctz32(bits)
        this.count++
        this.last = agent
        if (!this.look(agents, agent)) {
          if (this.looked >= EXACT_MAX && this.best !== NONE) return false
          continue
        }
        const load = this.bestLoad
        const capacity = this.bestCapacity
        this.levelLoad = load
        this.levelCapacity = capacity
        if (isUniform && agents.level(agent) === level && agents.isSettled(agent)) return true
        if (floorCapacity > 0 && load * floorCapacity <= floorLoad * capacity) return true
      }
    }
    return false
  }

  /** @returns whether the agent is the best so far. */
  private look(agents: AgentView, agent: number): boolean {
    this.looked++
    const load = agents.load(agent)
    const capacity = agents.capacity(agent)
    // Full, by this chooser's own proposals or though its level is still seen.
    if (agents.credit(agent) <= 0) return false
    if (this.best !== NONE && load * this.bestCapacity >= this.bestLoad * capacity) return false
    this.best = agent
    this.bestLoad = load
    this.bestCapacity = capacity
    return true
  }

  /** @returns the least loaded of those with a place in their own queue, or NONE. */
  private withRoom(
    candidates: Candidates,
    agents: AgentView,
    cursor: number,
    ints: Int32Array,
  ): number {
    const count = candidates.gather(agents, cursor, ints, this.random)
    let best = NONE
    let bestLoad = 0
    let bestCapacity = 1
    for (let i = 0; i < count; i++) {
      const agent = ints[i]
      const load = agents.load(agent)
      const capacity = agents.capacity(agent)
      if (best !== NONE && load * bestCapacity >= bestLoad * capacity) continue
      best = agent
      bestLoad = load
      bestCapacity = capacity
    }
    return best
  }
}

/** @returns an exact chooser whose cost does not grow with the fleet. */
export default function create(context: StrategyContext): Strategy {
  return new LeastLoaded(context)
}
