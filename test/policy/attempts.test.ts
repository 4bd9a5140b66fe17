import { expect, test } from 'vitest'
import { COMMITTED, CONFLICT, OVERDUE, STALE } from '../../src/policy/core.ts'
import {
  CANCELLED,
  COMPLETED,
  DEAD,
  FAILED,
  OFFERED,
  RUNNING,
  WAITING,
} from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { EPOCH, ids, Policy } from './support.ts'

test('attempts: a result with its token finishes the task and frees the credit', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  const record = policy.run()
  expect(policy.inUse(agent)).toBe(1)
  expect(policy.attempt(policy.token(record))).toBe(record)
  policy.succeed(record)
  expect(record.state).toBe(COMPLETED)
  expect(policy.inUse(agent)).toBe(0)
  expect(policy.effects.outcomes).toEqual([record])
  checkInvariants(policy)
})

test('attempts: a failure is retried as often as the task says, then it is final', () => {
  const policy = new Policy()
  policy.agent('a')
  const record = policy.submit('q', { retryCount: 2 })
  for (const attempt of [1, 2, 3]) {
    expect(ids(policy.place())).toEqual(ids([record]))
    expect(record.attempts).toBe(attempt)
    policy.fail(record, true, 'api_error')
    expect(record.state).toBe(attempt < 3 ? WAITING : FAILED)
  }
  expect([record.code, record.message, record.retryable]).toEqual(['api_error', 'it failed', true])
  expect(policy.core.counters.retried).toBe(2)
  checkInvariants(policy)
})

test('attempts: a permanent failure is final at once', () => {
  const policy = new Policy()
  policy.agent('a')
  const record = policy.run('q', { retryCount: 5 })
  policy.fail(record, false, 'permanent')
  expect([record.state, record.attempts, record.retryable]).toEqual([FAILED, 1, false])
})

test('attempts: what failed and then completes has no code', () => {
  const policy = new Policy()
  policy.agent('a')
  const record = policy.run()
  policy.fail(record)
  policy.place()
  policy.succeed(record)
  expect([record.state, record.code]).toEqual([COMPLETED, null])
})

test('attempts: a running time-out retries, and after the last retry fails with code timeout', () => {
  const policy = new Policy({ leaseMs: 1_000_000 })
  const agent = policy.agent('a', { concurrency: 5 })
  const record = policy.run('q', { timeoutMs: 100, retryCount: 1 })
  expect(policy.core.nextTickMs()).toBe(policy.nowMs + 100)
  policy.pass(99)
  expect(record.state).toBe(RUNNING)
  policy.pass(1)
  expect(record.state).toBe(WAITING)
  policy.place()
  policy.pass(100)
  expect([record.state, record.code, record.attempts]).toEqual([FAILED, 'timeout', 2])
  expect(record.message).toBe('Attempt 2 ran longer than 100 ms.')
  expect(policy.effects.revoked.map(({ reason }) => reason)).toEqual(['timeout', 'timeout'])
  expect(policy.inUse(agent)).toBe(2)
  expect(policy.core.counters.timedOut).toBe(2)
  checkInvariants(policy)
})

test('attempts: time-outs of more durations than have a list of their own fall due in order', () => {
  const policy = new Policy({ leaseMs: 1_000_000 })
  policy.agent('a', { concurrency: 300 })
  const given = Array.from({ length: 200 }, (_, i) => 1 + ((i * 7_919) % 200))
  for (const timeoutMs of given) policy.run('q', { timeoutMs, retryCount: 0 })
  for (let ms = 1; ms <= 200; ms++) {
    expect(policy.core.nextTickMs()).toBe(1_000 + ms)
    policy.pass(1)
    expect(policy.effects.outcomes.length).toBe(ms)
    expect(policy.effects.outcomes[ms - 1].timeoutMs).toBe(ms)
  }
  checkInvariants(policy)
})

test('attempts: a time-out that was disarmed never falls due', () => {
  const policy = new Policy({ leaseMs: 1_000_000 })
  policy.agent('a', { concurrency: 3 })
  const [first, second, third] = [10, 20, 30].map((timeoutMs) => policy.run('q', { timeoutMs }))
  policy.succeed(second)
  policy.pass(1_000)
  expect([first.state, second.state, third.state]).toEqual([WAITING, COMPLETED, WAITING])
  expect(policy.core.counters.timedOut).toBe(2)
})

test('attempts: no more than the timers of one turn are done in a tick', () => {
  const policy = new Policy({ slots: 2_048 })
  policy.agent('a', { concurrency: 2_000, leased: false })
  policy.submitMany(1_500, 'q', { timeoutMs: 10, retryCount: 0 })
  while (policy.place().length > 0);
  policy.nowMs += 10
  expect(policy.core.tick(policy.nowMs)).toBe(true)
  expect(policy.core.counters.failed).toBe(1_024)
  expect(policy.core.tick(policy.nowMs)).toBe(false)
  expect(policy.core.counters.failed).toBe(1_500)
})

test('attempts: a task whose agents are lost more often than may be is dead', () => {
  const policy = new Policy({ queue: { lossLimit: 2, retryCount: 0 } })
  const record = policy.submit()
  for (const loss of [1, 2, 3]) {
    const agent = policy.agent('a', { instance: `i${loss}` })
    expect(ids(policy.place())).toEqual(ids([record]))
    policy.core.agentLost(agent, policy.nowMs)
    expect(record.state).toBe(loss < 3 ? WAITING : DEAD)
    expect(policy.core.agentTotals.get('a')?.lost).toBe(loss)
    checkInvariants(policy)
  }
  expect([record.code, record.attempts, record.losses]).toEqual(['agent_lost', 3, 3])
  expect(policy.core.counters.attemptsLost).toBe(3)
})

test('attempts: a dispatch that nobody heard is no loss when its agent says nothing of itself', () => {
  const policy = new Policy({ queue: { lossLimit: 0, retryCount: 0 } })
  const given = { concurrency: 2, beats: false, leased: false }
  const agent = policy.agent('adopted', given)
  const record = policy.run()
  for (const attempt of [1, 2, 3]) {
    policy.core.dispatchFailed(record, policy.nowMs)
    expect([record.state, record.code]).toEqual([WAITING, 'dispatch_failed'])
    expect(policy.offer()).toBe(null)
    checkInvariants(policy)
    // The front end's hello after a pause: one task more than it has in hand.
    policy.agent('adopted', { ...given, concurrency: 1 })
    expect(ids(policy.place())).toEqual(ids([record]))
    expect(record.attempts).toBe(attempt + 1)
  }
  expect([record.losses, record.failures, agent.lost]).toEqual([0, 0, 0])
  expect(policy.effects.ends.map(({ how }) => how)).toEqual(Array(3).fill('undelivered'))
  expect(policy.core.counters).toMatchObject({ dispatchFailed: 3, attemptsLost: 0 })
})

test('attempts: a dispatch that nobody heard goes elsewhere and its agent rests until it speaks', () => {
  const policy = new Policy()
  const deaf = policy.agent('deaf', { concurrency: 3 })
  const record = policy.run()
  policy.core.dispatchFailed(record, policy.nowMs)
  expect([record.state, record.code]).toEqual([WAITING, 'dispatch_failed'])
  expect(policy.inUse(deaf)).toBe(0)
  expect(policy.offer()).toBe(null)
  checkInvariants(policy)
  policy.beat(deaf, [])
  expect(ids(policy.place())).toEqual(ids([record]))
  policy.core.dispatchFailed(record, policy.nowMs)
  policy.agent('deaf', { concurrency: 3 })
  expect(ids(policy.place())).toEqual(ids([record]))
  checkInvariants(policy)
})

test('attempts: a lost dispatch of one task leaves the agent’s others running', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  const [first, second] = [policy.run(), policy.run()]
  policy.core.dispatchFailed(first, policy.nowMs)
  expect(second.state).toBe(RUNNING)
  policy.core.dispatchFailed(second, policy.nowMs)
  expect(policy.inUse(agent)).toBe(0)
  checkInvariants(policy)
})

test('attempts: the oldest goes first again when an agent is lost with several', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 3 })
  const records = [policy.run(), policy.run(), policy.run()]
  policy.submit()
  policy.bye(agent)
  policy.agent('b', { concurrency: 3 })
  expect(ids(policy.place())).toEqual(ids(records))
})

test('cancel: a waiting task', () => {
  const policy = new Policy()
  const [first, second, third] = policy.submitMany(3)
  expect(policy.cancel(second)).toBe(null)
  expect([second.state, second.code]).toEqual([CANCELLED, 'cancelled'])
  checkInvariants(policy)
  policy.agent('a', { concurrency: 3 })
  expect(ids(policy.place())).toEqual(ids([first, third]))
})

test('cancel: an offered task; the proposal for it is stale and its slot serves another', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  const record = policy.submit()
  policy.offer()
  const { slot, generation } = record.attempt!
  policy.cancel(record)
  const late = policy.core.propose(slot, generation, agent.index, agent.generation, policy.nowMs)
  expect(late).toBe(STALE)
  expect(record.state).toBe(CANCELLED)
  expect(policy.run().state).toBe(RUNNING)
  checkInvariants(policy)
})

test('cancel: a running task; its agent is told, its credit stays charged, its result is late', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  const record = policy.run()
  const token = policy.token(record)
  policy.cancel(record)
  expect(policy.effects.revoked).toEqual([
    { agent, counter: token.counter, seq: 1, reason: 'cancelled' },
  ])
  expect(policy.inUse(agent)).toBe(1)
  expect(policy.attempt(token)).toBe('late_result')
  expect(policy.inUse(agent)).toBe(0)
  expect(record.state).toBe(CANCELLED)
  checkInvariants(policy)
})

test('cancel: a task that waits for its retry', () => {
  const policy = new Policy()
  policy.agent('a')
  const record = policy.run()
  policy.fail(record)
  policy.cancel(record)
  expect([record.state, record.code]).toEqual([CANCELLED, 'cancelled'])
  expect(policy.offer()).toBe(null)
})

test('cancel: after the outcome it is too late, whatever the outcome was', () => {
  const policy = new Policy({ queue: { lossLimit: 0 } })
  const agent = policy.agent('a', { concurrency: 4 })
  const ends = [
    (record = policy.run()) => [policy.succeed(record), record] as const,
    (record = policy.run()) => [policy.fail(record, false), record] as const,
    (record = policy.run()) => [policy.cancel(record), record] as const,
    (record = policy.run()) => [policy.core.agentLost(agent, policy.nowMs), record] as const,
  ]
  const records = ends.map((end) => end()[1])
  expect(records.map(({ state }) => state)).toEqual([COMPLETED, FAILED, CANCELLED, DEAD])
  for (const record of records) expect(policy.cancel(record)).toBe('finished')
  expect(policy.effects.outcomes.length).toBe(4)
})

test('proposals: right, for nobody, for somebody full, for somebody wrong, and too late', () => {
  const policy = new Policy()
  const full = policy.agent('full')
  policy.run()
  const free = policy.agent('free', { queues: ['q'] })
  const other = policy.agent('other', { queues: ['r'] })
  const record = policy.submit()
  policy.offer()
  const { slot, generation } = record.attempt!
  const at = (agent: number, agentGeneration: number) =>
    policy.core.propose(slot, generation, agent, agentGeneration, policy.nowMs)
  expect(at(-1, 0)).toBe(CONFLICT)
  expect(at(full.index, full.generation)).toBe(CONFLICT)
  expect(at(other.index, other.generation)).toBe(CONFLICT)
  expect(at(free.index, free.generation + 1)).toBe(CONFLICT)
  for (const nonsense of [63, 64, 1e9, -2]) expect(at(nonsense, 0)).toBe(CONFLICT)
  expect(record.state).toBe(OFFERED)
  expect(at(free.index, free.generation)).toBe(COMMITTED)
  expect(at(free.index, free.generation)).toBe(STALE)
  expect(policy.core.propose(31, 0, free.index, free.generation, policy.nowMs)).toBe(STALE)
  checkInvariants(policy)
})

test('proposals: an agent that drains, rests or has left is a conflict', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 3 })
  const [first, second] = [policy.run(), policy.submit()]
  policy.offer()
  policy.core.dispatchFailed(first, policy.nowMs)
  expect(policy.propose(second, agent)).toBe(CONFLICT)
  policy.beat(agent, [])
  policy.core.drainAgent('a')
  expect(policy.propose(second, agent)).toBe(CONFLICT)
  policy.bye(agent)
  expect(policy.propose(second, agent)).toBe(CONFLICT)
  policy.core.bounce(second)
  expect(second.state).toBe(WAITING)
  checkInvariants(policy)
})

test('proposals: after an offer was withdrawn only the new generation counts', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  const record = policy.submit()
  policy.offer()
  const before = record.attempt!.generation
  policy.core.withdraw(record, OVERDUE)
  const propose = (generation: number) =>
    policy.core.propose(
      record.attempt!.slot,
      generation,
      agent.index,
      agent.generation,
      policy.nowMs,
    )
  expect(propose(before)).toBe(STALE)
  expect(propose(record.attempt!.generation)).toBe(COMMITTED)
})

test('results: only the very token of a running attempt is taken', () => {
  const policy = new Policy()
  policy.agent('a')
  policy.agent('b', { queues: ['other'] })
  const record = policy.run()
  const token = policy.token(record)
  expect(policy.attempt(token, EPOCH - 1)).toBe('result_unknown')
  expect(policy.attempt({ ...token, counter: token.counter + 1 })).toBe('result_unknown')
  expect(policy.attempt({ ...token, counter: 0 })).toBe('result_unknown')
  expect(policy.attempt({ ...token, agent: 'b' })).toBe('late_result')
  expect(policy.attempt({ ...token, agent: 'nobody' })).toBe('late_result')
  expect(policy.attempt({ ...token, slot: token.slot + 1 })).toBe('late_result')
  expect(policy.attempt({ ...token, slot: 1e12 })).toBe('late_result')
  expect(record.state).toBe(RUNNING)
  expect(policy.attempt(token)).toBe(record)
  policy.succeed(record)
  expect(policy.attempt(token)).toBe('late_result')
  checkInvariants(policy)
})

test('results: a retried task refuses its earlier attempt and takes the new one', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  const record = policy.run('q', { timeoutMs: 100 })
  const first = policy.token(record)
  policy.pass(100)
  policy.place()
  const second = policy.token(record)
  expect(policy.inUse(agent)).toBe(2)
  expect(policy.attempt(first)).toBe('late_result')
  expect(policy.inUse(agent)).toBe(1)
  expect(policy.attempt(second)).toBe(record)
  expect(policy.core.counters.lateResults).toBe(1)
  checkInvariants(policy)
})

test('results: progress finds the running attempt and changes nothing', () => {
  const policy = new Policy()
  policy.agent('a')
  const record = policy.run()
  const { agent, slot, counter } = policy.token(record)
  expect(policy.core.running(agent, slot, EPOCH, counter)).toBe(record)
  policy.cancel(record)
  expect(policy.core.running(agent, slot, EPOCH, counter)).toBe(null)
  expect(policy.core.counters.lateResults).toBe(0)
  expect(policy.inUse(policy.core.agents.get('a')!)).toBe(1)
})
