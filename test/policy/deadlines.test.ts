/** The overall time-out in every state, and heartbeats. */
import { describe, expect, test } from 'vitest'
import {
  BOUND,
  COMPLETED,
  EXPIRED,
  FAILED,
  OFFERED,
  RUNNING,
  SCHEDULED,
  type TaskRecord,
  WAITING,
} from '../../src/policy/task-record.ts'
import { Policy } from './support.ts'

const DEADLINE_MS = 1_000

interface Case {
  readonly name: string
  readonly state: number
  reach(policy: Policy): TaskRecord
}

const CASES: readonly Case[] = [
  { name: 'waiting', state: WAITING, reach: (policy) => policy.submit() },
  {
    name: 'scheduled',
    state: SCHEDULED,
    reach: (policy) => policy.submit('q', { own: { delayMs: 5_000 } }),
  },
  {
    name: 'offered',
    state: OFFERED,
    reach: (policy) => {
      policy.agent('a')
      const record = policy.submit()
      policy.offer()
      return record
    },
  },
  {
    name: 'bound',
    state: BOUND,
    reach: (policy) => {
      policy.agent('a')
      policy.run('q', { own: { deadlineMs: 0 } })
      const record = policy.submit()
      policy.place()
      return record
    },
  },
  {
    name: 'running',
    state: RUNNING,
    reach: (policy) => {
      policy.agent('a')
      return policy.run()
    },
  },
]

describe.each(CASES)('deadlines: a task that is $name', ({ state, reach }) => {
  test('expires to the ms, once, with its dead letter', () => {
    const policy = new Policy({ queue: { deadlineMs: DEADLINE_MS, binding: 'early' } })
    const record = reach(policy)
    expect(record.state).toBe(state)
    policy.pass(DEADLINE_MS - 1)
    expect(record.state).toBe(state)
    policy.pass(1)
    expect(record).toMatchObject({ state: EXPIRED, code: 'deadline_expired', retryable: false })
    expect(record.message).toBe(`It was not finished ${DEADLINE_MS} ms after its acceptance.`)
    expect(record.attempt).toBe(null)
    expect(policy.effects.outcomes.filter((one) => one === record)).toHaveLength(1)
    expect(policy.effects.deadLetters).toEqual([{ record, name: 'q', queue: 'q' }])
    expect(policy.core.counters.expired).toBe(1)
    const isRunning = state === RUNNING
    expect(policy.effects.revoked.map(({ reason }) => reason)).toEqual(
      isRunning ? ['deadline_expired'] : [],
    )
    policy.pass(10_000)
    expect(policy.effects.outcomes.filter((one) => one === record)).toHaveLength(1)
  })

  test('can be cancelled, and its deadline goes with it', () => {
    const policy = new Policy({ queue: { deadlineMs: DEADLINE_MS, binding: 'early' } })
    const record = reach(policy)
    expect(policy.cancel(record)).toBe(null)
    expect(policy.cancel(record)).toBe('finished')
    expect(policy.core.dues.size).toBe(0)
    policy.pass(10_000)
    expect(record.code).toBe('cancelled')
    expect(policy.core.counters).toMatchObject({ cancelled: 1, expired: 0, deadLetters: 0 })
  })
})

test('deadlines: a task’s own goes before its queue’s, and 0 is none', () => {
  const policy = new Policy({ queue: { deadlineMs: 1_000 } })
  const early = policy.submit('q', { own: { deadlineMs: 100 } })
  const never = policy.submit('q', { own: { deadlineMs: 0 } })
  const plain = policy.submit()
  policy.pass(100)
  expect([early, never, plain].map(({ state }) => state)).toEqual([EXPIRED, WAITING, WAITING])
  policy.pass(900)
  expect([never, plain].map(({ state }) => state)).toEqual([WAITING, EXPIRED])
})

test('deadlines: retries go on against the one deadline', () => {
  const policy = new Policy({ queue: { deadlineMs: 1_000, retryDelayMs: 400, retryCount: 9 } })
  policy.agent('a')
  const record = policy.run()
  for (let i = 0; i < 2; i++) {
    policy.fail(record)
    policy.pass(400)
    policy.place()
  }
  policy.fail(record)
  expect(record.state).toBe(SCHEDULED)
  policy.pass(200)
  expect(record).toMatchObject({ state: EXPIRED, code: 'deadline_expired', attempts: 3 })
})

test('deadlines: a result after it is refused, and gives the credit back', () => {
  const policy = new Policy({ queue: { deadlineMs: 100 } })
  const agent = policy.agent('a')
  const token = policy.token(policy.run())
  policy.pass(100)
  expect(policy.inUse(agent)).toBe(1)
  expect(policy.attempt(token)).toBe('late_result')
  expect(policy.inUse(agent)).toBe(0)
})

test('deadlines: what is late is taken in the order of time, the time-out before a later deadline', () => {
  const policy = new Policy({ queue: { deadlineMs: 200, timeoutMs: 150, retryCount: 0 } })
  policy.agent('a')
  const record = policy.run()
  policy.pass(5_000)
  expect(record).toMatchObject({ state: FAILED, code: 'timeout' })
})

test('heartbeats: an attempt that tells nothing of itself is ended as a failed one', () => {
  const policy = new Policy({ queue: { heartbeatTimeoutMs: 300, retryCount: 1 } })
  const agent = policy.agent('a')
  const record = policy.run()
  policy.pass(299)
  expect(record.state).toBe(RUNNING)
  policy.pass(1)
  expect(record).toMatchObject({ state: WAITING, code: 'heartbeat_timeout', failures: 1 })
  expect(record.message).toBe('Attempt 1 told nothing of itself for 300 ms.')
  expect(policy.effects.ends.at(-1)).toMatchObject({ how: 'heartbeat_timeout', isCharged: true })
  expect(policy.effects.revoked.at(-1)).toMatchObject({ agent, reason: 'heartbeat_timeout' })
  policy.agent('b')
  policy.place()
  policy.pass(300)
  expect(record).toMatchObject({ state: FAILED, code: 'heartbeat_timeout', attempts: 2 })
})

test('heartbeats: progress, and a beat that names the attempt, keep it alive', () => {
  const policy = new Policy({ queue: { heartbeatTimeoutMs: 300, timeoutMs: 60_000 } })
  const agent = policy.agent('a', { keeps: true })
  const record = policy.run()
  for (let i = 0; i < 20; i++) {
    policy.pass(200)
    if (i % 2 === 0) policy.core.heard(record, 'on it', policy.nowMs)
    else policy.beat(agent, [record])
  }
  expect(record.state).toBe(RUNNING)
  policy.pass(100)
  policy.beat(agent, [])
  policy.pass(199)
  expect(record.state).toBe(RUNNING)
  policy.pass(1)
  expect(record.code).toBe('heartbeat_timeout')
})

test('heartbeats: what ends otherwise leaves none armed', () => {
  const policy = new Policy({ queue: { heartbeatTimeoutMs: 300 } })
  policy.agent('a')
  const record = policy.run()
  policy.succeed(record)
  expect(policy.core.dues.size).toBe(0)
  policy.pass(1_000)
  expect(record.state).toBe(COMPLETED)
})
