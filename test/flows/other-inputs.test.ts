/** Inputs that are no parents': stages that a task has left, votes on what could not be decided. */
import { afterEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'

let scheduler: Scheduler

afterEach(() => scheduler.stop())

test('inputs: a task reads what came of the stages behind it, of a queue visited again the newest', async () => {
  scheduler = await new Scheduler({
    queues: {
      draft: { rules: [{ queue: 'check' }] },
      check: {
        rules: [
          { field: 'ok', is: '==', value: false, queue: 'draft', times: 1 },
          { queue: 'publish' },
        ],
      },
    },
  }).start()
  let drafts = 0
  await scheduler.agent({ queues: ['draft'] }, () => ({ draft: ++drafts }))
  await scheduler.agent({ queues: ['check'] }, async (task) => {
    return { ok: (await task.input<{ draft: number }>('draft')).draft > 1 }
  })
  await scheduler.agent({ queues: ['publish'] }, async (task) => {
    const names = task.inputs.map(({ name }) => name).sort()
    return [names, await task.input('draft'), await task.input('check')]
  })
  expect(await scheduler.run('draft')).toEqual([['check', 'draft'], { draft: 2 }, { ok: true }])
})

test('inputs: who decides what the votes could not reads each by the name of who gave it', async () => {
  scheduler = await new Scheduler({
    queues: {
      panel: {
        voters: 2,
        decide: 'all',
        escalateTo: 'chair',
        escalateOn: ['consensus_required'],
      },
      chair: {},
    },
  }).start()
  for (const [id, says] of [
    ['ann', 'yes'],
    ['bob', 'no'],
  ]) {
    await scheduler.agent({ id, queues: ['panel'] }, () => says)
  }
  await scheduler.agent({ queues: ['chair'] }, async (task) => {
    return [await task.input('ann'), await task.input('bob'), task.inputs.length]
  })
  expect(await scheduler.run('panel')).toEqual(['yes', 'no', 2])
})
