/** What a task waits for, in words. */
import { expect } from 'vitest'
import { until } from '../../support/until.ts'
import { type Case, holdingAgent } from '../ground.ts'

export const waitingCases: Case[] = [
  {
    title: 'a task says that no agent serves its queue',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['other'] }, () => 'other')
      const task = await box.submit('summarise')
      expect(task).toMatchObject({ state: 'pending', waitingFor: 'no agent serves summarise' })
    },
  },
  {
    title: 'a task says which capability no agent offers',
    async check({ box, fleet }) {
      const half = { id: 'half', queues: ['read'], capabilities: ['german'] }
      await fleet.agent(half, () => 'read')
      const task = await box.submit('read', 0, { requires: ['ocr', 'german'] })
      const words = `no agent offers ocr; the nearest is "half" without ocr`
      expect(task.waitingFor).toBe(words)
      const { waitingFor } = await box.getTask(task.id)
      expect(waitingFor).toBe(words)
    },
  },
  {
    title: 'a task says that all agents are full',
    async check({ box, fleet }) {
      for (const id of ['one', 'two', 'three']) await holdingAgent(fleet, { id, queues: ['work'] })
      const placed = [await box.submit('work'), await box.submit('work'), await box.submit('work')]
      expect(placed.map((task) => task.waitingFor)).toEqual([null, null, null])
      const running = async () => (await box.status()).tasks.running === 3
      await until(running, { what: 'three running tasks' })
      const task = await box.submit('work')
      expect(task.waitingFor).toBe('all 3 agents full')
      const { queues } = await box.status()
      expect(queues).toMatchObject([{ queue: 'work', waiting: 1, waitingFor: 'all 3 agents full' }])
    },
  },
  {
    title: 'a waiting task is placed when an agent comes that can do it',
    async check({ box, fleet }) {
      const task = await box.submit('read', 'page', { requires: ['ocr'] })
      expect(task.waitingFor).toBe('no agent serves read')
      await fleet.agent({ queues: ['read'], capabilities: ['ocr'] }, (given) => given.json())
      await expect(task.result()).resolves.toBe('page')
      await expect(box.getTask(task.id)).resolves.toMatchObject({ waitingFor: null })
    },
  },
]
