/** Strategies that go by experience: who is unknown, how much is tried, what `explain` says. */
import { describe, expect, test } from 'vitest'
import { toAgent, toClass } from '../../native-free/index.ts'
import { Random } from '../../src/routing/generator.ts'
import { BUILT_IN } from '../../src/routing/registry.ts'
import { Fleet } from './fleet.ts'

const ROW = 3

/** A fleet of which everything is known, different for each agent. */
function knownFleet(size: number, exploration = 0): Fleet {
  const fleet = new Fleet({ agentCountMax: 4_096, options: { exploration } })
  const dice = new Random(5)
  fleet.classes.setRow(toClass(0), ROW)
  fleet.learning.setRowLatency(ROW, 5_000)
  for (let agent = 0; agent < size; agent++) {
    fleet.join(agent, 10, dice.nextInt(9))
    fleet.learning.setLatency(ROW, toAgent(agent), 1_000 + dice.nextInt(9_000))
    fleet.learning.setSuccess(ROW, toAgent(agent), (1 + dice.nextInt(100)) / 101)
    fleet.learning.setSkill(ROW, toAgent(agent), (1 + dice.nextInt(1_000)) / 1_001)
  }
  return fleet
}

describe('latency', () => {
  test('an unknown agent stands between known quick and known slow ones', () => {
    const fleet = knownFleet(0)
    for (const agent of [0, 1, 2]) fleet.join(agent, 1)
    fleet.learning.setLatency(ROW, toAgent(0), 9_000)
    fleet.learning.setLatency(ROW, toAgent(1), 2_000)
    expect([0, 1, 2].map(() => fleet.place('latency'))).toEqual([1, 2, 0])
  })

  test('equals go round', () => {
    const fleet = knownFleet(0)
    for (const agent of [0, 1, 2]) fleet.join(agent, 5)
    expect([0, 1, 2, 3].map(() => fleet.place('latency'))).toEqual([0, 1, 2, 0])
  })
})

describe('shortest_wait', () => {
  test('with early binding joins a quick agent’s queue before an idle slow one', () => {
    const fleet = knownFleet(0)
    fleet.agents.setQueueMax(16)
    fleet.classes.setFlags(toClass(0), 1)
    fleet.join(0, 1)
    fleet.join(1, 1, 1)
    for (const row of [0, ROW]) {
      fleet.learning.setLatency(row, toAgent(0), 10_000)
      fleet.learning.setLatency(row, toAgent(1), 1_000)
    }
    // A wait counts fourfold: 5, 9, then 13 ms at agent 1, and 10 at agent 0, which is idle.
    const chosen = Array.from({ length: 4 }, () => fleet.place('shortest_wait'))
    expect(chosen).toEqual([1, 1, 0, 1])
  })
})

describe('capacity_priority', () => {
  test('urgent tasks do not move the rotation of the others', () => {
    const fleet = knownFleet(0)
    for (const [agent, load] of [4, 2, 0, 3].entries()) fleet.join(agent, 10, load)
    const levels = [2, 4, 1, 3, 0]
    const chosen = levels.map((level) => fleet.choose('capacity_priority', 0, level))
    expect(chosen).toEqual([0, 2, 1, 2, 2])
  })
})

describe.each(['latency', 'specialization', 'performance'])('exploration: %s', (name) => {
  test('tries others in at most its share of choices, and in some', () => {
    const fleet = knownFleet(20, 0.02)
    const best = knownFleet(20).choose(name)
    const others = Array.from({ length: 20_000 }, () => fleet.choose(name)).filter(
      (agent) => agent !== best,
    ).length
    // 400 are expected to explore, and one in twenty of these meets the best: 380, deviation 19.
    expect(others).toBeGreaterThan(300)
    expect(others).toBeLessThan(460)
  })

  test('counts what it tried', () => {
    const fleet = knownFleet(20)
    const options = { ...fleet.context.options, exploration: 1 }
    const strategy = BUILT_IN[name]({ ...fleet.context, options })
    fleet.choose(name)
    const { chooser } = fleet
    fleet.slots.offer(0 as never, toClass(0), 0, 2, 0)
    for (let i = 0; i < 10; i++) chooser.chooseBy(strategy, 0)
    expect(strategy.stats?.()).toEqual({ explored: 10 })
  })
})

const SCORED = [
  'affinity',
  'best_fit',
  'capability_best',
  'hybrid',
  'latency',
  'performance',
  'shortest_wait',
  'specialization',
  'weighted_round_robin',
]

describe.each(SCORED)('explain: %s', (name) => {
  test('gives the chosen agent the highest score of all', () => {
    const fleet = knownFleet(40)
    const strategy = BUILT_IN[name](fleet.context)
    const { chooser } = fleet
    const task = { level: 2, key: 0x12345 }
    fleet.slots.offer(0 as never, toClass(0), 0, task.level, 0, 0, task.key)
    for (let i = 0; i < 30; i++) {
      // The second of two choices: some compare with what the one before has seen.
      chooser.chooseBy(strategy, 0)
      const scores = Array.from({ length: 40 }, (_, agent) => {
        const explained = strategy.explain!(chooser.taskOf(0), agent, chooser.agents)
        expect(Object.values(explained).every(Number.isFinite)).toBe(true)
        return withinBound(fleet, name, agent) ? explained.score : Number.NEGATIVE_INFINITY
      })
      const chosen = chooser.chooseBy(strategy, 0)
      expect(scores[chosen]).toBeCloseTo(Math.max(...scores), 12)
      fleet.charge(chosen)
    }
  })
})

/** Whether `affinity` may take an agent, and whether anybody may: it has credit. */
function withinBound(fleet: Fleet, name: string, agent: number): boolean {
  const loadOf = (one: number) => fleet.agents.inUse(toAgent(one))
  if (loadOf(agent) >= 10) return false
  if (name !== 'affinity') return true
  const free = Array.from({ length: 40 }, (_, one) => one).filter((one) => loadOf(one) < 10)
  const loads = free.reduce((sum, one) => sum + loadOf(one), 1)
  return loadOf(agent) * free.length < 1.25 * loads
}

test.each(['latency', 'specialization', 'performance', 'hybrid', 'best_fit', 'capability_best'])(
  '%s: of 2,000 agents it takes one of the best by 12 samples',
  (name) => {
    const fleet = knownFleet(2_000)
    const strategy = BUILT_IN[name](fleet.context)
    fleet.slots.offer(0 as never, toClass(0), 0, 2, 0)
    const { chooser } = fleet
    const scoreOf = (agent: number) =>
      strategy.explain!(chooser.taskOf(0), agent, chooser.agents).score
    let above = 0
    for (let i = 0; i < 200; i++) {
      const chosen = scoreOf(chooser.chooseBy(strategy, 0))
      const others = Array.from({ length: 20 }, () => scoreOf(fleet.context.random.nextInt(2_000)))
      above += others.filter((score) => score > chosen).length / 20
    }
    // The best of 12 is expected 1/13 from the top.
    expect(above / 200).toBeLessThan(0.1)
  },
)
