/** What a scheduler does for agents that keep, pull or are prefetched. */
import { expect, test } from 'vitest'
import { toAgent } from '../../native-free/index.ts'
import { LIMITS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { CONFLICT } from '../../src/policy/core.ts'
import { COMPLETED, RUNNING, WAITING } from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { ids, Policy } from './support.ts'

function repeated({ effects }: Policy): [id: string, counter: number][] {
  return effects.repeated.map(({ record, counter }) => [record.id, counter])
}

function capacity({ table }: Policy, agent: AgentState): number {
  return table.capacity(toAgent(agent.index))
}

test('repeat: what two beats in a row lack goes again, as the attempt that it is', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { keeps: true })
  const record = policy.run()
  const token = policy.token(record)
  policy.beat(agent, [])
  expect(repeated(policy)).toEqual([])
  policy.beat(agent, [])
  expect(repeated(policy)).toEqual([[record.id, token.counter]])
  expect([record.state, record.attempts, record.losses]).toEqual([RUNNING, 1, 0])
  expect(policy.token(record)).toEqual(token)
  expect(policy.inUse(agent)).toBe(1)
  expect(policy.core.counters).toMatchObject({ started: 1, repeated: 1, attemptsLost: 0 })
  checkInvariants(policy)
  policy.succeed(policy.attempt(token) as never)
  expect(record.state).toBe(COMPLETED)
  checkInvariants(policy)
})

test('repeat: each needs two more beats that lack it, and one that has it begins anew', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { keeps: true })
  const record = policy.run()
  const lacks = [true, true, true, false, true, true, true, true]
  const counts = lacks.map((isLacking) => {
    policy.beat(agent, isLacking ? [] : [record])
    return policy.effects.repeated.length
  })
  expect(counts).toEqual([0, 1, 1, 1, 1, 2, 2, 3])
})

test('repeat: only what is lacking, the oldest first', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { keeps: true, concurrency: 4 })
  policy.submitMany(4)
  const [first, second, third, fourth] = policy.place()
  for (let i = 0; i < 2; i++) policy.beat(agent, [second])
  expect(policy.effects.repeated.map(({ record }) => record.id)).toEqual(
    ids([first, third, fourth]),
  )
  expect(agent.running.length).toBe(4)
  checkInvariants(policy)
})

test('repeat: the running time-out goes on, and ends the attempt as ever', () => {
  const policy = new Policy({ leaseMs: 5_000 })
  const agent = policy.agent('a', { keeps: true })
  const record = policy.run('q', { timeoutMs: 1_000 })
  const token = policy.token(record)
  for (let i = 0; i < 9; i++) {
    policy.pass(100)
    policy.beat(agent, [])
  }
  expect(repeated(policy).length).toBe(4)
  policy.pass(99)
  expect(record.state).toBe(RUNNING)
  policy.pass(1)
  expect([record.state, record.code]).toEqual([WAITING, 'timeout'])
  expect(policy.inUse(agent)).toBe(1)
  policy.beat(agent, [])
  policy.beat(agent, [])
  expect(policy.effects.creditsBack).toEqual([{ agent, counter: token.counter }])
  expect(policy.effects.repeated.length).toBe(4)
  checkInvariants(policy)
})

test('repeat: an agent that does not keep loses the attempt, and may say at any hello which it is', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { keeps: true })
  const record = policy.run()
  policy.beat(agent, [])
  policy.agent('a', { keeps: false })
  policy.beat(agent, [])
  expect([record.state, record.code]).toEqual([WAITING, 'agent_lost'])
  policy.agent('a', { keeps: true })
  policy.place()
  for (let i = 0; i < 4; i++) policy.beat(agent, [])
  expect(repeated(policy)).toEqual([2, 2].map((counter) => [record.id, counter]))
  checkInvariants(policy)
})

test('repeat: without tokens in its beats nothing is known of its work', () => {
  const policy = new Policy()
  const silent = policy.agent('a', { keeps: true, beats: false })
  policy.run()
  for (let i = 0; i < 3; i++) policy.beat(silent, [])
  policy.agent('a', { keeps: true })
  for (let i = 0; i < 3; i++) policy.beat(silent)
  expect(repeated(policy)).toEqual([])
})

test('repeat: one that is draining is sent its work again too', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { keeps: true })
  const record = policy.run()
  policy.core.drainAgent('a')
  policy.beat(agent, [])
  policy.beat(agent, [])
  expect(repeated(policy)).toEqual([[record.id, 1]])
  checkInvariants(policy)
})

test('repeat: where nobody listens any more it is a failed dispatch', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { keeps: true })
  const record = policy.run()
  policy.beat(agent, [])
  policy.beat(agent, [])
  policy.core.dispatchFailed(record, policy.nowMs)
  expect([record.state, record.losses, agent.paused]).toEqual([WAITING, 1, true])
  checkInvariants(policy)
})

test('pull: it is given what it asked for, whatever it has, and nothing comes back', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { pull: true, concurrency: 50 })
  policy.submitMany(9)
  expect(policy.offer()).toBe(null)
  expect(policy.pull(agent, 2)).toBe(null)
  const [first, second] = policy.place()
  expect([policy.inUse(agent), agent.granted, capacity(policy, agent)]).toEqual([2, 0, 2])
  checkInvariants(policy)
  policy.succeed(first)
  expect(policy.offer()).toBe(null)
  expect(capacity(policy, agent)).toBe(1)
  checkInvariants(policy)
  policy.pull(agent, 3)
  policy.fail(second)
  expect(policy.place().length).toBe(3)
  expect(policy.offer()).toBe(null)
  checkInvariants(policy)
})

test('pull: one that has been given its share is a conflict for whoever proposes it', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { pull: true })
  const other = policy.agent('b', { concurrency: 2 })
  policy.pull(agent)
  const records = policy.submitMany(3)
  policy.offerAll()
  expect(policy.propose(records[0], agent)).toBe(0)
  policy.succeed(records[0])
  expect(policy.propose(records[1], agent)).toBe(CONFLICT)
  expect(policy.propose(records[1], other)).toBe(0)
  checkInvariants(policy)
})

test('pull: what it has asked for in all is bounded', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { pull: true })
  for (let i = 0; i < 3; i++) policy.pull(agent, LIMITS.concurrencyMax - 1)
  expect(agent.granted).toBe(LIMITS.concurrencyMax)
  expect(policy.core.totalFree).toBe(LIMITS.concurrencyMax)
  checkInvariants(policy)
})

test('pull: a hello of the same instance keeps what it asked for, another begins at nothing', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { pull: true })
  policy.pull(agent, 4)
  policy.submitMany(6)
  const running = [policy.offer()!, policy.offer()!]
  for (const record of running) policy.propose(record)
  policy.agent('a', { pull: true, queues: ['q'] })
  expect([agent.granted, capacity(policy, agent)]).toEqual([2, 4])
  checkInvariants(policy)
  const young = policy.agent('a', { instance: 'young', pull: true })
  expect([young.granted, capacity(policy, young), policy.core.totalFree]).toEqual([0, 0, 0])
  expect(policy.pull(agent)).toBe('fenced')
  checkInvariants(policy)
})

test('pull: an agent may change its mind at a hello, and what it had asked for is void', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { pull: true })
  policy.pull(agent, 7)
  policy.agent('a', { concurrency: 2 })
  expect([agent.granted, capacity(policy, agent)]).toEqual([0, 2])
  policy.core.setPrefetch(agent, 3)
  policy.run()
  policy.agent('a', { pull: true })
  expect([agent.prefetch, capacity(policy, agent), policy.core.totalFree]).toEqual([0, 1, 0])
  checkInvariants(policy)
})

test('pull: is refused of strangers and of those that do not pull, and is a sign of life', () => {
  const policy = new Policy({ leaseMs: 1_000 })
  const agent = policy.agent('a', { pull: true })
  const plain = policy.agent('b')
  expect(policy.pull(plain)).toBe('bad_option')
  expect(policy.core.pull('nobody', 'x', 1, policy.nowMs)).toBe('agent_unknown')
  expect(policy.core.pull('a', 'x', 1, policy.nowMs)).toBe('agent_unknown')
  policy.pull(agent, 2)
  const record = policy.submit('q', { requires: [] })
  policy.offer()
  policy.propose(record, agent)
  policy.core.dispatchFailed(record, policy.nowMs)
  expect(agent.accepting).toBe(false)
  policy.pass(900)
  policy.pull(agent)
  expect([agent.accepting, agent.granted]).toEqual([true, 2])
  policy.pass(900)
  expect([...policy.core.agents.keys()]).toEqual(['a'])
  checkInvariants(policy)
})

test('pull: one that drains is given nothing, however much it asks for', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { pull: true })
  policy.core.drainAgent('a')
  policy.pull(agent, 5)
  policy.submit()
  expect(policy.offer()).toBe(null)
  policy.agent('a', { pull: true })
  expect(policy.place().length).toBe(1)
  checkInvariants(policy)
})

test('prefetch: so many more than it runs, and fewer takes nothing back', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  policy.submitMany(9)
  expect(policy.place().length).toBe(2)
  policy.core.setPrefetch(agent, 3)
  checkInvariants(policy)
  const more = policy.place()
  expect(more.length).toBe(3)
  policy.core.setPrefetch(agent, 1)
  checkInvariants(policy)
  expect(agent.running.length).toBe(5)
  for (const record of more.slice(0, 2)) {
    policy.succeed(record)
    expect(policy.offer()).toBe(null)
    checkInvariants(policy)
  }
  policy.succeed(more[2])
  expect(policy.place().length).toBe(1)
  expect(policy.inUse(agent)).toBe(3)
})

test('prefetch: never more than may be, nor less than nothing', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  policy.core.setPrefetch(agent, LIMITS.prefetchMax + 1)
  expect([agent.prefetch, capacity(policy, agent)]).toEqual([1_024, 1_026])
  policy.core.setPrefetch(agent, -1)
  expect([agent.prefetch, capacity(policy, agent)]).toEqual([0, 2])
  checkInvariants(policy)
})

test('prefetch: stays over a hello of the same instance, and is nothing to one that pulls or has gone', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  policy.core.setPrefetch(agent, 3)
  policy.agent('a', { concurrency: 4 })
  expect(capacity(policy, agent)).toBe(7)
  const puller = policy.agent('b', { pull: true })
  policy.core.setPrefetch(puller, 3)
  expect([puller.prefetch, capacity(policy, puller)]).toEqual([0, 0])
  policy.bye(agent)
  const heir = policy.agent('c', { concurrency: 1 })
  expect(heir.index).toBe(agent.index)
  policy.core.setPrefetch(agent, 5)
  expect([capacity(policy, heir), policy.core.totalFree]).toEqual([1, 1])
  checkInvariants(policy)
})
