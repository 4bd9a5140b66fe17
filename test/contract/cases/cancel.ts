/** Cancelling a task in each of its states. */
import { expect } from 'vitest'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused, holdingAgent } from '../ground.ts'

export const cancelCases: Case[] = [
  {
    title: 'a waiting task that is cancelled never runs',
    async check({ box, fleet }) {
      const task = await box.submit('work', 'never')
      await expect(box.cancelTask(task.id)).resolves.toMatchObject({ state: 'cancelled' })
      const error = await expectEnded(task.result(), 'cancelled')
      expect(error).toMatchObject({ attempts: 0, retryable: false })
      const ran: unknown[] = []
      await fleet.agent({ queues: ['work'] }, (given) => {
        ran.push(given.json())
      })
      await box.run('work', 'after')
      expect(ran).toEqual(['after'])
    },
  },
  {
    title: 'a running task that is cancelled is aborted, and its result comes too late',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'] })
      const task = await box.submit('work')
      await until(() => given.length === 1, { what: 'the task to run' })
      const { signal } = given[0]
      expect(signal.aborted).toBe(false)
      await expect(box.cancelTask(task.id)).resolves.toMatchObject({ state: 'cancelled' })
      await expectEnded(task.result(), 'cancelled')
      await until(() => signal.aborted, { what: 'the signal' })
      expect(signal.reason).toMatchObject({ code: 'cancelled' })
      release('too late')
      const late = async () => (await box.status()).attempts.lateResults === 1
      await until(late, { what: 'the late result to be refused' })
      await expect(box.getTask(task.id)).resolves.toMatchObject({
        state: 'cancelled',
        code: 'cancelled',
        result: null,
      })
      expect((await box.status()).tasks).toMatchObject({ cancelled: 1, completed: 0 })
    },
  },
  {
    title: 'the credit of a cancelled task comes back with its late result',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'] })
      const task = await box.submit('work', 'first')
      await until(() => given.length === 1, { what: 'the task to run' })
      await box.cancelTask(task.id)
      const next = await box.submit('work', 'second')
      expect(next.waitingFor).toBe('the only agent is full')
      release()
      await until(() => given.length === 2, { what: 'the next task to run' })
      release('second')
      await expect(next.result()).resolves.toBe('second')
    },
  },
  {
    title: 'a task that has finished cannot be cancelled',
    options: { queueDefaults: { retryCount: 0 } },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, (task) => {
        if (task.id === 'bad') throw new Error('bad')
        return 'done'
      })
      await box.run('work', 0, { id: 'good' })
      await expectEnded(box.run('work', 0, { id: 'bad' }), 'error')
      await expectRefused(box.cancelTask('good'), 'finished')
      await expectRefused(box.cancelTask('bad'), 'finished')
      const waiting = await box.submit('idle')
      await box.cancelTask(waiting.id)
      await expectRefused(box.cancelTask(waiting.id), 'finished')
    },
  },
  {
    title: 'a task that is not known can be neither cancelled nor looked up',
    async check({ box }) {
      await expectRefused(box.cancelTask('nobody'), 'task_unknown')
      await expectRefused(box.getTask('nobody'), 'task_unknown')
      await box.submit('work', 0, { id: 'here' })
      await expectRefused(box.getTask('here', 'elsewhere'), 'task_unknown')
      await expectRefused(box.cancelTask('here', 'elsewhere'), 'task_unknown')
      await expect(box.cancelTask('here', 'work')).resolves.toMatchObject({ id: 'here' })
    },
  },
]
