/** Work in an agent’s hands that is not ours: what it leaves is what it is given. */
import { expect, test } from 'vitest'
import { toAgent } from '../../native-free/index.ts'
import { LIMITS } from '../../src/options.ts'
import { BOUND, WAITING } from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { Policy } from './support.ts'

const EARLY = { queue: { binding: 'early' as const } }

test('foreign work: takes room from what the agent says it can do', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 4 })
  policy.beat(agent, [], 3)
  expect([agent.foreign, policy.core.totalFree]).toEqual([3, 1])
  policy.submitMany(2)
  const placed = policy.place()
  expect(placed.length).toBe(1)
  policy.beat(agent, placed, 0)
  expect(policy.core.totalFree).toBe(3)
  checkInvariants(policy)
})

test('foreign work: what was sent since a beat is counted by us, so a stale one makes no herd', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 4 })
  policy.beat(agent, [], 2)
  policy.submitMany(9)
  const placed = policy.place()
  expect(placed.length).toBe(2)
  // The same beat again, which knows of none of them.
  policy.beat(agent, [], 2)
  expect(policy.place()).toEqual([])
  policy.beat(agent, placed, 2)
  expect(policy.place()).toEqual([])
  checkInvariants(policy)
})

test('foreign work: more than it can do leaves nothing, and what runs goes on', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  const record = policy.run()
  policy.beat(agent, [record], 100)
  expect(policy.table.capacity(toAgent(agent.index))).toBe(0)
  expect(policy.core.totalFree).toBe(0)
  policy.submit()
  expect(policy.offer()).toBe(null)
  policy.succeed(record)
  expect(policy.offer()).toBe(null)
  checkInvariants(policy)
  policy.beat(agent, [], 1)
  expect(policy.place().length).toBe(1)
  checkInvariants(policy)
})

test('foreign work: for one whose hands are full of it nothing waits', () => {
  const policy = new Policy(EARLY)
  const agent = policy.agent('a', { concurrency: 2 })
  const running = [policy.run(), policy.run()]
  const records = policy.submitMany(2)
  policy.place()
  policy.beat(agent, running, 1)
  expect(records.map(({ state }) => state)).toEqual([BOUND, BOUND])
  policy.beat(agent, running, 2)
  expect(records.map(({ state }) => state)).toEqual([WAITING, WAITING])
  expect([policy.core.totalPlaces, policy.offer()]).toEqual([0, null])
  expect(policy.table.room.has(toAgent(agent.index))).toBe(false)
  checkInvariants(policy)
  policy.beat(agent, running, 1)
  policy.place()
  expect(records.map(({ state }) => state)).toEqual([BOUND, BOUND])
  checkInvariants(policy)
})

test('foreign work: what is sent in advance is sent beside it', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  policy.core.setPrefetch(agent, 3)
  policy.beat(agent, [], 2)
  expect(policy.core.totalFree).toBe(3)
  policy.core.setPrefetch(agent, 0)
  expect(policy.core.totalFree).toBe(0)
  policy.limit(agent, 1)
  policy.core.setPrefetch(agent, 3)
  expect(policy.core.totalFree).toBe(1)
  checkInvariants(policy)
})

test('foreign work: one that pulls has counted with it when it asked', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { pull: true, concurrency: 4 })
  policy.pull(agent, 2)
  policy.beat(agent, [], 4)
  expect(policy.core.totalFree).toBe(2)
  checkInvariants(policy)
  policy.hello('a', { concurrency: 4 })
  expect([agent.foreign, policy.core.totalFree]).toEqual([4, 0])
  checkInvariants(policy)
})

test('foreign work: a hello says nothing of it: until the next beat it is what it was', () => {
  const policy = new Policy(EARLY)
  const agent = policy.agent('a', { concurrency: 4 })
  policy.beat(agent, [], 4)
  policy.hello('a', { concurrency: 6 })
  expect([agent.foreign, policy.core.totalFree, policy.core.totalPlaces]).toEqual([4, 2, 4])
  checkInvariants(policy)
  // It cannot say that it has ended.
  policy.hello('a', { concurrency: 6, beats: false })
  expect([agent.foreign, policy.core.totalFree]).toEqual([0, 6])
  checkInvariants(policy)
})

test('foreign work: a new instance begins without any, and the old one is not heard', () => {
  const policy = new Policy()
  const old = policy.agent('a', { concurrency: 4 })
  policy.beat(old, [], 4)
  const agent = policy.agent('a', { instance: 'a-2', concurrency: 4 })
  expect([agent.foreign, policy.core.totalFree]).toEqual([0, 4])
  expect(policy.beat(old, [], 3)).toBe('fenced')
  expect([agent.foreign, policy.core.totalFree]).toEqual([0, 4])
  checkInvariants(policy)
})

test('foreign work: is bounded, and never less than none', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 4 })
  policy.beat(agent, [], -5)
  expect([agent.foreign, policy.core.totalFree]).toEqual([0, 4])
  policy.beat(agent, [], Number.MAX_SAFE_INTEGER)
  expect(agent.foreign).toBe(LIMITS.concurrencyMax)
  checkInvariants(policy)
})

test('foreign work: a beat that pauses have preceded brings both: it is heard, and this full', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  policy.core.dispatchFailed(policy.run(), policy.nowMs)
  expect(agent.paused).toBe(true)
  policy.beat(agent, [], 1)
  expect([agent.paused, policy.core.totalFree]).toEqual([false, 1])
  checkInvariants(policy)
})
