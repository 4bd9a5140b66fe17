/**
 * `round_robin`: each agent in turn, passing over the full ones.
 *
 * Runs on: front end and routers; each keeps its own place in the rotation.
 * Invariant: between two turns of an agent that stays free, every other agent that stays free has
 * one turn; with `roundRobin: { weighted: true }` as many in a row as its capacity.
 *
 * The rotation is by agent index and separate for each class. The front end's starts at agent 0; a
 * router's starts at its phase, so that routers which place a burst do not propose the same agents
 * in step. Exact for any fleet and O(1): the bitset finds the next free agent without touching the
 * others.
 *
 * Not taken, for the weighted form: rounds in which only agents with more than r places take part
 * (interleaved rounds). With one agent of capacity 100 among many of 1, 99 of 100 rounds pass over
 * everybody to find it. Who wants the turns spread out takes `weighted_round_robin`.
 *
 * Source: source document 004, round robin with capacity, with its sample's slip repaired: after
 * A 3/3, B 2/3, C 1/3 come B, C, C and not B, C, B, as B is full by then.
 */
import type { AgentView } from './agent-view.ts'
import type { Candidates } from './candidates.ts'
import { Rotation } from './rotation.ts'
import { NONE, type PlacementTask, type Strategy, type StrategyContext } from './strategy.ts'

class RoundRobin implements Strategy {
  readonly name = 'round_robin'
  private readonly rotation: Rotation
  private readonly weighted: boolean
  /** Int32Array[classCountMax]: turns left for the agent before the cursor. */
  private readonly turnsLeft: Int32Array

  constructor(context: StrategyContext) {
    this.rotation = new Rotation(context)
    this.weighted = context.options.roundRobin.weighted
    this.turnsLeft = new Int32Array(context.classCountMax)
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView): number {
    const { classIndex } = task
    const cursor = this.rotation.from(classIndex, candidates)
    if (this.turnsLeft[classIndex] > 0 && candidates.has(cursor - 1)) {
      this.turnsLeft[classIndex]--
      return cursor - 1
    }
    const agent = candidates.nextFrom(cursor)
    if (agent === NONE) return NONE
    this.rotation.pass(classIndex, agent)
    if (this.weighted) this.turnsLeft[classIndex] = agents.capacity(agent) - 1
    return agent
  }

  explain(_task: PlacementTask, agent: number, agents: AgentView): Record<string, number> {
    const turns = this.weighted ? agents.capacity(agent) : 1
    return { turns, capacity: agents.capacity(agent), load: agents.load(agent), score: turns }
  }
}

/** @returns a rotation of its own for each class. */
export default function create(context: StrategyContext): Strategy {
  return new RoundRobin(context)
}
