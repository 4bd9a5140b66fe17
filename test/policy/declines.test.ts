/** Who will not do a task is not asked again: each other agent once, then whom the queue names. */
import { describe, expect, test } from 'vitest'
import { hasOther } from '../../src/policy/apart.ts'
import {
  CANCELLED,
  COMPLETED,
  FAILED,
  isFinal,
  PARKED,
  RUNNING,
  WAITING,
} from '../../src/policy/task-record.ts'
import { Random } from '../../src/routing/generator.ts'
import { below, chance } from './age-twin.ts'
import { ask, hedge, twinFor } from './graph-support.ts'
import { checkInvariants } from './invariants.ts'
import { Policy, seedsOr } from './support.ts'

function offered(agents: number, queue: object = {}) {
  const policy = new Policy({ queue: { retryCount: 0, ...queue } })
  const members = Array.from({ length: agents }, (_, i) => {
    return policy.agent(`a${i}`, { declines: true })
  })
  return { policy, members, record: policy.run() }
}

function decline(policy: Policy, record: ReturnType<Policy['run']>): void {
  policy.core.declined(record, policy.nowMs)
  checkInvariants(policy)
  policy.place()
}

test('decline: each agent is asked once, and then it fails, with a letter', () => {
  const { policy, record } = offered(3)
  const asked: (string | null)[] = []
  while (record.state === RUNNING) {
    asked.push(record.agentId)
    decline(policy, record)
  }
  expect(asked).toEqual(['a0', 'a1', 'a2'])
  expect([record.state, record.code]).toEqual([FAILED, 'declined'])
  expect(policy.effects.deadLetters).toHaveLength(1)
  expect(policy.core.counters.declined).toBe(3)
})

test('decline: where the queue escalates, it goes there instead, to whoever serves that', () => {
  const { policy, record } = offered(2, { escalateTo: 'boss' })
  decline(policy, record)
  decline(policy, record)
  expect(record.cls!.queue.name).toBe('boss')
  expect([record.state, record.agentId]).toEqual([RUNNING, 'a0'])
  checkInvariants(policy)
})

test('decline: it is no failure of the task or of its agent, and gives its credit back', () => {
  const { policy, members, record } = offered(2)
  policy.core.declined(record, policy.nowMs)
  expect([record.failures, members[0].failed, policy.inUse(members[0])]).toEqual([0, 0, 0])
  expect([record.code, record.message]).toEqual(['declined', 'Agent "a0" declined it.'])
  expect(policy.effects.ends).toMatchObject([{ how: 'declined', isCharged: false }])
})

test('decline: a task that only a busy agent may have waits for that one, and not in its lane', () => {
  const { policy, record } = offered(2)
  const other = policy.run()
  expect(other.agentId).toBe('a1')
  decline(policy, record)
  expect(record.state).toBe(PARKED)
  policy.succeed(other)
  policy.place()
  expect(record.agentId).toBe('a1')
})

test('decline: one who draws back after a failure of the task is not asked again either', () => {
  const { policy, record } = offered(2, { retryCount: 3 })
  decline(policy, record)
  policy.fail(record)
  policy.place()
  expect(record.agentId).toBe('a1')
  decline(policy, record)
  expect(record.code).toBe('declined')
})

test('decline: an agent that comes later is asked, one that comes again is not', () => {
  const { policy, members, record } = offered(2)
  policy.limit(members[1], 0)
  decline(policy, record)
  policy.bye(members[0])
  policy.agent('a0', { instance: 'again', declines: true })
  policy.place()
  expect(record.state).not.toBe(RUNNING)
  policy.agent('late')
  policy.place()
  expect(record.agentId).toBe('late')
  checkInvariants(policy)
})

test('decline: a vote is for somebody else who has none of its question, and fails without one', () => {
  const { policy } = offered(3)
  const { votes } = ask(policy, 2)
  policy.place()
  expect(votes.map(({ agentId }) => agentId)).toEqual(['a1', 'a2'])
  decline(policy, votes[0])
  decline(policy, votes[1])
  expect(votes.map(({ state }) => state)).toEqual([PARKED, PARKED])
  policy.succeed(policy.core.agents.get('a0')!.running.head!)
  policy.place()
  expect(votes.map(({ agentId, state }) => [agentId, state])).toEqual([
    ['a0', RUNNING],
    ['a2', PARKED],
  ])
  // Nobody is left whom the first could still be given to.
  decline(policy, votes[0])
  expect([votes[0].state, votes[0].code]).toEqual([FAILED, 'declined'])
  expect(policy.effects.deadLetters).toEqual([])
  checkInvariants(policy)
})

/** One runs at a0, its second attempt at a1; there is nobody else. */
function hedged(queue: object = {}) {
  const all = offered(2, queue)
  const twin = hedge(all.policy, all.record)
  all.policy.place()
  expect([all.record.agentId, twin.agentId]).toEqual(['a0', 'a1'])
  return { ...all, twin }
}

describe('decline: a task with a second attempt that the last one to ask works on', () => {
  test('waits for that, and is completed by it', () => {
    const { policy, record, twin } = hedged()
    decline(policy, record)
    expect([record.state, twin.state]).toEqual([PARKED, RUNNING])
    policy.succeed(twin)
    expect([record.state, record.agentId, twin.state]).toEqual([COMPLETED, 'a1', COMPLETED])
    expect(policy.effects.deadLetters).toEqual([])
    checkInvariants(policy)
  })

  test('goes there itself when that fails', () => {
    const { policy, record, twin } = hedged()
    decline(policy, record)
    policy.fail(twin)
    policy.place()
    expect([twin.state, record.state, record.agentId]).toEqual([FAILED, RUNNING, 'a1'])
    checkInvariants(policy)
  })

  test('waits for whoever comes when that one leaves, as any task does', () => {
    const { policy, members, record } = hedged()
    decline(policy, record)
    policy.bye(members[1])
    policy.place()
    expect(record.state).toBe(PARKED)
    policy.agent('late')
    policy.place()
    expect(record.agentId).toBe('late')
    checkInvariants(policy)
  })

  test('fails with a letter when that is declined too, and the second attempt without one', () => {
    const { policy, record, twin } = hedged()
    decline(policy, record)
    decline(policy, twin)
    expect([twin.state, record.state, record.code]).toEqual([FAILED, FAILED, 'declined'])
    expect(record.message).toBe('Agent "a1" declined it.')
    expect(policy.effects.deadLetters).toMatchObject([{ record }])
    expect(policy.effects.outcomes).toEqual([twin, record])
  })

  test('goes to whom the queue escalates to when that is declined too', () => {
    const { policy, record, twin } = hedged({ escalateTo: 'boss' })
    decline(policy, record)
    expect(record.cls!.queue.name).toBe('q')
    decline(policy, twin)
    expect([twin.state, record.cls!.queue.name, record.state]).toEqual([FAILED, 'boss', RUNNING])
  })

  test('fails when that is declined while it waits because its own agent left', () => {
    const { policy, members, record, twin } = hedged()
    policy.bye(members[0])
    expect(record.state).toBe(WAITING)
    decline(policy, twin)
    expect([twin.state, record.state, record.code]).toEqual([FAILED, FAILED, 'declined'])
  })

  test('goes on where it runs when that is declined, and fails if it is declined there', () => {
    const { policy, record, twin } = hedged()
    decline(policy, twin)
    expect([twin.state, record.state, record.agentId]).toEqual([FAILED, RUNNING, 'a0'])
    decline(policy, record)
    expect([record.state, record.code]).toEqual([FAILED, 'declined'])
  })

  test('does not wait for one that nobody has', () => {
    const { policy, record } = offered(1)
    const twin = hedge(policy, record)
    expect(twin.state).toBe(WAITING)
    decline(policy, record)
    expect([record.state, record.code, twin.state]).toEqual([FAILED, 'declined', CANCELLED])
  })
})

test('decline: whoever declines, fails and succeeds in whatever order, no task waits for nobody', () => {
  let waited = 0
  let gone = 0
  for (let seed = 1; seed <= seedsOr(300); seed++) {
    const random = new Random(seed)
    const escalateTo = chance(random, 2) ? 'boss' : ''
    const policy = new Policy({ queue: { retryCount: 1, escalateTo } })
    // People: what is revoked is not charged to them.
    const given = { claims: true, declines: true, beats: false, leased: false }
    const members = Array.from({ length: 2 + below(random, 2) }, (_, i) => {
      return policy.agent(`a${i}`, given)
    })
    const all = [policy.submit(), policy.submit()]
    // Ends: no attempt is hedged after a while, and each ends; all but a few are declined.
    for (let step = 0; step < 200; step++) {
      policy.place()
      const running = members.flatMap((agent) => agent.running.head ?? [])
      if (running.length === 0) break
      const one = running[below(random, running.length)]
      const standsFor = one.extras?.standsFor ?? null
      if (step < 40 && chance(random, 3)) policy.core.hedge(one, twinFor(one), policy.nowMs)
      else if (chance(random, 8)) policy.fail(one)
      else if (chance(random, 16)) policy.succeed(one)
      else {
        policy.core.declined(one, policy.nowMs)
        const twin = one.extras?.twin ?? null
        if (twin?.state === RUNNING && !hasOther(one)) waited++
        if (standsFor !== null && standsFor.code === 'declined' && isFinal(standsFor.state)) gone++
      }
      checkInvariants(policy)
    }
    expect([seed, ...all.map(({ state }) => isFinal(state))]).toEqual([seed, true, true])
    expect(policy.core.counters.accepted).toBe(policy.effects.outcomes.length)
  }
  expect(waited).toBeGreaterThan(20)
  expect(gone).toBeGreaterThan(20)
})
