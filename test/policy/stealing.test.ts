/** Steals: what is bound to one agent becomes another's, or stays where it is. */
import { expect, test } from 'vitest'
import { toAgent } from '../../native-free/index.ts'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { BOUND, CANCELLED, EXPIRED, RUNNING, WAITING } from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { type AgentGiven, ids, Policy, type PolicyGiven, type TaskSpec } from './support.ts'

const EARLY = { queue: { binding: 'early' as const } }
const QUEUE = { ...QUEUE_DEFAULTS, binding: 'early' as const }

/** A victim that runs a task and has `count` bound to it; who joins later may steal them. */
function crowded(count: number, given: PolicyGiven = {}, spec: TaskSpec = {}) {
  const policy = new Policy({ ...EARLY, ...given })
  const victim = policy.agent('victim', { capabilities: ['ocr'] })
  const ran = policy.run()
  const records = policy.submitMany(count, 'q', spec)
  policy.place()
  expect(records.map(({ state }) => state)).toEqual(records.map(() => BOUND))
  return { policy, victim, ran, records }
}

/** An agent that runs something already. */
function busy(policy: Policy, id: string, given: AgentGiven = {}): AgentState {
  const agent = policy.agent(id, { ...given, queues: ['*'] })
  const record = policy.submit('late')
  policy.offer()
  policy.propose(record, agent)
  expect(record.state).toBe(RUNNING)
  return agent
}

function queueOf(agent: AgentState): string[] {
  const queued: string[] = []
  for (let record = agent.bound.head; record !== null; record = record.next) queued.push(record.id)
  return queued
}

const LATE = { queues: { late: { ...QUEUE_DEFAULTS, binding: 'late' as const } } }

test('stealing: an agent with nothing to do begins what it takes at once', () => {
  const { policy, victim, records } = crowded(3)
  const thief = policy.agent('thief')
  expect(policy.steal(records[2], thief)).toBe(null)
  expect(records[2]).toMatchObject({ state: RUNNING, agentId: 'thief', attempts: 1 })
  expect(records[2].attempt).toMatchObject({ agent: thief, counter: 2 })
  expect(queueOf(victim)).toEqual(ids(records.slice(0, 2)))
  expect(policy.inUse(thief)).toBe(1)
  expect(policy.effects.steals).toEqual([{ record: records[2], from: victim, to: thief }])
  expect(policy.core.counters).toMatchObject({ stolen: 1, started: 2, bound: 3 })
  checkInvariants(policy)
})

test('stealing: an agent that is full takes it into its own queue, in its place by rank', () => {
  const { policy, victim, records } = crowded(3, LATE)
  const thief = busy(policy, 'thief')
  expect(policy.steal(records[2], thief)).toBe(null)
  expect(policy.steal(records[0], thief)).toBe(null)
  expect(records[0]).toMatchObject({ state: BOUND, agentId: 'thief', attempt: null, attempts: 0 })
  expect(queueOf(thief)).toEqual(ids([records[0], records[2]]))
  expect(queueOf(victim)).toEqual(ids([records[1]]))
  expect(policy.table.queued(toAgent(thief.index))).toBe(2)
  expect([policy.core.totalBound, records[0].queue!.bound]).toEqual([3, 3])
  checkInvariants(policy)
})

test('stealing: who has something in its own queue begins that before what it takes', () => {
  const { policy, records } = crowded(2, LATE)
  const thief = busy(policy, 'thief')
  expect(policy.steal(records[1], thief)).toBe(null)
  policy.succeed(thief.running.head!)
  // It has credit by now, and one that waits for it.
  expect(policy.steal(records[0], thief)).toBe(null)
  expect(records[0].state).toBe(BOUND)
  expect(ids(policy.startBound())).toEqual([records[0].id])
  checkInvariants(policy)
})

test('stealing: tasks of the protected levels never move, and those below them do', () => {
  for (const protectFrom of [1, 4, 6]) {
    for (let level = 1; level <= 5; level++) {
      const { policy, records } = crowded(1, { protectFrom }, { level })
      const thief = policy.agent('thief')
      const expected = level >= protectFrom ? 'protected' : null
      expect(policy.steal(records[0], thief)).toBe(expected)
      expect(records[0].agentId).toBe(expected === null ? 'thief' : 'victim')
    }
  }
})

test('stealing: what was boosted is protected by what was asked for, not by what it rose to', () => {
  const boostAfterMs = { background: 0, low: 0, normal: 100 }
  const { policy, records } = crowded(1, { queue: { ...EARLY.queue, boostAfterMs } })
  const thief = policy.agent('thief')
  policy.pass(150)
  expect(records[0].pendingLevel).toBe(4)
  expect(policy.steal(records[0], thief)).toBe(null)
})

test('stealing: the thief has all that the task requires, also where its queue matches loosely', () => {
  for (const match of ['exact', 'best_fit', 'fallback'] as const) {
    const { policy, records } = crowded(1, {}, { requires: ['ocr'], match })
    const other = policy.agent('other', { capabilities: ['gpu'] })
    expect(policy.steal(records[0], other)).toBe('not_served')
    const elsewhere = policy.agent('elsewhere', { queues: ['r'], capabilities: ['ocr'] })
    expect(policy.steal(records[0], elsewhere)).toBe('not_served')
    const able = policy.agent('able', { capabilities: ['gpu', 'ocr'] })
    expect(policy.steal(records[0], able)).toBe(null)
  }
})

test('stealing: what waits in a lane, is offered, runs or has ended cannot be stolen', () => {
  const { policy, ran, records } = crowded(4)
  const [waiting, offered] = [policy.submit(), policy.submit('r')]
  const thief = policy.agent('thief')
  expect(policy.offer()).toBe(waiting)
  expect(policy.steal(waiting, thief)).toBe('not_bound')
  expect(policy.steal(offered, thief)).toBe('not_bound')
  expect(policy.steal(ran, thief)).toBe('not_bound')
  policy.cancel(records[0])
  expect(policy.steal(records[0], thief)).toBe('not_bound')
  checkInvariants(policy)
})

test('stealing: nobody steals from itself, and none that accepts nothing steals', () => {
  const { policy, victim, records } = crowded(1)
  expect(policy.steal(records[0], victim)).toBe('same_agent')
  const thief = policy.agent('thief')
  policy.limit(thief, 0)
  expect(policy.steal(records[0], thief)).toBe('not_accepting')
  policy.limit(thief, -1)
  policy.core.drainAgent('thief')
  expect(policy.steal(records[0], thief)).toBe('not_accepting')
  policy.bye(thief)
  expect(policy.steal(records[0], thief)).toBe('not_accepting')
  expect(records[0]).toMatchObject({ state: BOUND, agentId: 'victim' })
  expect(policy.effects.steals).toEqual([])
  checkInvariants(policy)
})

test('stealing: from one that drains, is paused or is limited nothing is left to be stolen', () => {
  const ways = [
    (policy: Policy) => policy.core.drainAgent('victim'),
    (policy: Policy, victim: AgentState) =>
      policy.core.dispatchFailed(victim.running.head!, policy.nowMs),
    (policy: Policy, victim: AgentState) => policy.limit(victim, 1),
    (policy: Policy) => policy.core.pauseQueue('q'),
  ]
  for (const way of ways) {
    const { policy, victim, records } = crowded(2)
    const thief = policy.agent('thief')
    way(policy, victim)
    expect(records.map(({ state }) => state)).toEqual([WAITING, WAITING])
    expect(policy.steal(records[0], thief)).toBe('not_bound')
    checkInvariants(policy)
  }
})

test('stealing: one on trial begins one task, and has no queue for a second', () => {
  const { policy, records } = crowded(3)
  const thief = policy.agent('thief', { concurrency: 4 })
  policy.limit(thief, 1)
  expect(policy.steal(records[2], thief)).toBe(null)
  expect(records[2].state).toBe(RUNNING)
  expect(policy.steal(records[1], thief)).toBe('no_room')
  policy.succeed(records[2])
  expect(policy.steal(records[1], thief)).toBe(null)
  checkInvariants(policy)
})

test('stealing: one that pulls takes as much as it asked for, and nothing to keep', () => {
  const { policy, records } = crowded(3)
  const thief = policy.agent('thief', { pull: true, concurrency: 4 })
  expect(policy.steal(records[2], thief)).toBe('no_room')
  policy.pull(thief, 1)
  expect(policy.steal(records[2], thief)).toBe(null)
  expect(thief.granted).toBe(0)
  expect(policy.steal(records[1], thief)).toBe('no_room')
  checkInvariants(policy)
})

test('stealing: a queue that is full takes no more', () => {
  const { policy, records } = crowded(4, LATE)
  const thief = busy(policy, 'thief')
  policy.agent('victim-2', { concurrency: 1 })
  for (const record of records) expect(policy.steal(record, thief)).toBe(null)
  expect(thief.bound.length).toBe(4)
  const [more] = policy.submitMany(1)
  policy.place()
  const [next] = policy.submitMany(1)
  policy.place()
  expect([more.state, next.state]).toEqual([RUNNING, BOUND])
  expect(policy.steal(next, thief)).toBe('no_room')
  checkInvariants(policy)
})

test('stealing: without a slot it waits in the thief’s queue, and begins when there is one', () => {
  const policy = new Policy({ ...EARLY, slots: 32 })
  policy.agent('victim', { concurrency: 31 })
  const [ran] = Array.from({ length: 31 }, () => policy.run())
  const [record] = policy.submitMany(1)
  policy.place()
  expect(record.state).toBe(BOUND)
  const thief = policy.agent('thief', { concurrency: 3 })
  policy.run()
  expect(policy.core.freeSlots.size).toBe(0)
  expect(policy.steal(record, thief)).toBe(null)
  expect(record).toMatchObject({ state: BOUND, agentId: 'thief' })
  expect(policy.startBound()).toEqual([])
  policy.succeed(ran)
  expect(policy.startBound()).toEqual([record])
  expect(record.attempt!.agent).toBe(thief)
  checkInvariants(policy)
})

test('stealing: a queue with as many in hand as it may has no more and no fewer of them', () => {
  for (const hasCredit of [true, false]) {
    const queues = { q: { ...QUEUE, concurrency: 3 }, ...LATE.queues }
    const { policy, records } = crowded(2, { queues })
    const [waiting] = policy.submitMany(1)
    const thief = hasCredit ? policy.agent('thief') : busy(policy, 'thief')
    expect(policy.steal(records[1], thief)).toBe(null)
    expect(records[1].state).toBe(hasCredit ? RUNNING : BOUND)
    expect(waiting.cls!.queue).toMatchObject({ inHand: 3, held: true })
    expect(policy.offer()).toBe(null)
    expect(waiting.state).toBe(WAITING)
    checkInvariants(policy)
  }
})

test('stealing: a task keeps its wait: it expires when it would have, wherever it stands', () => {
  const { policy, records } = crowded(2, {
    queue: { ...EARLY.queue, ttlMs: 1_000 },
    queues: LATE.queues,
  })
  const [left, stolen] = records
  const { readyAtMs } = stolen
  policy.pass(600)
  const thief = busy(policy, 'thief')
  expect(policy.steal(stolen, thief)).toBe(null)
  expect(stolen.readyAtMs).toBe(readyAtMs)
  policy.pass(399)
  expect([left.state, stolen.state]).toEqual([BOUND, BOUND])
  policy.pass(1)
  expect([left.state, stolen.state]).toEqual([EXPIRED, EXPIRED])
  expect(stolen.message).toBe('No agent had it after 1000 ms.')
  checkInvariants(policy)
})

test('stealing: a task keeps its wait: it is boosted and warned when it would have been', () => {
  const boostAfterMs = { background: 0, low: 0, normal: 500 }
  const { policy, records } = crowded(2, {
    queue: { ...EARLY.queue, boostAfterMs, slaTargetMs: 1_000 },
    queues: LATE.queues,
  })
  policy.pass(400)
  const thief = busy(policy, 'thief')
  expect(policy.steal(records[1], thief)).toBe(null)
  const { dueMs } = records[1]
  policy.pass(100)
  expect(records.map(({ pendingLevel }) => pendingLevel)).toEqual([4, 4])
  policy.pass(300)
  expect(records.map(({ warned }) => warned)).toEqual([true, true])
  expect(records[1].dueMs).toBe(dueMs)
  policy.succeed(thief.running.head!)
  policy.startBound()
  // Once it begins it is what was asked for, and its promise is judged once.
  expect(records[1]).toMatchObject({ state: RUNNING, level: 3, pendingLevel: 0, judged: true })
  checkInvariants(policy)
})

test('stealing: what was stolen is cancelled where it stands, and its place is free', () => {
  const { policy, records } = crowded(2, LATE)
  const thief = busy(policy, 'thief')
  policy.steal(records[1], thief)
  expect(policy.cancel(records[1])).toBe(null)
  expect([records[1].state, thief.bound.length]).toEqual([CANCELLED, 0])
  checkInvariants(policy)
})

test('stealing: when the thief goes it is back in its lane, as from any agent', () => {
  const { policy, victim, records } = crowded(2, LATE)
  const thief = busy(policy, 'thief')
  policy.steal(records[0], thief)
  policy.bye(thief)
  expect(records[0]).toMatchObject({ state: WAITING, agentId: null, attempts: 0, losses: 0 })
  expect(policy.effects.unbounds.at(-1)).toEqual({ record: records[0], agent: thief })
  policy.succeed(victim.running.head!)
  // It is first in its lane, but what is bound comes before what waits in lanes.
  expect(policy.startBound()).toEqual([records[1]])
  checkInvariants(policy)
})
