/** The graph of source document 001: t1, then t2 and t3 in parallel, then t4. */
import { afterEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'

let scheduler: Scheduler

afterEach(() => scheduler.stop())

const TASKS = {
  t1: { queue: 'work', payload: { data: 'research' } },
  t2: { queue: 'work', payload: { data: 'analysis' }, after: ['t1'] },
  t3: { queue: 'work', payload: { data: 'writing' }, after: ['t1'] },
  t4: { queue: 'work', payload: { data: 'editing' }, after: ['t2', 't3'] },
}

test('[001] graph: the order is [[t1], [t2, t3], [t4]], t2 and t3 run at the same time', async () => {
  scheduler = await new Scheduler().start()
  const begun: string[] = []
  const running = new Set<string>()
  const together: string[][] = []
  let bothRun = () => {}
  const both = new Promise<void>((resolve) => (bothRun = resolve))
  await scheduler.agent({ queues: ['work'], concurrency: 4 }, async (task) => {
    const name = task.node!
    begun.push(name)
    running.add(name)
    together.push([...running].sort())
    if (running.has('t2') && running.has('t3')) bothRun()
    if (name === 't2' || name === 't3') await both
    running.delete(name)
    return `${task.json<{ data: string }>().data} done`
  })
  const view = await (await scheduler.flow({ tasks: TASKS })).done()
  expect(view.layers).toEqual([['t1'], ['t2', 't3'], ['t4']])
  expect(view.state).toBe('completed')
  expect(begun[0]).toBe('t1')
  expect(begun.slice(1, 3).sort()).toEqual(['t2', 't3'])
  expect(begun[3]).toBe('t4')
  expect(together).toContainEqual(['t2', 't3'])
  expect(together.at(-1)).toEqual(['t4'])
})

test('[001] graph: a circular dependency is refused with its way round, nothing waits for ever', async () => {
  scheduler = await new Scheduler().start()
  const tasks = { ...TASKS, t1: { ...TASKS.t1, after: ['t4'] } }
  await expect(scheduler.flow({ tasks })).rejects.toMatchObject({
    code: 'bad_flow',
    message: expect.stringContaining('t1 → t2 → t4 → t1'),
  })
  expect((await scheduler.listTasks()).tasks).toEqual([])
})
