/**
 * `specialization`: the agent with the highest skill for the task's type.
 *
 * Runs on: front end and routers.
 * Invariant: up to 256 free candidates nobody has a higher skill, but for the choices that explore;
 * ties go round by index.
 *
 * The skill, 0 … 1, is what the agent declared for the type (0.95 an expert, 0.60 moderate), fading
 * as results come in, else what was learned from its success and speed, else 0.5. So experts are
 * filled first, then generalists, then who is good at something else. Above 256 free candidates it
 * is the best of 12 samples.
 *
 * With early binding it goes to the best of those that can start it at once, and only when nobody can
 * into the best one's own queue: `latency` says why.
 *
 * Not taken: a bar under which an agent gets nothing. Who must not do a task lacks the capability;
 * a low score says "rather not", and the task had better be done than wait.
 *
 * Source: source document 000, specialization routing.
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

/** Skills lie in 0 … 1: who has no credit comes behind everybody who has. */
const FULL = 1

class Specialization implements Strategy {
  readonly name = 'specialization'
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
    let bestSkill = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) {
      const agent = ints[i]
      let skill = agents.skill(row, agent)
      if (agents.credit(agent) <= 0) skill -= FULL
      if (skill <= bestSkill) continue
      best = agent
      bestSkill = skill
    }
    if (best !== NONE) this.rotation.pass(classIndex, best)
    return best
  }

  explain(task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const specialization = agents.skill(task.row, agent)
    const full = agents.credit(agent) > 0 ? 0 : FULL
    return { specialization, score: specialization - full }
  }

  stats(): Record<string, number> {
    return { explored: this.exploration.explored }
  }
}

/** @returns a chooser of the most skilled. */
export default function create(context: StrategyContext): Strategy {
  return new Specialization(context)
}
