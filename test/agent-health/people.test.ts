import { expect, test } from 'vitest'
import { World } from './support.ts'

const PERSON = { claims: true, leased: false } as const

test('agent health: people who fail, are slow or come and go are as fit as any', () => {
  const world = new World({ resultsMin: 5, flaps: 2 })
  const alice = world.join('alice', PERSON)
  const peers = ['p1', 'p2', 'p3'].map((id) => world.join(id))
  for (const peer of peers) {
    world.results(peer, 20)
    world.learn(peer.id, { us: 1_000 })
  }
  world.learn('alice', { us: 8 * 3_600_000_000 })
  world.results(alice, 0, 20)
  world.pass(60_000)
  expect([alice.limit, world.condition(alice)]).toEqual([-1, 'fit'])
  for (let i = 0; i < 4; i++) {
    world.join('alice', { ...PERSON, instance: `again-${i}` })
    world.pass(1_000)
  }
  const back = world.policy.core.agents.get('alice')!
  expect([back.limit, world.condition(back)]).toEqual([-1, 'fit'])
  expect(world.told).toEqual([])
  expect(world.health.counts()).toMatchObject({ fit: 4, off_hours: 0 })
})

test('agent health: a person’s evening limits them to nothing, and an operator’s word outlasts it', () => {
  const world = new World()
  const alice = world.join('alice', PERSON)
  const { health, policy } = world
  expect(health.setOffHours(alice, 'Mon 9:00-10:00, UTC', policy.nowMs)).toBe(true)
  expect(health.setOffHours(alice, 'Mon 9:00-10:00, UTC', policy.nowMs)).toBe(false)
  expect([alice.limit, world.condition(alice)]).toEqual([0, 'off_hours'])
  expect(health.maintain('alice', true, policy.nowMs)).toBeNull()
  expect(world.condition(alice)).toBe('maintenance')
  expect(health.setOffHours(alice, '', policy.nowMs)).toBe(false)
  expect(alice.limit).toBe(0)
  expect(health.maintain('alice', false, policy.nowMs)).toBeNull()
  expect([alice.limit, world.condition(alice)]).toEqual([-1, 'fit'])
})

test('agent health: who is no person has no hours', () => {
  const world = new World()
  const agent = world.join('a1')
  expect(world.health.setOffHours(agent, 'never, UTC', world.policy.nowMs)).toBe(false)
  expect(agent.limit).toBe(-1)
})
