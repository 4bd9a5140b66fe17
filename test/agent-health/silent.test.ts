import { expect, test } from 'vitest'
import { World } from './support.ts'

const LEASED = { leased: true }

test('silent: an agent of which two beats did not come gets nothing until it is heard of', () => {
  const world = new World({}, { leaseMs: 9_000 })
  const agent = world.join('quiet', LEASED)
  world.pass(6_000)
  expect([agent.limit, world.condition(agent)]).toEqual([-1, 'fit'])
  world.pass(1_000)
  expect([agent.limit, world.condition(agent)]).toEqual([0, 'silent'])
  expect(world.reason(agent)).toBe('It was not heard of for 7 s: 2 beats did not come.')
  world.policy.beat(agent)
  world.pass(1_000)
  expect([agent.limit, world.condition(agent)]).toEqual([-1, 'fit'])
  expect(world.events()).toEqual(['agent_silent quiet', 'agent_recovered quiet'])
})

test('silent: at the end of its lease it is gone, and comes back fit', () => {
  const world = new World({}, { leaseMs: 9_000 })
  world.join('quiet', LEASED)
  world.pass(10_000)
  expect(world.policy.core.agents.size).toBe(0)
  const again = world.join('quiet', { ...LEASED, instance: 'quiet-2' })
  expect([again.limit, world.condition(again)]).toEqual([-1, 'fit'])
})

test('silent: agents without a lease say nothing and are never silent', () => {
  const world = new World({}, { leaseMs: 9_000 })
  const agent = world.join('adopted', { leased: false })
  world.pass(100_000)
  expect(world.condition(agent)).toBe('fit')
})

test('silent: while our own connection is away nobody is', () => {
  const world = new World({}, { leaseMs: 9_000 })
  const agent = world.join('far', LEASED)
  world.policy.core.setConnected(false, world.policy.nowMs)
  world.pass(30_000)
  expect(world.condition(agent)).toBe('fit')
  world.policy.core.setConnected(true, world.policy.nowMs)
  world.pass(1_000)
  expect(world.condition(agent)).toBe('fit')
})

test('silent: after a pause of our own, what was said meanwhile is heard first', () => {
  const world = new World({}, { leaseMs: 30_000 })
  const agent = world.join('busy', LEASED)
  world.policy.nowMs += 25_000
  world.health.check(world.policy.nowMs)
  expect(world.condition(agent)).toBe('fit')
  world.policy.beat(agent)
  world.pass(1_000)
  expect(world.condition(agent)).toBe('fit')
})

test('silent: with no beats to be missed nobody is silent', () => {
  const world = new World({ silentBeats: 0 }, { leaseMs: 9_000 })
  const agent = world.join('quiet', LEASED)
  world.pass(8_000)
  expect(world.condition(agent)).toBe('fit')
})

test('silent: one that pulls gets nothing of what it had asked for, and all of it afterwards', () => {
  const world = new World({}, { leaseMs: 9_000 })
  const agent = world.join('puller', { ...LEASED, pull: true })
  world.policy.pull(agent, 3)
  world.pass(7_000)
  expect(agent.accepting).toBe(false)
  expect(() => world.give(agent)).toThrow()
  world.policy.beat(agent)
  world.pass(1_000)
  for (let i = 0; i < 3; i++) world.give(agent)
  expect(agent.granted).toBe(0)
})

test('silent: one in quarantine that is heard of again is in quarantine', () => {
  const world = new World({}, { leaseMs: 9_000 })
  const good = world.join('good', LEASED)
  const bad = world.join('bad', LEASED)
  world.results(good, 20)
  world.results(bad, 0, 20)
  world.pass(1_000)
  expect(world.condition(bad)).toBe('failing')
  world.pass(6_000)
  world.expectConditions({ bad: 'silent', good: 'silent' })
  for (const agent of [good, bad]) world.policy.beat(agent)
  world.pass(1_000)
  world.expectConditions({ bad: 'failing', good: 'fit' })
  expect(bad.limit).toBe(0)
})
