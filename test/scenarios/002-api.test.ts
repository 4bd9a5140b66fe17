/**
 * The classes and calls of source document 002, a work-stealing load balancer, each by our name: its
 * `WorkStealingScheduler` is a scheduler whose queues bind early, its `Agent` an agent, its
 * `WorkStealingMetrics` the answer of `metrics()`.
 */
import { afterEach, expect, test } from 'vitest'
import { readConfig } from '../../src/config/read.ts'
import { Scheduler, type SchedulerEvent } from '../../src/scheduler.ts'
import { text } from '../support/files.ts'
import { until } from '../support/until.ts'

const running: Scheduler[] = []

/** As its own configuration file has it. */
function balancer(): Scheduler {
  const file = 'examples/work-stealing/load-balancing-config.yaml'
  const { configuration } = readConfig(text(file), file)
  const scheduler = new Scheduler({ ...configuration!.scheduler, agentQueueMax: 64 })
  running.push(scheduler)
  return scheduler
}

afterEach(async () => {
  for (const scheduler of running.splice(0)) await scheduler.stop()
})

/** Whatever it runs goes on until `end` is called. */
function holder() {
  const ends: (() => void)[] = []
  return {
    hold: () => new Promise<void>((resolve) => ends.push(resolve)),
    end: () => {
      for (const each of ends.splice(0)) each()
    },
  }
}

test('[002] classes: register_agent, submit_task, get_metrics of a scheduler with its configuration file', async () => {
  const scheduler = await balancer().start()
  await scheduler.agent({ id: 'worker_1', queues: ['analysis'], capabilities: ['python'] }, () => 1)
  await scheduler.agent({ id: 'worker_2', queues: ['analysis'], capabilities: ['python'] }, () => 2)
  expect([1, 2]).toContain(
    await scheduler.run('analysis', {}, { requires: ['python'], priority: 3 }),
  )
  expect(await scheduler.metrics()).toMatchObject({
    total_tasks_distributed: 1,
    successful_assignments: 1,
    queue_sizes: { analysis: 0 },
    steal_attempts: 0,
    busy_agents: 0,
    idle_agents: 2,
  })
})

test('[002] request_work(): an idle agent that joins takes what waits for a busy one, newest first, none that is protected', async () => {
  const scheduler = await balancer().start()
  const busy = holder()
  await scheduler.agent({ id: 'busy', queues: ['analysis'] }, busy.hold)
  const tasks = []
  for (let n = 0; n < 8; n++) {
    const priority = n === 7 ? 'high' : 'normal'
    tasks.push(await scheduler.submit('analysis', n, { id: `t${n}`, priority }))
  }
  const [{ current_load: before }] = await scheduler.getUtilization('busy')
  expect(before).toBe(8)
  const taken: string[] = []
  await scheduler.agent({ id: 'idle', queues: ['analysis'] }, (task) => {
    taken.push(task.id)
  })
  await until(() => taken.length === 6, { what: 'all that may be moved to be taken' })
  // t0 runs, t7 is protected; of the rest the newest goes first.
  expect(taken).toEqual(['t6', 't5', 't4', 't3', 't2', 't1'])
  expect((await scheduler.getTask('t7')).agent).toBe('busy')
  expect(await scheduler.metrics()).toMatchObject({ successful_steals: 6 })
  busy.end()
  await until(async () => (await scheduler.getTask('t7')).state === 'processing', {
    what: 'the protected one to begin where it waited',
  })
  busy.end()
  await Promise.all(tasks.map((task) => task.result()))
})

test('[002] _rebalance_push(): asked for balance, agents end up with equal queues, and the event says so', async () => {
  const scheduler = new Scheduler({
    queues: { analysis: { binding: 'early' } },
    stealing: { mode: 'push' },
    agentQueueMax: 64,
  })
  running.push(scheduler)
  const events: SchedulerEvent[] = []
  scheduler.onEvent((event) => events.push(event))
  await scheduler.start()
  const all = holder()
  await scheduler.agent({ id: 'a', queues: ['analysis'] }, all.hold)
  for (let n = 0; n < 20; n++) await scheduler.submit('analysis', n)
  for (const id of ['b', 'c', 'd', 'e'])
    await scheduler.agent({ id, queues: ['analysis'] }, all.hold)
  const report = await scheduler.rebalance()
  expect(report.moved).toHaveLength(16)
  expect(report.variationAfter).toBe(0)
  expect((await scheduler.getUtilization()).map(({ current_load: load }) => load)).toEqual([
    4, 4, 4, 4, 4,
  ])
  await until(() => events.some(({ kind }) => kind === 'tasks_rebalanced'), { what: 'the event' })
})

test('[002] assignment is mandatory: nobody is asked whether they would', async () => {
  const scheduler = await balancer().start()
  const agent = holder()
  await scheduler.agent({ id: 'only', queues: ['analysis'], concurrency: 2 }, agent.hold)
  for (let n = 0; n < 3; n++) await scheduler.submit('analysis', n, { id: `t${n}` })
  expect((await scheduler.getTask('t0')).agent).toBe('only')
  // Busyness is the length of the queue: two run, one waits for it.
  expect(await scheduler.agentProfile('only')).toMatchObject({ capacity: 2, load: 3, queued: 1 })
  agent.end()
})

test('[002] edge cases: without agents tasks wait, a single agent keeps its own, no capabilities suit any task', async () => {
  const scheduler = await balancer().start()
  const waiting = await scheduler.submit('analysis', {}, { id: 'early' })
  expect((await scheduler.getTask('early')).state).toBe('pending')
  const single = holder()
  await scheduler.agent({ id: 'single', queues: ['analysis'], capabilities: [] }, single.hold)
  await scheduler.submit('analysis', {}, { id: 'next' })
  expect((await scheduler.rebalance()).moved).toEqual([])
  expect((await scheduler.getTask('next')).agent).toBe('single')
  single.end()
  await waiting.result()
})
