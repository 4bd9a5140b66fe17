import { expect, test } from 'vitest'
import type { AgentState } from '../../src/policy/agents.ts'
import { World } from './support.ts'

function maintain(world: World, id: string, isOn: boolean): string | null {
  const answer = world.health.maintain(id, isOn, world.policy.nowMs)
  world.turn()
  return answer
}

/** An agent with three attempts, of which it has begun one. */
function withPrefetch(world: World, recalls: boolean): AgentState {
  const agent = world.join('rests', { concurrency: 1, recalls })
  world.policy.core.setPrefetch(agent, 2)
  for (let i = 0; i < 3; i++) world.give(agent)
  return agent
}

test('maintenance: an agent gets nothing new, and ends what it runs', () => {
  const world = new World()
  const agent = world.join('rests')
  const running = world.give(agent)
  expect(maintain(world, 'rests', true)).toBe(null)
  expect([agent.limit, world.condition(agent)]).toEqual([0, 'maintenance'])
  expect(() => world.give(agent)).toThrow()
  expect(agent.draining).toBe(false)
  world.policy.succeed(running)
  expect(world.policy.effects.outcomes.map(({ state }) => state).at(-1)).toBe(running.state)
  expect(maintain(world, 'rests', false)).toBe(null)
  expect([agent.limit, world.condition(agent)]).toEqual([-1, 'fit'])
  world.give(agent)
  expect(world.events()).toEqual(['agent_maintenance rests', 'agent_maintenance rests'])
})

test('maintenance: what was sent and not begun is called back, the newest first', () => {
  const world = new World()
  const agent = withPrefetch(world, true)
  const [begun, second, third] = [...world.policy.core.recordAt].filter((r) => r !== null)
  maintain(world, 'rests', true)
  const asked = world.policy.effects.recalls.map(({ record }) => record)
  expect(asked).toEqual([third, second])
  for (const record of asked) expect(world.policy.yield(record)).toBe(null)
  expect(agent.running.head).toBe(begun)
  expect(agent.running.length).toBe(1)
  const other = world.join('other')
  expect(world.policy.place().map(({ attempt }) => attempt!.agent)).toEqual([other, other])
})

test('maintenance: a word that was lost is said again, and what had begun ends there', () => {
  const world = new World()
  const agent = withPrefetch(world, true)
  maintain(world, 'rests', true)
  expect(world.policy.effects.recalls.length).toBe(2)
  world.pass(9_000)
  expect(world.policy.effects.recalls.length).toBe(2)
  world.pass(3_000)
  expect(world.policy.effects.recalls.length).toBe(4)
  while (agent.running.head !== null) world.policy.succeed(agent.running.head)
  world.pass(20_000)
  expect(world.policy.effects.recalls.length).toBe(4)
})

test('maintenance: an agent that hands nothing back is not asked', () => {
  const world = new World()
  withPrefetch(world, false)
  maintain(world, 'rests', true)
  expect(world.policy.effects.recalls).toEqual([])
})

test('maintenance: what was bound to the agent goes back to its lanes', () => {
  const world = new World({}, { queue: { retryCount: 0, binding: 'early' } })
  const agent = world.join('rests', { concurrency: 1 })
  world.policy.submitMany(3)
  world.policy.place()
  expect([agent.running.length, agent.bound.length]).toEqual([1, 2])
  maintain(world, 'rests', true)
  expect(agent.bound.length).toBe(0)
  const other = world.join('other', { concurrency: 2 })
  expect(world.policy.place().map(({ attempt }) => attempt!.agent)).toEqual([other, other])
})

test('maintenance: it outlives the agent’s instances, and ends while it is away', () => {
  const world = new World()
  const first = world.join('rests')
  maintain(world, 'rests', true)
  world.policy.bye(first)
  const second = world.join('rests', { instance: 'second' })
  expect([second.limit, world.condition(second)]).toEqual([0, 'maintenance'])
  world.join('rests', { instance: 'third' })
  world.expectConditions({ rests: 'maintenance' })

  const away = world.join('away')
  maintain(world, 'away', true)
  world.policy.bye(away)
  expect(maintain(world, 'away', false)).toBe(null)
  expect(maintain(world, 'away', false)).toBe('agent_unknown')
  expect(world.condition(world.join('away', { instance: 'second' }))).toBe('fit')
})

test('maintenance: a hello of the same instance does not end it', () => {
  const world = new World()
  const agent = world.join('rests')
  maintain(world, 'rests', true)
  expect(world.join('rests')).toBe(agent)
  expect([agent.limit, world.condition(agent)]).toEqual([0, 'maintenance'])
})

test('maintenance: of an agent that nobody knows is refused, and twice is once', () => {
  const world = new World()
  expect(maintain(world, 'nobody', true)).toBe('agent_unknown')
  world.join('rests')
  for (const isOn of [false, true, true]) expect(maintain(world, 'rests', isOn)).toBe(null)
  expect(world.events()).toEqual(['agent_maintenance rests'])
})

test('maintenance: it works where nobody is judged', () => {
  const world = new World(null)
  const agent = world.join('rests', { leased: true })
  world.results(world.join('good'), 20)
  world.results(agent, 0, 40)
  world.pass(9_000)
  expect(agent.limit).toBe(-1)
  maintain(world, 'rests', true)
  expect(agent.limit).toBe(0)
  world.policy.core.agentLost(agent, world.policy.nowMs)
  expect(world.condition(world.join('rests', { instance: 'again' }))).toBe('maintenance')
})

test('maintenance: one in quarantine is in quarantine afterwards', () => {
  const world = new World()
  const bad = world.join('bad')
  world.results(world.join('good'), 20)
  world.results(bad, 0, 20)
  world.pass(1_000)
  maintain(world, 'bad', true)
  expect(world.condition(bad)).toBe('maintenance')
  maintain(world, 'bad', false)
  expect([bad.limit, world.condition(bad)]).toEqual([0, 'failing'])
})
