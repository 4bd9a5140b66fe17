/**
 * `power_of_two`: two free candidates at random, and of these the less loaded.
 *
 * Runs on: front end and routers.
 * Invariant: the two are different agents wherever two are free, and every pair is equally likely
 * where agents lie dense or at most 256 are free.
 *
 * Loads are compared as shares of the capacity, by cross multiplication; the first drawn wins a tie.
 * Two draws instead of one take the longest queue from about log n / log log n down to log log n; a
 * third gains little. And unlike `least_loaded`, choosers that see the same picture, as several
 * routers do, do not all pick the same agent.
 *
 * O(1) where at least some part of all agents is free: a draw is a random index, tried again up to
 * eight times. Where they lie sparse the two are drawn from the gathered candidates: all of them up
 * to 256, above that from 12 samples, in which the agent behind a gap is met more often.
 *
 * Source: Mitzenmacher, "The power of two choices in randomized load balancing", 2001.
 */
import type { AgentView } from './agent-view.ts'
import type { Candidates } from './candidates.ts'
import type { Random } from './generator.ts'
import {
  NONE,
  type PlacementTask,
  type Scratch,
  type Strategy,
  type StrategyContext,
} from './strategy.ts'

/** Draws for each agent before candidates are gathered. */
const PROBES = 8

class PowerOfTwo implements Strategy {
  readonly name = 'power_of_two'
  private readonly random: Random

  constructor(context: StrategyContext) {
    this.random = context.random
  }

  choose(
    _task: PlacementTask,
    candidates: Candidates,
    agents: AgentView,
    scratch: Scratch,
  ): number {
    const one = candidates.probe(this.random, PROBES)
    if (one !== NONE) {
      const two = this.probeOther(candidates, one)
      if (two !== NONE) return lessLoaded(one, two, agents)
    }
    return this.fromGathered(candidates, agents, scratch.ints)
  }

  explain(_task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const load = agents.load(agent)
    const capacity = agents.capacity(agent)
    return { load, capacity, score: 1 - load / capacity }
  }

  /** @returns another agent than the one given, or NONE when no draw hit one. */
  private probeOther(candidates: Candidates, agent: number): number {
    for (let i = 0; i < PROBES; i++) {
      const other = candidates.probe(this.random, PROBES)
      if (other !== agent) return other
    }
    return NONE
  }

  private fromGathered(candidates: Candidates, agents: AgentView, ints: Int32Array): number {
    const { random } = this
    const count = candidates.gather(agents, 0, ints, random)
    if (count === 0) return NONE
    if (count === 1) return ints[0]
    const first = random.nextInt(count)
    const second = random.nextInt(count - 1)
    return lessLoaded(ints[first], ints[second < first ? second : second + 1], agents)
  }
}

/** @returns the one with the smaller share of its capacity in use, the first of equals. */
function lessLoaded(one: number, two: number, agents: AgentView): number {
  const left = agents.load(two) * agents.capacity(one)
  return left < agents.load(one) * agents.capacity(two) ? two : one
}

/** @returns a chooser of the better of two. */
export default function create(context: StrategyContext): Strategy {
  return new PowerOfTwo(context)
}
