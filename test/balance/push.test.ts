/** Push: the fleet is evened out now and then, or all at once. */
import { expect, test } from 'vitest'
import { variationOf } from '../../src/balance/variation.ts'
import { checkInvariants } from '../policy/invariants.ts'
import { Fleet, queueOf } from './support.ts'

const PUSH = { mode: 'push' } as const
const CYCLE_MS = 30_000

/** Only what document 002 has. */
const BY_LENGTH = { ...PUSH, variation: 0 }
/** Only what document 004 has. */
const BY_VARIATION = { ...PUSH, imbalanceRatio: 0, busyAbove: 1_000 }

test('push: a cycle comes every interval, counted from when something was bound', () => {
  const fleet = new Fleet({ stealing: PUSH })
  const [busy] = fleet.agents(2)
  fleet.run()
  expect(fleet.balancer.nextMs()).toBe(Number.POSITIVE_INFINITY)
  fleet.give(busy, 20)
  fleet.run()
  expect(fleet.balancer.nextMs()).toBe(fleet.policy.nowMs + CYCLE_MS)
  fleet.run(CYCLE_MS - 1)
  expect(fleet.balancer.counters.cycles).toBe(0)
  fleet.run(1)
  expect(fleet.balancer.counters.cycles).toBe(1)
  expect(fleet.balancer.nextMs()).toBe(fleet.policy.nowMs + CYCLE_MS)
})

test('push: from busy to idle agents go three tasks a cycle, the newest first', () => {
  const fleet = new Fleet({ stealing: BY_LENGTH })
  const agents = fleet.agents(5)
  const records = fleet.give(agents[0], 20)
  for (const agent of agents.slice(1)) fleet.give(agent, 1)
  fleet.run()
  fleet.run(CYCLE_MS)
  expect(fleet.loads(agents)).toBe('1+16 1+1 1+1 1+1 1+0')
  expect(fleet.reports.map(({ moved }) => moved.map(({ task }) => task))).toEqual([
    records
      .slice(-3)
      .map(({ id }) => id)
      .reverse(),
  ])
  expect(fleet.reports[0].variationAfter).toBeLessThan(fleet.reports[0].variationBefore)
  checkInvariants(fleet.policy)
})

test('push: with exactly busyAbove waiting nobody is busy, with idleBelow nobody is idle', () => {
  const stealing = { ...BY_LENGTH, imbalanceRatio: 0 }
  for (const [first, second, moved] of [
    [1 + 5, 1, 0],
    [1 + 6, 1, 1],
    [1 + 9, 1 + 2, 0],
    [1 + 9, 1 + 1, 1],
    [1 + 9, 1, 2],
  ]) {
    const fleet = new Fleet({ stealing })
    const [busy, other] = fleet.agents(2)
    fleet.give(busy, first)
    fleet.give(other, second)
    fleet.run()
    fleet.run(CYCLE_MS)
    expect(fleet.balancer.counters.stolen, `${first} and ${second}`).toBe(moved)
  }
})

test('push: a queue more than three times as long as another is evened out though none is idle', () => {
  for (const [first, second, moved] of [
    [1 + 6, 1 + 2, 0],
    [1 + 7, 1 + 2, 1],
    [1 + 10, 1 + 2, 1],
    [1 + 16, 1 + 2, 3],
  ]) {
    const fleet = new Fleet({ stealing: { ...BY_LENGTH, idleBelow: 0 } })
    const [busy, other] = fleet.agents(2)
    fleet.give(busy, first)
    fleet.give(other, second)
    fleet.run()
    fleet.run(CYCLE_MS)
    expect(fleet.balancer.counters.stolen, `${first} and ${second}`).toBe(moved)
  }
})

test('push: where the shortest queue is empty, the longest decides alone', () => {
  for (const [first, moved] of [
    [1 + 5, 0],
    // 6 to 0, then 5 to 1; 4 to 2 is no severe imbalance any more.
    [1 + 6, 2],
  ]) {
    const fleet = new Fleet({ stealing: { ...BY_LENGTH, idleBelow: 0 } })
    const [busy, other] = fleet.agents(2)
    fleet.give(busy, first)
    fleet.give(other, 1)
    fleet.run()
    fleet.run(CYCLE_MS)
    expect(fleet.balancer.counters.stolen).toBe(moved)
  }
})

test('push: loads that vary by more than a tenth go below the mean, two of a pair in a cycle', () => {
  const fleet = new Fleet({ stealing: BY_VARIATION })
  const agents = fleet.agents(3)
  fleet.give(agents[0], 12)
  fleet.give(agents[1], 1)
  fleet.give(agents[2], 1)
  fleet.run()
  fleet.run(CYCLE_MS)
  expect(fleet.loads(agents)).toBe('1+7 1+2 1+2')
  fleet.run(CYCLE_MS)
  expect(fleet.loads(agents)).toBe('1+4 1+4 1+3')
  fleet.run(CYCLE_MS)
  fleet.run(CYCLE_MS)
  expect(fleet.loads(agents)).toBe('1+4 1+4 1+3')
})

test('push: a tenth is enough, and loads within it are left alone', () => {
  const fleet = new Fleet({ stealing: BY_VARIATION })
  const agents = fleet.agents(2)
  fleet.give(agents[0], 11)
  fleet.give(agents[1], 9)
  expect(fleet.balancer.spread().variation).toBeCloseTo(0.1, 10)
  fleet.run()
  fleet.run(CYCLE_MS)
  expect(fleet.balancer.counters.stolen).toBe(0)
  fleet.give(agents[0], 1)
  fleet.run(CYCLE_MS)
  expect(fleet.balancer.counters.stolen).toBe(1)
})

test('push: of the movable tasks the lowest priority goes first, newest first within it', () => {
  const fleet = new Fleet({ stealing: BY_VARIATION })
  const [busy, other] = fleet.agents(2)
  fleet.give(busy, 1)
  fleet.give(other, 1)
  const low = [...fleet.give(busy, 1, { level: 1 }), ...fleet.give(busy, 1, { level: 1 })]
  fleet.give(busy, 4, { level: 3 })
  fleet.give(busy, 2, { level: 4 })
  fleet.run()
  fleet.run(CYCLE_MS)
  expect(queueOf(other)).toEqual(low)
  expect(fleet.reports[0].moved.map(({ task }) => task)).toEqual([low[1].id, low[0].id])
})

test('push: agents of more places get more', () => {
  const fleet = new Fleet({ stealing: { ...BY_VARIATION, perPairMax: 100 } })
  const small = fleet.agent('small')
  const large = fleet.agent('large', { concurrency: 4 })
  fleet.give(large, 4)
  fleet.give(small, 16)
  fleet.run()
  fleet.run(CYCLE_MS)
  expect(fleet.loads([small, large])).toBe('1+3 4+12')
})

test('push: queues are evened out among those who serve them, one for itself', () => {
  const fleet = new Fleet({ stealing: { ...BY_VARIATION, perPairMax: 100 }, agentQueueMax: 64 })
  const scans = [fleet.agent('s1', { queues: ['scan'] }), fleet.agent('s2', { queues: ['scan'] })]
  const mails = [fleet.agent('m1', { queues: ['mail'] }), fleet.agent('m2', { queues: ['mail'] })]
  fleet.give(scans[0], 10, {}, 'scan')
  fleet.give(scans[1], 1, {}, 'scan')
  fleet.give(mails[0], 5, {}, 'mail')
  fleet.give(mails[1], 5, {}, 'mail')
  fleet.run()
  fleet.run(CYCLE_MS)
  expect(fleet.loads([...scans, ...mails])).toBe('1+5 1+4 1+4 1+4')
})

test('push: when the slow agent’s results are known, less is left to it', () => {
  const fleet = new Fleet({ means: { slow: 1_000, a: 100, b: 100 }, stealing: PUSH })
  const slow = fleet.agent('slow')
  const a = fleet.agent('a')
  const b = fleet.agent('b')
  for (const agent of [a, b]) fleet.give(agent, 1)
  fleet.give(slow, 20)
  const { moved, reason } = fleet.balancer.rebalance(fleet.policy.nowMs)
  expect([moved.length, fleet.loads([slow, a, b])]).toEqual([12, '1+7 1+6 1+6'])
  expect(reason).toContain('No further move')
})

test('push: a cycle looks at so many agents, and the next goes on with who was not come to', () => {
  const stealing = { mode: 'push', variation: 0 } as const
  const fleet = new Fleet({ stealing, agentQueueMax: 8, agentsMax: 416, slots: 512 })
  const crowd = Array.from({ length: 400 }, (_, i) => {
    return fleet.agent(`a${i}`, { capabilities: ['ocr'] })
  })
  for (const agent of crowd) fleet.give(agent, 8, { requires: ['ocr'] })
  const last = fleet.agent('last')
  fleet.give(last, 7)
  const idle = fleet.agent('idle')
  fleet.run()
  fleet.run(30_000)
  const { counters } = fleet.balancer
  expect(counters.attempts).toBeGreaterThan(0)
  expect(counters.attempts).toBeLessThan(crowd.length)
  for (let cycle = 2; idle.running.length === 0; cycle++) {
    expect(cycle).toBeLessThan(10)
    fleet.run(30_000)
  }
  expect(last.bound.length).toBeLessThan(6)
})

test('rebalance: goes on until no move is legal, and says what it did', () => {
  const fleet = new Fleet()
  const agents = fleet.agents(5)
  fleet.give(agents[0], 20)
  const report = fleet.balancer.rebalance(fleet.policy.nowMs)
  expect(fleet.loads(agents)).toBe('1+3 1+3 1+3 1+3 1+3')
  expect([report.moved.length, report.recalled, report.variationAfter]).toEqual([16, 0, 0])
  expect(report.variationBefore).toBeCloseTo(2, 10)
  expect(fleet.started.length).toBe(4)
  expect(fleet.balancer.rebalance(fleet.policy.nowMs)).toMatchObject({
    moved: [],
    reason: 'No move would bring two agents closer together and pay.',
  })
  checkInvariants(fleet.policy)
})

test('rebalance: with nothing bound it says so', () => {
  const fleet = new Fleet()
  fleet.agents(2)
  const { reason } = fleet.balancer.rebalance(fleet.policy.nowMs)
  expect(reason).toBe('Nothing waits in agents’ own queues.')
})

test.each([
  [[2, 2, 2], 0, 0],
  [[3, 2, 1], 0.41, 0.67],
  [[3, 3, 0], 0.71, 2],
  [[0, 0], 0, 0],
  [[], 0, 0],
])('variation: of %j', (loads, variation, variance) => {
  expect(variationOf(loads).variation).toBeCloseTo(variation, 2)
  expect(variationOf(loads).variance).toBeCloseTo(variance, 2)
})

test('spread: counts busy and idle agents, and leaves those out that take nothing', () => {
  const fleet = new Fleet()
  const [busy, one] = fleet.agents(3)
  fleet.give(busy, 1 + 6)
  fleet.give(one, 1 + 2)
  expect(fleet.balancer.spread()).toMatchObject({ busy: 1, idle: 1 })
  const { variation, variance } = variationOf([7, 3, 0])
  expect(fleet.balancer.spread().variation).toBeCloseTo(variation, 10)
  expect(fleet.balancer.spread().variance).toBeCloseTo(variance, 10)
  fleet.policy.core.limitAgent('a2', 0)
  expect(fleet.balancer.spread().idle).toBe(0)
})
