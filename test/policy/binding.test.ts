/** Early binding: agents' own queues, what may go into them, and how it comes out again. */
import { expect, test } from 'vitest'
import { toAgent } from '../../native-free/index.ts'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { BOUND_TO_AGENT, COMMITTED, CONFLICT } from '../../src/policy/core.ts'
import { BOUND, CANCELLED, RUNNING, WAITING } from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { ids, Policy, type PolicyGiven } from './support.ts'

const EARLY = { queue: { binding: 'early' as const } }

/** An agent of one at a time that runs a task, and as many bound to it as are asked for. */
function busy(count: number, given: PolicyGiven = {}) {
  const policy = new Policy({ ...EARLY, ...given })
  const agent = policy.agent('a')
  const ran = policy.run()
  const records = policy.submitMany(count)
  expect(policy.place()).toEqual([])
  expect(records.map(({ state }) => state)).toEqual(records.map(() => BOUND))
  checkInvariants(policy)
  return { policy, agent, ran, records }
}

function queueOf(agent: AgentState): string[] {
  const queued: string[] = []
  for (let record = agent.bound.head; record !== null; record = record.next) queued.push(record.id)
  return queued
}

test('binding: an early task waits in a busy agent’s own queue, without slot, attempt or charge', () => {
  const { policy, agent, records } = busy(2)
  const [first] = records
  expect([first.attempt, first.agentId, first.attempts]).toEqual([null, 'a', 0])
  expect([policy.inUse(agent), policy.core.totalBound, policy.core.counters.bound]).toEqual([
    1, 2, 2,
  ])
  expect([policy.table.queued(toAgent(agent.index)), first.queue!.bound]).toEqual([2, 2])
  expect(policy.core.recordAt.filter((record) => record !== null).length).toBe(1)
})

test('binding: a late task never waits at an agent, whoever proposes it', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  policy.agent('b')
  policy.run()
  const record = policy.submit()
  policy.offer()
  expect(policy.propose(record, agent)).toBe(CONFLICT)
  expect(policy.propose(record)).toBe(COMMITTED)
})

test('binding: the own queue is bounded over all queues, and what does not fit stays in its lane', () => {
  const { policy, agent } = busy(3)
  policy.submit('other')
  policy.submit('q')
  expect(policy.place()).toEqual([])
  expect([agent.bound.length, policy.core.totalBound]).toEqual([4, 4])
  expect(policy.offer()).toBe(null)
  checkInvariants(policy)
  const late = policy.submit('q')
  policy.agent('b', { concurrency: 1 })
  expect(policy.place().length).toBe(1)
  policy.place()
  expect(late.state).toBe(BOUND)
})

test('binding: a bound task begins as soon as its agent has credit, the best rank first', () => {
  const { policy, ran, records } = busy(2)
  const urgent = policy.submit('q', { level: 5 })
  policy.place()
  expect(policy.core.nextBound(policy.nowMs)).toBe(null)
  policy.succeed(ran)
  expect(ids(policy.startBound())).toEqual([urgent.id])
  expect([urgent.state, urgent.attempts]).toEqual([RUNNING, 1])
  checkInvariants(policy)
  policy.fail(urgent, false)
  expect(ids(policy.startBound())).toEqual([records[0].id])
})

test('binding: a bound task is committed when another agent is free instead', () => {
  const { policy, records } = busy(1)
  policy.agent('b')
  const next = policy.submit()
  expect(ids(policy.place())).toEqual([next.id])
  expect(records[0].state).toBe(BOUND)
})

test.each([
  ['leaves', (policy: Policy, agent: AgentState) => policy.bye(agent)],
  ['drains', (policy: Policy) => policy.core.drainAgent('a')],
  ['is lost', (policy: Policy, agent: AgentState) => policy.core.agentLost(agent, policy.nowMs)],
  ['is replaced', (policy: Policy) => policy.agent('a', { instance: 'newer', queues: ['x'] })],
  ['is silent for a lease', (policy: Policy) => policy.pass(10_000)],
  ['serves the queue no more', (policy: Policy) => policy.agent('a', { queues: ['x'] })],
])('binding: when its agent %s, a task is back at the head of its lane, uncharged', (_, act) => {
  const { policy, agent, records } = busy(3, { queue: { binding: 'early', timeoutMs: 100_000 } })
  const behind = policy.submit('q')
  act(policy, agent)
  checkInvariants(policy)
  expect(records.map(({ state, attempts, losses }) => [state, attempts, losses])).toEqual(
    records.map(() => [WAITING, 0, 0]),
  )
  expect(policy.effects.unbounds.map(({ record }) => record.seq).sort()).toEqual(
    records.map(({ seq }) => seq),
  )
  policy.agent('b', { concurrency: 9, queues: ['q'] })
  const placed = policy.place().filter((record) => records.includes(record) || record === behind)
  expect(ids(placed)).toEqual(ids([...records, behind]))
})

test('binding: an agent that nobody listens for gives back what is bound to it', () => {
  const { policy, ran, records } = busy(2)
  policy.core.dispatchFailed(ran, policy.nowMs)
  expect(records.map(({ state }) => state)).toEqual([WAITING, WAITING])
  checkInvariants(policy)
})

test('binding: the same instance’s hello keeps what is bound to it', () => {
  const { policy, agent } = busy(2)
  const before = queueOf(agent)
  policy.agent('a', { concurrency: 2, labels: { memory: 4 } })
  expect(queueOf(agent)).toEqual(before)
  expect(policy.startBound().length).toBe(1)
  checkInvariants(policy)
})

test('binding: a bound task can be cancelled', () => {
  const { policy, agent, records } = busy(3)
  policy.cancel(records[1])
  expect(records[1].state).toBe(CANCELLED)
  expect(queueOf(agent)).toEqual(ids([records[0], records[2]]))
  checkInvariants(policy)
})

test('binding: nothing is bound to an agent that pulls, for it may never ask again', () => {
  const policy = new Policy(EARLY)
  const agent = policy.agent('a', { pull: true })
  const records = policy.submitMany(3)
  expect(policy.place()).toEqual([])
  expect(records.map(({ state }) => state)).toEqual([WAITING, WAITING, WAITING])
  policy.pull(agent, 2)
  expect(ids(policy.place())).toEqual(ids(records.slice(0, 2)))
  checkInvariants(policy)
})

test('binding: an agent that begins to pull gives back what is bound to it', () => {
  const { policy, agent, records } = busy(2)
  policy.agent('a', { pull: true })
  expect(records.map(({ state }) => state)).toEqual([WAITING, WAITING])
  expect(policy.table.room.has(agent.index)).toBe(false)
  checkInvariants(policy)
  policy.agent('a', { pull: false })
  expect(policy.place()).toEqual([])
  expect(queueOf(agent)).toEqual(ids(records))
  checkInvariants(policy)
})

test('binding: without a free slot nothing begins, and with the next one it does', () => {
  const queues = { s: { ...QUEUE_DEFAULTS, binding: 'early' as const } }
  const policy = new Policy({ slots: 32, queues })
  policy.agent('many', { queues: ['q'], concurrency: 40 })
  policy.agent('one', { queues: ['s'] })
  const ran = policy.run('s')
  const bound = policy.submit('s')
  policy.submitMany(32)
  expect(policy.place().length).toBe(31)
  expect([bound.state, policy.core.freeSlots.size]).toEqual([BOUND, 0])
  policy.succeed(ran)
  const offered = policy.offer()!
  expect(offered.queueName).toBe('q')
  expect(policy.startBound()).toEqual([])
  checkInvariants(policy)
  policy.core.bounce(offered)
  expect(ids(policy.startBound())).toEqual([bound.id])
})

test('binding: early and late queues of the same agents each count on what is theirs', () => {
  const policy = new Policy({ queues: {} })
  policy.agent('a', { concurrency: 2 })
  policy.submit('late')
  policy.submit('early')
  expect(policy.core.setBinding('early', 'early')).toBe(null)
  policy.place()
  const [late, early] = [policy.submit('late'), policy.submit('early')]
  policy.place()
  expect([late.state, early.state]).toEqual([WAITING, BOUND])
  expect(policy.core.placeable(10)).toBe(0)
  checkInvariants(policy)
})

test('binding: a router’s proposal of an agent that has filled up meanwhile is bound, not refused', () => {
  const policy = new Policy(EARLY)
  const agent = policy.agent('a')
  const [first, second] = policy.submitMany(2)
  policy.offerAll()
  expect(policy.propose(first, agent)).toBe(COMMITTED)
  expect(policy.propose(second, agent)).toBe(BOUND_TO_AGENT)
  checkInvariants(policy)
})
