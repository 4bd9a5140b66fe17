/** What is shown of tasks, agents and the scheduler. */
import { expect } from 'vitest'
import { LATENCY_STAGES } from '../../../src/api.ts'
import { TaskError } from '../../../src/errors.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused, holdingAgent } from '../ground.ts'

export const viewCases: Case[] = [
  {
    title: 'progress is shown while the task runs, cut to what is kept',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'] })
      const task = await box.submit('work')
      await until(() => given.length === 1, { what: 'the task to run' })
      const progress = async () => (await box.getTask(task.id)).progress
      given[0].progress({ page: 3, of: 9 })
      await until(async () => (await progress()) === '{"page":3,"of":9}', { what: 'progress' })
      given[0].progress('x'.repeat(5000))
      await until(async () => (await progress())?.length === 1024, { what: 'cut progress' })
      release()
      await task.result()
    },
  },
  {
    title: 'a task is shown from waiting to its end',
    async check({ box, fleet }) {
      const before = Date.now()
      const options = { priority: 'high', requires: ['ocr'] } as const
      const task = await box.submit('work', 'four', { ...options, requires: [...options.requires] })
      await expect(box.getTask(task.id)).resolves.toMatchObject({
        state: 'pending',
        priority: 4,
        requires: ['ocr'],
        attempts: 0,
        agent: null,
        payloadBytes: 6,
        result: null,
        startedAt: null,
        finishedAt: null,
      })
      const { given, release } = await holdingAgent(fleet, {
        id: 'reader',
        queues: ['work'],
        capabilities: ['ocr'],
      })
      await until(() => given.length === 1, { what: 'the task to run' })
      const running = await box.getTask(task.id)
      expect(running).toMatchObject({ state: 'processing', agent: 'reader', attempts: 1 })
      release({ words: 12 })
      await task.result()
      const done = await box.getTask(task.id)
      expect(done).toMatchObject({ state: 'completed', result: '{"words":12}', code: null })
      const times = [done.acceptedAt, done.startedAt!, done.finishedAt!]
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(done.acceptedAt).toBeGreaterThan(before - 1000)
      expect(done.finishedAt).toBeLessThan(Date.now() + 1000)
    },
  },
  {
    title: 'a failed task is shown with its code and message',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, () => {
        throw TaskError.permanent('no such page', 'not_found')
      })
      await expectEnded(box.run('work', 0, { id: 'one' }), 'not_found')
      await expect(box.getTask('one')).resolves.toMatchObject({
        state: 'failed',
        code: 'not_found',
        message: 'no such page',
        result: null,
      })
    },
  },
  {
    title: 'agents are listed with what they serve and do',
    async check({ box, fleet }) {
      const { given } = await holdingAgent(fleet, {
        id: 'reader',
        queues: ['scan', 'read'],
        capabilities: ['ocr', 'german'],
        concurrency: 1,
      })
      const idle = await box.listAgents()
      expect(idle).toMatchObject([{ id: 'reader', status: 'available', running: 0 }])
      await box.submit('read')
      await until(() => given.length === 1, { what: 'the task to run' })
      const [agent] = await box.listAgents()
      expect(agent).toMatchObject({
        id: 'reader',
        queues: ['read', 'scan'],
        capabilities: ['german', 'ocr'],
        concurrency: 1,
        running: 1,
        completed: 0,
      })
      expect(agent.instance).toMatch(/^\w+$/)
    },
  },
  {
    title: 'a list of agents is of all of them, or of as many as are asked for',
    async check({ box, fleet }) {
      const ids = Array.from({ length: 12 }, (_, n) => `a${n}`)
      for (const id of ids) await fleet.agent({ id, queues: ['work'] }, () => {})
      const list = async (limit?: number) => (await box.listAgents({ limit })).map(({ id }) => id)
      expect(await list()).toEqual(ids)
      expect(await list(12)).toEqual(ids)
      expect(await list(5)).toEqual(ids.slice(0, 5))
      await expectRefused(box.listAgents({ limit: 0 }), 'bad_option')
      await expectRefused(box.listAgents({ limit: 131_073 }), 'bad_option')
      await expectRefused(box.listAgents({ queue: 'work' } as never), 'not_supported')
    },
  },
  {
    title: 'the counts of status add up and nothing is lost',
    options: { queueDefaults: { retryCount: 0 } },
    async check({ box, fleet }) {
      await fleet.agent({ id: 'worker', queues: ['work'], concurrency: 4 }, (task) => {
        if (task.json() === 'bad') throw new Error('bad')
        return 'good'
      })
      await holdingAgent(fleet, { id: 'holder', queues: ['hold'] })
      const runs = Array.from({ length: 30 }, (_, i) => box.run('work', i % 3 ? 'good' : 'bad'))
      const outcomes = await Promise.allSettled(runs)
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(10)
      await box.submit('hold')
      const waiting = await box.submit('hold')
      const cancelled = await box.submit('hold')
      await box.cancelTask(cancelled.id)
      expect(waiting.waitingFor).not.toBe(undefined)
      const settled = async () => (await box.status()).tasks.running === 1
      await until(settled, { what: 'the held task to run' })
      const status = await box.status()
      const { tasks, attempts, placedBy, tasksPerAgent, connected } = status
      expect(tasks).toEqual({
        accepted: 33,
        duplicates: 0,
        completed: 20,
        failed: 10,
        cancelled: 1,
        dead: 0,
        expired: 0,
        scheduled: 0,
        blocked: 0,
        waiting: 1,
        offered: 0,
        bound: 0,
        running: 1,
        lost: 0,
      })
      expect(attempts.started).toBe(31)
      expect(placedBy.routers + placedBy.inline).toBe(31)
      expect(tasksPerAgent).toEqual({ worker: 20, holder: 0 })
      expect(status.queues.map(({ queue }) => queue)).toEqual(['work', 'hold'])
      const nothing = { queues: 0, waiting: 0, running: 0, agents: 0, completed: 0 }
      expect(status.unlisted).toEqual(nothing)
      expect(connected).toBe(true)
    },
  },
  {
    title: 'latency has every stage, with one sample for each task',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'], concurrency: 5 }, () => 'done')
      await Promise.all(Array.from({ length: 20 }, () => box.run('work')))
      const report = await box.latency()
      expect(Object.keys(report).sort()).toEqual([...LATENCY_STAGES].sort())
      for (const stage of LATENCY_STAGES) {
        const { count, p50Us, p99Us, maxUs, encoded } = report[stage]
        expect(count, stage).toBe(20)
        expect(p50Us, stage).toBeLessThanOrEqual(p99Us)
        expect(p99Us, stage).toBeLessThanOrEqual(maxUs)
        expect(maxUs, stage).toBeLessThan(60_000_000)
        expect(encoded, stage).toMatch(/^HISTFAAAA/)
      }
      expect(report.total.maxUs).toBeGreaterThanOrEqual(report.assignment.maxUs)
    },
  },
]
