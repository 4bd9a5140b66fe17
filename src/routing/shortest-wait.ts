/**
 * `shortest_wait`: the agent that will probably be done first.
 *
 * Runs on: front end and routers.
 * Invariant: up to 256 free candidates nobody has an earlier expected completion, waits weighed
 * fourfold, but for the choices that explore; ties go round by index.
 *
 * ```
 *  load < capacity    completion = own mean for the type                     it starts at once
 *  load ≥ capacity    completion = 4 × (load - capacity + 1) × mean ahead / capacity + own mean
 *                                       └ tasks that must end first ┘
 * ```
 *
 * An agent works on `capacity` tasks at once, so one of them ends every (mean / capacity). What lies
 * ahead may be of any type: "mean ahead" is the agent's mean over all types. With late binding only
 * agents that can start at once are candidates, and this is the smallest mean. It shows its worth
 * with early binding: there a task may join a fast agent's queue although a slow one is idle.
 *
 * An agent without evidence has the type's mean; before anything of the type has finished, who did
 * nothing at all counts as done at once. It explores, but never by making a task wait: in a fleet that
 * has time to spare, who was unlucky with the first task would never be asked again. Above 256 free
 * candidates it is the best of 12 samples.
 *
 * Source: "minimum expected completion time" of grid schedulers; Maheswaran et al., 1999.
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

/** The learning row over all types. */
const OVERALL = 0

/**
 * What a wait weighs against as much time of work. A task that joins a queue also delays those that
 * come after it, about 1 / (1 - ρ) tasks in all at a utilisation of ρ: 5 at 80 %. With 1, everybody
 * joins the fast ones' queues until waiting there costs what a slow agent costs, which is up to twice
 * as long for all together (`npm run bench -- quality`). From 3 to 10 it matters little.
 */
const WAIT_WEIGHT = 4

class ShortestWait implements Strategy {
  readonly name = 'shortest_wait'
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
    let bestCompletion = Number.POSITIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const agent = ints[i]
      const capacity = agents.capacity(agent)
      const ahead = agents.load(agent) - capacity + 1
      let completion = agents.latencyUs(row, agent)
      if (ahead > 0) {
        completion += (WAIT_WEIGHT * ahead * agents.latencyUs(OVERALL, agent)) / capacity
      }
      if (completion >= bestCompletion) continue
      best = agent
      bestCompletion = completion
    }
    if (best !== NONE) this.rotation.pass(classIndex, best)
    return best
  }

  explain(task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const capacity = agents.capacity(agent)
    const ahead = Math.max(0, agents.load(agent) - capacity + 1)
    const latencyUs = agents.latencyUs(task.row, agent)
    const waitUs = ahead === 0 ? 0 : (ahead * agents.latencyUs(OVERALL, agent)) / capacity
    return { ahead, waitUs, latencyUs, score: -(WAIT_WEIGHT * waitUs + latencyUs) }
  }

  stats(): Record<string, number> {
    return { explored: this.exploration.explored }
  }
}

/** @returns a chooser of the earliest expected completion. */
export default function create(context: StrategyContext): Strategy {
  return new ShortestWait(context)
}
