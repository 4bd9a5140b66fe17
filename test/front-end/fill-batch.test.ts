/** Which agent gets what of a queue that is given out in batches. */
import { afterEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'

const BATCH_SIZE = 3

let scheduler: Scheduler
let release: () => void
afterEach(async () => {
  release()
  await scheduler.stop()
})

/** Payloads by agent, in the order in which each got them. */
async function givenTo(
  credits: Record<string, number>,
  submits: [queue: string, payload: number, priority?: 1 | 3 | 5][],
): Promise<Record<string, number[]>> {
  const queues = { batched: { batchSize: BATCH_SIZE }, single: {} }
  scheduler = new Scheduler({ queues })
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const given: Record<string, number[]> = {}
  for (const [id, concurrency] of Object.entries(credits)) {
    given[id] = []
    await scheduler.agent({ id, queues: ['*'], concurrency }, (task) => {
      given[id].push(task.json<number>())
      return released
    })
  }
  const tasks = submits.map(([queue, payload, priority]) =>
    scheduler.submit(queue, payload, { priority }),
  )
  await Promise.all(tasks)
  const count = () => Object.values(given).flat().length
  const room = Object.values(credits).reduce((sum, each) => sum + each)
  const wanted = Math.min(room, submits.length)
  await until(() => count() === wanted, { what: `${wanted} tasks to run` })
  return given
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

test('batches: as many as the queue says go to one agent, the next to another', async () => {
  const given = await givenTo(
    { a: 6, b: 6 },
    numbers(6).map((n) => ['batched', n]),
  )
  const [first, second] = Object.values(given).sort((x, y) => x[0] - y[0])
  expect([first, second]).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ])
})

test('batches: an agent gets no more than it has credit for', async () => {
  const given = await givenTo(
    { a: 2, b: 2 },
    numbers(4).map((n) => ['batched', n]),
  )
  expect(Object.values(given).map(({ length }) => length)).toEqual([2, 2])
  expect(given.a[1] - given.a[0]).toBe(1)
})

test('batches: a queue without is spread as its strategy says', async () => {
  const given = await givenTo(
    { a: 6, b: 6 },
    numbers(6).map((n) => ['single', n]),
  )
  expect(Object.values(given).map(({ length }) => length)).toEqual([3, 3])
  expect(given.a[1] - given.a[0]).toBe(2)
})

test('batches: a task of another queue that is before keeps its place, and ends the batch', async () => {
  const given = await givenTo({ a: 3 }, [
    ['batched', 1, 3],
    ['batched', 2, 3],
    ['single', 0, 5],
    ['batched', 3, 1],
    ['single', 9, 1],
  ])
  expect(given).toEqual({ a: [0, 1, 2] })
})
