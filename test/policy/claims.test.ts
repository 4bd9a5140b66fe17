/** People: what lies in their inbox begins when it is claimed; they take, hand on and hand back. */
import { describe, expect, test } from 'vitest'
import { CANCELLED, PARKED, RUNNING, WAITING } from '../../src/policy/task-record.ts'
import { ask, hedge } from './graph-support.ts'
import { checkInvariants } from './invariants.ts'
import { Policy } from './support.ts'

const PERSON = { claims: true, declines: true, beats: false, leased: false }

function inbox(given: object = {}) {
  const policy = new Policy({ queue: { retryCount: 0, ...given } })
  const anna = policy.agent('anna', { ...PERSON, concurrency: 2 })
  const record = policy.run()
  return { policy, anna, record }
}

describe('claim', () => {
  test('begins what is assigned: its time-out counts from there', () => {
    const { policy, record } = inbox({ timeoutMs: 1_000, heartbeatTimeoutMs: 100 })
    policy.pass(50_000)
    expect(record.state).toBe(RUNNING)
    expect(policy.core.claim(record, policy.nowMs)).toBe(null)
    checkInvariants(policy)
    policy.pass(999)
    expect(record.state).toBe(RUNNING)
    policy.pass(1)
    expect(record.code).toBe('timeout')
    checkInvariants(policy)
  })

  test('is refused the second time, for what does not run, and where attempts begin by themselves', () => {
    const { policy, record } = inbox()
    policy.core.claim(record, policy.nowMs)
    expect(policy.core.claim(record, policy.nowMs)).toBe('claimed')
    policy.submitMany(2)
    policy.place()
    policy.agent('robot')
    const [other] = policy.place()
    expect(policy.core.claim(other, policy.nowMs)).toBe('not_supported')
    expect(policy.core.claim(policy.submit(), policy.nowMs)).toBe('not_running')
  })

  test('a person’s credit is free as soon as an attempt ends, however it does', () => {
    const { policy, anna, record } = inbox({ timeoutMs: 100 })
    policy.core.claim(record, policy.nowMs)
    policy.pass(100)
    expect([anna.charged, policy.inUse(anna)]).toEqual([0, 0])
    const next = policy.run()
    policy.cancel(next)
    expect(policy.inUse(anna)).toBe(0)
    expect(policy.effects.revoked.map(({ reason }) => reason)).toEqual(['timeout', 'cancelled'])
    checkInvariants(policy)
  })

  test('one who takes nothing new keeps what is in the inbox', () => {
    const { policy, anna, record } = inbox()
    policy.limit(anna, 0)
    expect(record.state).toBe(RUNNING)
    const next = policy.submit()
    expect(policy.place()).toEqual([])
    expect(policy.core.claim(record, policy.nowMs)).toBe(null)
    expect(policy.core.assign(next, anna, policy.nowMs)).toBe('not_accepting')
    checkInvariants(policy)
  })
})

describe('assign', () => {
  function waiting(given: object = {}) {
    const all = inbox(given)
    all.policy.run()
    const bert = all.policy.agent('bert', { ...PERSON, queues: ['other'] })
    return { ...all, bert, record: all.policy.submit() }
  }

  test('takes a task that waits before its turn, and it runs there', () => {
    const { policy, record } = waiting()
    const carl = policy.agent('carl', PERSON)
    const last = policy.submit()
    expect(policy.core.assign(last, carl, policy.nowMs)).toBe(null)
    expect([last.state, last.agentId, record.state]).toEqual([RUNNING, 'carl', WAITING])
    expect(policy.core.claim(last, policy.nowMs)).toBe(null)
    checkInvariants(policy)
  })

  test('is refused where its agent may not have it, or has no room', () => {
    const { policy, anna, bert, record } = waiting()
    expect(policy.core.assign(record, anna, policy.nowMs)).toBe('no_room')
    expect(policy.core.assign(record, bert, policy.nowMs)).toBe('not_served')
    policy.core.pauseQueue('q')
    expect(policy.core.assign(record, bert, policy.nowMs)).toBe('held')
    policy.cancel(record)
    expect(policy.core.assign(record, anna, policy.nowMs)).toBe('not_waiting')
    checkInvariants(policy)
  })

  test('takes what a router is to choose for, and the router’s word comes too late', () => {
    const { policy, record } = waiting({ concurrency: 3 })
    const carl = policy.agent('carl', PERSON)
    expect(policy.offer()).toBe(record)
    const { slot, generation } = record.attempt!
    expect(policy.core.assign(record, carl, policy.nowMs)).toBe(null)
    expect(policy.core.queues.get('q')!.held).toBe(true)
    const answer = policy.core.propose(slot, generation, carl.index, carl.generation, policy.nowMs)
    expect(answer).not.toBe(0)
    checkInvariants(policy)
  })

  test('takes what is parked for somebody else, and no vote twice', () => {
    const policy = new Policy()
    const anna = policy.agent('anna', { ...PERSON, concurrency: 2 })
    const { votes } = ask(policy, 2)
    policy.place()
    expect(votes[1].state).toBe(PARKED)
    expect(policy.core.assign(votes[1], anna, policy.nowMs)).toBe('not_served')
    const bert = policy.agent('bert', PERSON)
    expect(policy.core.assign(votes[1], bert, policy.nowMs)).toBe(null)
    expect(policy.core.parked.length).toBe(0)
    checkInvariants(policy)
  })
})

describe('hand on', () => {
  test('goes to whom the queue escalates to, whatever was said before', () => {
    const { policy, anna, record } = inbox({ escalateTo: 'boss' })
    policy.core.claim(record, policy.nowMs)
    expect(policy.core.handedOn(record, policy.nowMs)).toBe(null)
    expect(record.cls!.queue.name).toBe('boss')
    expect(policy.inUse(anna)).toBe(0)
    expect(policy.effects.ends.at(-1)).toMatchObject({ how: 'handed_on', isCharged: false })
    expect(policy.effects.deadLetters).toEqual([])
    checkInvariants(policy)
  })

  test('is refused where there is nobody, or it was there: it stays in the inbox', () => {
    const { policy, record } = inbox()
    expect(policy.core.handedOn(record, policy.nowMs)).toBe('not_supported')
    expect(record.state).toBe(RUNNING)
    const again = inbox({ escalateTo: 'boss' })
    again.policy.core.handedOn(again.record, again.policy.nowMs)
    again.policy.place()
    expect(again.record.agentId).toBe('anna')
    expect(again.policy.core.handedOn(again.record, again.policy.nowMs)).toBe('not_supported')
    expect(again.record.state).toBe(RUNNING)
    checkInvariants(again.policy)
  })

  test('is refused of a part: a vote, or a second attempt', () => {
    const { policy, record } = inbox({ escalateTo: 'boss' })
    policy.agent('bert', PERSON)
    const twin = hedge(policy, record)
    policy.place()
    expect(policy.core.handedOn(twin, policy.nowMs)).toBe('not_supported')
    policy.cancel(record)
    expect(twin.state).toBe(CANCELLED)
    const { votes } = ask(policy, 2)
    policy.place()
    expect(policy.core.handedOn(votes[0], policy.nowMs)).toBe('not_supported')
    checkInvariants(policy)
  })
})
