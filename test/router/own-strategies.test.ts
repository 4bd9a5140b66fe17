/** Users' strategies on real routers: how they are loaded, placed by, and switched off. */
import { afterEach, expect, test } from 'vitest'
import type { SchedulerOptions } from '../../src/options.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'
import { until } from '../support/until.ts'
import { make, modulePath, runAll, type World } from './own.ts'

const worlds: World[] = []

function prepare(name: string, options: SchedulerOptions = {}): World {
  const world = make({ strategies: { mine: modulePath(name) }, strategy: 'mine', ...options })
  worlds.push(world)
  return world
}

async function start(name: string, options: SchedulerOptions = {}): Promise<World> {
  const world = prepare(name, options)
  await world.pool.start()
  return world
}

function join({ local }: World, id: string, concurrency = 50): void {
  local.agents.join({ id, queues: ['q'], concurrency }, () => 1)
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop()
})

/** The event of a strategy that was switched off; there is exactly one. */
function off({ events }: World): Record<string, unknown> {
  const found = events.filter(({ kind }) => kind === 'strategy_off')
  expect(found.length).toBe(1)
  return found[0].detail
}

const ONCE = Array.from({ length: 2_000 }, () => 1)

test('own strategies: even a lone task is placed by routers, never by the front end', async () => {
  const world = await start('first', { placement: 'inline' })
  join(world, 'a')
  expect(await runAll(world, 50, 1)).toEqual(ONCE.slice(0, 50))
  expect(await runAll(world, 2_000, 40)).toEqual(ONCE)
  const { placedByRouters, placedInline } = world.core.counters
  expect([placedByRouters, placedInline]).toEqual([2_050, 0])
  expect(world.events.map(({ kind }) => kind)).toEqual(['agent_up'])
})

test('own strategies: a full fleet bounces their tasks, and routers place all of them', async () => {
  const world = await start('first')
  join(world, 'a', 3)
  join(world, 'b', 2)
  expect(await runAll(world, 2_000, 200)).toEqual(ONCE)
  expect(world.core.counters.placedInline).toBe(0)
})

test.each([
  ['threw', 'throwing-at-10', 'threw "ten is enough"'],
  ['nonsense', 'garbage', 'answered'],
  ['nonsense', 'full', 'answered 0, which is no candidate, 3 times in a row'],
  ['slow', 'slow-2ms', '3 of 64 decisions took over 1000 µs'],
])(
  'own strategies: one that is %s (%s) is switched off, and the default places',
  async (kind, name, reason) => {
    const world = await start(name)
    join(world, 'a', 1)
    join(world, 'b')
    expect(await runAll(world, 2_000, 100)).toEqual(ONCE)
    const { message, ...detail } = off(world)
    expect(detail).toMatchObject({ strategy: 'mine', kind })
    expect(detail.reason).toContain(reason)
    expect(message).toContain('least_loaded chooses in its place')
    expect(world.faults).toEqual([])
    const { completed, started, accepted } = world.core.counters
    expect([completed, started]).toEqual([accepted, accepted])
  },
)

test.each([
  ['stood_still', 'stalling-at-10'],
  ['exited', 'leaving-at-10'],
])(
  'own strategies: one with which a router %s (%s) is switched off, and the thread replaced',
  async (kind, name) => {
    const world = await start(name)
    join(world, 'a')
    join(world, 'b')
    expect(await runAll(world, 2_000, 100)).toEqual(ONCE)
    expect(off(world)).toMatchObject({ strategy: 'mine', kind })
    expect(world.faults[0]).toMatchObject({ kind })
    await until(() => world.pool.aliveCount === 2, { what: 'both routers to be back' })
    const { completed, started, accepted } = world.core.counters
    expect([completed, started]).toEqual([accepted, accepted])
    // With the strategy off nothing needs a router any more, and a lone task none at all.
    const { placedInline } = world.core.counters
    await runAll(world, 1, 1)
    expect(world.core.counters.placedInline).toBe(placedInline + 1)
  },
)

test.each([1, 2, 3, 4, 5, 6, 7])(
  'own strategies: answer %i of those that cannot be an agent is found out at once',
  async (index) => {
    const world = await start('answering')
    join(world, 'a')
    // Each requirement makes a class, in this order; nobody is asked before the one under test.
    const { local } = world
    local.agents.join({ id: 'able', queues: ['q'], capabilities: ['c'], concurrency: 9 }, () => 1)
    const requires = Array.from({ length: index }, (_, i) => `never-${i}`)
    for (const [i] of requires.entries()) {
      void local.submissions.run('q', i, { requires: [`never-${i}`] }).catch(() => {})
    }
    await until(() => world.core.classes.length === index, { what: 'the classes to be there' })
    expect(await local.submissions.run('q', 'x', { requires: ['c'] })).toBe(1)
    expect(off(world)).toMatchObject({ strategy: 'mine', kind: 'nonsense' })
  },
)

test('own strategies: one that says nobody is free has no say in that task, and stays', async () => {
  const world = await start('refusing')
  join(world, 'a')
  expect(await runAll(world, 500, 20)).toEqual(ONCE.slice(0, 500))
  expect(world.events.map(({ kind }) => kind)).toEqual(['agent_up'])
  expect(world.core.counters.placedInline).toBe(0)
})

test('own strategies: what routers hold when one is terminated is offered to routers again', async () => {
  const world = await start('first')
  join(world, 'a', 10)
  let isKilling = true
  const kill = async () => {
    for (let i = 0; i < 6; i++) {
      const before = world.core.counters.placedByRouters
      await until(() => world.core.counters.placedByRouters > before, { what: 'a placement' })
      await world.pool.terminate(i % 2)
    }
    isKilling = false
  }
  const killing = kill()
  let tasks = 0
  while (isKilling) tasks += (await runAll(world, 200, 50)).filter((runs) => runs === 1).length
  await killing
  const { completed, started, placedInline } = world.core.counters
  expect([completed, started, placedInline]).toEqual([tasks, tasks, 0])
})

test('own strategies: without a router left the default places their tasks here', async () => {
  const world = await start('first')
  join(world, 'a')
  await world.pool.stop()
  expect(await runAll(world, 20, 4)).toEqual(ONCE.slice(0, 20))
  expect(world.core.counters.placedInline).toBe(20)
})

test.each([
  [
    'absent',
    /^SignalboxError: Strategy "mine" cannot be loaded from .*absent\.mjs: Cannot find module/,
  ],
  ['broken', /: this module is broken\. Correct the module, or its path in option "strategies"\.$/],
  ['empty', /has no default export/],
])(
  'own strategies: a module that is %s fails the start, and says why and what to do',
  async (name, says) => {
    const world = prepare(name)
    const failure = await world.pool.start().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'bad_option' })
    expect(String(failure)).toMatch(says)
    expect(String(failure)).not.toContain('loaded from file:')
  },
)

test('own strategies: names of ours, no path, and no routers are refused in a sentence', () => {
  const refused = (options: SchedulerOptions) => {
    try {
      frontEndOptions({ routers: 1, ...options })
    } catch (error) {
      return String(error)
    }
    return 'taken'
  }
  expect(refused({ strategies: { random: './mine.mjs' } })).toContain('comes with Signalbox')
  expect(refused({ strategies: { StrategyRandom: './mine.mjs' } })).toContain(
    'comes with Signalbox',
  )
  expect(refused({ strategies: { mine: '' } })).toContain('give the path')
  expect(refused({ strategies: { mine: './mine.mjs' }, routers: 0 })).toContain(
    'routers: 1 or more',
  )
  expect(refused({ strategies: { mine: './mine.mjs' } })).toBe('taken')
})
