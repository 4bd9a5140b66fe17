/**
 * A strategy that takes 20 µs for each choice, as one that asks a model or weighs a hundred things would;
 * it then names the next free agent.
 *
 * Runs on: whoever places in the benchmark `assignment`, front end or routers.
 * Invariant: it chooses as `round_robin`, only later.
 */
import type { Strategy, StrategyContext } from '../src/routing/strategy.ts'

const TAKES_MS = 0.02

/** @returns a slow rotation. */
export default function create({ classCountMax }: StrategyContext): Strategy {
  const cursors = new Int32Array(classCountMax)
  return {
    name: 'takes_20us',
    choose({ classIndex }, candidates) {
      const endMs = performance.now() + TAKES_MS
      // Ends: the clock goes on.
      while (performance.now() < endMs);
      const agent = candidates.nextFrom(cursors[classIndex])
      cursors[classIndex] = agent + 1
      return agent
    },
  }
}
