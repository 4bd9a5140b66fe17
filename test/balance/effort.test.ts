/** How much is searched in vain, and that nothing is left out for it. */
import { expect, test } from 'vitest'
import { Effort } from '../../src/balance/effort.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { Fleet } from './support.ts'

const BUSY = 1_500

/**
 * Many agents for which two tasks wait that a slow free agent should not take, and one for which one waits
 * that it should.
 */
function crowd(): { fleet: Fleet; slow: AgentState; last: AgentState } {
  const fleet = new Fleet({ agentsMax: 2_048, slots: 4_096, agentQueueMax: 8 })
  const busy = fleet.agents(BUSY, { capabilities: ['ocr'] })
  for (const agent of busy) {
    fleet.means[agent.id] = 10
    fleet.give(agent, 3, { requires: ['ocr'] })
  }
  const last = fleet.agent('last', { capabilities: ['ocr'] })
  fleet.means.last = 10_000
  fleet.give(last, 2)
  const slow = fleet.agent('slow', { capabilities: ['ocr'] })
  fleet.means.slow = 1_000
  return { fleet, slow, last }
}

test('effort: what it takes is followed by a rest that is in proportion', () => {
  const effort = new Effort()
  effort.spend(10_000, 100)
  expect(effort.isSpent(100)).toBe(true)
  const { againMs } = effort
  expect(effort.isSpent(againMs - 1)).toBe(true)
  expect(effort.isSpent(againMs)).toBe(false)
  // 20 ns a step: 200 µs are 2 % of 10 ms, and six times that is reckoned with.
  expect(againMs - 100).toBeGreaterThanOrEqual(50)
  expect(againMs - 100).toBeLessThanOrEqual(63)
})

test('effort: over any time steps stay in proportion to it, however often somebody asks', () => {
  const effort = new Effort()
  let steps = 0
  for (let nowMs = 0; nowMs < 1_000; nowMs++) {
    for (let i = 0; i < 20 && !effort.isSpent(nowMs); i++) {
      effort.spend(300, nowMs)
      steps += 300
    }
  }
  expect(steps).toBeGreaterThan(144_000)
  expect(steps).toBeLessThan(163_000)
})

test('pull: a search whose time is up goes on where it stopped, until everybody was looked at', () => {
  const { fleet, slow, last } = crowd()
  let searches = 0
  // Ends: each search sets somebody aside.
  while (slow.running.length === 0) {
    const dueMs = searches === 0 ? fleet.policy.nowMs : fleet.balancer.nextMs()
    expect(dueMs - fleet.policy.nowMs).toBeLessThan(1_000)
    fleet.run(dueMs - fleet.policy.nowMs)
    searches++
    expect(searches).toBeLessThan(100)
  }
  expect(searches).toBeGreaterThan(2)
  expect([slow.running.head!.queueName, last.bound.length]).toEqual(['q', 0])
  expect(fleet.balancer.counters).toMatchObject({ stolen: 1, failed: BUSY })
})

test('pull: with many agents that nobody can relieve, turns search no more than their share', () => {
  const { fleet, slow, last } = crowd()
  fleet.means.last = 10
  let failed = 0
  for (let turn = 0; turn < 1_000; turn++) {
    // Anything about an agent: the search before does not count any more.
    fleet.policy.core.limitAgent(last.id, turn % 2)
    fleet.run(1)
    failed = fleet.balancer.counters.failed
  }
  expect(slow.running.length).toBe(0)
  expect(failed).toBeGreaterThan(BUSY)
  // Each of them takes 20 steps at least, and 160 a millisecond are allowed.
  expect(failed * 20).toBeLessThan(1_050 * 160)
})

test('pull: while nothing happens and no move pays, all who are free are looked at ten times a second', () => {
  const slow = Array.from({ length: 64 }, (_, i) => `slow-${i}`)
  const means = { fast: 10_000, ...Object.fromEntries(slow.map((id) => [id, 1_000_000])) }
  const fleet = new Fleet({ means, agentsMax: 96, slots: 128 })
  const fast = fleet.agent('fast')
  for (const id of slow) fleet.agent(id)
  fleet.give(fast, 3)
  let looks = 0
  for (const untilMs = fleet.policy.nowMs + 1_000; fleet.balancer.nextMs() < untilMs; looks++) {
    fleet.run(Math.max(1, fleet.balancer.nextMs() - fleet.policy.nowMs))
    expect(looks).toBeLessThan(100)
  }
  expect(fleet.started).toEqual([])
  // Five searches of sixteen agents each, and a rest.
  expect(looks).toBeGreaterThan(20)
})
