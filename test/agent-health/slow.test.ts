import { expect, test } from 'vitest'
import type { AgentHealthOptions } from '../../src/balance-options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { World } from './support.ts'

const MS = 1_000

/** Four equals, and one. */
function fleet(given: Partial<AgentHealthOptions> = {}, peers = 4) {
  const world = new World(given)
  const slow = world.join('slow')
  const others: AgentState[] = []
  for (let i = 0; i < peers; i++) {
    others.push(world.join(`usual-${i}`))
    world.learn(`usual-${i}`, { us: 20 * MS })
  }
  return { world, slow, others }
}

test('slow: an agent that takes six times as long as its peers has one task at a time', () => {
  const { world, slow } = fleet()
  world.learn('slow', { us: 120 * MS })
  world.pass(1_000)
  expect([slow.limit, world.condition(slow)]).toEqual([1, 'slow'])
  expect(world.reason(slow)).toBe('Its tasks take 120 ms; those of its 4 peers 20 ms.')
  expect(world.events()).toEqual(['agent_avoided slow'])
  world.learn('slow', { us: 100 * MS, latelyUs: 60 * MS })
  world.pass(1_000)
  expect(world.condition(slow)).toBe('slow')
  world.learn('slow', { us: 90 * MS, latelyUs: 40 * MS })
  world.pass(1_000)
  expect([slow.limit, world.condition(slow)]).toEqual([-1, 'fit'])
  expect(world.events()).toEqual(['agent_recovered slow'])
})

test('slow: exactly the factor is not slow, nor is what was slow only once or only before', () => {
  const { world, slow } = fleet()
  for (const paced of [
    { us: 100 * MS },
    { us: 120 * MS, latelyUs: 50 * MS },
    { us: 50 * MS, latelyUs: 400 * MS },
  ]) {
    world.learn('slow', paced)
    world.pass(1_000)
    expect(world.condition(slow)).toBe('fit')
  }
})

test('slow: below 10 ms nobody is, and without enough results or peers nobody is judged', () => {
  const quick = fleet()
  for (let i = 0; i < 4; i++) quick.world.learn(`usual-${i}`, { us: 100 })
  quick.world.learn('slow', { us: 9 * MS })
  quick.world.pass(1_000)
  expect(quick.world.condition(quick.slow)).toBe('fit')

  const fresh = fleet()
  fresh.world.learn('slow', { us: 500 * MS, results: 19 })
  fresh.world.pass(1_000)
  expect(fresh.world.condition(fresh.slow)).toBe('fit')

  const few = fleet({}, 2)
  few.world.learn('slow', { us: 500 * MS })
  few.world.pass(1_000)
  expect(few.world.condition(few.slow)).toBe('fit')
})

test('slow: who does the long tasks is not slow, who does the same ones longer is', () => {
  const { world, slow } = fleet()
  const LONG = 1
  const SHORT = 2
  for (let i = 0; i < 4; i++) {
    world.learn(`usual-${i}`, { us: 20 * MS }, SHORT)
    world.learn(`usual-${i}`, { us: 1_000 * MS, results: 3 }, LONG)
  }
  world.learn('slow', { us: 900 * MS })
  world.learn('slow', { us: 1_000 * MS }, LONG)
  world.pass(1_000)
  expect(world.condition(slow)).toBe('fit')
  world.learn('slow', { us: 5_500 * MS }, LONG)
  world.pass(1_000)
  expect(world.condition(slow)).toBe('slow')
})

test('slow: types that peers never did are not compared', () => {
  const { world, slow } = fleet()
  world.learn('slow', { us: 900 * MS })
  world.learn('slow', { us: 900 * MS }, 1)
  world.pass(1_000)
  expect(world.condition(slow)).toBe('fit')
})

test('slow: after it was well again it is judged by new results', () => {
  const { world, slow } = fleet()
  world.learn('slow', { us: 200 * MS, total: 500 })
  world.pass(1_000)
  world.learn('slow', { us: 200 * MS, latelyUs: 20 * MS, total: 510 })
  world.pass(1_000)
  expect(world.condition(slow)).toBe('fit')
  world.learn('slow', { us: 200 * MS, total: 529 })
  world.pass(1_000)
  expect(world.condition(slow)).toBe('fit')
  world.learn('slow', { us: 200 * MS, total: 530 })
  world.pass(1_000)
  expect(world.condition(slow)).toBe('slow')
})

test('slow: it may be put into quarantine, asked to leave, or be let alone', () => {
  const judged = (onSlow: 'quarantine' | 'drain' | 'off') => {
    const made = fleet({ onSlow })
    made.world.learn('slow', { us: 500 * MS })
    made.world.pass(1_000)
    return made
  }
  const quarantined = judged('quarantine')
  expect(quarantined.slow.limit).toBe(0)
  expect(quarantined.world.condition(quarantined.slow)).toBe('slow')
  quarantined.world.pass(30_000)
  quarantined.world.results(quarantined.slow, 1)
  quarantined.world.pass(1_000)
  expect(quarantined.world.condition(quarantined.slow)).toBe('fit')
  expect(judged('drain').slow.draining).toBe(true)
  expect(judged('off').slow.limit).toBe(-1)
})

test('slow: one that pulls has what it asks for, and is not said to be avoided', () => {
  const { world, slow } = fleet()
  slow.pull = true
  world.learn('slow', { us: 500 * MS })
  world.pass(1_000)
  expect(world.condition(slow)).toBe('fit')
})
