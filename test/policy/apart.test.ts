/** Tasks that must not come to certain agents: votes on one question, and what waits for somebody else. */
import { describe, expect, test } from 'vitest'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import { COMMITTED, CONFLICT } from '../../src/policy/core.ts'
import {
  BLOCKED,
  BOUND,
  CANCELLED,
  COMPLETED,
  FAILED,
  PARKED,
  RUNNING,
  WAITING,
} from '../../src/policy/task-record.ts'
import { ask, ballotOf, toQueue } from './graph-support.ts'
import { checkInvariants } from './invariants.ts'
import { Policy } from './support.ts'

const YES = { ok: true, next: null } as const
const NO = { ok: false, code: 'consensus_required', message: 'They do not agree.' } as const

function asked(agents: number, voters = 2, queue: object = {}) {
  const policy = new Policy({ queue: { retryCount: 0, ...queue } })
  const members = Array.from({ length: agents }, (_, i) => policy.agent(`a${i}`))
  const { record: question, votes } = ask(policy, voters)
  return { policy, members, question, votes }
}

describe('votes', () => {
  test('on one question go to different agents, and the question waits for them', () => {
    const { policy, question, votes } = asked(3)
    expect(question.state).toBe(BLOCKED)
    expect(policy.place()).toEqual(votes)
    expect(votes.map(({ agentId }) => agentId)).toEqual(['a0', 'a1'])
    checkInvariants(policy)
  })

  test('on what depends on others are refused, and it is said when they may be asked for', () => {
    const policy = new Policy()
    policy.submit('q', { id: 'parent' })
    const { nodes } = ballotOf(2, 'q', { after: ['parent'] })
    expect(policy.core.submitGraph({ flow: null, nodes }, policy.nowMs)).toMatchObject({
      code: 'not_supported',
      message:
        'A task that several agents decide together cannot depend on others: submit it when those ' +
        'have completed.',
    })
    checkInvariants(policy)
  })

  test('never come to one agent, not even once the first has voted', () => {
    const { policy, votes } = asked(1)
    policy.place()
    expect(votes.map(({ state }) => state)).toEqual([RUNNING, WAITING])
    policy.succeed(votes[0])
    policy.place()
    expect(votes[1].state).toBe(PARKED)
    checkInvariants(policy)
    policy.agent('late')
    policy.place()
    expect(votes[1].agentId).toBe('late')
  })

  test('a proposal of an agent that has another vote conflicts', () => {
    const { policy, members, votes } = asked(2)
    const [first, second] = policy.offerAll()
    expect(policy.propose(first, members[0])).toBe(COMMITTED)
    expect(policy.propose(second, members[0])).toBe(CONFLICT)
    expect(policy.propose(second, members[1])).toBe(COMMITTED)
    expect(votes).toEqual([first, second])
  })

  test('of which one failed may come to its agent again, but not to that of another', () => {
    const { policy, votes } = asked(2, 2, { retryCount: 1 })
    policy.place()
    policy.fail(votes[0])
    policy.place()
    expect(votes[0].agentId).toBe('a0')
    checkInvariants(policy)
  })

  test('of an agent that was lost are anybody’s again who has none', () => {
    const { policy, members, votes } = asked(2)
    policy.place()
    policy.bye(members[0])
    policy.place()
    expect(votes[0].state).toBe(WAITING)
    policy.succeed(votes[1])
    policy.place()
    expect(votes[0].state).toBe(PARKED)
    policy.agent('a0', { instance: 'a0-2' })
    policy.place()
    expect(votes[0].state).toBe(RUNNING)
    checkInvariants(policy)
  })

  test('bound to agents without credit are kept apart there too, and steals follow it', () => {
    const policy = new Policy({ queue: { binding: 'early' } })
    const [a, b, c] = ['a', 'b', 'c'].map((id) => policy.agent(id))
    policy.submitMany(3)
    policy.place()
    const { votes } = ask(policy, 2)
    const [first, second] = policy.offerAll()
    policy.propose(first, a)
    expect(policy.propose(second, a)).toBe(CONFLICT)
    policy.propose(second, b)
    expect(votes.map(({ state }) => state)).toEqual([BOUND, BOUND])
    checkInvariants(policy)
    expect(policy.steal(first, b)).toBe('not_served')
    expect(policy.steal(first, c)).toBe(null)
    checkInvariants(policy)
    expect(policy.steal(second, a)).toBe(null)
    checkInvariants(policy)
  })

  test('fail without letter, escalation or move: what that means is for the question', () => {
    const { policy, question, votes } = asked(2, 2, {
      escalateOn: ['hard'],
      escalateTo: 'boss',
    })
    policy.place()
    policy.fail(votes[0], true, 'hard')
    expect(votes[0].state).toBe(FAILED)
    expect(policy.effects.deadLetters).toEqual([])
    expect(question.state).toBe(BLOCKED)
    checkInvariants(policy)
  })
})

describe('resolve', () => {
  test('completes the question, and cancels the votes that are out', () => {
    const { policy, question, votes } = asked(2)
    policy.place()
    policy.succeed(votes[0])
    expect(policy.core.resolve(question, YES, policy.nowMs)).toBe(null)
    expect([question.state, votes[1].state]).toEqual([COMPLETED, CANCELLED])
    expect(policy.effects.revoked).toHaveLength(1)
    expect(policy.core.resolve(question, YES, policy.nowMs)).toBe('finished')
    checkInvariants(policy)
  })

  test('fails it with a letter, or escalates it where its queue says so', () => {
    const { policy, question } = asked(2)
    expect(policy.core.resolve(question, NO, policy.nowMs)).toBe(null)
    expect([question.state, question.code]).toEqual([FAILED, 'consensus_required'])
    expect(policy.effects.deadLetters).toHaveLength(1)
    const other = asked(2, 3, { escalateOn: ['consensus_required'], escalateTo: 'boss' })
    other.policy.place()
    other.policy.succeed(other.votes[0])
    expect(other.policy.core.resolve(other.question, NO, other.policy.nowMs)).toBe(null)
    expect(other.question.cls!.queue.name).toBe('boss')
    expect(other.question.state).toBe(WAITING)
    expect(other.votes.map(({ state }) => state)).toEqual([COMPLETED, CANCELLED, CANCELLED])
    checkInvariants(other.policy)
    expect(other.policy.core.resolve(other.question, YES, other.policy.nowMs)).toBe('not_held')
    other.policy.place()
    other.policy.succeed(other.question)
    checkInvariants(other.policy)
  })

  test('sends it on by a rule on what was agreed, as one stage that nobody did alone', () => {
    const { policy, question, votes } = asked(2)
    policy.place()
    for (const vote of votes) policy.succeed(vote)
    policy.core.resolve(question, { ok: true, next: toQueue('high', 4) }, policy.nowMs)
    expect(question.state).toBe(WAITING)
    expect(question.baseLevel).toBe(4)
    expect(question.extras!.stages.map(({ queue, agentId }) => [queue, agentId])).toEqual([
      ['q', ''],
    ])
    checkInvariants(policy)
  })

  test('is refused of what nobody holds', () => {
    const policy = new Policy()
    policy.agent('a')
    const plain = policy.submit()
    expect(policy.core.resolve(plain, YES, policy.nowMs)).toBe('not_held')
    const child = policy.submit('q', { after: [plain.id] })
    expect(policy.core.resolve(child, YES, policy.nowMs)).toBe('not_held')
    expect(child.state).toBe(BLOCKED)
  })

  test('is not needed to cancel the question: its votes go with it', () => {
    const { policy, question, votes } = asked(1)
    policy.place()
    policy.cancel(question)
    expect(votes.map(({ state }) => state)).toEqual([CANCELLED, CANCELLED])
    checkInvariants(policy)
  })

  test('a question past its deadline ends with its votes', () => {
    const policy = new Policy()
    const { record, votes } = ask(policy, 2, 'q', { own: { deadlineMs: 100 } })
    policy.pass(100)
    expect(record.code).toBe('deadline_expired')
    expect(votes.every(({ code }) => code === 'deadline_expired' || code === 'cancelled')).toBe(
      true,
    )
    checkInvariants(policy)
  })

  test('what a task waits for that several decide, and one that comes again, is the question', () => {
    const policy = new Policy()
    policy.agent('a')
    const { record, votes } = ask(policy, 2, 'q', { id: 'question' })
    const child = policy.submit('q', { after: ['question'] })
    const again = ballotOf(2, 'q', { id: 'question' })
    const refusal = policy.core.submitGraph({ flow: null, nodes: again.nodes }, policy.nowMs)
    expect(refusal).toMatchObject({ code: 'duplicate', first: record })
    policy.place()
    expect(policy.core.waitingFor(record)).toBe(
      `2 of 2 votes on it: "${votes[0].id}" (processing), "${votes[1].id}" (pending)`,
    )
    policy.succeed(votes[0])
    policy.core.resolve(record, YES, policy.nowMs)
    expect(child.state).toBe(WAITING)
    checkInvariants(policy)
  })
})

describe('parked', () => {
  function parked(given: object = {}) {
    const all = asked(1, 2, given)
    all.policy.place()
    all.policy.succeed(all.votes[0])
    all.policy.place()
    return { ...all, vote: all.votes[1] }
  }

  test('a task holds nobody up that comes behind it', () => {
    const { policy, vote } = parked()
    const behind = policy.submit()
    expect(policy.place()).toEqual([behind])
    expect(vote.state).toBe(PARKED)
    expect(policy.core.queues.get('q')!.waiting).toBe(1)
  })

  test('its wait goes on: it is warned, breaches, rises and expires', () => {
    const { policy, vote } = parked({ slaTargetMs: 1_000, maxAgeMs: 500, ttlMs: 2_000 })
    policy.pass(500)
    expect([vote.level, vote.pendingLevel]).toEqual([3, 4])
    policy.pass(500)
    expect([vote.warned, vote.breached]).toEqual([true, true])
    policy.core.unpark(1)
    expect([vote.state, vote.level]).toEqual([WAITING, 4])
    policy.place()
    expect(vote.state).toBe(PARKED)
    checkInvariants(policy)
    policy.pass(1_000)
    expect(vote.code).toBe('ttl_expired')
    checkInvariants(policy)
  })

  test('it comes back to where it stands by what its queue promises since', () => {
    const { policy, vote } = parked({ slaTargetMs: 60_000 })
    policy.core.configureQueue('q', { ...QUEUE_DEFAULTS, slaTargetMs: 100 })
    policy.agent('late', { concurrency: 2 })
    const later = policy.submit('q', { own: { slaTargetMs: 500 } })
    policy.core.unpark(1)
    expect(vote.dueMs).toBeLessThan(later.dueMs)
    expect(policy.offerAll()).toEqual([vote, later])
    checkInvariants(policy)
  })

  test('it is tried again when credit has come free, and not before', () => {
    const { policy, members } = parked()
    expect(policy.core.parkedToTry).toBe(0)
    const other = policy.run()
    expect(policy.core.parkedToTry).toBe(0)
    policy.succeed(other)
    expect(policy.core.parkedToTry).toBe(1)
    expect(policy.core.unpark(10)).toBe(1)
    expect(policy.core.parkedToTry).toBe(0)
    policy.place()
    expect(policy.core.parkedToTry).toBe(0)
    policy.limit(members[0], 0)
    policy.limit(members[0], -1)
    expect(policy.core.parkedToTry).toBe(1)
  })

  test('it is tried again when the agent that had its like has credit besides', () => {
    const policy = new Policy({ queue: { retryCount: 0 } })
    policy.agent('a', { concurrency: 3 })
    const { votes } = ask(policy, 2)
    policy.place()
    expect(votes.map(({ state }) => state)).toEqual([RUNNING, PARKED])
    // Its credit stays charged, but it may have the other one.
    policy.cancel(votes[0])
    policy.place()
    expect(votes[1].state).toBe(RUNNING)
  })

  test('some at a time are tried, those that were tried longest ago first', () => {
    const policy = new Policy()
    policy.agent('a', { concurrency: 20 })
    const asks = Array.from({ length: 5 }, () => ask(policy, 2))
    policy.place()
    expect(policy.core.parked.length).toBe(5)
    for (const { votes } of asks) policy.succeed(votes[0])
    expect(policy.core.parkedToTry).toBe(5)
    expect(policy.core.unpark(2)).toBe(2)
    expect(policy.core.parkedToTry).toBe(3)
    expect(asks.map(({ votes }) => votes[1].state)).toEqual([
      WAITING,
      WAITING,
      PARKED,
      PARKED,
      PARKED,
    ])
    policy.cancel(asks[4].votes[1])
    expect(policy.core.parkedToTry).toBe(2)
    checkInvariants(policy)
  })

  test('it is cancelled, escalated and moved as one that waits', () => {
    const { policy, vote, question } = parked()
    policy.cancel(vote)
    expect([vote.state, question.state]).toEqual([CANCELLED, BLOCKED])
    expect(policy.core.parked.length).toBe(0)
    checkInvariants(policy)
  })

  test('it says whom it waits for', () => {
    const { policy, vote } = parked()
    expect(policy.core.waitingFor(vote)).toBe('another agent than "a0": no other serves q')
    policy.agent('b', { concurrency: 1 })
    expect(policy.core.waitingFor(vote)).toBe('another agent than "a0"')
  })
})
