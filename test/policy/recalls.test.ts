/** Call-backs: attempts that were sent and not begun come back, or go on. */
import { expect, test } from 'vitest'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { unbegunOf } from '../../src/policy/recalls.ts'
import {
  CANCELLED,
  COMPLETED,
  RUNNING,
  type TaskRecord,
  WAITING,
} from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { type AgentGiven, Policy, type PolicyGiven, type TaskSpec } from './support.ts'

/** A victim of one at a time that was sent three, and a thief that has nothing to do. */
function crowded(given: PolicyGiven = {}, spec: TaskSpec = {}, victimIs: AgentGiven = {}) {
  const policy = new Policy(given)
  const victim = policy.agent('victim', { recalls: true, capabilities: ['ocr'], ...victimIs })
  policy.core.setPrefetch(victim, 2)
  const records = Array.from({ length: 3 }, () => policy.run('q', spec))
  const thief = policy.agent('thief', { capabilities: ['ocr'] })
  return { policy, victim, thief, records, last: records[2] }
}

/** Leaves the thief without credit. */
function occupy(policy: Policy, thief: AgentState): TaskRecord {
  const record = policy.submit('other')
  policy.offer()
  policy.propose(record, thief)
  expect(record.attempt!.agent).toBe(thief)
  return record
}

test('recalls: what is handed back begins at the thief at once, and nobody has failed', () => {
  const { policy, victim, thief, last } = crowded()
  const before = policy.token(last)
  expect(policy.recall(last, thief)).toBe(null)
  expect(policy.effects.recalls).toEqual([{ record: last, agent: victim }])
  expect(last).toMatchObject({ state: RUNNING, agentId: 'victim' })
  expect(policy.yield(last)).toBe(null)
  expect(last).toMatchObject({ state: RUNNING, agentId: 'thief', attempts: 2 })
  expect(last).toMatchObject({ failures: 0, losses: 0, code: null, message: '' })
  expect(last.attempt).toMatchObject({ agent: thief, counter: 4, recalledAtMs: 0, recallTo: null })
  expect(policy.effects.ends).toMatchObject([{ how: 'recalled', counter: 3, isCharged: false }])
  expect([victim.running.length, victim.failed, victim.lost]).toEqual([2, 0, 0])
  expect([policy.inUse(victim), policy.inUse(thief)]).toEqual([2, 1])
  expect(policy.core.counters).toMatchObject({ recallsAsked: 1, recalled: 1, retried: 0 })
  // Whatever the victim says of it now says nothing.
  expect(policy.attempt(before)).toBe('late_result')
  policy.succeed(last)
  expect(last).toMatchObject({ state: COMPLETED, code: null })
  checkInvariants(policy)
})

test('recalls: an attempt that its agent had begun goes on, and its result counts', () => {
  const { policy, thief, last } = crowded()
  policy.recall(last, thief)
  const token = policy.token(last)
  expect(policy.attempt(token)).toBe(last)
  policy.succeed(last)
  expect(last).toMatchObject({ state: COMPLETED, agentId: 'victim', attempts: 1 })
  expect(policy.inUse(thief)).toBe(0)
  checkInvariants(policy)
})

test('recalls: when its word was lost it is asked again after a lease, not before', () => {
  const { policy, victim, thief, records, last } = crowded()
  expect(policy.recall(last, thief)).toBe(null)
  policy.pass(1)
  expect(policy.recall(last, thief)).toBe('asked')
  // Meanwhile another may be.
  expect(policy.recall(records[1], thief)).toBe(null)
  for (let ms = 1; ms < 10_000; ms += 3_333) {
    policy.beat(victim, records)
    policy.beat(thief)
    policy.pass(3_333)
  }
  expect(last.state).toBe(RUNNING)
  expect(policy.recall(last, thief)).toBe(null)
  expect(policy.core.counters.recallsAsked).toBe(3)
})

test('recalls: no more is asked for than an agent has beyond what it runs at a time', () => {
  const { policy, victim, thief, records, last } = crowded()
  expect(unbegunOf(victim)).toBe(2)
  policy.succeed(records[0])
  policy.succeed(records[1])
  expect(unbegunOf(victim)).toBe(0)
  expect(policy.recall(last, thief)).toBe('begun')
  // Its hands are full of other work.
  policy.beat(victim, [last], 1)
  expect(unbegunOf(victim)).toBe(1)
  expect(policy.recall(last, thief)).toBe(null)
})

test('recalls: of an agent that does not allow it, that pulls, or is to stop it anyway: not', () => {
  const stubborn = crowded({}, {}, { recalls: false })
  expect(unbegunOf(stubborn.victim)).toBe(0)
  expect(stubborn.policy.recall(stubborn.last, stubborn.thief)).toBe('not_allowed')

  const policy = new Policy()
  const puller = policy.agent('puller', { recalls: true, pull: true })
  policy.pull(puller, 3)
  const pulled = [policy.run(), policy.run(), policy.run()]
  const thief = policy.agent('thief')
  expect(unbegunOf(puller)).toBe(0)
  expect(policy.recall(pulled[2], thief)).toBe('not_allowed')

  const given = crowded({}, { level: 2 }, { preemptible: true })
  occupy(given.policy, given.thief)
  given.policy.submit('q', { level: 5 })
  expect(given.policy.interrupt()).toBe(1)
  const [{ record }] = given.policy.effects.preempts
  expect(given.policy.recall(record, given.thief)).toBe('not_allowed')
})

test('recalls: tasks of the protected levels are never asked for', () => {
  for (let level = 1; level <= 5; level++) {
    const { policy, thief, last } = crowded({}, { level })
    expect(policy.recall(last, thief)).toBe(level >= 4 ? 'protected' : null)
    expect(policy.recall(last)).toBe(level >= 4 ? 'protected' : 'asked')
  }
})

test('recalls: for nobody who could not have it, who accepts nothing, or has it already', () => {
  const { policy, victim, thief, last } = crowded({}, { requires: ['ocr'] })
  expect(policy.recall(last, victim)).toBe('same_agent')
  expect(policy.recall(last, policy.agent('other'))).toBe('not_served')
  policy.limit(thief, 0)
  expect(policy.recall(last, thief)).toBe('not_accepting')
  policy.limit(thief, -1)
  policy.core.pauseQueue('q')
  expect(policy.recall(last, thief)).toBe('paused')
  expect(policy.effects.recalls).toEqual([])
  policy.core.resumeQueue('q')
  expect(policy.recall(last, thief)).toBe(null)
})

test('recalls: what waits or has ended cannot be called back', () => {
  const { policy, thief, last } = crowded()
  const waiting = policy.submit('q')
  expect(policy.recall(waiting, thief)).toBe('not_running')
  policy.succeed(last)
  expect(policy.recall(last, thief)).toBe('not_running')
})

test('recalls: a thief that has found other work leaves it to its lane, where it is first', () => {
  const { policy, thief, last } = crowded()
  policy.recall(last, thief)
  occupy(policy, thief)
  const later = policy.submit('q')
  policy.pass(5)
  expect(policy.yield(last)).toBe(null)
  expect(last).toMatchObject({ state: WAITING, attempts: 1, failures: 0, losses: 0 })
  expect(last.readyAtMs).toBe(policy.nowMs)
  policy.agent('third')
  // The victim's credit is free as well.
  expect(policy.offer()).toBe(last)
  expect(policy.offer()).toBe(later)
  checkInvariants(policy)
})

test('recalls: a thief with something in its own queue begins that, not this', () => {
  const { policy, thief, last } = crowded({
    queues: { early: { ...QUEUE_DEFAULTS, binding: 'early' } },
  })
  policy.recall(last, thief)
  const other = occupy(policy, thief)
  const bound = policy.submit('early')
  policy.offer()
  policy.propose(bound, thief)
  policy.succeed(other)
  policy.yield(last)
  expect(last.state).toBe(WAITING)
  expect(policy.startBound()).toEqual([bound])
})

test('recalls: the thief has gone, drains, is another instance by now: back to its lane', () => {
  const ways: ((policy: Policy, thief: AgentState) => void)[] = [
    (policy, thief) => policy.bye(thief),
    (policy, thief) => policy.bye(thief, true),
    (policy) => policy.agent('thief', { instance: 'thief-2' }),
    (policy, thief) => policy.limit(thief, 0),
    (policy, thief) => policy.agent('thief', { instance: thief.instance, queues: ['r'] }),
  ]
  for (const way of ways) {
    const { policy, thief, last } = crowded()
    policy.recall(last, thief)
    way(policy, thief)
    expect(policy.yield(last)).toBe(null)
    expect(last).toMatchObject({ state: WAITING, attempt: null })
    checkInvariants(policy)
  }
})

test('recalls: a queue that was paused meanwhile gives it to nobody', () => {
  const { policy, thief, last } = crowded()
  policy.recall(last, thief)
  policy.core.pauseQueue('q')
  expect(policy.yield(last)).toBe(null)
  expect([last.state, policy.offer()]).toEqual([WAITING, null])
  checkInvariants(policy)
})

test('recalls: in a queue with as many in hand as it may it has the place that it leaves', () => {
  const { policy, thief, last } = crowded({ queue: { concurrency: 3 } })
  const waiting = policy.submit('q')
  policy.recall(last, thief)
  expect(policy.yield(last)).toBe(null)
  expect(last).toMatchObject({ state: RUNNING, agentId: 'thief' })
  expect(waiting.cls!.queue).toMatchObject({ inHand: 3, held: true })
  expect(policy.offer()).toBe(null)
  checkInvariants(policy)
})

test('recalls: a queue that may have fewer in hand by now has one less', () => {
  const { policy, thief, last } = crowded({ queue: { concurrency: 3 } })
  policy.recall(last, thief)
  policy.core.configureQueue('q', { ...QUEUE_DEFAULTS, concurrency: 2 })
  expect(policy.yield(last)).toBe(null)
  expect(last.state).toBe(WAITING)
  expect(last.cls!.queue).toMatchObject({ inHand: 2, held: true })
  checkInvariants(policy)
})

test('recalls: without a thief it goes back to its lane', () => {
  const { policy, victim, last } = crowded()
  policy.limit(victim, 0)
  expect(policy.recall(last)).toBe(null)
  expect(policy.yield(last)).toBe(null)
  expect(last).toMatchObject({ state: WAITING, code: null, losses: 0 })
  expect(policy.place()).toEqual([last])
  expect(last.agentId).toBe('thief')
  checkInvariants(policy)
})

test('recalls: what is cancelled, over its time or failed meanwhile has ended, and the word is late', () => {
  const cancelled = crowded()
  cancelled.policy.recall(cancelled.last, cancelled.thief)
  const token = cancelled.policy.token(cancelled.last)
  cancelled.policy.cancel(cancelled.last)
  expect(cancelled.policy.inUse(cancelled.victim)).toBe(3)
  expect(cancelled.policy.attempt(token)).toBe('late_result')
  expect(cancelled.policy.inUse(cancelled.victim)).toBe(2)
  expect(cancelled.last.state).toBe(CANCELLED)
  checkInvariants(cancelled.policy)

  const { policy, victim, thief, last } = crowded({ queue: { timeoutMs: 500 } })
  policy.recall(last, thief)
  const late = policy.token(last)
  policy.pass(500)
  expect(last).toMatchObject({ state: WAITING, code: 'timeout', failures: 1 })
  expect(policy.attempt(late)).toBe('late_result')
  expect(victim.ended.size).toBe(2)
  expect(policy.core.counters.recalled).toBe(0)
  checkInvariants(policy)

  const failing = crowded()
  failing.policy.recall(failing.last, failing.thief)
  failing.policy.fail(failing.last)
  expect(failing.last).toMatchObject({ code: 'error', failures: 1 })
  checkInvariants(failing.policy)
})

test('recalls: when its agent is lost, fenced or not listening it is a loss as any', () => {
  const ways: ((policy: Policy, victim: AgentState, last: TaskRecord) => void)[] = [
    (policy, victim) => policy.core.agentLost(victim, policy.nowMs),
    (policy) => policy.agent('victim', { instance: 'victim-2' }),
    (policy, _, last) => policy.core.dispatchFailed(last, policy.nowMs),
  ]
  for (const way of ways) {
    const { policy, victim, thief, last } = crowded()
    policy.recall(last, thief)
    way(policy, victim, last)
    expect(last).toMatchObject({ state: WAITING, losses: 1 })
    expect(policy.core.counters.recalled).toBe(0)
    checkInvariants(policy)
  }
})

test('recalls: two beats that lack it end it as lost, as if it had not been called back', () => {
  const { policy, victim, thief, records, last } = crowded()
  policy.recall(last, thief)
  policy.beat(victim, records.slice(0, 2))
  expect(last.state).toBe(RUNNING)
  policy.beat(victim, records.slice(0, 2))
  expect(last).toMatchObject({ state: WAITING, code: 'agent_lost', losses: 1 })
  checkInvariants(policy)
})

test('recalls: one that is asked to stop besides is handed back as interrupted', () => {
  const { policy, thief, last } = crowded({}, { level: 2 }, { preemptible: true })
  policy.recall(last, thief)
  occupy(policy, thief)
  policy.submit('q', { level: 5 })
  expect(policy.interrupt()).toBe(1)
  expect(policy.effects.preempts[0].record).toBe(last)
  expect(policy.yield(last)).toBe(null)
  expect(last).toMatchObject({ state: WAITING, code: 'preempted' })
  expect(policy.core.counters).toMatchObject({ preempted: 1, recalled: 0 })
  checkInvariants(policy)
})

test('recalls: what was not called back, or comes with a checkpoint, is not handed back', () => {
  const { policy, thief, records, last } = crowded()
  expect(policy.yield(last)).toBe('preempted')
  policy.recall(last, thief)
  expect(policy.yield(records[1])).toBe('preempted')
  // It had begun: nobody asked it to stop.
  expect(policy.yield(last, new Uint8Array([1]))).toBe('preempted')
  expect(last).toMatchObject({ state: RUNNING, agentId: 'victim' })
  checkInvariants(policy)
})

test('recalls: at the thief its time-out and its heartbeat begin anew', () => {
  const { policy, thief, last } = crowded({ queue: { timeoutMs: 900, heartbeatTimeoutMs: 700 } })
  policy.pass(600)
  policy.recall(last, thief)
  policy.yield(last)
  policy.pass(600)
  expect(last).toMatchObject({ state: RUNNING, agentId: 'thief' })
  policy.core.heard(last, 'half', policy.nowMs)
  policy.pass(300)
  expect(last).toMatchObject({ code: 'timeout', failures: 1 })
  checkInvariants(policy)
})

test('recalls: its promise is judged at its first start, and goes on where it is to be completed', () => {
  const { policy, thief, last } = crowded({ queue: { slaTargetMs: 1_000, slaClock: 'completed' } })
  policy.pass(500)
  policy.recall(last, thief)
  policy.yield(last)
  expect(last.queue!).toMatchObject({ slaKept: 3, slaMissed: 0 })
  policy.pass(300)
  expect(policy.effects.notes.map(({ note }) => note)).toContain('warned')
  policy.pass(200)
  expect(last.breached).toBe(true)
  policy.succeed(last)
  expect(last.queue!).toMatchObject({ slaCompletedKept: 0, slaCompletedMissed: 1, slaKept: 3 })
  checkInvariants(policy)
})

test('recalls: why an earlier attempt failed is said of the task still', () => {
  const { policy, thief, last } = crowded()
  policy.fail(last, true, 'api_error')
  expect(policy.place()).toEqual([last])
  expect(last.agentId).toBe('victim')
  expect(policy.recall(last, thief)).toBe(null)
  expect(policy.yield(last)).toBe(null)
  expect(last).toMatchObject({ agentId: 'thief', code: 'api_error', message: 'it failed' })
})

test('recalls: one on trial takes what it is handed, if it has nothing else', () => {
  const { policy, thief, records, last } = crowded()
  policy.limit(thief, 1)
  policy.recall(last, thief)
  policy.recall(records[1], thief)
  policy.yield(last)
  policy.yield(records[1])
  expect([last.state, records[1].state]).toEqual([RUNNING, WAITING])
  checkInvariants(policy)
})
