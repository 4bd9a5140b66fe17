/** Recalls: what was sent and not begun is asked for, for the sake of who has nothing to do. */
import { expect, test } from 'vitest'
import { RUNNING } from '../../src/policy/task-record.ts'
import { checkInvariants } from '../policy/invariants.ts'
import { ids } from '../policy/support.ts'
import { Fleet, type FleetGiven } from './support.ts'

/** An agent of one at a time with `unbegun` more in its hands, and an idle one. */
function holding(unbegun: number, given: FleetGiven = {}, level = 3) {
  const fleet = new Fleet(given)
  const holder = fleet.agent('holder', { recalls: true })
  fleet.policy.core.setPrefetch(holder, 16)
  const idle = fleet.agent('idle', { recalls: true })
  const records = fleet.give(holder, 1 + unbegun, { level })
  const asked = () => ids(fleet.policy.effects.recalls.map(({ record }) => record))
  return { fleet, holder, idle, records, asked }
}

test('recalls: the newest attempt that was not begun is asked for, for an idle agent', () => {
  const { fleet, idle, records, asked } = holding(2)
  fleet.run()
  expect(asked()).toEqual([records[2].id])
  expect(fleet.balancer.counters.recalls).toBe(1)
  fleet.policy.yield(records[2])
  expect([records[2].state, records[2].agentId]).toEqual([RUNNING, idle.id])
  checkInvariants(fleet.policy)
})

test('recalls: what an agent has begun, by our count, is never asked for', () => {
  const { fleet, asked } = holding(0)
  fleet.run()
  expect(asked()).toEqual([])
})

test('recalls: an attempt is asked for once in a lease, and nobody’s credit is promised twice', () => {
  const { fleet, records, asked } = holding(2)
  fleet.run()
  for (let i = 0; i < 9; i++) fleet.run(100)
  expect(asked()).toEqual([records[2].id])
  for (let i = 0; i < 80; i++) fleet.run(100)
  expect(asked()).toEqual([records[2].id, records[1].id])
  for (let i = 0; i < 40; i++) fleet.run(100)
  expect(asked().slice(2, 3)).toEqual([records[2].id])
})

test('recalls: looking takes place ten times a second at most, and then also without any event', () => {
  const { fleet, holder, asked } = holding(2)
  fleet.run()
  const dueMs = fleet.balancer.nextMs()
  expect(dueMs).toBeGreaterThanOrEqual(fleet.policy.nowMs + 100)
  const third = fleet.agent('third')
  fleet.give(holder, 4)
  fleet.run(1)
  expect(asked().length).toBe(1)
  fleet.run(dueMs - fleet.policy.nowMs)
  expect(asked().length).toBe(2)
  expect(fleet.policy.effects.recalls[1].record.attempt!.recallTo).toBe(third)
})

test('recalls: a thief is to have no more than it has credit for', () => {
  const fleet = new Fleet()
  const holder = fleet.agent('holder', { recalls: true })
  fleet.policy.core.setPrefetch(holder, 16)
  fleet.agent('two', { concurrency: 2 })
  fleet.give(holder, 9)
  fleet.run()
  expect(fleet.policy.effects.recalls.length).toBe(2)
})

test('recalls: what is bound is taken first, which costs no word', () => {
  const { fleet, asked } = holding(16)
  fleet.give(fleet.policy.core.agents.get('holder')!, 1)
  fleet.run()
  expect([fleet.started.length, asked().length]).toEqual([1, 0])
})

test.each([
  ['protected tasks', {}, 4],
  ['anything when recall is off', { stealing: { recall: false } }, 3],
  ['anything with mode off', { stealing: { mode: 'off' as const } }, 3],
  ['what gains less than the trip', { tripMs: 19, means: { holder: 10, idle: 10 } }, 3],
])('recalls: does not ask for %s', (_, given, level) => {
  const { fleet, asked } = holding(2, given, level)
  fleet.run()
  expect(asked()).toEqual([])
})

test('recalls: asks for what gains more than the trip', () => {
  const { fleet, asked } = holding(2, { tripMs: 18, means: { holder: 10, idle: 10 } })
  fleet.run()
  expect(asked().length).toBe(1)
})

test('recalls: an agent that does not allow it is not asked', () => {
  const fleet = new Fleet()
  const holder = fleet.agent('holder')
  fleet.policy.core.setPrefetch(holder, 16)
  fleet.agent('idle')
  fleet.give(holder, 9)
  fleet.run()
  expect(fleet.policy.effects.recalls).toEqual([])
  expect(fleet.balancer.nextMs()).toBe(Number.POSITIVE_INFINITY)
})

test('recalls: a push cycle counts what it asked for', () => {
  const { fleet } = holding(4)
  const { recalled, moved, reason } = fleet.balancer.rebalance(fleet.policy.nowMs)
  expect([recalled, moved]).toEqual([1, []])
  expect(reason).toContain('hand back')
})

test('recalls: without pull they are looked for as often as cycles come', () => {
  const { fleet, holder, asked } = holding(2, { stealing: { mode: 'push' } })
  fleet.run()
  expect(asked().length).toBe(1)
  fleet.agent('third')
  fleet.give(holder, 4)
  fleet.run(29_999)
  expect(asked().length).toBe(1)
  const restMs = fleet.balancer.nextMs() - fleet.policy.nowMs
  expect(restMs).toBeLessThan(10)
  fleet.run(restMs)
  expect(asked().length).toBeGreaterThan(1)
})

test('recalls: what waits behind a task that takes long is asked for, however short they are as a rule', () => {
  const { fleet, asked, records } = holding(1, { tripMs: 20, means: { holder: 0.1, idle: 0.1 } })
  fleet.run()
  expect(asked()).toEqual([])
  fleet.run(fleet.balancer.nextMs() - fleet.policy.nowMs)
  expect(asked()).toEqual([records[1].id])
})
