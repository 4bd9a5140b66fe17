/**
 * `capability_best`: the highest product of how well an agent fits, does, and is free.
 *
 * Runs on: front end and routers.
 * Invariant: up to 256 free candidates nobody has a higher product; ties go round by index.
 *
 * ```
 *  product =  2.0 all requirements met, else 1.0
 *           × 1.2 success rate over the window at least 0.9
 *           × 1.5 mean latency below the candidates' mean for that type
 *           × 0.5 it holds any task
 *           × 0.001 it has no credit (early binding only: the task would wait in its queue)
 * ```
 *
 * The five numbers are `capability: { exact, success, successMin, fast, busy }`. "The candidates'
 * mean" is that of the free candidates up to 256, and above that, where 12 samples are compared, the
 * learned mean of the type. An agent of whom nothing is known counts as average: success 0.9 and so
 * good, latency the type's mean and so not fast.
 *
 * Not taken: a product of the measured values instead of thresholds. The thresholds are the source
 * document's, and they leave many agents equal, so that the rotation spreads the work.
 *
 * Source: source document 003, capability-based balancer.
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

/**
 * For an agent without credit, which a task that is bound early would have to wait for: it comes behind
 * everybody who can start at once, whatever the other factors are by default.
 */
const FULL = 0.001

class CapabilityBest implements Strategy {
  readonly name = 'capability_best'
  private readonly rotation: Rotation
  private readonly random: Random
  /** Float32's nearest: learned rates are Float32, 0.9 there is a little less than 0.9 here. */
  private readonly successMin: number
  /**
   * Float64Array[32]: the product of each combination of the five, by bits. Looked up, because five
   * branches that fall as if at random cost more than everything else here.
   */
  private readonly products: Float64Array
  /** Float64Array[classCountMax], µs: the mean that the class's last choice compared with. */
  private readonly means: Float64Array

  constructor(context: StrategyContext) {
    const { exact, success, successMin, fast, busy } = context.options.capability
    this.rotation = new Rotation(context)
    this.random = context.random
    this.successMin = Math.fround(successMin)
    const factors = [exact, success, fast, busy, FULL]
    this.products = Float64Array.from({ length: 2 ** factors.length }, (_, bits) =>
      factors.reduce((product, factor, at) => ((bits >> at) & 1 ? product * factor : product), 1),
    )
    this.means = new Float64Array(context.classCountMax)
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number {
    const { ints, floats } = scratch
    const { row, matchRow, classIndex } = task
    const { products, successMin } = this
    const cursor = this.rotation.from(classIndex, candidates)
    const count = candidates.gather(agents, cursor, ints, this.random)
    let sum = 0
    for (let i = 0; i < count; i++) {
      const latency = agents.latencyUs(row, ints[i])
      floats[i] = latency
      sum += latency
    }
    const rowMean = agents.rowLatencyUs(row)
    const mean = candidates.isExact || rowMean === 0 ? sum / count : rowMean
    let best = NONE
    let bestProduct = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const agent = ints[i]
      const isExact = Number(agents.match(matchRow, agent) >= 1)
      const isGood = Number(agents.success(row, agent) >= successMin)
      const isFast = Number(floats[i] > 0) & Number(floats[i] < mean)
      const isBusy = Number(agents.load(agent) > 0)
      const isFull = Number(agents.credit(agent) <= 0)
      const product =
        products[isExact | (isGood << 1) | (isFast << 2) | (isBusy << 3) | (isFull << 4)]
      if (product <= bestProduct) continue
      best = agent
      bestProduct = product
    }
    if (best === NONE) return NONE
    this.means[classIndex] = mean
    this.rotation.pass(classIndex, best)
    return best
  }

  explain(task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const { row, matchRow, classIndex } = task
    const meanUs = this.means[classIndex] || agents.rowLatencyUs(row)
    const latencyUs = agents.latencyUs(row, agent)
    const factor = (at: number, is: boolean) => (is ? this.products[1 << at] : 1)
    const exact = factor(0, agents.match(matchRow, agent) >= 1)
    const success = factor(1, agents.success(row, agent) >= this.successMin)
    const fast = factor(2, latencyUs > 0 && latencyUs < meanUs)
    const busy = factor(3, agents.load(agent) > 0)
    const full = factor(4, agents.credit(agent) <= 0)
    const score = exact * success * fast * busy * full
    return { exact, success, fast, busy, full, latencyUs, meanUs, score }
  }
}

/** @returns a chooser by the product of four factors. */
export default function create(context: StrategyContext): Strategy {
  return new CapabilityBest(context)
}
