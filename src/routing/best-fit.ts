/**
 * `best_fit`: what an agent can do of what is asked, less its queue, plus its record.
 *
 * Runs on: front end and routers.
 * Invariant: up to 256 free candidates nobody has a higher score; ties go round by index.
 *
 * score = match - queue / 10 + success rate × 0.3
 *
 * `match` is the part of the requirements that the agent meets, 0 … 1: it differs between agents
 * only for queues and tasks with `match: 'best_fit'`, as others have candidates that meet all. The
 * queue is all that the agent holds and that waits in its own queue, this chooser's own proposals
 * included. The weights are `bestFit: { match, queue, success }`. Above 256 free candidates it is the
 * best of 12 samples.
 *
 * The source document's score alone lets an idle agent that meets nothing (0 - 0 + 0.27) beat one
 * that meets everything and has ten tasks (1 - 1 + 0.27 is a tie). That is why tasks of level high
 * and critical are always matched exactly: there exactness is a filter, here a term.
 *
 * Source: source document 002, work-stealing balancer, `score`.
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

class BestFit implements Strategy {
  readonly name = 'best_fit'
  private readonly rotation: Rotation
  private readonly random: Random
  private readonly matchWeight: number
  private readonly queueWeight: number
  private readonly successWeight: number

  constructor(context: StrategyContext) {
    const { match, queue, success } = context.options.bestFit
    this.rotation = new Rotation(context)
    this.random = context.random
    this.matchWeight = match
    this.queueWeight = queue
    this.successWeight = success
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number {
    const { ints } = scratch
    const { row, matchRow, classIndex } = task
    const { matchWeight, queueWeight, successWeight } = this
    const cursor = this.rotation.from(classIndex, candidates)
    const count = candidates.gather(agents, cursor, ints, this.random)
    let best = NONE
    let bestScore = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const agent = ints[i]
      const score =
        matchWeight * agents.match(matchRow, agent) -
        queueWeight * agents.load(agent) +
        successWeight * agents.success(row, agent)
      if (score <= bestScore) continue
      best = agent
      bestScore = score
    }
    if (best !== NONE) this.rotation.pass(classIndex, best)
    return best
  }

  explain(task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const match = agents.match(task.matchRow, agent)
    const queue = agents.load(agent)
    const success = agents.success(task.row, agent)
    const score = this.matchWeight * match - this.queueWeight * queue + this.successWeight * success
    return { match, queue, success, score }
  }
}

/** @returns a chooser by fit, queue and success. */
export default function create(context: StrategyContext): Strategy {
  return new BestFit(context)
}
