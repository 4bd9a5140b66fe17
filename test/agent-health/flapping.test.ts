import { expect, test } from 'vitest'
import type { AgentState } from '../../src/policy/agents.ts'
import { World } from './support.ts'

/** The agent's process is killed and started again. */
function crash(world: World, id: string, times = 1): AgentState {
  let agent!: AgentState
  for (let i = 0; i < times; i++) {
    world.policy.core.agentLost(world.policy.core.agents.get(id)!, world.policy.nowMs)
    world.turn()
    world.pass(1_000)
    agent = world.join(id, { instance: `${id}-at-${world.policy.nowMs}` })
  }
  return agent
}

test('flapping: an agent that was lost and came back three times is in quarantine at once', () => {
  const world = new World()
  world.join('steady')
  world.join('flaps')
  expect(world.condition(crash(world, 'flaps', 2))).toBe('fit')
  const third = crash(world, 'flaps')
  expect([third.limit, world.condition(third)]).toEqual([0, 'flapping'])
  expect(world.reason(third)).toBe('It was lost and came back 3 times within 5 min.')
  expect(world.events()).toEqual(['agent_quarantined flaps'])
  expect(() => world.give(third)).toThrow()
})

test('flapping: a new instance that replaces a living one counts as well', () => {
  const world = new World({ flaps: 2 })
  world.join('steady')
  for (const instance of ['1', '2', '3']) world.join('replaced', { instance })
  world.expectConditions({ replaced: 'flapping', steady: 'fit' })
})

test('flapping: who says good-bye may come back as often as it likes', () => {
  const world = new World({ flaps: 1 })
  world.join('steady')
  for (let i = 0; i < 10; i++) {
    world.policy.bye(world.join('polite', { instance: `${i}` }))
    world.pass(1_000)
  }
  expect(world.condition(world.join('polite', { instance: 'last' }))).toBe('fit')
})

test('flapping: what is longer ago than the window does not count', () => {
  const world = new World({ flapWindowMs: 60_000 })
  world.join('steady')
  world.join('flaps')
  crash(world, 'flaps', 2)
  world.pass(60_000)
  expect(world.condition(crash(world, 'flaps'))).toBe('fit')
  expect(world.condition(crash(world, 'flaps'))).toBe('fit')
  expect(world.condition(crash(world, 'flaps'))).toBe('flapping')
})

test('flapping: the only one of its kind gets work between its crashes', () => {
  const world = new World()
  world.join('flaps')
  const agent = crash(world, 'flaps', 10)
  expect([agent.limit, world.condition(agent)]).toEqual([-1, 'fit'])
})

test('flapping: lost again before it is fit, its quarantine begins anew and twice as long', () => {
  const world = new World({ quarantineMs: 10_000 })
  world.join('steady')
  world.join('flaps')
  crash(world, 'flaps', 3)
  world.pass(8_000)
  const again = crash(world, 'flaps')
  expect(world.told.map(({ detail }) => detail.forMs)).toEqual([10_000, 20_000])
  world.pass(19_000)
  expect(world.condition(again)).toBe('trial')
  world.results(again, 1)
  expect(world.condition(again)).toBe('fit')
  expect(world.condition(crash(world, 'flaps', 2))).toBe('fit')
})

test('flapping: a bounded number of those that are away is remembered, maintenance the longest', () => {
  const world = new World({ flaps: 1 })
  world.join('steady')
  const rests = world.join('rests')
  world.health.maintain('rests', true, world.policy.nowMs)
  world.policy.bye(rests)
  const lose = (id: string) => world.policy.core.agentLost(world.join(id), world.policy.nowMs)
  lose('first')
  for (let i = 0; i < 1_000; i++) lose(`agent-${i}`)
  expect(world.condition(world.join('first', { instance: 'again' }))).toBe('fit')
  expect(world.condition(world.join('agent-999', { instance: 'again' }))).toBe('flapping')
  expect(world.condition(world.join('rests', { instance: 'again' }))).toBe('maintenance')
})

test('flapping: agents that are lost together, again and again, are on a network that goes away', () => {
  const world = new World()
  const ids = ['a', 'b', 'c', 'd']
  for (const id of ids) world.join(id)
  for (let outage = 0; outage < 5; outage++) {
    for (const id of ids)
      world.policy.core.agentLost(world.policy.core.agents.get(id)!, world.policy.nowMs)
    world.pass(10_000)
    for (const id of ids) world.join(id, { instance: `${id}-${outage}` })
  }
  world.expectConditions({ a: 'fit', b: 'fit', c: 'fit', d: 'fit' })
  expect(world.events()).toEqual([])
})

test('flapping: the one that was lost twice as often as half of its peers is the one that flaps', () => {
  const world = new World({ flaps: 2 })
  for (const id of ['a', 'b', 'c', 'd']) world.join(id)
  for (const id of ['a', 'b', 'c', 'd']) crash(world, id)
  expect(world.condition(crash(world, 'a'))).toBe('fit')
  const third = new World({ flaps: 3 })
  for (const id of ['a', 'b', 'c', 'd']) third.join(id)
  for (const id of ['a', 'b', 'c', 'd']) crash(third, id)
  expect(third.condition(crash(third, 'a', 2))).toBe('flapping')
})
