import { expect, test } from 'vitest'
import { toAgent } from '../../native-free/index.ts'
import { LIMITS } from '../../src/options.ts'
import { CONFLICT } from '../../src/policy/core.ts'
import { RUNNING, WAITING } from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { ids, Policy } from './support.ts'

test('hello: the same instance again is a beat and keeps what it runs', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  const record = policy.run()
  policy.nowMs += 9_000
  expect(policy.agent('a')).toBe(agent)
  policy.pass(9_000)
  expect(record.state).toBe(RUNNING)
  expect(policy.effects.ups.length).toBe(1)
  checkInvariants(policy)
})

test('hello: the same instance may come back with other queues, capabilities and size', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { queues: ['q'], concurrency: 3 })
  policy.submitMany(2)
  policy.place()
  const other = policy.submit('r', { requires: ['ocr'] })
  expect(policy.offer()).toBe(null)
  policy.agent('a', { queues: ['r'], capabilities: ['ocr'], concurrency: 2 })
  checkInvariants(policy)
  expect(policy.offer()).toBe(null)
  policy.agent('a', { queues: ['r'], capabilities: ['ocr'], concurrency: 9 })
  expect(ids(policy.place())).toEqual(ids([other]))
  expect([agent.queues, agent.capabilities, agent.concurrency]).toEqual([['r'], ['ocr'], 9])
  checkInvariants(policy)
})

test('hello: fewer at a time than it runs is no credit until enough have finished', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 3 })
  policy.submitMany(5)
  const running = policy.place()
  policy.agent('a', { concurrency: 1 })
  checkInvariants(policy)
  for (const record of running.slice(0, 2)) {
    policy.succeed(record)
    expect(policy.offer()).toBe(null)
    checkInvariants(policy)
  }
  policy.succeed(running[2])
  expect(policy.place().length).toBe(1)
  checkInvariants(policy)
})

test('hello: an unseen instance ends the old one’s attempts and fences it for ever', () => {
  const policy = new Policy()
  const old = policy.agent('a', { instance: 'old' })
  const record = policy.run()
  const token = policy.token(record)
  const young = policy.agent('a', { instance: 'young' })
  expect([record.state, record.code]).toEqual([WAITING, 'agent_lost'])
  expect(policy.effects.fencedAgents).toEqual([old])
  expect(policy.effects.downs).toEqual([{ agent: old, reason: 'agent_lost' }])
  expect(policy.hello('a', { instance: 'old' })).toBe('fenced')
  expect(policy.beat(old, [])).toBe('fenced')
  expect(policy.bye(old)).toBe('fenced')
  expect(policy.attempt(token)).toBe('late_result')
  expect(policy.core.agents.get('a')).toBe(young)
  expect(ids(policy.place())).toEqual(ids([record]))
  checkInvariants(policy)
})

test('hello: a fenced instance cannot finish what the new one runs in the same slot', () => {
  const policy = new Policy({ slots: 32 })
  policy.agent('a', { instance: 'old', concurrency: 32 })
  policy.submitMany(32)
  const tokens = policy.place().map((record) => policy.token(record))
  policy.agent('a', { instance: 'young', concurrency: 32 })
  expect(policy.place().length).toBe(32)
  for (const token of tokens) expect(policy.attempt(token)).toBe('late_result')
  checkInvariants(policy)
})

test('hello: fenced instances are remembered up to a bound, the latest for sure', () => {
  const policy = new Policy()
  for (let i = 0; i <= LIMITS.fencedInstancesMax + 1; i++) policy.agent('a', { instance: `i${i}` })
  expect(policy.core.fencedInstances.size).toBe(LIMITS.fencedInstancesMax)
  expect(policy.hello('a', { instance: `i${LIMITS.fencedInstancesMax}` })).toBe('fenced')
})

test('hello: one agent more than there may be is refused, a newer instance of a known one is not', () => {
  const policy = new Policy({ agentsMax: 32 })
  for (let i = 0; i < 32; i++) policy.agent(`a${i}`)
  expect(policy.hello('more')).toBe('too_many_agents')
  expect(typeof policy.hello('a7', { instance: 'newer' })).toBe('object')
  policy.bye(policy.core.agents.get('a3')!)
  expect(typeof policy.hello('more')).toBe('object')
  checkInvariants(policy)
})

test('indices: a row that is used again has another generation, and old proposals for it conflict', () => {
  const policy = new Policy({ agentsMax: 32, counterStart: 2 ** 31 - 10 })
  const generations = new Set<number>()
  for (let i = 0; i < 200; i++) {
    const agent = policy.agent('a', { instance: `i${i}` })
    expect(generations.has(agent.generation)).toBe(false)
    generations.add(agent.generation)
    const record = policy.submit()
    policy.offer()
    policy.bye(agent)
    const next = policy.agent('b', { instance: `i${i}` })
    expect(next.index).toBe(agent.index)
    expect(policy.propose(record, agent)).toBe(CONFLICT)
    policy.cancel(record)
    policy.bye(next)
    checkInvariants(policy)
  }
  expect(policy.memory.words[policy.memory.map.agentHigh]).toBe(1)
})

test('indices: an agent that left is nobody’s candidate, though its row is free', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  policy.submit()
  policy.bye(agent)
  expect(policy.table.free.has(toAgent(agent.index))).toBe(false)
  expect(policy.core.profiles.size).toBe(0)
  checkInvariants(policy)
})

test('bye: what it runs goes back at once, the attempt counted', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  policy.submitMany(2)
  const records = policy.place()
  expect(policy.bye(agent)).toBe(null)
  expect(records.map(({ state, attempts }) => [state, attempts])).toEqual([
    [WAITING, 1],
    [WAITING, 1],
  ])
  expect(policy.effects.downs).toEqual([{ agent, reason: 'bye' }])
  expect(policy.bye(agent)).toBe('agent_unknown')
  expect(policy.beat(agent, [])).toBe('agent_unknown')
  checkInvariants(policy)
})

test('bye: with drain it finishes what it runs and takes no more', () => {
  const policy = new Policy()
  const agent = policy.agent('a', { concurrency: 2 })
  const record = policy.run()
  policy.submit()
  policy.bye(agent, true)
  expect(policy.offer()).toBe(null)
  policy.succeed(record)
  expect(policy.offer()).toBe(null)
  expect(policy.effects.drains).toEqual([])
  checkInvariants(policy)
  policy.bye(agent)
  expect(policy.core.agents.size).toBe(0)
})

test('drain: the agent is told, and what another instance of it does is not affected', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  expect(policy.core.drainAgent('a')).toBe(null)
  expect(policy.core.drainAgent('a')).toBe(null)
  expect(policy.core.drainAgent('nobody')).toBe('agent_unknown')
  expect(policy.effects.drains).toEqual([agent, agent])
  policy.submit()
  expect(policy.offer()).toBe(null)
  policy.agent('a', { instance: 'newer' })
  expect(policy.place().length).toBe(1)
  checkInvariants(policy)
})

test('drain: an offer that counted on a draining agent bounces and waits for the next', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  const record = policy.submit()
  policy.offer()
  policy.core.drainAgent('a')
  expect(policy.propose(record, agent)).toBe(CONFLICT)
  policy.core.bounce(record)
  checkInvariants(policy)
  policy.agent('b')
  expect(ids(policy.place())).toEqual(ids([record]))
})

test('leases: a silent agent is lost at its lease’s end, not before, and its tasks are elsewhere', () => {
  const policy = new Policy({ leaseMs: 1_000, queue: { timeoutMs: 1_000_000 } })
  const silent = policy.agent('silent')
  const record = policy.run()
  const steady = policy.agent('steady')
  expect(policy.core.nextTickMs()).toBe(policy.nowMs + 1_000)
  policy.pass(999)
  expect(record.attempt!.agent).toBe(silent)
  policy.beat(steady, [])
  policy.pass(1)
  expect(policy.effects.downs).toEqual([{ agent: silent, reason: 'agent_lost' }])
  expect(ids(policy.place())).toEqual(ids([record]))
  expect(record.attempt!.agent).toBe(steady)
  checkInvariants(policy)
})

test('leases: beats, hellos and results renew them', () => {
  const policy = new Policy({ leaseMs: 1_000, queue: { timeoutMs: 1_000_000 } })
  const agent = policy.agent('a')
  policy.pass(900)
  policy.beat(agent, [])
  policy.pass(900)
  policy.agent('a')
  policy.pass(900)
  expect(policy.core.agents.size).toBe(1)
  policy.pass(100)
  expect(policy.core.agents.size).toBe(0)
})

test('leases: an agent of this process has none', () => {
  const policy = new Policy({ leaseMs: 1_000, queue: { timeoutMs: 10_000_000 } })
  policy.agent('local', { leased: false })
  const record = policy.run()
  expect(policy.core.nextTickMs()).toBe(record.attempt!.timerDueMs)
  policy.pass(1_000_000)
  expect(record.state).toBe(RUNNING)
})

test('leases: none ends while our own connection is away, all begin anew when it is back', () => {
  const policy = new Policy({ leaseMs: 1_000, queue: { timeoutMs: 10_000_000 } })
  policy.agent('a')
  policy.agent('b')
  const record = policy.run()
  policy.pass(500)
  policy.core.setConnected(false, policy.nowMs)
  expect(policy.core.nextTickMs()).toBe(record.attempt!.timerDueMs)
  policy.pass(60_000)
  expect(policy.core.agents.size).toBe(2)
  policy.core.setConnected(true, policy.nowMs)
  policy.pass(999)
  expect(policy.core.agents.size).toBe(2)
  policy.beat(policy.core.agents.get('b')!, [])
  policy.pass(1)
  expect([...policy.core.agents.keys()]).toEqual(['b'])
  checkInvariants(policy)
})

test('leases: more silent agents than timers of a turn leave in several ticks', () => {
  const policy = new Policy({ agentsMax: 2_048, leaseMs: 1_000 })
  for (let i = 0; i < 2_000; i++) policy.agent(`a${i}`)
  policy.nowMs += 1_001
  expect(policy.core.tick(policy.nowMs)).toBe(true)
  expect(policy.core.agents.size).toBe(2_000 - LIMITS.timersPerTurn)
  // Those that are left fell due before now, so the next look is due no later.
  expect(policy.core.nextTickMs()).toBe(policy.nowMs - 1)
  while (policy.core.tick(policy.nowMs));
  expect(policy.core.agents.size).toBe(0)
  expect(policy.core.agentTotals.size).toBe(LIMITS.offlineAgentsKept)
})

test('totals: what an agent did is added up over its instances', () => {
  const policy = new Policy({ queue: { retryCount: 0 } })
  for (const instance of ['i1', 'i2']) {
    const agent = policy.agent('a', { instance, concurrency: 3 })
    policy.succeed(policy.run())
    policy.fail(policy.run())
    const lost = policy.run()
    policy.bye(agent)
    policy.cancel(lost)
  }
  expect(policy.core.agentTotals.get('a')).toEqual({ completed: 2, failed: 2, lost: 2 })
})
