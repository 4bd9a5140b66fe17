/** Stages: a task whose result a rule follows goes on in another queue, with promises of that one. */
import { describe, expect, test } from 'vitest'
import { LIMITS, QUEUE_DEFAULTS } from '../../src/options.ts'
import { FAILED, RUNNING, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import { hedge, toDead, toQueue } from './graph-support.ts'
import { checkInvariants } from './invariants.ts'
import { Policy, type PolicyGiven, type TaskSpec } from './support.ts'

function started(given: PolicyGiven = {}, spec: TaskSpec = {}) {
  const policy = new Policy(given)
  policy.agent('a', { concurrency: 4 })
  return { policy, record: policy.run('q', spec) }
}

function advance(policy: Policy, record: TaskRecord, ...to: Parameters<typeof toQueue>): void {
  policy.core.succeeded(record, policy.nowMs, toQueue(...to))
  checkInvariants(policy)
}

describe('stage: a rule sends a task on', () => {
  test('which waits there as itself, with its result kept as a stage', () => {
    const { policy, record } = started()
    policy.pass(10)
    record.resultBytes = 7
    advance(policy, record, 'next', 4, 2)
    expect(record.state).toBe(WAITING)
    expect([record.queue!.name, record.cls!.queue.name]).toEqual(['q', 'next'])
    expect([record.level, record.baseLevel]).toEqual([4, 4])
    expect(record.extras!.stages).toMatchObject([
      { queue: 'q', agentId: 'a', rule: 2, level: 3, attempts: 1, resultBytes: 7 },
    ])
    expect(policy.effects.advances).toHaveLength(1)
    expect(policy.effects.outcomes).toEqual([])
    expect(policy.core.counters.advanced).toBe(1)
    expect([record.resultBytes, record.code]).toEqual([-1, null])
    policy.succeed(policy.place()[0])
    expect(policy.effects.outcomes).toEqual([record])
  })

  test('with that queue’s priority where the rule names none, or where it is first in first out', () => {
    const queues = {
      slow: { ...QUEUE_DEFAULTS, priority: 1 as const },
      row: { ...QUEUE_DEFAULTS, type: 'fifo' as const, priority: 2 as const },
    }
    const { policy, record } = started({ queues })
    advance(policy, record, 'slow')
    expect(record.baseLevel).toBe(1)
    policy.place()
    advance(policy, record, 'row', 5)
    expect([record.level, record.baseLevel]).toEqual([2, 2])
  })

  test('by that queue’s time-outs and retries, and each stage counts its own attempts', () => {
    const queues = { next: { ...QUEUE_DEFAULTS, timeoutMs: 77, retryCount: 5 } }
    const { policy, record } = started({ queues })
    policy.fail(record)
    policy.place()
    advance(policy, record, 'next')
    expect([record.timeoutMs, record.retryCount, record.failures]).toEqual([77, 5, 0])
    policy.place()
    advance(policy, record, 'last')
    expect(record.extras!.stages.map(({ attempts }) => attempts)).toEqual([2, 1])
    expect(record.attempts).toBe(3)
  })

  test('and where it failed on the way stays with the stage', () => {
    const given = {
      queue: { escalateOn: ['hard'], escalateTo: 'boss', retryCount: 0 },
    }
    const { policy, record } = started(given)
    policy.fail(record, true, 'hard')
    policy.place()
    expect(record.extras!.failedDestinations).toEqual(['q'])
    advance(policy, record, 'q')
    expect(record.extras!.stages[0].failedDestinations).toEqual(['q'])
    expect(record.extras!.failedDestinations).toEqual([])
    // In its new stage it may be escalated again.
    policy.place()
    policy.fail(record, true, 'hard')
    expect(record.cls!.queue.name).toBe('boss')
    checkInvariants(policy)
  })

  test('round and round, until it has been through as many as there may be', () => {
    const { policy, record } = started()
    for (let i = 0; i < LIMITS.stagesMax; i++) {
      advance(policy, record, i % 2 === 0 ? 'r' : 'q')
      policy.place()
      expect(record.state).toBe(RUNNING)
    }
    policy.core.succeeded(record, policy.nowMs, toQueue('r'))
    expect([record.state, record.code]).toEqual([FAILED, 'too_many_stages'])
    checkInvariants(policy)
  })

  test('to a queue that cannot take it: that is its end, with a letter', () => {
    const { policy, record } = started({ strictQueues: true, queues: { q: QUEUE_DEFAULTS } })
    policy.core.succeeded(record, policy.nowMs, toQueue('nowhere'))
    expect([record.state, record.code]).toEqual([FAILED, 'queue_unknown'])
    expect(policy.effects.deadLetters).toHaveLength(1)
    expect(policy.core.counters.advanced).toBe(0)
    checkInvariants(policy)
  })
})

describe('stage: a rule ends it', () => {
  test('with its code and a letter, and it goes where letters go', () => {
    const { policy, record } = started({ deadLetterMoves: { q: 'by_hand' } })
    policy.core.succeeded(record, policy.nowMs, toDead('rejected'))
    expect(record.cls!.queue.name).toBe('by_hand')
    expect(policy.effects.deadLetters).toEqual([{ record, name: 'q', queue: 'q' }])
    expect(record.code).toBe('rejected')
    const other = policy.run('r')
    policy.core.succeeded(other, policy.nowMs, toDead('rejected'))
    expect([other.state, other.code]).toEqual([FAILED, 'rejected'])
    checkInvariants(policy)
  })
})

describe('stage: promises', () => {
  const sla = { ...QUEUE_DEFAULTS, slaTargetMs: 100 }

  test('are each stage’s own, and are counted where they were made', () => {
    const { policy, record } = started({ queues: { q: sla, next: sla } })
    policy.pass(500)
    advance(policy, record, 'next')
    expect(record.firstReadyMs).toBe(policy.nowMs)
    policy.pass(101)
    expect(record.breached).toBe(true)
    policy.place()
    const count = (name: string) => {
      const { slaKept, slaMissed } = policy.core.queues.get(name)!
      return [slaKept, slaMissed]
    }
    expect([count('q'), count('next')]).toEqual([
      [1, 0],
      [0, 1],
    ])
    advance(policy, record, 'q')
    expect([record.warned, record.breached, record.judged]).toEqual([false, false, false])
  })

  test('to complete are judged at the end of the stage, and none of them rings later', () => {
    const completed = { ...sla, slaClock: 'completed' as const }
    const { policy, record } = started({ queues: { q: completed, next: completed } })
    policy.pass(150)
    expect(record.breached).toBe(true)
    advance(policy, record, 'next')
    policy.place()
    policy.pass(90)
    policy.succeed(record)
    const done = (name: string) => {
      const { slaCompletedKept, slaCompletedMissed } = policy.core.queues.get(name)!
      return [slaCompletedKept, slaCompletedMissed]
    }
    expect([done('q'), done('next')]).toEqual([
      [0, 1],
      [1, 0],
    ])
    policy.pass(1_000)
    expect(policy.core.counters.slaBreaches).toBe(1)
  })

  test('a deadline is the whole task’s', () => {
    const { policy, record } = started({}, { own: { deadlineMs: 300 } })
    policy.pass(200)
    advance(policy, record, 'next')
    policy.pass(100)
    expect(record.code).toBe('deadline_expired')
    checkInvariants(policy)
  })
})

describe('stage: what it leaves behind', () => {
  test('who declined it, or did it before, may have it in the next', () => {
    const policy = new Policy()
    policy.agent('a', { declines: true })
    const record = policy.run()
    policy.agent('b')
    policy.core.declined(record, policy.nowMs)
    policy.place()
    expect(record.agentId).toBe('b')
    advance(policy, record, 'next')
    expect(record.extras!.apart).toBe(null)
    policy.place()
    expect(record.agentId).toBe('a')
  })

  test('a second attempt at it is cancelled', () => {
    const { policy, record } = started()
    policy.agent('b')
    const twin = hedge(policy, record)
    advance(policy, record, 'next')
    expect(twin.code).toBe('cancelled')
    expect(record.extras!.twin).toBe(null)
  })
})
