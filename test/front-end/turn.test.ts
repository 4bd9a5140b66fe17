/** Order, who places, and sleep: the front end's turns as an embedded scheduler shows them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { FrontEndBell } from '../../native-free/index.ts'
import type { TaskHandle } from '../../src/api.ts'
import { LIMITS, type SchedulerOptions } from '../../src/options.ts'
import { Scheduler } from '../../src/scheduler.ts'
import type { PriorityLevel } from '../../src/task.ts'
import { mostOvertaken } from './support.ts'

const started: Scheduler[] = []

function make(options: SchedulerOptions = {}): Scheduler {
  const scheduler = new Scheduler({ slots: 4_096, agentsMax: 64, ...options })
  started.push(scheduler)
  return scheduler
}

afterEach(async () => {
  vi.restoreAllMocks()
  for (const scheduler of started.splice(0)) await scheduler.stop()
})

/** Submits tasks that carry their number, before anybody serves them. */
async function submitNumbers(
  scheduler: Scheduler,
  count: number,
  level: (number: number) => PriorityLevel = () => 3,
): Promise<TaskHandle[]> {
  const submits = Array.from({ length: count }, (_, number) =>
    scheduler.submit('q', number, { priority: level(number) }),
  )
  return Promise.all(submits)
}

/** What was given to routers: one that was too late for it finds it stale, as it is placed inline. */
function reached(scheduler: Scheduler): number {
  const { routers } = scheduler.statusNow()
  return routers.reduce((sum, { decisions, stale }) => sum + decisions + stale, 0)
}

test('order: with placement inline it is exact, by level and then by age', async () => {
  const scheduler = make({ placement: 'inline' })
  const level = (number: number) => (1 + ((number * 7_919) % 5)) as PriorityLevel
  const handles = await submitNumbers(scheduler, 2_000, level)
  const order: number[] = []
  await scheduler.agent({ queues: ['q'] }, (task) => {
    order.push(task.json<number>())
  })
  await Promise.all(handles.map((handle) => handle.result()))
  const expected = Array.from({ length: 2_000 }, (_, number) => number)
  expected.sort((a, b) => level(b) - level(a) || a - b)
  expect(order).toEqual(expected)
  expect(scheduler.statusNow().placedBy).toEqual({ routers: 0, inline: 2_000 })
})

test('order: through routers fewer than 256 later tasks overtake one', async () => {
  const scheduler = make({ placement: 'routers', routers: 2 })
  const handles = await submitNumbers(scheduler, 4_000)
  const order: number[] = []
  await scheduler.agent({ queues: ['q'], concurrency: 2_000 }, (task) => {
    order.push(task.json<number>())
  })
  await Promise.all(handles.map((handle) => handle.result()))
  expect(order.length).toBe(4_000)
  expect(mostOvertaken(order)).toBeLessThan(LIMITS.laneWindow)
  expect(reached(scheduler)).toBeGreaterThan(2_000)
})

test('auto: a task alone is placed on the spot, and a burst wherever it costs less', async () => {
  const scheduler = make({ placement: 'auto', routers: 2 })
  await scheduler.agent({ queues: ['q'], concurrency: 1_000 }, () => undefined)
  for (let i = 0; i < 100; i++) await scheduler.run('q')
  expect(scheduler.statusNow().placedBy).toEqual({ routers: 0, inline: 100 })
  await Promise.all(Array.from({ length: 1_000 }, () => scheduler.run('q')))
  const { routers, inline } = scheduler.statusNow().placedBy
  expect(routers + inline).toBe(1_100)
})

test('auto: a burst for which there is no credit is no burst', async () => {
  const scheduler = make({ placement: 'auto', routers: 1 })
  await scheduler.agent({ queues: ['q'], concurrency: 3 }, () => undefined)
  await Promise.all(Array.from({ length: 200 }, () => scheduler.run('q')))
  expect(scheduler.statusNow().placedBy).toEqual({ routers: 0, inline: 200 })
})

test('placement routers without routers is refused', () => {
  const refused = { code: 'bad_option', message: expect.stringMatching('"routers" is "0"') }
  expect(() => make({ placement: 'routers', routers: 0 })).toThrow(expect.objectContaining(refused))
  expect(() => make({ placement: 'routers' })).toThrow(expect.objectContaining(refused))
})

/** Each turn begins by disarming the bell. */
function countTurns(): () => number {
  const spy = vi.spyOn(FrontEndBell.prototype, 'disarm')
  return () => spy.mock.calls.length
}

test.each([
  ['inline', 0],
  ['auto', 2],
  ['routers', 2],
] as const)(
  'sleep: after a burst with placement %s no more turns are taken',
  async (placement, routers) => {
    const scheduler = make({ placement, routers })
    const turns = countTurns()
    await scheduler.agent({ queues: ['q'], concurrency: 500 }, () => undefined)
    await Promise.all(Array.from({ length: 2_000 }, () => scheduler.run('q')))
    expect(turns()).toBeGreaterThan(3)
    // The timer of the last offers rings once more; after that there is nothing to wait for.
    await sleep(50)
    const before = turns()
    await sleep(300)
    expect(turns()).toBe(before)
  },
)

test('sleep: waiting tasks that nobody can do take no turns', async () => {
  const scheduler = make({ placement: 'routers', routers: 1 })
  const turns = countTurns()
  await scheduler.agent({ queues: ['q'] }, () => undefined)
  await Promise.all(
    Array.from({ length: 300 }, () => scheduler.submit('q', 1, { requires: ['nobody'] })),
  )
  await sleep(50)
  const before = turns()
  await sleep(300)
  expect(turns()).toBe(before)
})

test('sleep: 20,000 tasks one after another go through routers, each wakes both sides', async () => {
  const scheduler = make({ placement: 'routers', routers: 2 })
  await scheduler.agent({ queues: ['q'] }, () => undefined)
  for (let i = 0; i < 20_000; i++) await scheduler.run('q')
  const { tasks, placedBy } = scheduler.statusNow()
  expect([tasks.completed, tasks.lost]).toEqual([20_000, 0])
  // A wake-up that got lost would be made good inline, 5 ms later.
  expect(placedBy.inline).toBeLessThan(1_000)
}, 120_000)
