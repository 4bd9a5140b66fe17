/**
 * `performance`: the agent that succeeds most and takes least time.
 *
 * Runs on: front end and routers.
 * Invariant: up to 256 free candidates nobody has a higher score, but for the choices that explore;
 * ties go round by index.
 *
 * score = 0.5 × success rate + 0.5 × (best mean latency / own mean latency)
 *
 * "Best" is the smallest mean among the compared. Cold start: success 0.9, latency the type's mean;
 * where not even that is known the second term is 1, so that newcomers are tried. Above 256 free
 * candidates it is the best of 12 samples.
 *
 * With early binding it goes to the best of those that can start it at once, and only when nobody can
 * into the best one's own queue: `latency` says why.
 *
 * Source: source document 000, performance routing; its formula is ours, the document names none.
 */
import type { AgentView } from './agent-view.ts'
import type { Candidates } from './candidates.ts'
import { Exploration } from './exploration.ts'
import type { Random } from './generator.ts'
import { Rotation } from './rotation.ts'
import {
  NONE,
  type PlacementTask,
  type Scratch,
  type Strategy,
  type StrategyContext,
} from './strategy.ts'

/** Scores lie in 0 … 1: who has no credit comes behind everybody who has. */
const FULL = 1

class Performance implements Strategy {
  readonly name = 'performance'
  private readonly rotation: Rotation
  private readonly exploration: Exploration
  private readonly random: Random
  /** Float64Array[classCountMax], µs: the best mean that the class's last choice compared with. */
  private readonly bests: Float64Array

  constructor(context: StrategyContext) {
    this.rotation = new Rotation(context)
    this.exploration = new Exploration(context)
    this.random = context.random
    this.bests = new Float64Array(context.classCountMax)
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number {
    const { ints, floats } = scratch
    const { row, classIndex } = task
    const cursor = this.rotation.from(classIndex, candidates)
    const count = candidates.gather(agents, cursor, ints, this.random)
    if (count === 0) return NONE
    const tried = this.exploration.draw(count)
    if (tried >= 0 && agents.credit(ints[tried]) > 0) return ints[tried]
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
      const speed = floats[i] > 0 ? fastest / floats[i] : 1
      let score = 0.5 * agents.success(row, agent) + 0.5 * speed
      if (agents.credit(agent) <= 0) score -= FULL
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
    const latencyUs = agents.latencyUs(task.row, agent)
    const bestUs = this.bests[task.classIndex] || agents.rowLatencyUs(task.row)
    const success = agents.success(task.row, agent)
    const speed = latencyUs > 0 ? Math.min(1, bestUs / latencyUs) : 1
    return {
      success,
      speed,
      latencyUs,
      score: 0.5 * success + 0.5 * speed - (agents.credit(agent) > 0 ? 0 : FULL),
    }
  }

  stats(): Record<string, number> {
    return { explored: this.exploration.explored }
  }
}

/** @returns a chooser by success and speed. */
export default function create(context: StrategyContext): Strategy {
  return new Performance(context)
}
