/** Rules on results: where a task goes on, with its earlier results as inputs, and where it ends. */
import { expect } from 'vitest'
import type { SchedulerOptions } from '../../../src/options.ts'
import { type Case, expectEnded, type Ground } from '../ground.ts'

const ROUTED: SchedulerOptions = {
  queues: {
    draft: {
      rules: [
        { field: 'recall_count', is: '>=', value: 2, deadLetter: 'rejected' },
        { field: 'confidence', is: '>=', value: 90, queue: 'review_high', priority: 'high' },
        { field: 'confidence', is: '>=', value: 70, done: true },
        { queue: 'review_low', priority: 'low' },
      ],
    },
    review_high: {},
    review_low: {},
  },
}

/** An agent whose result is its payload, and one that reads what was drafted. */
async function reviewed({ fleet }: Ground): Promise<void> {
  await fleet.agent({ id: 'drafter', queues: ['draft'] }, (task) => task.json())
  await fleet.agent({ id: 'reviewer', queues: ['review_high', 'review_low'] }, async (task) => ({
    of: await task.input('draft'),
    in: task.queue,
    from: task.sourceQueue,
    inputs: task.inputs,
  }))
}

export const ruleCases: Case[] = [
  {
    title:
      'the first rule that fits a result says where the task goes on, and it reads that result',
    options: ROUTED,
    async check(ground) {
      const { box } = ground
      await reviewed(ground)
      const sure = { confidence: 95 }
      const bytes = JSON.stringify(sure).length
      expect(await box.run('draft', sure, { id: 'sure' })).toEqual({
        of: sure,
        in: 'review_high',
        from: 'draft',
        inputs: [{ name: 'draft', state: 'completed', bytes }],
      })
      expect(await box.getTask('sure')).toMatchObject({
        queue: 'draft',
        servedBy: 'review_high',
        state: 'completed',
        priority: 4,
        attempts: 2,
        failedDestinations: [],
        stages: [{ sourceQueue: 'draft', destinationQueue: 'review_high' }],
      })
      expect(await box.run('draft', { confidence: 80 }, { id: 'fair' })).toEqual({ confidence: 80 })
      expect(await box.getTask('fair')).toMatchObject({ servedBy: 'draft', stages: [] })
      expect(await box.run('draft', { confidence: 10 })).toMatchObject({ in: 'review_low' })
      // Nothing is made a number that is none.
      expect(await box.run('draft', { confidence: '95' })).toMatchObject({ in: 'review_low' })
      expect((await box.status()).tasks).toMatchObject({ accepted: 4, completed: 4 })
    },
  },
  {
    title: 'a rule may end a task as a dead letter, with its code',
    options: ROUTED,
    async check(ground) {
      const { box } = ground
      await reviewed(ground)
      const recalled = { recall_count: 2, confidence: 99 }
      await expectEnded(box.run('draft', recalled, { id: 'bad' }), 'rejected')
      expect(await box.getTask('bad')).toMatchObject({ state: 'failed', deadLetter: 'draft' })
      const { letters } = await box.listDeadLetters({ name: 'draft' })
      expect(letters).toMatchObject([{ id: 'bad', code: 'rejected' }])
      expect(await box.run('draft', { recall_count: 1, confidence: 99 })).toMatchObject({
        in: 'review_high',
      })
    },
  },
  {
    title: 'a result that its queue’s rules cannot read is a failure for good',
    options: ROUTED,
    async check({ box, fleet }) {
      let attempts = 0
      await fleet.agent({ queues: ['draft'] }, () => {
        attempts++
        return Buffer.from('not JSON')
      })
      await expectEnded(box.run('draft'), 'bad_result')
      expect(attempts).toBe(1)
    },
  },
  {
    title: 'a task may come back to a queue as often as its rule says',
    options: {
      queues: {
        draft: { rules: [{ field: 'ok', is: '!=', value: true, queue: 'mend', times: 2 }] },
        mend: { rules: [{ queue: 'draft' }] },
      },
    },
    async check({ box, fleet }) {
      const seen: string[] = []
      await fleet.agent({ queues: ['draft', 'mend'] }, (task) => {
        seen.push(task.queue)
        return { ok: false, nth: seen.length }
      })
      const last = await box.run<{ nth: number }>('draft', 0, { id: 'round' })
      expect(seen).toEqual(['draft', 'mend', 'draft', 'mend', 'draft'])
      expect(last.nth).toBe(5)
      const { stages } = await box.getTask('round')
      expect(stages.map(({ sourceQueue }) => sourceQueue)).toEqual([
        'draft',
        'mend',
        'draft',
        'mend',
      ])
    },
  },
  {
    title: 'what depends on a task waits for its last stage',
    options: ROUTED,
    async check(ground) {
      const { box, fleet } = ground
      await reviewed(ground)
      await fleet.agent({ queues: ['file'] }, (task) => task.input('paper'))
      const flow = await box.flow({
        tasks: {
          paper: { queue: 'draft', payload: { confidence: 91 } },
          filed: { queue: 'file', after: ['paper'] },
        },
      })
      const { tasks } = await flow.done()
      expect(tasks.map(({ servedBy, state }) => [servedBy, state])).toEqual([
        ['review_high', 'completed'],
        ['file', 'completed'],
      ])
      const { result } = await box.getTask(tasks[1].id!)
      expect(JSON.parse(result!)).toMatchObject({ of: { confidence: 91 }, in: 'review_high' })
      const draft = await box.taskInput(tasks[0].id!, 'draft')
      expect(Buffer.from(draft).toString()).toBe('{"confidence":91}')
    },
  },
]
