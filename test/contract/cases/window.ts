/** How many tasks one submitter may have in flight. */
import { expect } from 'vitest'
import type { Outcome } from '../../../src/api.ts'
import { until } from '../../support/until.ts'
import { type Case, expectRefused, holdingAgent } from '../ground.ts'

export const windowCases: Case[] = [
  {
    title: 'beyond the window calls wait, and go in their order',
    submitter: { window: 2 },
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'], concurrency: 10 })
      const runs = [0, 1, 2, 3, 4].map((i) => box.run('work', i))
      for (const ended of [0, 1, 2, 3, 4]) {
        await until(() => given.length > ended, { what: `task ${ended}` })
        expect(given.length).toBeLessThanOrEqual(ended + 2)
        release(ended)
      }
      expect(await Promise.all(runs)).toEqual([0, 1, 2, 3, 4])
      expect(given.map((task) => task.json())).toEqual([0, 1, 2, 3, 4])
    },
  },
  {
    title: 'a window that refuses says so at once, and takes again when there is room',
    submitter: { window: 2, whenFull: 'refuse' },
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'], concurrency: 10 })
      await box.status()
      const first = box.run('work', 1)
      const second = await box.submit('work', 2)
      const error = await expectRefused(box.run('work', 3), 'too_many_in_flight')
      expect(error).toMatchObject({ retryable: true, status: 429 })
      await expectRefused(box.submit('work', 4), 'too_many_in_flight')
      await until(() => given.length === 2, { what: 'both tasks' })
      release('a')
      release('b')
      expect([await first, await second.result()]).toEqual(['a', 'b'])
      const third = box.run('work', 5)
      await until(() => given.length === 3, { what: 'the third task' })
      release('c')
      await expect(third).resolves.toBe('c')
    },
  },
  {
    title: 'the window is shared by all calls, and a long list does not starve the others',
    submitter: { window: 3 },
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'], concurrency: 10 })
      const outcomes: Outcome[] = []
      const many = box.submitMany('work', Array(20).fill('many'), {
        onOutcome: (outcome) => outcomes.push(outcome),
      })
      await until(() => given.length === 3, { what: 'the window to be full' })
      const single = box.run('work', 'single')
      let isAnswered = false
      const answered = single.then(() => {
        isAnswered = true
      })
      for (let ended = 0; ended < 21; ended++) {
        await until(() => given.length > ended, { what: `task ${ended}` })
        expect(given.length - ended).toBeLessThanOrEqual(3)
        release(ended)
        if (ended === 7) await until(() => isAnswered, { what: 'the single task’s turn' })
      }
      await answered
      expect(await many).toMatchObject({ submitted: 20, completed: 20 })
      expect(outcomes.length).toBe(20)
    },
  },
  {
    title: 'lists wait for the window, whatever calls do',
    submitter: { window: 2, whenFull: 'refuse' },
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'], concurrency: 10 }, (task) => task.json())
      const payloads = Array.from({ length: 50 }, (_, i) => i)
      const totals = await box.submitMany('work', payloads, { onOutcome: () => {} })
      expect(totals).toMatchObject({ completed: 50, refused: 0 })
    },
  },
  {
    title: 'a task that was handed over has left the window, one with a handle has not',
    submitter: { window: 2, whenFull: 'refuse' },
    async check({ box }) {
      const handedOver = await box.submitMany('nobody', [1, 2, 3, 4, 5])
      expect(handedOver.accepted).toBe(5)
      await box.submit('nobody', 6)
      await box.submit('nobody', 7)
      await expectRefused(box.submit('nobody', 8), 'too_many_in_flight')
    },
  },
]
