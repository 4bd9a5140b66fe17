/** Agents: joining, concurrency, stopping, being replaced. */
import { expect } from 'vitest'
import type { AgentTask } from '../../../src/agent-task.ts'
import { until } from '../../support/until.ts'
import { type Case, expectRefused, gate, holdingAgent } from '../ground.ts'

export const agentCases: Case[] = [
  {
    title: 'a handler sees its task',
    async check({ box, fleet }) {
      const seen = gate<AgentTask>()
      await fleet.agent({ queues: ['work'] }, (task) => seen.open(task))
      await box.run('work', { page: 7 }, { id: 'one' })
      const task = await seen.passed
      expect(task).toMatchObject({ id: 'one', queue: 'work', attempt: 1 })
      expect(task.json()).toEqual({ page: 7 })
      expect(task.text()).toBe('{"page":7}')
      expect(task.signal.aborted).toBe(false)
    },
  },
  {
    title: 'an agent never has more tasks at a time than its concurrency',
    async check({ box, fleet }) {
      let running = 0
      let most = 0
      await fleet.agent({ queues: ['work'], concurrency: 3 }, async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
      })
      await Promise.all(Array.from({ length: 50 }, () => box.run('work')))
      expect(most).toBe(3)
    },
  },
  {
    title: 'an agent serves the queues it names, and * serves all',
    async check({ box, fleet }) {
      await fleet.agent({ id: 'both', queues: ['a', 'b'], concurrency: 2 }, () => 'both')
      expect(await Promise.all([box.run('a'), box.run('b')])).toEqual(['both', 'both'])
      const other = await box.submit('c')
      expect(other.waitingFor).toBe('no agent serves c')
      await fleet.agent({ id: 'all', queues: ['*'] }, () => 'all')
      await expect(other.result()).resolves.toBe('all')
    },
  },
  {
    title: 'an agent with wrong options is refused',
    async check({ fleet }) {
      const join = (options: object) =>
        fleet.agent({ queues: ['work'], ...options }, () => undefined)
      for (const concurrency of [0, -1, 1.5, 65_536, Number.NaN, '3']) {
        await expectRefused(join({ concurrency }), 'bad_concurrency')
      }
      for (const name of ['', 'a.b', 'a b', 'x'.repeat(65), 'a\r\nPING']) {
        await expectRefused(join({ id: name }), 'bad_token')
        await expectRefused(join({ queues: [name] }), 'bad_token')
        await expectRefused(join({ capabilities: [name] }), 'bad_token')
      }
      await expectRefused(join({ queues: [] }), 'bad_option')
      await expectRefused(join({ queues: undefined }), 'bad_option')
      expect(await fleet.listAgents()).toEqual([])
    },
  },
  {
    title: 'an agent that stops finishes what it runs and takes no more',
    async check({ box, fleet }) {
      const { agent, given, release } = await holdingAgent(fleet, {
        queues: ['work'],
        concurrency: 2,
      })
      const first = await box.submit('work', 'first')
      await until(() => given.length === 1, { what: 'the task to run' })
      const stopped = agent.stop()
      const draining = async () => (await box.status()).agents.draining === 1
      await until(draining, { what: 'the scheduler to know' })
      const second = await box.submit('work', 'second')
      expect(second.waitingFor).toBe('the only agent is draining')
      release('finished')
      await expect(first.result()).resolves.toBe('finished')
      await stopped
      await expect(agent.closed).resolves.toBeUndefined()
      expect(await box.listAgents()).toEqual([])
      await fleet.agent({ queues: ['work'] }, (task) => task.json())
      await expect(second.result()).resolves.toBe('second')
      expect(given.length).toBe(1)
      expect((await box.status()).attempts).toMatchObject({ lost: 0, started: 2 })
    },
  },
  {
    title: 'an agent that is drained ends when it is idle',
    async check({ box, fleet }) {
      const { agent, given, release } = await holdingAgent(fleet, { id: 'old', queues: ['work'] })
      const task = await box.submit('work')
      await until(() => given.length === 1, { what: 'the task to run' })
      await box.drainAgent('old')
      expect(await box.listAgents()).toMatchObject([{ id: 'old', status: 'maintenance' }])
      release('done')
      await expect(task.result()).resolves.toBe('done')
      await expect(agent.closed).resolves.toBeUndefined()
      await until(async () => (await box.listAgents()).length === 0, { what: 'it to leave' })
      await expectRefused(box.drainAgent('old'), 'agent_unknown')
    },
  },
  {
    title: 'an agent that pulls gets as many tasks as it asks for, and no more',
    async check({ box, fleet }) {
      const options = { id: 'puller', queues: ['work'], pull: true }
      const { agent, given, release } = await holdingAgent(fleet, options)
      const tasks = await Promise.all([1, 2, 3].map((n) => box.submit('work', n)))
      for (const n of [0, -1, 1.5, 65_536]) await expectRefused(agent.pull(n), 'bad_option')
      await agent.pull(2)
      await until(() => given.length === 2, { what: 'two tasks' })
      release('one')
      release('two')
      expect(await Promise.all(tasks.slice(0, 2).map((task) => task.result()))).toEqual([
        'one',
        'two',
      ])
      expect((await box.getTask(tasks[2].id)).state).toBe('pending')
      expect(given.length).toBe(2)
      await agent.pull(1)
      await until(() => given.length === 3, { what: 'the third' })
      release('three')
      await expect(tasks[2].result()).resolves.toBe('three')
      const pushed = await fleet.agent({ queues: ['other'] }, () => undefined)
      await expectRefused(pushed.pull(1), 'bad_option')
    },
  },
  {
    title: 'a newer agent of the same id takes over, the older one is fenced',
    async check({ box, fleet }) {
      const older = await holdingAgent(fleet, { id: 'twin', queues: ['work'] })
      const task = await box.submit('work', 'page')
      await until(() => older.given.length === 1, { what: 'the task to run' })
      const { signal } = older.given[0]
      const newer = await holdingAgent(fleet, { id: 'twin', queues: ['work'] })
      await expectRefused(older.agent.closed, 'fenced')
      expect(signal.reason).toMatchObject({ code: 'fenced' })
      await until(() => newer.given.length === 1, { what: 'the task to run again' })
      expect(newer.given[0]).toMatchObject({ id: task.id, attempt: 2 })
      older.release('older')
      newer.release('newer')
      await expect(task.result()).resolves.toBe('newer')
      const agents = await box.listAgents()
      expect(agents.map((agent) => agent.id)).toEqual(['twin'])
      expect((await box.status()).attempts).toMatchObject({ started: 2, lost: 1 })
    },
  },
]
