/**
 * The twin of `shortest_wait` that never samples: it looks at every candidate, however many there are.
 *
 * Runs on: child processes of `quality`. Invariant: but for the choices that explore, nobody has an
 * earlier completion than who is chosen, as `src/routing/shortest-wait.ts` reckons it; of equal ones
 * the next in rotation wins.
 */
import type { AgentView } from '../src/routing/agent-view.ts'
import type { Candidates } from '../src/routing/candidates.ts'
import { Exploration } from '../src/routing/exploration.ts'
import type { Random } from '../src/routing/generator.ts'
import {
  NONE,
  type PlacementTask,
  type Strategy,
  type StrategyContext,
} from '../src/routing/strategy.ts'

/** The learning row over all types. */
const OVERALL = 0
const WAIT_WEIGHT = 4

class ExactWait implements Strategy {
  readonly name = 'exact_wait'
  private readonly exploration: Exploration
  private readonly random: Random
  private cursor = 0

  constructor(context: StrategyContext) {
    this.exploration = new Exploration(context)
    this.random = context.random
  }

  choose({ row }: PlacementTask, candidates: Candidates, agents: AgentView): number {
    const tried = this.exploration.draw(1) < 0 ? NONE : candidates.probe(this.random, 64)
    if (tried !== NONE && agents.credit(tried) > 0) return tried
    let best = NONE
    let bestUs = Number.POSITIVE_INFINITY
    const start = candidates.nextFrom(this.cursor)
    let agent = start
    // Ends: each round goes on to the next agent, round to the one it began with.
    while (agent !== NONE) {
      const capacity = agents.capacity(agent)
      const ahead = Math.max(0, agents.load(agent) - capacity + 1)
      const waitUs = (ahead * agents.latencyUs(OVERALL, agent)) / capacity
      const completionUs = agents.latencyUs(row, agent) + WAIT_WEIGHT * waitUs
      if (completionUs < bestUs) {
        best = agent
        bestUs = completionUs
      }
      agent = candidates.nextFrom(agent + 1)
      if (agent === start) break
    }
    this.cursor = best + 1
    return best
  }
}

/** @returns a chooser of the earliest expected completion of all. */
export default function create(context: StrategyContext): Strategy {
  return new ExactWait(context)
}
