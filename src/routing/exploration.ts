/**
 * The bounded share of choices in which a strategy tries somebody instead of the best it knows.
 *
 * Runs on: front end and routers; each strategy that explores has its own.
 * Invariant: over many choices at most the share `exploration` goes to somebody who was not best.
 *
 * A strategy that sends work only to whom it believes in never learns that it was wrong about the
 * others: an agent whose first task happened to be slow would never be asked again. Trying one of
 * the gathered candidates at random in 2 % of choices renews every belief, and costs at most 2 % of
 * what the best would have gained. With `exploration: 0` no random number is drawn.
 *
 * Not taken: upper confidence bounds. They need a count of evidence for each (type, agent) beside
 * the mean, and agents change: what was learned an hour ago has to be doubted however often it was
 * seen.
 *
 * Source: epsilon-greedy; Sutton & Barto, "Reinforcement Learning", 2.2.
 */
import type { Random } from './generator.ts'
import type { StrategyContext } from './strategy.ts'

/** Steps of a probability: whole numbers cross calls without being boxed. */
const STEPS = 65_536

/** A coin, and how often it fell. */
export class Exploration {
  /** Choices that went to somebody at random. */
  explored = 0
  private readonly threshold: number
  private readonly random: Random

  constructor(context: StrategyContext) {
    this.threshold = Math.round(context.options.exploration * STEPS)
    this.random = context.random
  }

  /**
   * Draws whether this choice explores.
   * @param count candidates, 1 or more.
   * @returns the position of the one to try, or -1: take the best.
   */
  draw(count: number): number {
    if (this.threshold === 0 || this.random.nextInt(STEPS) >= this.threshold) return -1
    this.explored = (this.explored + 1) | 0
    return this.random.nextInt(count)
  }
}
