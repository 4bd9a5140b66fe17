/**
 * Expected times by what results taught: the agent's own mean with the type of task, drawn to what the type
 * takes anybody while few of its results are known. Front-end thread.
 *
 * Invariant: 0 exactly while nobody has a mean with that type.
 *
 * Drawn, because the mean of three results says little: equal agents would seem to be of different speed,
 * and tasks would be left, or moved, where chance had been kind.
 */
import type { Learning } from '../learning/learning.ts'
import type { AgentState } from '../policy/agents.ts'
import type { ClassState } from '../policy/classes.ts'
import type { Costs } from './costs.ts'

/** Results that what the type takes anybody weighs as much as. */
const PRIOR_WEIGHT = 20

export class LearnedCosts implements Costs {
  private readonly learning: Learning
  readonly roundTripMs: (agent: AgentState) => number

  /** @param roundTripMs nothing has to travel by default. */
  constructor(learning: Learning, roundTripMs: (agent: AgentState) => number = () => 0) {
    this.learning = learning
    this.roundTripMs = roundTripMs
  }

  meanMs({ index }: AgentState, { row }: ClassState): number {
    return this.learning.expectedUs(row, index, PRIOR_WEIGHT) / 1_000
  }
}
