/** The balancer in the front end's turns: it comes by itself, and tells of what it did. */
import { afterEach, expect, test } from 'vitest'
import { Scheduler, type SchedulerEvent } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'

const schedulers: Scheduler[] = []
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.stop({ drain: false })
})

async function start(stealing: object): Promise<{ box: Scheduler; events: SchedulerEvent[] }> {
  const events: SchedulerEvent[] = []
  const box = new Scheduler({
    routers: 0,
    queues: { work: { binding: 'early' } },
    stealing,
    agentQueueMax: 64,
  })
  schedulers.push(box)
  box.onEvent((event) => events.push(event))
  await box.start()
  return { box, events }
}

/** An agent that never ends what it was given. */
function stuck(box: Scheduler, id: string) {
  return box.agent({ id, queues: ['work'] }, () => new Promise(() => {}))
}

const boundIn = async (box: Scheduler) => (await box.getQueue('work')).bound

test('balance: push cycles come though nothing else happens, and are told', async () => {
  const { box, events } = await start({ mode: 'push', intervalMs: 100, variation: 0 })
  await stuck(box, 'busy')
  for (let i = 0; i < 17; i++) await box.submit('work')
  await until(async () => (await boundIn(box)) === 16, { what: 'tasks to be bound' })
  await stuck(box, 'idle')
  const told = () => events.filter(({ kind }) => kind === 'tasks_rebalanced')
  await until(() => told().length === 2, { what: 'two cycles' })
  // Three a cycle at most: 16 and 0 wait, then 13 and 2, then 11 and 4: three times as long is the bound.
  expect(told().map(({ detail }) => detail.moved)).toEqual([3, 2])
  const [{ detail }] = told()
  expect(detail).toMatchObject({ recalled: 0, variationBefore: 1 })
  expect(detail.variationAfter).toBeLessThan(1)
})

test('balance: what a push cycle moves to an agent with nothing to do is begun there', async () => {
  const { box } = await start({ mode: 'push', intervalMs: 100 })
  await stuck(box, 'busy')
  const tasks = []
  for (let i = 0; i < 9; i++) tasks.push(await box.submit('work'))
  await until(async () => (await boundIn(box)) === 8, { what: 'tasks to be bound' })
  await box.agent({ id: 'quick', queues: ['work'] }, () => 'done')
  expect(await tasks[8].result()).toBe('done')
})

test('balance: a request for it sends what it began', async () => {
  const { box } = await start({ mode: 'push', intervalMs: 3_600_000 })
  await stuck(box, 'busy')
  const tasks = []
  for (let i = 0; i < 3; i++) tasks.push(await box.submit('work'))
  await until(async () => (await boundIn(box)) === 2, { what: 'tasks to be bound' })
  await box.agent({ id: 'quick', queues: ['work'] }, () => 'done')
  expect((await box.rebalance()).moved).toHaveLength(1)
  expect(await tasks[2].result()).toBe('done')
})
