/**
 * `round_robin`: each agent in turn, passing over the full ones.
 *
 * Runs on: front end and routers; each keeps its own place in the rotation.
 * Invariant: between two turns of an agent that stays free, every other agent that stays free has
 * one turn.
 *
 * The rotation is by agent index and separate for each class. The front end's starts at agent 0; a
 * router's starts at its phase, so that routers which place a burst do not propose the same agents
 * in step. O(1): the bitset finds the next free agent without touching the others.
 *
 * Source: source document 004, round robin with capacity, with its sample's slip repaired (it always
 * takes the first).
 */
import type { Candidates } from './candidates.ts'
import { NONE, type PlacementTask, type Strategy, type StrategyContext } from './strategy.ts'

/** A class whose rotation has not begun. */
const UNSTARTED = -1

class RoundRobin implements Strategy {
  readonly name = 'round_robin'
  /** Int32Array[classCountMax]: where the next search starts, or UNSTARTED. */
  private readonly cursors: Int32Array
  private readonly phase: number

  constructor(context: StrategyContext) {
    this.cursors = new Int32Array(context.classCountMax).fill(UNSTARTED)
    this.phase = context.phase
  }

  choose(task: PlacementTask, candidates: Candidates): number {
    let cursor = this.cursors[task.classIndex]
    if (cursor === UNSTARTED) cursor = Math.floor(this.phase * candidates.limit)
    const agent = candidates.nextFrom(cursor)
    if (agent !== NONE) this.cursors[task.classIndex] = agent + 1
    return agent
  }
}

/** @returns a rotation of its own for each class. */
export default function create(context: StrategyContext): Strategy {
  return new RoundRobin(context)
}
