/**
 * `latency`: the agent with the smallest mean latency for the task's type.
 *
 * Runs on: front end and routers.
 * Invariant: up to 256 free candidates nobody has a smaller mean, but for the choices that explore;
 * ties go round by index.
 *
 * The mean is that of the agent's last N tasks of the type (`learning: { windowSize: 100 }`), from
 * dispatch to result. An agent without any has the type's mean: better than known slow ones, behind
 * known fast ones. Before anything of the type has finished, what agents did of other types counts,
 * and who did nothing at all goes first. Above 256 free candidates it is the best of 12 samples.
 *
 * The load plays no part: the fastest is filled to its concurrency, then the next. Where agents slow
 * down as they fill, the mean rises with it, some tasks later; `shortest_wait` also counts what lies
 * in an agent's own queue, `hybrid` the load.
 *
 * With early binding it goes to the fastest of those that can start it at once, and only when nobody
 * can into the fastest's own queue. A mean says nothing of that queue: going by it alone, all tasks
 * stood in line for the fastest while others were idle, 12 times longer in the mean (`npm run bench --
 * quality`).
 *
 * Source: source document 003, latency-based balancer: sum(latencies) / count, argmin.
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

/** Longer than any latency that is learned: who has no credit comes behind everybody who has. */
const FULL_US = 2 ** 40

class Latency implements Strategy {
  readonly name = 'latency'
  private readonly rotation: Rotation
  private readonly exploration: Exploration
  private readonly random: Random

  constructor(context: StrategyContext) {
    this.rotation = new Rotation(context)
    this.exploration = new Exploration(context)
    this.random = context.random
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number {
    const { ints } = scratch
    const { row, classIndex } = task
    const cursor = this.rotation.from(classIndex, candidates)
    const count = candidates.gather(agents, cursor, ints, this.random)
    if (count === 0) return NONE
    const tried = this.exploration.draw(count)
    if (tried >= 0 && agents.credit(ints[tried]) > 0) return ints[tried]
    let best = NONE
    let bestLatency = Number.POSITIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const agent = ints[i]
      let latency = agents.latencyUs(row, agent)
      if (agents.credit(agent) <= 0) latency += FULL_US
      if (latency >= bestLatency) continue
      best = agent
      bestLatency = latency
    }
    if (best !== NONE) this.rotation.pass(classIndex, best)
    return best
  }

  explain(task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const latencyUs = agents.latencyUs(task.row, agent)
    const fullUs = agents.credit(agent) > 0 ? 0 : FULL_US
    return { latencyUs, typeMeanUs: agents.rowLatencyUs(task.row), score: -latencyUs - fullUs }
  }

  stats(): Record<string, number> {
    return { explored: this.exploration.explored }
  }
}

/** @returns a chooser of the fastest. */
export default function create(context: StrategyContext): Strategy {
  return new Latency(context)
}
