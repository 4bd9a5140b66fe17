/**
 * `random`: every free candidate with the same probability.
 *
 * Runs on: front end and routers.
 * Invariant: uniform, whatever the density: both ways below are, so their mix is.
 *
 * 1. Draw an index, up to eight times, and take it if it is a member (rejection): flat, and all that
 *    is needed where most agents are free: half of them free leave 0.4 % to the second way.
 * 2. Count the members and take one by rank: reads every word that is not empty. Where members lie
 *    sparse the summary level keeps that short.
 *
 * Not taken: the next member from a random place, which draws an agent as often as the gap before it
 * is long.
 */
import type { Candidates } from './candidates.ts'
import type { Random } from './generator.ts'
import { NONE, type PlacementTask, type Strategy, type StrategyContext } from './strategy.ts'

/** Draws before counting. */
const PROBES = 8

class RandomChoice implements Strategy {
  readonly name = 'random'
  private readonly random: Random

  constructor(context: StrategyContext) {
    this.random = context.random
  }

  choose(_task: PlacementTask, candidates: Candidates): number {
    const agent = candidates.probe(this.random, PROBES)
    if (agent !== NONE) return agent
    const count = candidates.count()
    if (count === 0) return NONE
    const ranked = candidates.nth(this.random.nextInt(count))
    // Fewer than were counted: some were taken meanwhile.
    return ranked === NONE ? candidates.first() : ranked
  }
}

/** @returns a uniform chooser. */
export default function create(context: StrategyContext): Strategy {
  return new RandomChoice(context)
}
