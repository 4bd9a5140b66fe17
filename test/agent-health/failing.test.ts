import { expect, test } from 'vitest'
import { World } from './support.ts'

test('failing: an agent that fails while its peer does not is in quarantine', () => {
  const world = new World()
  const bad = world.join('bad')
  const good = world.join('good')
  world.results(bad, 0, 20)
  world.results(good, 20)
  expect(bad.limit).toBe(-1)
  world.pass(1_000)
  expect([bad.limit, good.limit]).toEqual([0, -1])
  world.expectConditions({ bad: 'failing', good: 'fit' })
  expect(world.reason(bad)).toBe('20 of its last 20 results failed; of those of its peers 0 %.')
  expect(world.told).toEqual([
    {
      kind: 'agent_quarantined',
      detail: {
        agent: 'bad',
        condition: 'failing',
        reason: world.reason(bad),
        forMs: 30_000,
        message: `Agent bad is in quarantine for 30 s: ${world.reason(bad)}`,
      },
    },
  ])
  expect(() => world.give(bad)).toThrow()
})

test('failing: it is not judged before it has as many results as are needed', () => {
  const world = new World()
  const bad = world.join('bad')
  world.join('good')
  world.results(bad, 0, 19)
  world.pass(1_000)
  expect(world.condition(bad)).toBe('fit')
  world.results(bad, 0, 1)
  world.pass(1_000)
  expect(world.condition(bad)).toBe('failing')
  expect(world.reason(bad)).toMatch(/others of its kind have no results yet/)
})

test('failing: where the tasks fail with everybody nobody is to blame', () => {
  const world = new World()
  const agents = ['a', 'b', 'c', 'd'].map((id) => world.join(id))
  for (const agent of agents) world.results(agent, 0, 40)
  world.pass(1_000)
  expect(world.events()).toEqual([])
})

test('failing: half of its peers must fail less than half as often', () => {
  const world = new World()
  const [a, b, c] = ['a', 'b', 'c'].map((id) => world.join(id))
  world.results(a, 4, 16)
  world.results(b, 12, 8)
  world.results(c, 12, 8)
  world.pass(1_000)
  expect(world.condition(a)).toBe('fit')
  world.results(b, 40)
  world.pass(1_000)
  expect(world.condition(a)).toBe('failing')
})

test('failing: two that fail do not excuse each other', () => {
  const world = new World()
  for (const id of ['bad-1', 'bad-2']) world.results(world.join(id), 0, 20)
  for (const id of ['good-1', 'good-2']) world.results(world.join(id), 20)
  world.pass(1_000)
  world.expectConditions({
    'bad-1': 'failing',
    'bad-2': 'failing',
    'good-1': 'fit',
    'good-2': 'fit',
  })
})

test('failing: a lone agent is never spared, whatever it does', () => {
  const world = new World()
  const lone = world.join('lone')
  world.join('other', { queues: ['other'] })
  world.join('special', { capabilities: ['ocr'] })
  world.results(lone, 0, 100)
  world.pass(5_000)
  expect(lone.limit).toBe(-1)
  expect(world.events()).toEqual([])
})

test('failing: labels make no kind of their own', () => {
  const world = new World()
  const bad = world.join('bad', { labels: { rack: 1 } })
  world.results(world.join('good', { labels: { rack: 2 } }), 20)
  world.results(bad, 0, 20)
  world.pass(1_000)
  expect(world.condition(bad)).toBe('failing')
})

test('failing: what happened long before does not count, the last results do', () => {
  const world = new World()
  const bad = world.join('bad')
  world.results(world.join('good'), 20)
  for (let second = 0; second < 50; second++) {
    world.results(bad, 20)
    world.pass(1_000)
  }
  world.results(bad, 0, 20)
  world.pass(1_000)
  expect(world.condition(bad)).toBe('failing')
})

test('failing: time-outs count, what others ended does not', () => {
  const world = new World()
  const slow = world.join('slow')
  const cancelled = world.join('cancelled')
  world.results(world.join('good'), 20)
  world.results(world.join('good-too'), 20)
  for (let i = 0; i < 20; i++) world.policy.cancel(world.give(cancelled))
  const late = Array.from({ length: 20 }, () => world.give(slow))
  expect(late.every(({ timeoutMs }) => timeoutMs > 0)).toBe(true)
  world.policy.pass(late[0].timeoutMs + 1)
  world.pass(1_000)
  world.expectConditions({ slow: 'failing', cancelled: 'fit' })
})

test('trial: after its quarantine an agent gets one task at a time, and a success ends it', () => {
  const world = new World({ quarantineMs: 10_000 })
  const bad = world.join('bad')
  world.results(world.join('good'), 20)
  world.results(bad, 0, 20)
  world.pass(1_000)
  world.pass(9_000)
  expect(bad.limit).toBe(0)
  world.pass(1_000)
  expect([bad.limit, world.condition(bad)]).toEqual([1, 'trial'])
  world.pass(60_000)
  expect(world.condition(bad)).toBe('trial')
  const trial = world.give(bad)
  expect(() => world.give(bad)).toThrow()
  world.pass(20_000)
  expect(world.condition(bad)).toBe('trial')
  world.policy.succeed(trial)
  expect(bad.limit).toBe(1)
  world.turn()
  expect([bad.limit, world.condition(bad), world.reason(bad)]).toEqual([-1, 'fit', ''])
  expect(world.events()).toEqual([
    'agent_quarantined bad',
    'agent_trial bad',
    'agent_recovered bad',
  ])
  world.pass(1_000)
  expect(world.condition(bad)).toBe('fit')
})

test('trial: a failure makes a quarantine of twice the length, up to the longest', () => {
  const world = new World({ quarantineMs: 10_000, quarantineMaxMs: 35_000 })
  const bad = world.join('bad')
  world.results(world.join('good'), 20)
  world.results(bad, 0, 20)
  world.pass(1_000)
  const lengths = []
  for (let round = 0; round < 4; round++) {
    const fromMs = world.policy.nowMs
    for (let i = 0; i < 100 && world.condition(bad) !== 'trial'; i++) world.pass(1_000)
    lengths.push(world.policy.nowMs - fromMs)
    world.policy.fail(world.give(bad))
    world.turn()
    expect([bad.limit, world.condition(bad)]).toEqual([0, 'failing'])
  }
  expect(lengths).toEqual([10_000, 20_000, 35_000, 35_000])
})

test('trial: what began before the quarantine does not decide it', () => {
  const world = new World({ quarantineMs: 10_000 })
  const bad = world.join('bad')
  world.results(world.join('good'), 20)
  const old = [world.give(bad), world.give(bad)]
  world.results(bad, 0, 20)
  world.pass(12_000)
  expect(world.condition(bad)).toBe('trial')
  expect(() => world.give(bad)).toThrow()
  world.policy.fail(old[0])
  world.policy.succeed(old[1])
  world.turn()
  expect(world.condition(bad)).toBe('trial')
  world.results(bad, 1)
  expect(world.condition(bad)).toBe('fit')
})

test('trial: a task that is cancelled decides nothing, and the next one does', () => {
  const world = new World({ quarantineMs: 10_000 })
  const bad = world.join('bad')
  world.results(world.join('good'), 20)
  world.results(bad, 0, 20)
  world.pass(12_000)
  const cancelled = world.give(bad)
  const token = world.policy.token(cancelled)
  world.policy.cancel(cancelled)
  world.policy.attempt(token)
  world.turn()
  expect(world.condition(bad)).toBe('trial')
  world.results(bad, 1)
  expect(world.condition(bad)).toBe('fit')
})

test('trial: one that was well for long begins with a short quarantine again', () => {
  const world = new World({ quarantineMs: 10_000, quarantineMaxMs: 40_000 })
  const bad = world.join('bad')
  const good = world.join('good')
  const fail = () => {
    world.results(good, 20)
    world.results(bad, 0, 20)
    world.pass(1_000)
    return world.told.at(-1)!.detail.forMs
  }
  expect(fail()).toBe(10_000)
  world.pass(11_000)
  world.results(bad, 1)
  expect(fail()).toBe(20_000)
  world.pass(21_000)
  world.results(bad, 1)
  world.pass(41_000)
  expect(fail()).toBe(10_000)
})

test('trial: an agent in quarantine that comes back as another instance is limited at once', () => {
  const world = new World({ quarantineMs: 10_000 })
  const bad = world.join('bad')
  world.results(world.join('good'), 20)
  world.results(bad, 0, 20)
  world.pass(1_000)
  world.policy.bye(bad)
  world.pass(2_000)
  const again = world.join('bad', { instance: 'bad-2' })
  expect([again.limit, world.condition(again)]).toEqual([0, 'failing'])
  world.pass(8_000)
  expect([again.limit, world.condition(again)]).toEqual([1, 'trial'])
  world.policy.bye(again)
  const third = world.join('bad', { instance: 'bad-3' })
  expect(third.limit).toBe(1)
  world.results(third, 1)
  expect(third.limit).toBe(-1)
})

test('trial: one that is lost with its task has failed it', () => {
  const world = new World({ quarantineMs: 10_000 })
  const bad = world.join('bad')
  world.results(world.join('good'), 20)
  world.results(bad, 0, 20)
  world.pass(12_000)
  world.give(bad)
  world.policy.core.agentLost(bad, world.policy.nowMs)
  world.turn()
  const again = world.join('bad', { instance: 'bad-2' })
  expect([again.limit, world.condition(again)]).toEqual([0, 'failing'])
})

test('failing: what is to be done may be to avoid, to let go, or nothing', () => {
  const judged = (onFailing: 'avoid' | 'drain' | 'off', pull = false) => {
    const world = new World({ onFailing, quarantineMs: 10_000 })
    const bad = world.join('bad')
    world.results(world.join('good'), 20)
    world.results(bad, 0, 20)
    if (pull) bad.pull = true
    world.pass(1_000)
    return { world, bad }
  }
  const avoided = judged('avoid')
  expect([avoided.bad.limit, avoided.world.condition(avoided.bad)]).toEqual([1, 'failing'])
  avoided.world.results(avoided.bad, 5)
  expect(avoided.bad.limit).toBe(1)
  avoided.world.pass(10_000)
  expect(avoided.world.condition(avoided.bad)).toBe('trial')
  avoided.world.results(avoided.bad, 1)
  expect(avoided.bad.limit).toBe(-1)

  const drained = judged('drain')
  expect([drained.bad.draining, drained.bad.limit]).toEqual([true, -1])
  expect(drained.world.condition(drained.bad)).toBe('failing')
  expect(drained.world.policy.effects.drains).toEqual([drained.bad])
  drained.world.pass(5_000)
  expect(drained.world.events()).toEqual(['agent_avoided bad'])
  drained.world.join('bad', { instance: 'bad-1' })
  drained.world.pass(1_000)
  expect(drained.world.condition(drained.bad)).toBe('fit')

  const off = judged('off')
  expect([off.bad.limit, off.world.condition(off.bad), off.world.events()]).toEqual([-1, 'fit', []])

  const pulling = judged('avoid', true)
  expect(pulling.world.condition(pulling.bad)).toBe('fit')
})
