/**
 * The baseline of the routing benchmark: what one writes first, an array of objects and a loop.
 *
 * Runs on: a child process. Invariant: its choices are exact by the strategies' own definitions:
 * the next free one by index, the smallest share of capacity in use, each free one equally likely.
 */
import { NONE } from '../native-free/index.ts'
import { Random } from '../src/routing/generator.ts'

/** The strategies that have a twin here. */
export const TWINS: readonly string[] = ['round_robin', 'least_loaded', 'random']

interface NaiveAgent {
  readonly id: string
  readonly capacity: number
  inUse: number
  online: boolean
}

/** A fleet in plain objects. */
export class NaiveFleet {
  readonly members: readonly number[]
  readonly #agents: NaiveAgent[]
  readonly #random: Random
  readonly #choose: () => number
  #cursor = 0

  /** @throws Error when there is no such strategy here. */
  constructor(count: number, capacity: number, strategy: string, seed: number) {
    this.#agents = Array.from({ length: count }, (_, i) => ({
      id: `agent-${i}`,
      capacity,
      inUse: 0,
      online: true,
    }))
    this.members = this.#agents.map((_, agent) => agent)
    this.#random = new Random(seed)
    this.#choose = this.#strategy(strategy)
  }

  place(): number {
    const agent = this.#choose()
    if (agent !== NONE) this.#agents[agent].inUse++
    return agent
  }

  giveBack(agent: number): void {
    this.#agents[agent].inUse--
  }

  loadOf(agent: number): number {
    return this.#agents[agent].inUse
  }

  #strategy(name: string): () => number {
    switch (name) {
      case 'round_robin':
        return () => this.#next()
      case 'least_loaded':
        return () => this.#least()
      case 'random':
        return () => this.#any()
      default:
        throw new Error(`strategy "${name}" has no baseline: TWINS names those that have`)
    }
  }

  #next(): number {
    const agents = this.#agents
    for (let i = 0; i < agents.length; i++) {
      const at = (this.#cursor + i) % agents.length
      if (!isFree(agents[at])) continue
      this.#cursor = at + 1
      return at
    }
    return NONE
  }

  #least(): number {
    const agents = this.#agents
    let best = NONE
    let bestShare = Number.POSITIVE_INFINITY
    for (let i = 0; i < agents.length; i++) {
      if (!isFree(agents[i])) continue
      const share = agents[i].inUse / agents[i].capacity
      if (share >= bestShare) continue
      best = i
      bestShare = share
    }
    return best
  }

  #any(): number {
    const agents = this.#agents
    let free = 0
    for (let i = 0; i < agents.length; i++) if (isFree(agents[i])) free++
    if (free === 0) return NONE
    let left = this.#random.nextInt(free)
    for (let i = 0; i < agents.length; i++) {
      if (isFree(agents[i]) && left-- === 0) return i
    }
    return NONE
  }
}

function isFree(agent: NaiveAgent): boolean {
  return agent.online && agent.inUse < agent.capacity
}
