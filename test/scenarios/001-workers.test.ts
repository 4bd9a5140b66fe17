/** The worker loop of source document 001: workers pull, a failure stores its error, stop() ends them. */
import { afterEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'

let scheduler: Scheduler

afterEach(() => scheduler.stop())

test('[001] a worker pulls: an empty queue gives it nothing, a task that comes later is its own', async () => {
  scheduler = await new Scheduler().start()
  const done: unknown[] = []
  const worker = await scheduler.agent({ queues: ['work'], pull: true, concurrency: 1 }, (task) => {
    done.push(task.json())
    return { result: `Processed ${task.json()}` }
  })
  // get_task: what it asked for stands until there is something, and no longer than it lives.
  await worker.pull(1)
  expect(done).toEqual([])
  expect(await scheduler.run('work', 'data_0')).toEqual({ result: 'Processed data_0' })
  const waiting = await scheduler.submit('work', 'data_1')
  expect(waiting.waitingFor).not.toBeNull()
  await worker.pull(1)
  await waiting.result()
  expect(done).toEqual(['data_0', 'data_1'])
})

test('[001] a failure stores its error, and stop() ends the loop', async () => {
  scheduler = await new Scheduler({ queueDefaults: { retryCount: 0 } }).start()
  const worker = await scheduler.agent({ queues: ['work'] }, () => {
    throw new Error('no such input')
  })
  const task = await scheduler.submit('work', 'data')
  await expect(task.result()).rejects.toThrow('no such input')
  expect(await scheduler.getTask(task.id)).toMatchObject({
    state: 'failed',
    message: 'no such input',
  })
  await worker.stop()
  const next = await scheduler.submit('work', 'data')
  expect(next.waitingFor).toBe('no agent serves work')
})
