import { expect, test } from 'vitest'
import { spreadOf } from '../../src/balance/variation.ts'
import { Fleet } from './support.ts'

test('variation: what lies in the inboxes of people is no uneven load', () => {
  const fleet = new Fleet({ queue: { binding: 'late' } })
  const { core } = fleet.policy
  const spread = () => spreadOf(core.agents.values(), 5, 2)
  for (const id of ['a1', 'a2']) fleet.give(fleet.agent(id, { concurrency: 4 }), 2)
  const even = { variation: 0, variance: 0, load: 2 }
  expect(spread()).toMatchObject(even)
  const alice = fleet.agent('alice', { concurrency: 4, claims: true })
  fleet.give(alice, 4)
  expect(alice.running.length).toBe(4)
  expect(spread()).toMatchObject(even)
  fleet.give(fleet.agent('a3', { concurrency: 4 }), 4)
  expect(spread().variation).toBeGreaterThan(0)
})
