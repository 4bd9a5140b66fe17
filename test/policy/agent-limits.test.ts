/** Limits that an agent is set, whatever it says of itself. */
import { expect, test } from 'vitest'
import { toAgent } from '../../native-free/index.ts'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { BOUND, RUNNING, WAITING } from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { Policy } from './support.ts'

const EARLY = { queue: { binding: 'early' as const } }
const LATE = { queues: { late: { ...QUEUE_DEFAULTS, binding: 'late' as const } } }

function creditOf(policy: Policy, agent: AgentState): number {
  return policy.table.credit(toAgent(agent.index))
}

test('agent limits: with 0 it gets nothing, and what it runs goes on', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 3 })
  const record = policy.run()
  expect(policy.limit(agent, 0)).toBe(null)
  expect([agent.accepting, policy.core.totalFree]).toEqual([false, 0])
  const waiting = policy.submit()
  expect(policy.offer()).toBe(null)
  expect(policy.core.waitingFor(waiting)).toBe('the only agent is given nothing for now')
  policy.succeed(record)
  expect(policy.offer()).toBe(null)
  checkInvariants(policy)
  expect(policy.limit(agent, -1)).toBe(null)
  expect(policy.core.totalFree).toBe(3)
  expect(policy.place()).toEqual([waiting])
  checkInvariants(policy)
})

test('agent limits: with 1 it has one at a time, whatever its size and its prefetch', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 8 })
  policy.core.setPrefetch(agent, 4)
  policy.limit(agent, 1)
  const records = policy.submitMany(3)
  expect(policy.place()).toEqual([records[0]])
  policy.core.setPrefetch(agent, 6)
  expect(policy.place()).toEqual([])
  policy.succeed(records[0])
  expect(policy.place()).toEqual([records[1]])
  checkInvariants(policy)
})

test('agent limits: one that runs more than it may gets the next when it is below', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 3 })
  const running = [policy.run(), policy.run(), policy.run()]
  policy.limit(agent, 1)
  expect(creditOf(policy, agent)).toBe(-2)
  const next = policy.submit()
  for (const record of running) {
    expect(policy.place()).toEqual([])
    policy.succeed(record)
    checkInvariants(policy)
  }
  expect(policy.place()).toEqual([next])
})

test('agent limits: with any limit it has no queue of its own: what is bound goes back to its lanes', () => {
  for (const limit of [0, 1, 5]) {
    const policy = new Policy(EARLY)
    const agent = policy.agent('a')
    policy.run()
    const records = policy.submitMany(2)
    policy.place()
    expect(records.map(({ state }) => state)).toEqual([BOUND, BOUND])
    policy.limit(agent, limit)
    expect(records.map(({ state }) => state)).toEqual([WAITING, WAITING])
    expect([policy.core.totalPlaces, policy.offer()]).toEqual([0, null])
    checkInvariants(policy)
    policy.limit(agent, -1)
    expect(policy.core.totalPlaces).toBe(4)
    policy.place()
    expect(records.map(({ state }) => state)).toEqual([BOUND, BOUND])
    checkInvariants(policy)
  }
})

test('agent limits: from one limit to another all is as if it had been the first', () => {
  const policy = new Policy(EARLY)
  const agent = policy.agent('a', { concurrency: 4 })
  for (const limit of [0, 1, 3, 9, 1, 0, -1, 0, -1]) {
    policy.limit(agent, limit)
    checkInvariants(policy)
    const most = limit === -1 ? 4 : Math.min(limit, 4)
    expect([creditOf(policy, agent), policy.core.totalFree]).toEqual([most, most])
  }
})

test('agent limits: below 0 is none, and the same limit again changes nothing', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  policy.limit(agent, -7)
  expect(agent.limit).toBe(-1)
  policy.limit(agent, 1)
  const easings = policy.table.easings()
  policy.limit(agent, 1)
  expect(policy.table.easings()).toBe(easings)
  expect(policy.core.limitAgent('nobody', 1)).toBe('agent_unknown')
})

test('agent limits: one that drains or is paused is set a limit as well, and has it when it is back', () => {
  const policy = new Policy()
  const drained = policy.agent('drained', { concurrency: 3 })
  policy.core.drainAgent('drained')
  policy.limit(drained, 1)
  checkInvariants(policy)
  expect(policy.core.totalFree).toBe(0)
  policy.hello('drained', { concurrency: 3 })
  expect(policy.core.totalFree).toBe(1)
  policy.bye(drained)

  const paused = policy.agent('paused', { concurrency: 3 })
  const record = policy.run()
  policy.core.dispatchFailed(record, policy.nowMs)
  policy.limit(paused, 2)
  expect(policy.core.totalFree).toBe(0)
  checkInvariants(policy)
  policy.beat(paused)
  expect(policy.core.totalFree).toBe(2)
  policy.limit(paused, 0)
  policy.beat(paused)
  expect(policy.core.totalFree).toBe(0)
  checkInvariants(policy)
})

test('agent limits: it is not the agent’s to lift: the same instance keeps it, a new one has none', () => {
  const policy = new Policy(EARLY)
  const agent = policy.agent('a', { concurrency: 3 })
  policy.limit(agent, 1)
  policy.hello('a', { concurrency: 5 })
  expect([agent.limit, creditOf(policy, agent), policy.core.totalPlaces]).toEqual([1, 1, 0])
  policy.limit(agent, 0)
  policy.hello('a', { concurrency: 5 })
  expect([agent.accepting, policy.core.totalFree]).toEqual([false, 0])
  checkInvariants(policy)
  const next = policy.agent('a', { instance: 'a-2', concurrency: 5 })
  expect([next.limit, policy.core.totalFree]).toEqual([-1, 5])
  checkInvariants(policy)
})

test('agent limits: one that pulls has what it asked for, unless it is to have nothing', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { pull: true, concurrency: 4 })
  policy.limit(agent, 1)
  policy.pull(agent, 3)
  const [first, second] = policy.submitMany(2)
  expect(policy.place()).toEqual([first, second])
  policy.limit(agent, 0)
  const third = policy.submit()
  expect(policy.offer()).toBe(null)
  expect(agent.granted).toBe(1)
  checkInvariants(policy)
  policy.limit(agent, -1)
  expect(policy.place()).toEqual([third])
  checkInvariants(policy)
})

test('agent limits: to pull and back it stays limited', () => {
  const policy = new Policy(EARLY)
  const agent = policy.agent('a', { concurrency: 3 })
  policy.limit(agent, 2)
  policy.hello('a', { concurrency: 3, pull: true })
  checkInvariants(policy)
  policy.hello('a', { concurrency: 3 })
  expect(creditOf(policy, agent)).toBe(2)
  checkInvariants(policy)
  policy.limit(agent, -1)
  expect([creditOf(policy, agent), policy.core.totalPlaces]).toEqual([3, 4])
  checkInvariants(policy)
})

test('agent limits: what timed out is charged to a limited agent as to any', () => {
  const policy = new Policy({ queue: { timeoutMs: 100 } })
  const agent = policy.agent('a', { concurrency: 2 })
  policy.limit(agent, 1)
  const record = policy.run()
  policy.pass(100)
  expect(record.state).toBe(WAITING)
  expect([policy.inUse(agent), policy.offer()]).toEqual([1, null])
  policy.beat(agent, [])
  policy.beat(agent, [])
  expect(policy.place()).toEqual([record])
  checkInvariants(policy)
})

test('agent limits: a choice that was made before it does not hold', () => {
  const policy = new Policy(LATE)
  const agent = policy.agent('a')
  const record = policy.submit('late')
  policy.offer()
  policy.limit(agent, 0)
  const { slot, generation } = record.attempt!
  policy.core.propose(slot, generation, agent.index, agent.generation, policy.nowMs)
  expect(record.state).not.toBe(RUNNING)
  policy.core.bounce(record)
  checkInvariants(policy)
})
