import { expect, test } from 'vitest'
import { lowerMedian } from '../../src/agent-health/peers.ts'
import { World } from './support.ts'

test('peers: at least half are not above the lower median', () => {
  expect(lowerMedian([])).toBeNaN()
  expect(lowerMedian([3, 1, 2])).toBe(2)
  expect(lowerMedian([4, 1, 2, 3])).toBe(2)
})

test('peers: not more than half of a kind is spared, the worst of it', () => {
  const world = new World()
  for (let i = 0; i < 5; i++) world.results(world.join(`good-${i}`), 20)
  const bad = Array.from({ length: 4 }, (_, i) => world.join(`bad-${i}`))
  for (const [i, agent] of bad.entries()) world.results(agent, i, 20 - i)
  world.pass(1_000)
  expect(bad.map((agent) => agent.limit)).toEqual([0, 0, 0, 0])

  const few = new World({ sparedShareMax: 0.25 })
  for (let i = 0; i < 6; i++) few.results(few.join(`good-${i}`), 20)
  const two = Array.from({ length: 3 }, (_, i) => few.join(`bad-${i}`))
  for (const [i, agent] of two.entries()) few.results(agent, i, 20 - i)
  few.pass(1_000)
  expect(two.map((agent) => agent.limit)).toEqual([0, 0, -1])
})

test('peers: who could not work anyway does not make room for sparing', () => {
  const world = new World()
  for (let i = 0; i < 6; i++) {
    world.join(`rests-${i}`)
    world.health.maintain(`rests-${i}`, true, world.policy.nowMs)
  }
  const bad = [world.join('bad-0'), world.join('bad-1')]
  world.results(world.join('good'), 20)
  for (const agent of bad) world.results(agent, 0, 20)
  world.pass(1_000)
  expect(bad.map((agent) => agent.limit).sort()).toEqual([-1, 0])
})

test('peers: where all may be spared, the last fit one is not', () => {
  const world = new World({ sparedShareMax: 1 })
  const first = world.join('first')
  const last = world.join('last')
  world.results(first, 0, 20)
  world.pass(1_000)
  expect(first.limit).toBe(0)
  world.results(last, 0, 20)
  world.pass(1_000)
  expect([last.limit, world.condition(last)]).toEqual([-1, 'fit'])
})

test('peers: with nobody to be spared nobody is', () => {
  const world = new World({ sparedShareMax: 0 })
  const bad = world.join('bad')
  world.results(world.join('good'), 20)
  world.results(bad, 0, 20)
  world.pass(1_000)
  expect(bad.limit).toBe(-1)
})

test('peers: when the last fit one goes, one in quarantine is tried before its time', () => {
  const world = new World()
  const bad = world.join('bad')
  const good = world.join('good')
  world.results(good, 20)
  world.results(bad, 0, 20)
  world.pass(1_000)
  expect(bad.limit).toBe(0)
  world.policy.bye(good)
  world.pass(1_000)
  expect([bad.limit, world.condition(bad)]).toEqual([1, 'trial'])
  expect(world.reason(bad)).toMatch(/No other of its kind is left/)
})

test('peers: when the last fit one goes, a slow one is as good as any', () => {
  const world = new World()
  const slow = world.join('slow')
  const others = Array.from({ length: 3 }, (_, i) => world.join(`usual-${i}`))
  for (const { id } of others) world.learn(id, { us: 20_000 })
  world.learn('slow', { us: 500_000 })
  world.pass(1_000)
  expect(slow.limit).toBe(1)
  for (const { id } of others) world.health.maintain(id, true, world.policy.nowMs)
  world.pass(1_000)
  expect([slow.limit, world.condition(slow)]).toEqual([-1, 'fit'])
})
