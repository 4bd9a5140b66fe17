/**
 * `affinity`: tasks of one key go to one agent, as long as it is not far busier than the others.
 *
 * Runs on: front end and routers.
 * Invariant: of the free candidates within the bound, the one that is first in the key's order.
 *
 * ```
 *  order of the key      H   C   A   F   …      removing H moves H's keys only, each to the next in
 *  free candidates       –   C   A   –          its own order; adding takes keys from everybody alike
 *  within the bound      –   –   A   –   → A
 * ```
 *
 * Rendezvous hashing: each key ranks all agents (key-order.ts), the highest rank wins. For agents
 * that keep a cache or a conversation. An agent is within the bound while its load is below
 * `affinity: { loadMax: 1.25 }` times what its capacity's share of all load would be, the new task
 * included; some candidate always is. So a hot key spills over to the next in its order, always the
 * same. At low load two tasks of a key at the same time may spread; a larger `loadMax` has less of
 * that, up to an agent's full concurrency.
 *
 * Up to 256 free candidates this is exact: the load of all free candidates is known. Above that the
 * order is walked from its top until a candidate is met, which is the same agent; the mean load is
 * estimated from one agent at random a choice, and the walk ends 256 ranks behind the first whom it
 * found over the bound: what a key has beyond that goes to the less loaded of two. The walk takes
 * size / candidates steps of 5 ns: one for a whole fleet, a hundred where one agent in a hundred is a
 * candidate.
 *
 * An agent is its index in the table: one that comes back under another index has other keys. Tasks
 * without a key go to the less loaded of two.
 *
 * Not taken: two levels of hashing, group and then member: an agent alone in its group would have as
 * many keys as all of a full one.
 *
 * Source: Thaler & Ravishankar, "Using name-based mappings to increase hit rates", 1998; Mirrokni,
 * Thorup & Zadimoghaddam, "Consistent hashing with bounded loads", 2018.
 */
import type { AgentView } from './agent-view.ts'
import type { Candidates } from './candidates.ts'
import type { Random } from './generator.ts'
import { KeyOrder } from './key-order.ts'
import createPowerOfTwo from './power-of-two.ts'
import {
  NONE,
  type PlacementTask,
  type Scratch,
  type Strategy,
  type StrategyContext,
} from './strategy.ts'

/** Ranks that a walk goes on for after it has met a candidate over the bound. */
const WALK_MAX = 256
/** Draws for the agent whose load is looked at. */
const PROBES = 4
/** Walks for each look at somebody's load, which costs as much as the walk, and what that moves the mean. */
const WALKS_PER_LOOK = 8
const MEAN_STEP = 1 / 16

class Affinity implements Strategy {
  readonly name = 'affinity'
  private readonly order: KeyOrder
  private readonly random: Random
  private readonly withoutKey: Strategy
  private readonly loadMax: number
  /** Float64Array[classCountMax]: estimated mean share of capacity in use, in classes of many. */
  private readonly meanLoads: Float64Array
  private walks = 0

  constructor(context: StrategyContext) {
    this.order = new KeyOrder(context.agentCountMax)
    this.random = context.random
    this.withoutKey = createPowerOfTwo(context)
    this.loadMax = context.options.affinity.loadMax
    this.meanLoads = new Float64Array(context.classCountMax)
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number {
    if (task.key === 0) return this.withoutKey.choose(task, candidates, agents, scratch)
    this.order.turnTo(task.key)
    if (!candidates.isMany()) {
      const count = candidates.gather(agents, 0, scratch.ints, this.random)
      if (candidates.isExact) return this.firstOf(count, scratch.ints, agents)
    }
    const agent = this.walk(task.classIndex, candidates, agents)
    return agent === NONE ? this.withoutKey.choose(task, candidates, agents, scratch) : agent
  }

  explain(task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const load = agents.load(agent)
    const capacity = agents.capacity(agent)
    if (task.key === 0) return { load, capacity, score: 1 - load / capacity }
    this.order.turnTo(task.key)
    const rank = this.order.rankOf(agent)
    return { rank, load, capacity, score: 1 - rank / this.order.size }
  }

  /** @returns the first of the gathered in the key's order that is within the bound. */
  private firstOf(count: number, ints: Int32Array, agents: AgentView): number {
    const { order, loadMax } = this
    let loads = 1
    let capacities = 0
    for (let i = 0; i < count; i++) {
      loads += agents.load(ints[i])
      capacities += agents.capacity(ints[i])
    }
    let best = NONE
    let bestRank = order.size
    for (let i = 0; i < count; i++) {
      const agent = ints[i]
      const rank = order.rankOf(agent)
      if (rank >= bestRank) continue
      if (agents.load(agent) * capacities >= loadMax * loads * agents.capacity(agent)) continue
      best = agent
      bestRank = rank
    }
    return best
  }

  /**
   * @returns the first candidate from the order's top that is within the bound; NONE when nobody is
   * found, or all who were met are over it.
   */
  private walk(classIndex: number, candidates: Candidates, agents: AgentView): number {
    this.walks = (this.walks + 1) | 0
    if (this.walks % WALKS_PER_LOOK === 0) this.estimate(classIndex, candidates, agents)
    const { order } = this
    const bound = this.loadMax * this.meanLoads[classIndex]
    let end = order.size
    for (let rank = 0; rank < end; rank++) {
      const agent = order.at(rank)
      // The second decides; the first spares most ranks two reads of three.
      if (!candidates.isMember(agent) || !candidates.has(agent)) continue
      const load = agents.load(agent)
      if (load === 0 || load < bound * agents.capacity(agent)) return agent
      if (end === order.size) end = Math.min(end, rank + WALK_MAX)
    }
    return NONE
  }

  /** Looks at one more candidate's load. */
  private estimate(classIndex: number, candidates: Candidates, agents: AgentView): void {
    const { random, meanLoads } = this
    let agent = candidates.probe(random, PROBES)
    if (agent === NONE) agent = candidates.nextFrom(random.nextInt(candidates.limit))
    if (agent === NONE) return
    const load = agents.load(agent) / agents.capacity(agent)
    meanLoads[classIndex] += (load - meanLoads[classIndex]) * MEAN_STEP
  }
}

/** @returns a chooser by the task's key. */
export default function create(context: StrategyContext): Strategy {
  return new Affinity(context)
}
