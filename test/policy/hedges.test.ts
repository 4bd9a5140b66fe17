/** Second attempts elsewhere at tasks whose first takes long: one of the two gives the outcome. */
import { describe, expect, test } from 'vitest'
import {
  CANCELLED,
  COMPLETED,
  DEAD,
  FAILED,
  PARKED,
  RUNNING,
  SCHEDULED,
  WAITING,
} from '../../src/policy/task-record.ts'
import { ask, hedge, toQueue, twinFor } from './graph-support.ts'
import { checkInvariants } from './invariants.ts'
import { Policy } from './support.ts'

function hedged(given: object = {}, spec: object = {}) {
  const policy = new Policy({ queue: { retryCount: 1, ...given } })
  const [a, b] = ['a', 'b'].map((id) => policy.agent(id))
  const record = policy.run('q', spec)
  const twin = hedge(policy, record)
  policy.place()
  checkInvariants(policy)
  return { policy, a, b, record, twin }
}

describe('hedge: a second attempt', () => {
  test('goes to another agent, and waits when there is no other', () => {
    const { record, twin } = hedged()
    expect([record.agentId, twin.agentId]).toEqual(['a', 'b'])
    const policy = new Policy()
    policy.agent('a', { concurrency: 2 })
    const second = hedge(policy, policy.run())
    policy.place()
    expect(second.state).toBe(PARKED)
    checkInvariants(policy)
  })

  test('that succeeds first completes the task, whose own attempt is revoked', () => {
    const { policy, a, record, twin } = hedged()
    policy.succeed(twin)
    expect([record.state, twin.state]).toEqual([COMPLETED, COMPLETED])
    expect(record.agentId).toBe('b')
    expect(policy.effects.revoked).toMatchObject([{ agent: a, reason: 'cancelled' }])
    expect(policy.effects.outcomes).toEqual([record, twin])
    expect(policy.core.counters).toMatchObject({ hedged: 1, hedgesWon: 1, completed: 2 })
    checkInvariants(policy)
  })

  test('is cancelled when the first succeeds, ends or is cancelled', () => {
    for (const end of [
      (policy: Policy, record: Parameters<Policy['succeed']>[0]) => policy.succeed(record),
      (policy: Policy, record: Parameters<Policy['succeed']>[0]) => policy.fail(record, false),
      (policy: Policy, record: Parameters<Policy['succeed']>[0]) => policy.cancel(record),
    ]) {
      const { policy, record, twin } = hedged()
      end(policy, record)
      expect(twin.state).toBe(CANCELLED)
      expect(policy.core.counters.hedgesWon).toBe(0)
      expect(policy.effects.outcomes).toHaveLength(2)
      checkInvariants(policy)
    }
  })

  test.each(['succeed', 'cancel'] as const)(
    'and its task may both be waited for: %s of the task ends all, and leaves it where it can be found',
    (end) => {
      const { policy, record, twin } = hedged()
      const child = policy.submit('q', { after: [record.id, twin.id] })
      policy[end](record)
      expect([twin.state, child.state]).toEqual([CANCELLED, FAILED])
      expect(policy.core.pinned.length).toBe(0)
      checkInvariants(policy)
    },
  )

  test('that fails is over, without retry and letter, and the task goes on', () => {
    const { policy, record, twin } = hedged()
    policy.fail(twin)
    expect([record.state, twin.state]).toEqual([RUNNING, FAILED])
    expect(policy.effects.deadLetters).toEqual([])
    expect(record.extras!.twin).toBe(null)
    expect(policy.core.hedge(record, twinFor(record), policy.nowMs)).toBe(null)
    checkInvariants(policy)
  })

  test('whose agent is lost is over', () => {
    const { policy, b, record, twin } = hedged()
    policy.bye(b)
    expect([record.state, twin.state]).toEqual([RUNNING, DEAD])
    checkInvariants(policy)
  })

  test('completes a task that waits to be tried again, or is tried again', () => {
    const { policy, record, twin } = hedged({ retryDelayMs: 100 })
    policy.fail(record)
    expect(record.state).toBe(SCHEDULED)
    policy.succeed(twin)
    expect(record.state).toBe(COMPLETED)
    checkInvariants(policy)
    const again = hedged()
    again.policy.fail(again.record)
    again.policy.place()
    expect([again.record.agentId, again.twin.agentId]).toEqual(['a', 'b'])
    again.policy.succeed(again.twin)
    expect(again.record.state).toBe(COMPLETED)
    checkInvariants(again.policy)
  })

  test('completes a task whose agent has gone', () => {
    const { policy, a, record, twin } = hedged()
    policy.bye(a)
    expect(record.state).toBe(WAITING)
    policy.succeed(twin)
    expect(record.state).toBe(COMPLETED)
    checkInvariants(policy)
  })

  test('sends the task on by a rule on its result', () => {
    const { policy, record, twin } = hedged()
    twin.resultBytes = 9
    policy.core.succeeded(twin, policy.nowMs, toQueue('next'))
    expect([record.state, twin.state]).toEqual([WAITING, COMPLETED])
    expect(record.extras!.stages).toMatchObject([{ queue: 'q', agentId: 'b', resultBytes: 9 }])
    checkInvariants(policy)
  })

  test('sends on a task that waits to be tried again, and its wait here is over', () => {
    const { policy, a, record, twin } = hedged()
    policy.bye(a)
    expect(record.state).toBe(WAITING)
    policy.core.succeeded(twin, policy.nowMs, toQueue('next', 5))
    expect([record.state, record.level, record.cls!.queue.name]).toEqual([WAITING, 5, 'next'])
    checkInvariants(policy)
  })

  test('promises nothing: the task’s promise is judged once', () => {
    const { policy, record, twin } = hedged({ slaTargetMs: 100, ttlMs: 200, timeoutMs: 9_000 })
    const other = policy.submit()
    policy.pass(99)
    policy.fail(twin)
    policy.place()
    expect(other.state).toBe(RUNNING)
    const second = hedge(policy, record)
    policy.pass(500)
    expect([second.state, second.warned]).toEqual([WAITING, false])
    const { slaKept, slaMissed } = policy.core.queues.get('q')!
    expect([slaKept, slaMissed]).toEqual([2, 0])
    expect(policy.core.counters.slaWarnings).toBe(1)
  })

  test('is with the task’s key and level, and as long as it may take', () => {
    const { record, twin } = hedged({}, { level: 4, key: 'mine', timeoutMs: 77 })
    expect([twin.level, twin.baseLevel, twin.timeoutMs]).toEqual([4, 4, 77])
    expect(twin.keyHash).toBe(record.keyHash)
  })

  test('at a vote is apart from all votes, and is one when it succeeds', () => {
    const policy = new Policy()
    for (const id of ['a', 'b']) policy.agent(id)
    const { record: question, votes } = ask(policy, 2)
    policy.place()
    const twin = hedge(policy, votes[0])
    policy.place()
    expect(twin.state).toBe(WAITING)
    policy.agent('c')
    policy.place()
    expect(twin.agentId).toBe('c')
    policy.succeed(twin)
    expect(votes[0].state).toBe(COMPLETED)
    expect(question.extras!.links!.open).toBe(1)
    checkInvariants(policy)
  })
})

describe('hedge: refused', () => {
  test('for what does not run, has one, is one, was moved, or has no room', () => {
    const { policy, record, twin } = hedged({ tasksMax: 3, escalateTo: 'boss' })
    const refusal = (of: typeof record) => policy.core.hedge(of, twinFor(of), policy.nowMs)
    const waiting = policy.submit()
    expect(refusal(waiting)).toBe('not_running')
    expect(refusal(record)).toBe('hedged')
    expect(refusal(twin)).toBe('hedged')
    policy.fail(twin)
    policy.place()
    policy.submit()
    expect(refusal(record)).toBe('queue_full')
    expect(policy.core.handedOn(record, policy.nowMs)).toBe(null)
    policy.succeed(waiting)
    policy.place()
    policy.place()
    const moved = policy.core.find(record.id)!
    if (moved.state !== RUNNING) policy.succeed(policy.core.agents.get('a')!.running.head!)
    policy.place()
    expect(moved.state).toBe(RUNNING)
    expect(refusal(moved)).toBe('moved')
    checkInvariants(policy)
  })
})

describe('hedge: the task goes elsewhere', () => {
  test('and its second attempt is cancelled', () => {
    const { policy, record, twin } = hedged({ escalateOn: ['hard'], escalateTo: 'boss' })
    policy.fail(record, true, 'hard')
    expect(record.cls!.queue.name).toBe('boss')
    expect(twin.state).toBe(CANCELLED)
    checkInvariants(policy)
  })
})
