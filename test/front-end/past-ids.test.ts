/** A submit that comes again after its task is forgotten, and what a status says of tasks that wait. */
import { afterEach, expect, test } from 'vitest'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'

const started: Scheduler[] = []

function make(options: SchedulerOptions = {}): Scheduler {
  const scheduler = new Scheduler({ slots: 1_024, agentsMax: 64, ...options })
  started.push(scheduler)
  return scheduler
}

afterEach(async () => {
  for (const scheduler of started.splice(0)) await scheduler.stop()
})

test('dedup: who comes again late hears the state, and no outcome, which is not kept', async () => {
  const scheduler = make({ keep: { count: 0 } })
  let runs = 0
  await scheduler.agent({ queues: ['q'] }, () => ++runs)
  expect(await scheduler.run('q', null, { id: 'once' })).toBe(1)
  const again = await scheduler.submit('q', null, { id: 'once' })
  expect(again.state).toBe('completed')
  await expect(again.result()).rejects.toMatchObject({ code: 'finished', retryable: false })
  await expect(scheduler.run('q', null, { id: 'once' })).rejects.toThrow(
    'Task "once" has ended already (completed) and its outcome is not kept any more: ' +
      'submit new work under another id.',
  )
  expect(runs).toBe(1)
  expect(scheduler.statusNow().tasks).toMatchObject({ accepted: 1, duplicates: 2, lost: 0 })
})

test('dedup: with a window of 0 the id may be used again at once', async () => {
  const scheduler = make({ keep: { count: 0 }, dedup: { windowSeconds: 0 } })
  let runs = 0
  await scheduler.agent({ queues: ['q'] }, () => ++runs)
  expect(await scheduler.run('q', null, { id: 'once' })).toBe(1)
  expect(await scheduler.run('q', null, { id: 'once' })).toBe(2)
})

test('status: scheduled and expired tasks are counted, and none is lost', async () => {
  const scheduler = make()
  await scheduler.submit('q', null, { delayMs: 60_000 })
  const late = scheduler.run('q', null, { deadlineMs: 1 })
  await expect(late).rejects.toMatchObject({ code: 'deadline_expired' })
  const settled = () => scheduler.statusNow().tasks.expired === 1
  await until(settled, { what: 'the deadline to pass' })
  const { tasks } = scheduler.statusNow()
  expect(tasks).toMatchObject({ accepted: 2, scheduled: 1, expired: 1, waiting: 0, lost: 0 })
})
