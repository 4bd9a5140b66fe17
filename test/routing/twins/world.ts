/**
 * Random fleets, once in shared memory and once as an array of objects, and what both choose.
 *
 * A twin sees objects only: it is the strategy's formula, written plainly, without bitsets, columns
 * or scratch memory. Each fleet gets a new strategy and a new twin, a few choices one after the
 * other, and between them tasks that are charged, bound, proposed and given back.
 */
import { expect } from 'vitest'
import {
  AgentStatus,
  AgentTableWriter,
  ClassFlag,
  ClassTableWriter,
  createMemory,
  LearningWriter,
  SlotTableWriter,
  toAgent,
  toClass,
  toSlot,
} from '../../../native-free/index.ts'
import { Chooser } from '../../../src/routing/chooser.ts'
import { Random } from '../../../src/routing/generator.ts'
import { BUILT_IN } from '../../../src/routing/registry.ts'
import { NONE, type StrategyContext } from '../../../src/routing/strategy.ts'
import { STRATEGY_DEFAULTS, type StrategyOptions } from '../../../src/strategy-options.ts'

const AGENT_COUNT_MAX = 288
const CLASS_COUNT_MAX = 4
const QUEUE_MAX = 3
const FLEETS = 10_000
const CHOICES = 6
/** The type's learning row, and the row of match fractions. */
const ROW = 2
const MATCH_ROW = 1

/** One agent, as a twin sees it. */
export interface TwinAgent {
  readonly index: number
  readonly capacity: number
  /** Charged, bound to its own queue, and proposed by this chooser. */
  inUse: number
  queued: number
  pending: number
  readonly takesWork: boolean
  readonly isPreferred: boolean
  /** Its own means over the type and over all types, µs; 0 unknown. */
  readonly latency: number
  readonly latencyOverall: number
  readonly success: number
  readonly skill: number
  readonly match: number
}

/** One task, as a twin sees it. */
export interface TwinTask {
  readonly level: number
  readonly key: number
  /** Mean over agents, µs; 0 unknown. */
  readonly typeMean: number
  readonly overallMean: number
}

/** @returns tasks that an agent holds, that wait for it, and that are proposed. */
export function loadOf(agent: TwinAgent): number {
  return agent.inUse + agent.queued + agent.pending
}

/** @returns µs that a task of the type takes an agent, as far as is known. */
export function latencyOf(agent: TwinAgent, task: TwinTask): number {
  return agent.latency || task.typeMean || agent.latencyOverall
}

/** What a twin answers: the agent that has to be chosen, or the score that all would-be winners share. */
export type Twin = (task: TwinTask, membersInRotation: TwinAgent[]) => TwinAgent

/** @returns a twin that takes the first of those with the highest score. */
export function highest(
  score: (agent: TwinAgent, task: TwinTask, members: TwinAgent[]) => number,
): Twin {
  return (task, members) => {
    const scores = members.map((agent) => score(agent, task, members))
    return members[scores.indexOf(Math.max(...scores))]
  }
}

/** How a strategy is compared. */
export interface Comparison {
  strategy: string
  /** Makes a twin for a new fleet. */
  twin: () => Twin
  options?: Partial<StrategyOptions>
  /** Agrees also when the answers differ but are equally good. */
  isAsGood?: (chosen: TwinAgent, expected: TwinAgent, task: TwinTask) => boolean
  /** Whether an urgent task leaves the rotation where it is. */
  keepsRotation?: (task: TwinTask) => boolean
}

/** Asserts that strategy and twin choose the same over 10,000 random fleets. */
export function expectAgreement(comparison: Comparison): void {
  const world = new World()
  let compared = 0
  for (let seed = 1; seed <= FLEETS; seed++) compared += world.compare(seed, comparison)
  // Half of the choices found somebody: the comparison was one.
  expect(compared).toBeGreaterThan((FLEETS * CHOICES) / 2)
}

/** One shared memory, filled anew for every fleet. */
class World {
  private readonly memory = createMemory({
    slotCount: 32,
    agentCountMax: AGENT_COUNT_MAX,
    classCountMax: CLASS_COUNT_MAX,
    routerCount: 0,
    ringCapacity: 2,
    publishMax: 1,
    latencyStageCount: 0,
  })
  private readonly agents = new AgentTableWriter(this.memory)
  private readonly slots = new SlotTableWriter(this.memory)
  private readonly classes = new ClassTableWriter(this.memory)
  private readonly learning = new LearningWriter(this.memory)
  private readonly chooser = new Chooser(this.memory, [])

  constructor() {
    this.agents.setQueueMax(QUEUE_MAX)
  }

  /** @returns how many choices found somebody. */
  compare(seed: number, comparison: Comparison): number {
    const dice = new Random(seed)
    const classIndex = seed % CLASS_COUNT_MAX
    const early = dice.nextInt(3) === 0
    const prefers = dice.nextInt(4) === 0
    const isRouter = dice.nextInt(2) === 0
    const fleet = this.fill(dice, classIndex, early, prefers, isRouter)
    const means = this.means(dice)
    const context: StrategyContext = {
      random: new Random(seed),
      options: { ...STRATEGY_DEFAULTS, exploration: 0, ...comparison.options },
      agentCountMax: AGENT_COUNT_MAX,
      classCountMax: CLASS_COUNT_MAX,
      phase: 0,
    }
    const strategy = BUILT_IN[comparison.strategy](context)
    const twin = comparison.twin()
    let cursor = 0
    let found = 0
    for (let i = 0; i < CHOICES; i++) {
      const task = { level: dice.nextInt(5), key: dice.nextInt(3) * 7_919, ...means }
      const members = membersOf(fleet, early, prefers, cursor)
      this.slots.offer(toSlot(0), toClass(classIndex), 0, task.level, 0, 0, task.key)
      const chosen = this.chooser.chooseBy(strategy, 0)
      this.slots.release(toSlot(0))
      if (members.length === 0) {
        expect(chosen, `seed ${seed}`).toBe(NONE)
        break
      }
      const expected = twin(task, members)
      const agent = members.find(({ index }) => index === chosen)
      if (agent === undefined || !comparison.isAsGood?.(agent, expected, task)) {
        expect(chosen, `seed ${seed}, choice ${i}`).toBe(expected.index)
      }
      found++
      if (!comparison.keepsRotation?.(task)) cursor = chosen + 1
      this.charge(agent!, isRouter)
      if (dice.nextInt(3) === 0) this.giveBack(fleet[dice.nextInt(fleet.length)])
    }
    this.empty(fleet, classIndex)
    return found
  }

  private fill(
    dice: Random,
    classIndex: number,
    early: boolean,
    prefers: boolean,
    isRouter: boolean,
  ): TwinAgent[] {
    const size = dice.nextInt(100) === 0 ? 1 + dice.nextInt(256) : 1 + dice.nextInt(14)
    const first = dice.nextInt(AGENT_COUNT_MAX - size)
    const fleet = Array.from({ length: size }, (_, i) =>
      this.add(dice, first + i, classIndex, prefers),
    )
    this.classes.setRow(toClass(classIndex), ROW)
    this.classes.setMatchRow(toClass(classIndex), MATCH_ROW)
    this.classes.setFlags(
      toClass(classIndex),
      (early ? ClassFlag.EARLY : 0) | (prefers ? ClassFlag.PREFERRED : 0),
    )
    for (const agent of fleet) {
      while (isRouter && agent.inUse + agent.pending < agent.capacity && dice.nextInt(3) === 0) {
        this.chooser.propose(agent.index)
        agent.pending++
      }
    }
    return fleet
  }

  private add(dice: Random, index: number, classIndex: number, prefers: boolean): TwinAgent {
    const { agents, learning } = this
    const at = toAgent(index)
    const capacity = 1 + dice.nextInt(6)
    const inUse = dice.nextInt(capacity + 1)
    const isCandidate = dice.nextInt(5) > 0
    const isPreferred = prefers && isCandidate && dice.nextInt(3) === 0
    const status = dice.nextInt(10)
    // Few different values, so that ties are frequent, and unknown ones.
    const latency = dice.nextInt(5) * 1_000
    const latencyOverall = dice.nextInt(5) * 1_500
    const success = Math.fround(dice.nextInt(4) === 0 ? 0 : (1 + dice.nextInt(20)) / 20)
    const skill = Math.fround(dice.nextInt(4) === 0 ? 0 : (1 + dice.nextInt(10)) / 10)
    const match = Math.fround(dice.nextInt(4) / 3)
    agents.join(at, capacity)
    for (let i = 0; i < inUse; i++) agents.take(at)
    const queued = inUse === capacity ? dice.nextInt(QUEUE_MAX + 1) : 0
    agents.setQueued(at, queued)
    agents.setCandidate(toClass(classIndex), at, isCandidate)
    agents.setPreferred(toClass(classIndex), at, isPreferred)
    agents.setMatch(MATCH_ROW, at, match)
    if (latency > 0) learning.setLatency(ROW, at, latency)
    if (latencyOverall > 0) learning.setLatency(0, at, latencyOverall)
    if (success > 0) learning.setSuccess(ROW, at, success)
    if (skill > 0) learning.setSkill(ROW, at, skill)
    if (status === 0) agents.setStatus(at, AgentStatus.MAINTENANCE)
    return {
      index,
      capacity,
      inUse,
      queued,
      pending: 0,
      takesWork: isCandidate && status !== 0,
      isPreferred,
      latency,
      latencyOverall,
      success: success || 0.9,
      skill: skill || 0.5,
      match,
    }
  }

  private means(dice: Random): { typeMean: number; overallMean: number } {
    const typeMean = dice.nextInt(3) * 1_250
    const overallMean = dice.nextInt(3) * 1_750
    this.learning.setRowLatency(ROW, typeMean)
    this.learning.setRowLatency(0, overallMean)
    return { typeMean, overallMean }
  }

  /** A router proposes; the front end charges, or binds to the queue of an agent without credit. */
  private charge(agent: TwinAgent, isRouter: boolean): void {
    if (isRouter) {
      this.chooser.propose(agent.index)
      agent.pending++
    } else if (agent.inUse < agent.capacity) {
      this.agents.take(toAgent(agent.index))
      agent.inUse++
    } else {
      agent.queued++
      this.agents.setQueued(toAgent(agent.index), agent.queued)
    }
  }

  private giveBack(agent: TwinAgent): void {
    if (agent.pending > 0) {
      this.chooser.settle(agent.index)
      agent.pending--
    } else if (agent.inUse > 0 && agent.queued === 0) {
      this.agents.give(toAgent(agent.index))
      agent.inUse--
    }
  }

  private empty(fleet: TwinAgent[], classIndex: number): void {
    for (const agent of fleet) {
      const at = toAgent(agent.index)
      for (; agent.pending > 0; agent.pending--) this.chooser.settle(agent.index)
      this.agents.setCandidate(toClass(classIndex), at, false)
      this.agents.setPreferred(toClass(classIndex), at, false)
      this.agents.leave(at)
      this.learning.clear(at)
    }
  }
}

/** Who may be chosen, in the order of the rotation: the preferred if any, else all. */
function membersOf(
  fleet: TwinAgent[],
  early: boolean,
  prefers: boolean,
  cursor: number,
): TwinAgent[] {
  const withRoom = fleet.filter((agent) => {
    if (!agent.takesWork) return false
    return early
      ? loadOf(agent) < agent.capacity + QUEUE_MAX
      : agent.inUse + agent.pending < agent.capacity
  })
  const preferred = withRoom.filter(({ isPreferred }) => isPreferred)
  const members = prefers && preferred.length > 0 ? preferred : withRoom
  return [
    ...members.filter(({ index }) => index >= cursor),
    ...members.filter(({ index }) => index < cursor),
  ]
}
