import { expect, test } from 'vitest'
import type { AgentState } from '../../src/policy/agents.ts'
import { RUNNING, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { ids, Policy, type Token } from './support.ts'

interface Ended {
  policy: Policy
  agent: AgentState
  record: TaskRecord
  token: Token
}

/** An agent of one at a time whose attempt has timed out: it still may be working on it. */
function ended(given: { beats: boolean; timeoutMs?: number }): Ended {
  const policy = new Policy({ leaseMs: 1_000 })
  const agent = policy.agent('a', { beats: given.beats })
  const record = policy.run('q', { timeoutMs: given.timeoutMs ?? 100 })
  const token = policy.token(record)
  policy.pass(given.timeoutMs ?? 100)
  expect(record.state).toBe(WAITING)
  expect(policy.inUse(agent)).toBe(1)
  expect(policy.offer()).toBe(null)
  return { policy, agent, record, token }
}

test('credit of an ended attempt: comes back with its late result', () => {
  const { policy, agent, record, token } = ended({ beats: true })
  expect(policy.attempt(token)).toBe('late_result')
  expect(policy.inUse(agent)).toBe(0)
  expect(policy.attempt(token)).toBe('late_result')
  expect(policy.inUse(agent)).toBe(0)
  expect(ids(policy.place())).toEqual(ids([record]))
  checkInvariants(policy)
})

test('credit of an ended attempt: comes back with the second beat in a row that lacks the token', () => {
  const { policy, agent, token } = ended({ beats: true })
  policy.beat(agent, [])
  policy.beat(agent, [token.counter])
  policy.beat(agent, [])
  expect(policy.inUse(agent)).toBe(1)
  policy.beat(agent, [])
  expect(policy.inUse(agent)).toBe(0)
  checkInvariants(policy)
})

test('credit of an ended attempt: goes with the agent at its lease’s end', () => {
  const { policy, record } = ended({ beats: true })
  policy.pass(1_000)
  expect(policy.core.agents.size).toBe(0)
  expect(policy.core.totalFree).toBe(0)
  policy.agent('a', { instance: 'i2' })
  expect(ids(policy.place())).toEqual(ids([record]))
  checkInvariants(policy)
})

test('credit of an ended attempt: goes with a fenced instance', () => {
  const { policy, record } = ended({ beats: true })
  const young = policy.agent('a', { instance: 'young' })
  expect(policy.inUse(young)).toBe(0)
  expect(ids(policy.place())).toEqual(ids([record]))
  checkInvariants(policy)
})

test('credit of an ended attempt: without beats comes back after another time-out', () => {
  const { policy, agent, token } = ended({ beats: false, timeoutMs: 2_000 })
  expect(policy.core.agents.size).toBe(0)
  checkInvariants(policy)
  expect(agent.gone).toBe(true)
  expect(policy.attempt(token)).toBe('late_result')
})

test('credit of an ended attempt: without beats, while hellos renew the lease', () => {
  const policy = new Policy({ leaseMs: 1_000 })
  const agent = policy.agent('a', { beats: false })
  const record = policy.run('q', { timeoutMs: 1_500 })
  const step = (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      policy.pass(500)
      policy.agent('a', { beats: false })
      checkInvariants(policy)
    }
  }
  step(1_500)
  expect(record.state).toBe(WAITING)
  step(1_000)
  expect(policy.inUse(agent)).toBe(1)
  step(500)
  expect(policy.inUse(agent)).toBe(0)
  expect(ids(policy.place())).toEqual(ids([record]))
})

test('credit of an ended attempt: an agent that stops sending tokens gets it back in time', () => {
  const { policy, agent, record } = ended({ beats: true })
  policy.agent('a', { beats: false })
  checkInvariants(policy)
  for (const _ of [1, 2, 3]) {
    policy.pass(500)
    policy.agent('a', { beats: false })
  }
  expect(policy.inUse(agent)).toBe(0)
  expect(ids(policy.place())).toEqual(ids([record]))
})

test('credit of an ended attempt: time does not give it back while beats hold the token', () => {
  const { policy, agent, record, token } = ended({ beats: true })
  const other = policy.agent('other', { beats: false, queues: ['other'] })
  policy.run('other', { timeoutMs: 100, retryCount: 0 })
  for (let i = 0; i < 20; i++) {
    policy.pass(500)
    policy.beat(agent, [token.counter])
    policy.agent('other', { beats: false, queues: ['other'] })
  }
  expect(policy.inUse(other)).toBe(0)
  expect(policy.inUse(agent)).toBe(1)
  expect(policy.offer()).toBe(null)
  expect(record.state).toBe(WAITING)
})

test('beats: an attempt that two in a row lack was lost on the way and is tried elsewhere', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  const [first, second] = [policy.run(), policy.run()]
  policy.beat(agent, [second])
  expect(first.state).toBe(RUNNING)
  policy.beat(agent, [second])
  expect([first.state, first.code]).toEqual([WAITING, 'agent_lost'])
  expect(first.message).toBe('Agent "a" does not know of attempt 1.')
  expect(second.state).toBe(RUNNING)
  expect(policy.inUse(agent)).toBe(1)
  expect(agent.lost).toBe(1)
  checkInvariants(policy)
})

test('beats: one that lacks the token is forgiven by the next that has it', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  const record = policy.run()
  for (const _ of [1, 2, 3]) {
    policy.beat(agent, [])
    policy.beat(agent, [record])
  }
  expect(record.state).toBe(RUNNING)
})

test('beats: those before a dispatch do not count against it', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  policy.beat(agent, [])
  policy.beat(agent, [])
  const record = policy.run()
  policy.beat(agent, [])
  expect(record.state).toBe(RUNNING)
})

test('beats: all attempts that got lost come back, the oldest first', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 4 })
  const records = [policy.run(), policy.run(), policy.run(), policy.run()]
  policy.beat(agent, [records[2]])
  policy.beat(agent, [records[2]])
  expect(policy.inUse(agent)).toBe(1)
  expect(ids(policy.place())).toEqual(ids([records[0], records[1], records[3]]))
  checkInvariants(policy)
})

test('beats: a new attempt starts anew, whatever beats said of the one before', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  const record = policy.run()
  policy.beat(agent, [])
  policy.fail(record)
  policy.place()
  policy.beat(agent, [])
  expect(record.state).toBe(RUNNING)
})

test('beats: of an agent that promised no tokens they say nothing about its work', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { beats: false })
  const record = policy.run()
  for (const _ of [1, 2, 3]) policy.beat(agent, [])
  expect(record.state).toBe(RUNNING)
})

test('credit: agents of equal queues and capabilities share it by class, not by name', () => {
  const policy = new Policy()
  policy.submit('q', { requires: ['ocr'] })
  policy.submit('q')
  policy.agent('a', { queues: ['q'], capabilities: ['ocr'], concurrency: 2 })
  policy.agent('b', { queues: ['q'], capabilities: ['ocr'], concurrency: 3 })
  policy.agent('c', { queues: ['q'], concurrency: 4 })
  expect(policy.core.profiles.size).toBe(2)
  expect(policy.core.classes.map((cls) => cls.free)).toEqual([5, 9])
  checkInvariants(policy)
})
