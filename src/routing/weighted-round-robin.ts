/**
 * `weighted_round_robin`: turns in proportion to what each agent gets done, evenly mixed.
 *
 * Runs on: front end and routers.
 * Invariant: each choice adds every compared agent's weight to its balance, takes the highest balance
 * and charges the winner the sum of these weights: the balances' sum stands still.
 *
 * ```
 *  weights 5, 1, 1      before                 taken      after
 *                       5   1   1              a         -2   1   1
 *                       3   2   2              a         -4   2   2
 *                       1   3   3              b          1  -4   3       a a b a c a a
 * ```
 *
 * weight = capacity × success rate × (mean latency of the type / own mean latency), in thousandths:
 * good results a second at full load, which is what "weights from performance" comes to. Whole
 * numbers, so that balances are exact and ties are ties. An agent of whom nothing is known counts
 * as average; the ratio of latencies is kept within 1/16 … 16, so that everybody gets turns and is
 * learned about.
 *
 * Exact up to 256 free candidates: nginx's smooth algorithm over all of them. Above that the same
 * step over 12 samples. Balances stay bounded there too: an agent gains its weight each time it is
 * sampled and pays when it is taken, so over time its share of turns is in proportion to its weight,
 * only not as evenly spread.
 *
 * A balance belongs to the agent, not to (class, agent): classes that share agents share their
 * fairness, and 4,096 classes need no table each. Whoever joins under an index goes on with what is
 * on it, at most one round's worth.
 *
 * Not taken: stride scheduling (an agent that was full or away comes back with an old pass and is
 * served alone until it caught up); a draw in proportion to the weights (uneven for a long time).
 *
 * Source: source document 003; nginx, `ngx_http_upstream_round_robin.c`, smooth weighted balancing.
 */
import type { AgentView } from './agent-view.ts'
import type { Candidates } from './candidates.ts'
import type { Random } from './generator.ts'
import { Rotation } from './rotation.ts'
import {
  NONE,
  type PlacementTask,
  type Scratch,
  type Strategy,
  type StrategyContext,
} from './strategy.ts'

/** Parts of a weight: the smallest success rate that still tells agents of capacity 1 apart. */
const PARTS = 1_000
/** Bounds of (mean latency of the type / own mean latency). */
const SPEED_MIN = 1 / 16
const SPEED_MAX = 16

class WeightedRoundRobin implements Strategy {
  readonly name = 'weighted_round_robin'
  private readonly rotation: Rotation
  private readonly random: Random
  /** Float64Array[agentCountMax], whole numbers, written by this thread, not shared. */
  private readonly balances: Float64Array

  constructor(context: StrategyContext) {
    this.rotation = new Rotation(context)
    this.random = context.random
    this.balances = new Float64Array(context.agentCountMax)
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number {
    const { ints } = scratch
    const { balances } = this
    const { row, classIndex } = task
    const cursor = this.rotation.from(classIndex, candidates)
    const count = candidates.gather(agents, cursor, ints, this.random)
    const rowMean = agents.rowLatencyUs(row)
    let best = NONE
    let bestBalance = Number.NEGATIVE_INFINITY
    let sum = 0
    for (let i = 0; i < count; i++) {
      const agent = ints[i]
      const capacity = agents.capacity(agent)
      const latency = agents.latencyUs(row, agent)
      let speed = latency > 0 && rowMean > 0 ? rowMean / latency : 1
      if (speed < SPEED_MIN) speed = SPEED_MIN
      else if (speed > SPEED_MAX) speed = SPEED_MAX
      let weight = Math.round(PARTS * capacity * agents.success(row, agent) * speed)
      if (weight < 1) weight = 1
      sum += weight
      const balance = balances[agent] + weight
      balances[agent] = balance
      if (balance <= bestBalance) continue
      best = agent
      bestBalance = balance
    }
    if (best === NONE) return NONE
    balances[best] -= sum
    this.rotation.pass(classIndex, best)
    return best
  }

  explain(task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const latencyUs = agents.latencyUs(task.row, agent)
    const rowMean = agents.rowLatencyUs(task.row)
    const ratio = latencyUs > 0 && rowMean > 0 ? rowMean / latencyUs : 1
    const speed = Math.min(SPEED_MAX, Math.max(SPEED_MIN, ratio))
    const capacity = agents.capacity(agent)
    const success = agents.success(task.row, agent)
    const weight = Math.max(1, Math.round(PARTS * capacity * success * speed))
    const balance = this.balances[agent]
    return { capacity, success, speed, weight, balance, score: balance + weight }
  }
}

/** @returns smooth turns by learned weights. */
export default function create(context: StrategyContext): Strategy {
  return new WeightedRoundRobin(context)
}
