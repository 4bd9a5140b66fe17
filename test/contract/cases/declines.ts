/** Agents that may decline what they are given: no failure, and another one's turn. */
import { expect } from 'vitest'
import type { Signalbox } from '../../../src/api.ts'
import { TaskError } from '../../../src/errors.ts'
import { type Case, expectEnded, expectRefused } from '../ground.ts'

/** Agents of `odd` that decline all they are given. */
async function picky(fleet: Signalbox, count: number): Promise<string[]> {
  const asked: string[] = []
  for (let n = 1; n <= count; n++) {
    const id = `picky-${n}`
    await fleet.agent({ id, queues: ['odd'], declines: true }, () => {
      asked.push(id)
      throw new TaskError('declined', 'Not my trade.')
    })
  }
  return asked
}

export const declineCases: Case[] = [
  {
    title: 'a task that an agent declines goes to another, and is none the worse for it',
    options: { queues: { odd: { retryCount: 0 } } },
    async check({ box, fleet }) {
      const asked = await picky(fleet, 1)
      const task = await box.submit('odd', 0, { id: 'stone' })
      await fleet.agent({ id: 'willing', queues: ['odd'] }, () => 'done')
      expect(await task.result()).toBe('done')
      expect(asked.length).toBeLessThanOrEqual(1)
      expect(await box.getTask('stone')).toMatchObject({ state: 'completed', agent: 'willing' })
      expect((await box.listAgents()).find(({ id }) => id === 'picky-1')).toMatchObject({
        failed: 0,
      })
    },
  },
  {
    title: 'what everybody has declined, each once, fails and leaves a letter',
    async check({ box, fleet }) {
      const asked = await picky(fleet, 3)
      await expectEnded(box.run('odd', 0, { id: 'stone' }), 'declined')
      expect(asked.sort()).toEqual(['picky-1', 'picky-2', 'picky-3'])
      expect(await box.getTask('stone')).toMatchObject({ state: 'failed', deadLetter: 'odd' })
      const { letters } = await box.listDeadLetters({ name: 'odd' })
      expect(letters).toMatchObject([{ id: 'stone', code: 'declined' }])
    },
  },
  {
    title: 'or goes to whom the queue escalates to',
    options: { queues: { odd: { escalateTo: 'master' }, master: {} } },
    async check({ box, fleet }) {
      const asked = await picky(fleet, 2)
      await fleet.agent({ queues: ['master'] }, () => 'by the master')
      expect(await box.run('odd')).toBe('by the master')
      expect(asked).toHaveLength(2)
    },
  },
  {
    title: 'of an agent that did not say so, declined is a failure as any other',
    async check({ box, fleet }) {
      let attempts = 0
      await fleet.agent({ queues: ['odd'] }, () => {
        attempts++
        throw new TaskError('declined', 'Not my trade.')
      })
      await expectEnded(box.run('odd', 0, { retryCount: 1 }), 'declined')
      expect(attempts).toBe(2)
      for (const declines of ['yes', 1, {}]) {
        const options = { queues: ['odd'], declines: declines as never }
        await expectRefused(
          fleet.agent(options, () => 0),
          'bad_option',
        )
      }
    },
  },
]
