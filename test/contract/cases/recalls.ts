/** Agents that have more in hand than they work on: what they have besides, and what they hand back. */
import { expect } from 'vitest'
import type { Signalbox } from '../../../src/api.ts'
import { until } from '../../support/until.ts'
import { type Case, expectRefused, gate, holdingAgent } from '../ground.ts'

const COUNT = 12

const isFull = (box: Signalbox) => async () => (await box.listAgents())[0].status !== 'available'

export const recallCases: Case[] = [
  {
    title: 'what waits behind a task that takes long runs elsewhere, once each',
    async check({ box, fleet }) {
      const slow = gate<string>()
      const begun: string[] = []
      await fleet.agent({ id: 'busy', queues: ['work'] }, (task) => {
        if (task.type === 'first') return 0
        begun.push(task.id)
        return task.json() === 'slow' ? slow.passed : 'busy'
      })
      // Work of no length, so that more is sent to it than it works on.
      for (let n = 0; n < 20; n++) await box.run('work', n, { type: 'first' })
      const held = await box.submit('work', 'slow', { type: 'page', id: 'slow' })
      const names = Array.from({ length: COUNT }, (_, n) => `t${n}`)
      const tasks = await Promise.all(
        names.map((id) => box.submit('work', 'quick', { type: 'page', id })),
      )
      await until(() => begun.length === 1, { what: 'the slow one to be begun' })
      await fleet.agent({ id: 'idle', queues: ['work'] }, (task) => {
        begun.push(task.id)
        return 'idle'
      })
      const results = await Promise.all(tasks.map((task) => task.result()))
      expect(results).toEqual(names.map(() => 'idle'))
      expect([...begun].sort()).toEqual(['slow', ...names].sort())
      slow.open('slow')
      expect(await held.result()).toBe('slow')
      const { attempts } = await box.status()
      expect(attempts).toMatchObject({ lost: 0, retried: 0, lateResults: 0 })
    },
  },
  {
    title: 'an agent gets so many tasks fewer as it says that it has of others',
    async check({ box, fleet }) {
      const options = { queues: ['work'], concurrency: 3, prefetch: 0 }
      const { agent, given, release } = await holdingAgent(fleet, options)
      agent.load(3)
      await until(isFull(box), { what: 'the agent to be full' })
      const tasks = await Promise.all(Array.from({ length: 5 }, () => box.submit('work')))
      expect(tasks[0].waitingFor).toBe('the only agent is full')
      for (const [load, begun] of [
        [1, 2],
        [0, 3],
      ]) {
        agent.load(load)
        await until(() => given.length >= begun, { what: `${begun} tasks to be begun` })
        await box.status()
        expect(given.length).toBe(begun)
      }
      for (const n of tasks.keys()) {
        await until(() => given.length > n, { what: `task ${n} to be begun` })
        release(n)
      }
      expect(await Promise.all(tasks.map((task) => task.result()))).toEqual([0, 1, 2, 3, 4])
    },
  },
  {
    title: 'an agent whose hands are full of other work gets nothing until it has room',
    async check({ box, fleet }) {
      const { agent, given, release } = await holdingAgent(fleet, { queues: ['work'] })
      agent.load(65_535)
      await until(isFull(box), { what: 'the agent to be full' })
      const task = await box.submit('work')
      expect(task.waitingFor).toBe('the only agent is full')
      await box.status()
      expect(given.length).toBe(0)
      agent.load(0)
      await until(() => given.length === 1, { what: 'the task to be begun' })
      release('done')
      expect(await task.result()).toBe('done')
    },
  },
  {
    title: 'an agent with a load or a call-back option that is none is refused',
    async check({ fleet }) {
      const agent = await fleet.agent({ queues: ['work'] }, () => 0)
      for (const count of [-1, 1.5, 65_536, Number.NaN, Number.POSITIVE_INFINITY, '3' as never]) {
        await expectRefused(
          Promise.resolve().then(() => agent.load(count)),
          'bad_option',
        )
      }
      for (const recall of ['no', 1, {}]) {
        const options = { queues: ['work'], recall: recall as never }
        await expectRefused(
          fleet.agent(options, () => 0),
          'bad_option',
        )
      }
      await agent.stop()
      agent.load(3)
    },
  },
]
