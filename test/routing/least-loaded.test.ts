/** `least_loaded` over long histories, in which what it remembers of load levels must stay right. */
import { describe, expect, test } from 'vitest'
import { AgentStatus, ClassFlag, toAgent, toClass } from '../../native-free/index.ts'
import { Random } from '../../src/routing/generator.ts'
import { NONE } from '../../src/routing/strategy.ts'
import { Fleet } from './fleet.ts'

const AGENTS = 640
const CLASSES = 4
const EARLY_CLASS = 2
const QUEUE_MAX = 2

/** What a story is told with: how many agents change between two choices, and of what capacity they are. */
interface Story {
  readonly changesMax: number
  readonly capacities: readonly number[]
  readonly choices: number
  /** As on a router: what is chosen is proposed, and settled later. */
  readonly proposes: boolean
}

class World {
  readonly fleet: Fleet
  readonly dice: Random
  private readonly story: Story
  private readonly proposed: number[] = []

  constructor(seed: number, story: Story) {
    this.fleet = new Fleet({ agentCountMax: AGENTS, seed })
    this.dice = new Random(seed)
    this.story = story
    this.fleet.agents.setQueueMax(QUEUE_MAX)
    this.fleet.classes.setFlag(toClass(EARLY_CLASS), ClassFlag.EARLY, true)
    this.fleet.classes.setFlag(toClass(3), ClassFlag.PREFERRED, true)
    for (let agent = 0; agent < AGENTS; agent++) this.join(agent)
  }

  /** One choice by the strategy, compared with all agents one by one. */
  choose(): void {
    const classIndex = this.dice.nextInt(CLASSES)
    const { fleet, story } = this
    const chosen = fleet.choose('least_loaded', classIndex)
    const least = this.least(classIndex)
    if (chosen === NONE) {
      expect(least).toBe(Number.POSITIVE_INFINITY)
      return
    }
    const share = this.share(chosen, classIndex)
    if (share !== least) expect({ classIndex, chosen, share }).toBe(`share ${least}`)
    if (!story.proposes) {
      fleet.charge(chosen)
      return
    }
    fleet.chooser.propose(chosen)
    this.proposed.push(chosen)
  }

  /** Some agents change, by other classes' tasks and of their own accord. */
  change(): void {
    for (let left = this.dice.nextInt(this.story.changesMax + 1); left > 0; left--) this.changeOne()
  }

  private changeOne(): void {
    const { dice } = this
    const { agents, chooser } = this.fleet
    const agent = dice.nextInt(AGENTS)
    const index = toAgent(agent)
    const verb = dice.nextInt(60)
    if (verb < 24) {
      if (agents.free.has(agent)) agents.take(index)
    } else if (verb < 48) {
      if (agents.queued(index) > 0) agents.setQueued(index, agents.queued(index) - 1)
      else if (agents.inUse(index) > 0) agents.give(index)
    } else if (verb < 56) {
      const settled = this.proposed.shift()
      if (settled !== undefined) chooser.settle(settled)
    } else if (verb === 56) agents.setCapacity(index, this.capacity())
    else if (verb === 57) agents.setStatus(index, AgentStatus.MAINTENANCE)
    else if (verb === 58) agents.setStatus(index, AgentStatus.AVAILABLE)
    else if (dice.nextInt(4) === 0) this.join(agent)
  }

  private join(agent: number): void {
    const { dice } = this
    const { agents } = this.fleet
    const index = toAgent(agent)
    agents.join(index, this.capacity())
    for (let load = dice.nextInt(agents.capacity(index) + 1); load > 0; load--) agents.take(index)
    for (const one of [0, 1, 2, 3]) {
      const is = dice.nextInt(4) === 0
      agents.setCandidate(toClass(one), index, is)
      agents.setPreferred(toClass(one), index, is && one === 3 && dice.nextInt(4) === 0)
    }
  }

  private capacity(): number {
    return this.story.capacities[this.dice.nextInt(this.story.capacities.length)]
  }

  /** The smallest share among those who are asked: preferred before others, credit before room. */
  private least(classIndex: number): number {
    const all = Array.from({ length: AGENTS }, (_, agent) => agent)
    const members = (set: { has(agent: number): boolean }) => all.filter((agent) => set.has(agent))
    const { agents } = this.fleet
    const rounds = [members(agents.candidates(toClass(classIndex)))]
    if (classIndex === 3) rounds.unshift(members(agents.preferred(toClass(classIndex))))
    for (const round of rounds) {
      const shares = round.map((agent) => this.share(agent, classIndex))
      const least = Math.min(Number.POSITIVE_INFINITY, ...shares)
      if (least < Number.POSITIVE_INFINITY) return least
    }
    return Number.POSITIVE_INFINITY
  }

  /** Share of the capacity; above any with credit for who has none, and without end for who has no room. */
  private share(agent: number, classIndex: number): number {
    const { agents, chooser } = this.fleet
    const index = toAgent(agent)
    const status = agents.status(index)
    if (status === AgentStatus.OFFLINE || status === AgentStatus.MAINTENANCE) {
      return Number.POSITIVE_INFINITY
    }
    const pending = chooser.agents.pending[agent]
    const held = agents.inUse(index) + pending
    const load = held + agents.queued(index)
    const share = load / Math.max(1, agents.capacity(index))
    if (held < agents.capacity(index)) return share
    const hasRoom = load < agents.capacity(index) + QUEUE_MAX && agents.room.has(agent)
    return classIndex === EARLY_CLASS && hasRoom ? 1_000 + share : Number.POSITIVE_INFINITY
  }
}

const ONE = [10]
const MIXED = [1, 2, 3, 5, 7, 10, 33, 64]
const FEW = 8
/** More than the agent table remembers. */
const MANY = 150

describe.each([
  ['one capacity, few changes', { changesMax: FEW, capacities: ONE, proposes: false }],
  ['one capacity, many changes', { changesMax: MANY, capacities: ONE, proposes: false }],
  ['mixed capacities, few changes', { changesMax: FEW, capacities: MIXED, proposes: false }],
  ['mixed capacities, many changes', { changesMax: MANY, capacities: MIXED, proposes: false }],
  ['one capacity, proposals', { changesMax: FEW, capacities: ONE, proposes: true }],
  ['mixed capacities, proposals', { changesMax: FEW, capacities: MIXED, proposes: true }],
])('least_loaded, %s', (_, story) => {
  test('nobody who may be chosen has a smaller share, choice after choice', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const world = new World(seed, { ...story, choices: 250 })
      for (let i = 0; i < 250; i++) {
        world.choose()
        world.change()
      }
    }
  })
})

describe('least_loaded in large fleets', () => {
  test('is exact where everybody has one capacity', () => {
    const fleet = new Fleet({ agentCountMax: 4_096 })
    const dice = new Random(3)
    for (let agent = 0; agent < 4_000; agent++) fleet.join(agent, 10, 2 + dice.nextInt(8))
    for (let i = 0; i < 6_000; i++) {
      const counts = fleet.agents.levels.map((set) => set.count())
      const lowest = counts.findIndex((count) => count > 0)
      const agent = fleet.choose('least_loaded')
      if (fleet.agents.level(toAgent(agent)) !== lowest) expect(agent).toBe(`of level ${lowest}`)
      fleet.charge(agent)
    }
  })

  test('goes round among the least loaded, however many there are', () => {
    const fleet = new Fleet({ agentCountMax: 4_096 })
    for (let agent = 0; agent < 4_000; agent++) fleet.join(agent, 10, agent % 2)
    const chosen = Array.from({ length: 4_001 }, () => fleet.choose('least_loaded'))
    const evens = Array.from({ length: 2_000 }, (_, i) => 2 * i)
    expect(chosen).toEqual([...evens, ...evens, 0])
  })

  test('with unequal capacities is never more than a level off', () => {
    const fleet = new Fleet({ agentCountMax: 4_096 })
    const dice = new Random(4)
    for (let agent = 0; agent < 4_000; agent++) {
      const capacity = 1 + dice.nextInt(60)
      fleet.join(agent, capacity, dice.nextInt(capacity + 1))
    }
    for (let i = 0; i < 3_000; i++) {
      const lowest = fleet.agents.levels.findIndex((set) => set.next(0) >= 0)
      const agent = fleet.choose('least_loaded')
      expect(fleet.agents.level(toAgent(agent))).toBe(lowest)
      fleet.charge(agent)
    }
  })

  test('an agent that proposals have filled is passed over for one in a higher level', () => {
    const fleet = new Fleet()
    fleet.join(0, 10, 2)
    fleet.join(1, 10, 4)
    fleet.chooser.propose(0)
    expect(fleet.choose('least_loaded')).toBe(0)
    fleet.chooser.propose(0)
    fleet.chooser.propose(0)
    expect(fleet.choose('least_loaded')).toBe(1)
    fleet.chooser.settle(0)
    fleet.chooser.settle(0)
    expect(fleet.choose('least_loaded')).toBe(0)
  })
})
