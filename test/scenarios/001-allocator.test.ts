/** The dynamic allocator of the second source document, with its workers and their numbers. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'

const WORKERS = [
  { id: 'worker1', capabilities: ['research', 'analysis'], concurrency: 3 },
  { id: 'worker2', capabilities: ['writing', 'editing'], concurrency: 2 },
  { id: 'worker3', capabilities: ['research', 'writing'], concurrency: 3 },
]

let scheduler: Scheduler

beforeEach(async () => {
  scheduler = new Scheduler({ slots: 64, agentsMax: 32 })
  for (const worker of WORKERS) {
    await scheduler.agent({ queues: ['*'], ...worker }, ({ type }) => `${worker.id} ${type}`)
  }
})
afterEach(() => scheduler.stop())

/** `allocate_task(task_type, …)`: the type is a capability there. */
const allocate = (type: string) => scheduler.allocate({ requires: [type] })
const workers = (types: string[]) => types.map((type) => allocate(type)?.agent ?? null)

test('[001] allocator: research goes to worker1 and writing to worker2, as in its example', () => {
  const first = allocate('research')
  const second = allocate('writing')
  expect([first?.agent, second?.agent]).toEqual(['worker1', 'worker2'])
  first?.release()
  expect(allocate('research')?.agent).toBe('worker1')
})

test('[001] allocator: the least loaded of those that can, the first of equals', () => {
  expect(workers(Array(6).fill('research'))).toEqual([
    'worker1',
    'worker3',
    'worker1',
    'worker3',
    'worker1',
    'worker3',
  ])
  expect(workers(['analysis', 'editing', 'writing'])).toEqual([null, 'worker2', 'worker2'])
})

test('[001] allocator: nothing when nobody can, or all who can are full', () => {
  expect(allocate('painting')).toBe(null)
  expect(workers(Array(3).fill('editing'))).toEqual(['worker2', 'worker2', null])
  expect(workers(Array(7).fill('research')).at(-1)).toBe(null)
  expect(workers(['research', 'analysis', 'writing'])).toEqual([null, null, null])
})

test('[001] allocator: a load is never below 0, however often it is released', () => {
  const [first, second] = [allocate('editing')!, allocate('editing')!]
  for (let i = 0; i < 5; i++) first.release()
  expect(workers(['editing', 'editing'])).toEqual(['worker2', null])
  second.release()
  expect(workers(['editing', 'editing'])).toEqual(['worker2', null])
})

test('[001] allocator: a worker that was marked unavailable gets nothing more', async () => {
  await scheduler.drainAgent('worker1')
  expect(workers(['research', 'research', 'analysis'])).toEqual(['worker3', 'worker3', null])
})

test('allocator: what was allocated counts with the tasks, and the tasks with it', async () => {
  const [first, second] = [allocate('editing')!, allocate('editing')!]
  const task = await scheduler.submit('work', 0, { requires: ['editing'], type: 'essay' })
  expect(task.waitingFor).toBe('the only agent is full')
  first.release()
  await expect(task.result()).resolves.toBe('worker2 essay')
  second.release()
  expect(workers(Array(3).fill('editing'))).toEqual(['worker2', 'worker2', null])
})

test('allocator: the place of an instance that was replaced is not taken from the new one', async () => {
  const old = [allocate('editing')!, allocate('editing')!]
  const replaced = { ...WORKERS[1], queues: ['*'] }
  await scheduler.agent(replaced, () => 'new')
  const fresh = [allocate('editing'), allocate('editing'), allocate('editing')]
  expect(fresh.map((each) => each?.agent ?? null)).toEqual(['worker2', 'worker2', null])
  for (const each of old) each.release()
  expect(allocate('editing')).toBe(null)
  fresh[0]!.release()
  expect(allocate('editing')?.agent).toBe('worker2')
})

test('allocator: labels, preferences and queues are looked at as for a task', async () => {
  const more = { queues: ['train'], concurrency: 1 }
  await scheduler.agent({ id: 'gpu', ...more, labels: { gpu: 24 } }, () => 0)
  await scheduler.agent({ id: 'near', ...more, capabilities: ['near'] }, () => 0)
  const train = (asked: object) => scheduler.allocate({ queue: 'train', ...asked })?.agent ?? null
  expect(train({ requires: ['gpu>=80'] })).toBe(null)
  expect(train({ requires: ['gpu>=24'] })).toBe('gpu')
  expect(train({ requires: ['gpu>=24'] })).toBe(null)
  expect(train({ prefers: ['near'] })).toBe('near')
  expect(scheduler.allocate({ queue: 'elsewhere', requires: ['near'] })).toBe(null)
})

test('allocator: what is wrongly asked for is refused, and nothing is taken', async () => {
  const wrong: [object, string][] = [
    [{ requires: ['gpu>='] }, 'bad_option'],
    [{ requires: ['a b'] }, 'bad_token'],
    [{ queue: 'a.b' }, 'bad_token'],
    [{ type: '' }, 'bad_token'],
    [{ priority: 5 }, 'not_supported'],
  ]
  for (const [options, code] of wrong) {
    expect(() => scheduler.allocate(options)).toThrow(expect.objectContaining({ code }))
  }
  const strict = new Scheduler({ strictQueues: true, queues: { known: {} } })
  expect(() => strict.allocate({})).toThrow(expect.objectContaining({ code: 'queue_unknown' }))
  expect(strict.allocate({ queue: 'known' })).toBe(null)
  await strict.stop()
  expect(workers(['editing', 'editing', 'editing'])).toEqual(['worker2', 'worker2', null])
})
