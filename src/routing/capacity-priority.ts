/**
 * `capacity_priority`: urgent tasks to whom has most room, all others in turn.
 *
 * Runs on: front end and routers.
 * Invariant: a task of level high or critical goes to the smallest share of capacity in use, as
 * `least_loaded` finds it; any other is the next turn of `round_robin`'s rotation, which urgent
 * tasks do not move.
 *
 * ```
 *  A 10/12   B 8/12   C 7/12        HIGH → C         NORMAL, A had the last turn → B
 * ```
 *
 * As exact and as flat as these two, whose files it runs.
 *
 * Source: source document 004, capacity-based with priority override; its sample takes the first
 * for everything below high, its text says round robin: the text counts.
 */
import type { AgentView } from './agent-view.ts'
import type { Candidates } from './candidates.ts'
import createLeastLoaded from './least-loaded.ts'
import createRoundRobin from './round-robin.ts'
import type { PlacementTask, Scratch, Strategy, StrategyContext } from './strategy.ts'

/** Level of high; critical is above it. */
const HIGH = 3

class CapacityPriority implements Strategy {
  readonly name = 'capacity_priority'
  private readonly leastLoaded: Strategy
  private readonly roundRobin: Strategy

  constructor(context: StrategyContext) {
    this.leastLoaded = createLeastLoaded(context)
    this.roundRobin = createRoundRobin(context)
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number {
    return task.level >= HIGH
      ? this.leastLoaded.choose(task, candidates, agents, scratch)
      : this.roundRobin.choose(task, candidates, agents, scratch)
  }

  explain(task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const load = agents.load(agent)
    const capacity = agents.capacity(agent)
    const urgent = task.level >= HIGH
    return { urgent: urgent ? 1 : 0, load, capacity, score: urgent ? 1 - load / capacity : 1 }
  }
}

/** @returns a chooser that looks at the task's level first. */
export default function create(context: StrategyContext): Strategy {
  return new CapacityPriority(context)
}
