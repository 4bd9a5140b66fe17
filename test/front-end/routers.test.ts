/** Routers that stand still, die and come back, below a whole front end. */
import { afterEach, expect, test } from 'vitest'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'
import { startWith, type TestScheduler } from './support.ts'

const started: { stop(): Promise<void> }[] = []

async function blocking(options: SchedulerOptions = {}): Promise<TestScheduler> {
  const scheduler = await startWith('blocking', options)
  started.push(scheduler)
  return scheduler
}

afterEach(async () => {
  for (const scheduler of started.splice(0)) await scheduler.stop()
})

test('routers: a task that is not proposed in time is placed inline, once', async () => {
  const { context, local } = await blocking()
  const runs = new Map<string, number>()
  const handler = (task: { id: string }) => {
    runs.set(task.id, (runs.get(task.id) ?? 0) + 1)
  }
  local.agents.join({ queues: ['q'], concurrency: 100 }, handler)
  const options = { priority: 'critical' } as const
  for (let i = 0; i < 5; i++) {
    await Promise.all(Array.from({ length: 10 }, () => local.submissions.run('q', null, options)))
  }
  const { counters } = context.core
  expect(counters.completed).toBe(50)
  expect([...runs.values()].every((count) => count === 1)).toBe(true)
  expect(runs.size).toBe(50)
  expect(counters.overdueOffers).toBeGreaterThan(0)
  expect(counters.placedInline).toBeGreaterThanOrEqual(counters.overdueOffers)
  // The routers' answers come when nobody waits for them any more.
  await until(
    () => context.routers!.status().every(({ decisions, stale }) => decisions + stale > 0),
    {
      what: 'both routers to go on',
    },
  )
  await local.submissions.run('q', null)
  expect(counters.started).toBe(51)
})

test('routers: one that stands still for good holds up nobody and is replaced', async () => {
  const { context, local, faults } = await blocking()
  local.agents.join({ queues: ['q'], concurrency: 100 }, () => undefined)
  const stale = () => context.routers!.status().reduce((sum, router) => sum + router.stale, 0)
  // One that looks only after the task was placed finds it stale, and goes on: then another is due.
  for (let tasks = 1; faults.length === 0 && tasks <= 100; tasks++) {
    const before = stale()
    await local.submissions.run('q', null, { priority: 'high' })
    expect(context.core.counters.placedInline).toBe(tasks)
    await until(() => faults.length > 0 || stale() > before, { what: 'the router’s replacement' })
  }
  expect(faults[0].kind).toBe('stood_still')
  await until(() => context.routers!.aliveCount === 2, { what: 'both routers to be back' })
  await Promise.all(Array.from({ length: 500 }, () => local.submissions.run('q', null)))
  const { completed, started, accepted } = context.core.counters
  expect([completed, started]).toEqual([accepted, accepted])
})

test('routers: terminated 20 times while tasks flow, none is lost or done twice', async () => {
  const scheduler = new Scheduler({ placement: 'routers', routers: 2, slots: 4_096, agentsMax: 64 })
  started.push(scheduler)
  const runs: number[] = []
  for (const id of ['a', 'b', 'c', 'd']) {
    await scheduler.agent({ id, queues: ['q'], concurrency: 100 }, (task) => {
      runs[task.json<number>()]++
    })
  }
  let terminations = 0
  const flow = async () => {
    while (runs.length < 20_000 || (terminations < 20 && runs.length < 1_000_000)) {
      await scheduler.run('q', runs.push(0) - 1)
    }
  }
  const terminate = async () => {
    for (; terminations < 20; terminations++) {
      // Not before routers work again, so that they have tasks in their hands.
      const before = scheduler.statusNow().placedBy.routers
      await until(() => scheduler.statusNow().placedBy.routers >= before + 100, {
        what: `routers to place again after ${terminations} terminations`,
      })
      await scheduler.terminateRouter(terminations % 2)
    }
  }
  await Promise.all([terminate(), ...Array.from({ length: 200 }, flow)])
  expect(runs.filter((count) => count !== 1).length).toBe(0)
  const { tasks, attempts, routers } = scheduler.statusNow()
  expect(runs.length).toBeGreaterThanOrEqual(20_000)
  expect([tasks.completed, tasks.lost, attempts.started]).toEqual([runs.length, 0, runs.length])
  const restarts = routers.reduce((sum, router) => sum + router.restarts, 0)
  expect(restarts).toBeGreaterThanOrEqual(20)
}, 120_000)
