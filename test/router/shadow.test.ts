/** Second opinions: what one router counts, turn by turn, and what a front end makes of it. */
import { afterEach, expect, test } from 'vitest'
import {
  AgentTableWriter,
  ClassTableWriter,
  createMemory,
  OutboxConsumer,
  RouterStatusWriter,
  ShadowCountsReader,
  Sleepers,
  SlotTableWriter,
  TaskRingProducer,
  toAgent,
  toClass,
  toRouter,
  toSlot,
} from '../../native-free/index.ts'
import { CLAIM_MAX } from '../../native-free/memory-map.ts'
import { RouterLoop } from '../../src/router/loop.ts'
import { Random } from '../../src/routing/generator.ts'
import { createStrategies } from '../../src/routing/registry.ts'
import { STRATEGY_DEFAULTS } from '../../src/strategy-options.ts'
import { until } from '../support/until.ts'
import { make, modulePath, runAll, type World } from './own.ts'

const NAMES = ['least_loaded', 'random', 'round_robin']
const ROW = 3
const worlds: World[] = []

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop()
})

/** One router that routes, and a front end that commits and frees every task at once. */
function ground(agentCount: number, live: string, shadow: string | null) {
  const memory = createMemory({
    slotCount: 32,
    agentCountMax: 64,
    classCountMax: 2,
    routerCount: 1,
    ringCapacity: 32,
    publishMax: 32,
    latencyStageCount: 0,
  })
  const agents = new AgentTableWriter(memory)
  const slots = new SlotTableWriter(memory)
  const classes = new ClassTableWriter(memory)
  const ring = new TaskRingProducer(memory, 2)
  const outbox = new OutboxConsumer(memory, toRouter(0))
  const counts = new ShadowCountsReader(memory)
  // A loop that finds nothing then returns instead of sleeping on this thread.
  new Sleepers(memory).requestStop(toRouter(0))
  for (let agent = 0; agent < agentCount; agent++) {
    agents.join(toAgent(agent), 4)
    agents.setCandidate(toClass(1), toAgent(agent), true)
  }
  if (shadow !== null) classes.setShadow(toClass(1), 1 + NAMES.indexOf(shadow))
  counts.begin(ROW)
  counts.assign(toClass(1), ROW)
  const set = () =>
    createStrategies(NAMES, {
      random: new Random(7),
      options: STRATEGY_DEFAULTS,
      agentCountMax: 64,
      classCountMax: 2,
      phase: 0.5,
    })
  const loop = new RouterLoop({
    memory,
    router: toRouter(0),
    strategies: set(),
    shadows: set(),
    status: new RouterStatusWriter(memory, toRouter(0)),
    port: { postMessage: () => undefined },
  })
  const proposal = new Int32Array(5)
  /** Routes tasks one after the other; up to `held` are not finished. */
  const route = (count: number, held = 0): number[] => {
    const chosen: number[] = []
    for (let i = 0; i < count; i++) {
      const generation = slots.offer(toSlot(0), toClass(1), NAMES.indexOf(live), 2, 0)
      ring.push(toSlot(0), generation)
      // The claim, the entry, and the turn that shows the proposal.
      for (let turn = 0; turn < 3; turn++) loop.turn()
      expect(outbox.next(proposal)).toBe(true)
      agents.take(toAgent(proposal[2]))
      chosen.push(proposal[2])
      outbox.commitReads()
      slots.release(toSlot(0))
      if (chosen.length > held) agents.give(toAgent(chosen[chosen.length - 1 - held]))
    }
    return chosen
  }
  return { memory, agents, counts, route }
}

test.each(['least_loaded', 'round_robin', 'random'])(
  'shadow: %s beside itself agrees in every choice',
  (name) => {
    const { counts, route } = ground(10, name, name)
    route(1_000, 15)
    const { decisions, agreements, liveUs, shadowUs } = counts.sums(ROW)
    expect([decisions, agreements]).toEqual([1_000, 1_000])
    expect(liveUs).toBe(shadowUs)
  },
)

test.each([5, 20])('shadow: random beside another agrees in one of %i choices', (agentCount) => {
  const { counts, route } = ground(agentCount, 'round_robin', 'random')
  const count = 10_000
  route(count)
  const { decisions, agreements } = counts.sums(ROW)
  expect(decisions).toBe(count)
  const expected = count / agentCount
  // Four standard deviations; the seed is fixed.
  expect(Math.abs(agreements - expected)).toBeLessThan(4 * Math.sqrt(expected))
  const named = Array.from({ length: agentCount }, (_, agent) => counts.choices(ROW, agent))
  expect(named.map(([live]) => live)).toEqual(named.map(() => expected))
  expect(named.reduce((sum, [, shadow]) => sum + shadow, 0)).toBe(count)
})

test('shadow: it never acts, and leaves what the live strategy does as it was', () => {
  const alone = ground(7, 'round_robin', null)
  const beside = ground(7, 'round_robin', 'least_loaded')
  expect(beside.route(500, 9)).toEqual(alone.route(500, 9))
  expect(alone.counts.sums(ROW).decisions).toBe(0)
  expect(beside.counts.sums(ROW).decisions).toBe(500)
})

test('shadow: a row that begins again counts from zero', () => {
  const { counts, route } = ground(4, 'round_robin', 'round_robin')
  route(10)
  counts.begin(ROW)
  expect(counts.sums(ROW).decisions).toBe(0)
  expect(counts.choices(ROW, 0)).toEqual([0, 0])
  route(6)
  expect(counts.sums(ROW)).toMatchObject({ decisions: 6, agreements: 6 })
})

async function start(options: Parameters<typeof make>[0]): Promise<World> {
  const world = make(options)
  worlds.push(world)
  await world.pool.start()
  return world
}

test('shadow: a queue’s report counts its routers’ choices, and its tasks are routers’ only', async () => {
  const queues = { q: { strategy: 'round_robin', shadow: 'least_loaded' } }
  const world = await start({ queues, placement: 'inline' })
  for (const id of ['a', 'b', 'c', 'd']) {
    world.local.agents.join({ id, queues: ['q'], concurrency: 25 }, () => 1)
  }
  expect((await runAll(world, 2_000, 40)).every((runs) => runs === 1)).toBe(true)
  expect(world.core.counters.placedInline).toBe(0)
  // A router counts a choice after it has shown it; one that is replaced, on a machine that let it stand
  // still, has shown at most a claim's and not counted them.
  const uncounted = () =>
    CLAIM_MAX * world.pool.status().reduce((sum, { restarts }) => sum + restarts, 0)
  await until(() => world.context.shadows.report('q').decisions >= 2_000 - uncounted(), {
    what: `the last choices to be counted, beside ${world.context.shadows.report('q').decisions}`,
  })
  const { decisions, agreements, spread } = world.context.shadows.report('q')
  expect(agreements).toBeGreaterThan(0)
  expect(agreements).toBeLessThanOrEqual(decisions)
  // Two routers in rotation: nobody is far from a quarter.
  expect(spread.live).toBeLessThan(0.1)
})

test('shadow: a user’s that throws is switched off, and tasks go on as if there were none', async () => {
  const world = await start({
    strategies: { mine: modulePath('throwing-at-10') },
    queues: { q: { shadow: 'mine' } },
  })
  world.local.agents.join({ id: 'a', queues: ['q'], concurrency: 25 }, () => 1)
  expect((await runAll(world, 500, 20)).every((runs) => runs === 1)).toBe(true)
  await until(() => world.context.strategiesOff.size === 1, { what: 'it to be off' })
  const { placedInline } = world.core.counters
  await runAll(world, 1, 1)
  expect(world.core.counters.placedInline).toBe(placedInline + 1)
})

test('shadow: at most eight queues are counted; ending one makes room', () => {
  const names = Array.from({ length: 9 }, (_, i) => `q${i}`)
  const queues = Object.fromEntries(names.map((name) => [name, {}]))
  const world = make({ queues })
  worlds.push(world)
  const { shadows, core } = world.context
  for (const name of names.slice(0, 8)) {
    shadows.begin(name)
    core.setShadow(name, 0)
  }
  expect(() => shadows.begin('q8')).toThrow(/8 queues have a shadow/)
  core.setShadow('q3', -1)
  shadows.begin('q8')
  expect(shadows.report('q8')).toMatchObject({ decisions: 0, agreements: 0 })
})
