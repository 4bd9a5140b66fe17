/**
 * `hybrid`: load, specialization and performance, weighed against each other.
 *
 * Runs on: front end and routers.
 * Invariant: up to 256 free candidates nobody has a higher score; ties go round by index.
 *
 * ```
 *  score = 0.4 × (1 - load / capacity)
 *        + 0.4 × skill for the type
 *        + 0.2 × (0.5 × success rate + 0.5 × best mean latency / own mean latency)
 * ```
 *
 * The weights are `hybrid: { load, specialization, performance }`; they need not add up to 1. The
 * load is what the agent holds, what waits in its own queue, and this chooser's own proposals: with
 * early binding the first term may be negative. "Best" is the smallest mean among the compared.
 * Above 256 free candidates it is the best of 12 samples.
 *
 * It does not explore: the load's weight sends work to everybody as soon as the preferred agents
 * fill.
 *
 * Source: source document 000, hybrid routing, 40 % / 40 % / 20 %.
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

class Hybrid implements Strategy {
  readonly name = 'hybrid'
  private readonly rotation: Rotation
  private readonly random: Random
  private readonly loadWeight: number
  private readonly skillWeight: number
  private readonly performanceWeight: number
  /** Float64Array[classCountMax], µs: the best mean that the class's last choice compared with. */
  private readonly bests: Float64Array

  constructor(context: StrategyContext) {
    const { load, specialization, performance } = context.options.hybrid
    this.rotation = new Rotation(context)
    this.random = context.random
    this.loadWeight = load
    this.skillWeight = specialization
    this.performanceWeight = performance
    this.bests = new Float64Array(context.classCountMax)
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number {
    const { ints, floats } = scratch
    const { row, classIndex, early } = task
    const { loadWeight, skillWeight, performanceWeight } = this
    const cursor = this.rotation.from(classIndex, candidates)
    const count = candidates.gather(agents, cursor, ints, this.random)
    let fastest = Number.POSITIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const latency = agents.latencyUs(row, ints[i])
      floats[i] = latency
      if (latency > 0 && latency < fastest) fastest = latency
    }
    let best = NONE
    let bestScore = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const agent = ints[i]
      const capacity = agents.capacity(agent)
      const load = agents.load(agent)
      if (!early && load >= capacity) continue
      const speed = floats[i] > 0 ? fastest / floats[i] : 1
      const score =
        loadWeight * (1 - load / capacity) +
        skillWeight * agents.skill(row, agent) +
        performanceWeight * (0.5 * agents.success(row, agent) + 0.5 * speed)
      if (score <= bestScore) continue
      best = agent
      bestScore = score
    }
    if (best === NONE) return NONE
    this.bests[classIndex] = fastest
    this.rotation.pass(classIndex, best)
    return best
  }

  explain(task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const { row, classIndex } = task
    const latencyUs = agents.latencyUs(row, agent)
    const bestUs = this.bests[classIndex] || agents.rowLatencyUs(row)
    const speed = latencyUs > 0 ? Math.min(1, bestUs / latencyUs) : 1
    const free = 1 - agents.load(agent) / agents.capacity(agent)
    const specialization = agents.skill(row, agent)
    const performance = 0.5 * agents.success(row, agent) + 0.5 * speed
    const score =
      this.loadWeight * free +
      this.skillWeight * specialization +
      this.performanceWeight * performance
    return { free, specialization, performance, latencyUs, score }
  }
}

/** @returns a chooser by three weighted terms. */
export default function create(context: StrategyContext): Strategy {
  return new Hybrid(context)
}
