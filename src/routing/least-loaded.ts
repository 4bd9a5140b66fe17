/**
 * `least_loaded`: the agent with the smallest share of its capacity in use.
 *
 * Runs on: front end and routers.
 * Invariant: up to 256 free candidates nobody has a smaller load ratio than the one chosen; ties go
 * round by index.
 *
 * Agents of capacity 10 with loads 2, 7 and 5 stand at 8, 8, 8 after ten tasks. Ratios are compared
 * exactly, by cross multiplication: `a/b < c/d` is `a·d < c·b`, whole numbers below 2^53. With equal
 * capacities this is "fewest active tasks"; with unequal ones a count would fill the small agents
 * while large ones idle.
 *
 * A scan stops at the first agent that stands at the floor: the smallest ratio that the last scan
 * found, while nothing has happened since by which a load could fall (`AgentView.easings`). So a
 * burst is placed with one whole scan and short ones after it, and is as exact as without.
 *
 * Above 256 free candidates a scan costs over 1 µs and grows with the fleet; then it takes the best
 * of 16 samples, which is flat. (The expected rank of the best of 16 is 1/17 from the top.) Where
 * members lie sparse, a sample is the next free agent from a random place: the agent behind a gap is
 * then drawn more often, and corrected by its load.
 *
 * Not taken: a bitset for each load level, exact and flat, because it puts a write into every take
 * and give on the front end, also for queues that do not use it.
 *
 * Source: source documents 000 and 003; Mitzenmacher, "The power of two choices", 2001.
 */
import { ctz32 } from '../../native-free/bitset.ts'
import type { AgentView } from './agent-view.ts'
import type { Candidates } from './candidates.ts'
import type { Random } from './generator.ts'
import { NONE, type PlacementTask, type Strategy, type StrategyContext } from './strategy.ts'

/** Up to so many free candidates the choice is exact. */
const EXACT_MAX = 256
/** Samples above that. */
const SAMPLE_COUNT = 16
/** Draws for one sample before it takes the next free agent from a random place. */
const PROBES = 4
/** A class whose rotation has not begun. */
const UNSTARTED = -1

class LeastLoaded implements Strategy {
  readonly name = 'least_loaded'
  /** Int32Array[classCountMax]: from where on ties are decided, or UNSTARTED. */
  private readonly cursors: Int32Array
  private readonly phase: number
  private readonly random: Random
  /** Int32Array[classCountMax] each: the smallest ratio of the last scan, and when it was. */
  private readonly floorLoads: Int32Array
  private readonly floorCapacities: Int32Array
  private readonly floorEasings: Int32Array
  private best = NONE
  private bestLoad = 0
  private bestCapacity = 1
  /** No free candidate has a smaller ratio. */
  private floorLoad = 0
  private floorCapacity = 1

  constructor(context: StrategyContext) {
    this.cursors = new Int32Array(context.classCountMax).fill(UNSTARTED)
    this.floorLoads = new Int32Array(context.classCountMax)
    this.floorCapacities = new Int32Array(context.classCountMax).fill(1)
    this.floorEasings = new Int32Array(context.classCountMax)
    this.phase = context.phase
    this.random = context.random
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView): number {
    let cursor = this.cursors[task.classIndex]
    if (cursor === UNSTARTED) cursor = Math.floor(this.phase * candidates.limit)
    const agent =
      candidates.countUpTo(EXACT_MAX) > EXACT_MAX
        ? this.sample(candidates, agents)
        : this.scan(task.classIndex, candidates, agents, cursor)
    if (agent !== NONE) this.cursors[task.classIndex] = agent + 1
    return agent
  }

  /** Goes once round from `cursor`; of those with the smallest ratio the first wins. */
  private scan(
    classIndex: number,
    candidates: Candidates,
    agents: AgentView,
    cursor: number,
  ): number {
    const easings = agents.easings()
    const holds = easings === this.floorEasings[classIndex]
    this.floorLoad = holds ? this.floorLoads[classIndex] : 0
    this.floorCapacity = holds ? this.floorCapacities[classIndex] : 1
    this.best = NONE
    this.bestLoad = 0
    this.bestCapacity = 1
    if (!this.walk(candidates, agents, cursor, candidates.limit)) {
      this.walk(candidates, agents, 0, cursor)
    }
    if (this.best === NONE) return NONE
    this.floorLoads[classIndex] = this.bestLoad
    this.floorCapacities[classIndex] = this.bestCapacity
    this.floorEasings[classIndex] = easings
    return this.best
  }

  /**
   * Compares the agents from `from` up to, not with, `to`.
   * @returns true as soon as one stands at the floor: no ratio is smaller.
   */
  private walk(candidates: Candidates, agents: AgentView, from: number, to: number): boolean {
    const first = from >>> 5
    const last = (to - 1) >> 5
    const { floorLoad, floorCapacity } = this
    let { best, bestLoad, bestCapacity } = this
    // Ends: nextWord grows, and each inner round clears one of 32 bits.
    for (
      let w = candidates.nextWord(first);
      w !== NONE && w <= last;
      w = candidates.nextWord(w + 1)
    ) {
      let bits = candidates.word(w)
      if (w === first) bits &= -1 << (from & 31)
      if (w === last && (to & 31) !== 0) bits &= ~(-1 << (to & 31))
      for (; bits !== 0; bits &= bits - 1) {
        const agent = (w << 5) + ctz32(bits)
        const load = agents.load(agent)
        const capacity = agents.capacity(agent)
        // Full, though its free bit is still seen.
        if (load >= capacity) continue
        if (best !== NONE && load * bestCapacity >= bestLoad * capacity) continue
        best = agent
        bestLoad = load
        bestCapacity = capacity
        if (load * floorCapacity > floorLoad * capacity) continue
        this.best = best
        this.bestLoad = bestLoad
        this.bestCapacity = bestCapacity
        return true
      }
    }
    this.best = best
    this.bestLoad = bestLoad
    this.bestCapacity = bestCapacity
    return false
  }

  private sample(candidates: Candidates, agents: AgentView): number {
    const { random } = this
    let best = NONE
    let bestLoad = 0
    let bestCapacity = 1
    for (let i = 0; i < SAMPLE_COUNT; i++) {
      let agent = candidates.probe(random, PROBES)
      if (agent === NONE) agent = candidates.nextFrom(random.nextInt(candidates.limit))
      if (agent === NONE) return best
      const load = agents.load(agent)
      const capacity = agents.capacity(agent)
      if (load >= capacity) continue
      if (best === NONE || load * bestCapacity < bestLoad * capacity) {
        best = agent
        bestLoad = load
        bestCapacity = capacity
      }
    }
    return best
  }
}

/** @returns an exact chooser for small fleets that samples in large ones. */
export default function create(context: StrategyContext): Strategy {
  return new LeastLoaded(context)
}
