/** The policy's timers as the front end arms them: alone, nothing else asks for a turn. */
import { afterEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'

const started: Scheduler[] = []

function make(options: ConstructorParameters<typeof Scheduler>[0] = {}): Scheduler {
  const scheduler = new Scheduler(options)
  started.push(scheduler)
  return scheduler
}

afterEach(async () => {
  for (const scheduler of started.splice(0)) await scheduler.stop()
})

test('timers: a running time-out ends an attempt though nothing else happens, 100 times', async () => {
  const scheduler = make()
  await scheduler.agent({ queues: ['q'] }, (task) => {
    return new Promise((resolve) => task.signal.addEventListener('abort', resolve))
  })
  for (let i = 0; i < 100; i++) {
    const timeoutMs = 1 + (i % 10)
    const outcome = scheduler.run('q', null, { timeoutMs, retryCount: 0 })
    const late = until(() => false, { what: `time-out ${i}`, timeoutMs: 2_000 })
    await expect(Promise.race([outcome, late])).rejects.toThrow('Attempt 1 ran longer than')
    late.catch(() => {})
  }
  expect(scheduler.statusNow().attempts.timedOut).toBe(100)
})

test('timers: one that is due sooner than the one armed is not kept waiting', async () => {
  const scheduler = make()
  await scheduler.agent({ queues: ['q'], concurrency: 3 }, (task) => {
    return new Promise((resolve) => task.signal.addEventListener('abort', resolve))
  })
  const long = scheduler.run('q', null, { timeoutMs: 600_000 })
  long.catch(() => {})
  const begin = performance.now()
  await expect(scheduler.run('q', null, { timeoutMs: 20, retryCount: 0 })).rejects.toThrow()
  expect(performance.now() - begin).toBeLessThan(10_000)
})

test('timers: finished tasks are forgotten at their age though nothing else happens', async () => {
  const scheduler = make({ keep: { ageSeconds: 1 } })
  await scheduler.agent({ queues: ['q'] }, () => 1)
  await scheduler.run('q', null, { id: 'x' })
  expect((await scheduler.getTask('x')).state).toBe('completed')
  await until(
    () =>
      scheduler.getTask('x').then(
        () => false,
        () => true,
      ),
    {
      what: 'the task to be forgotten',
      timeoutMs: 5_000,
    },
  )
})
