/** What a task promises of itself, or delays; and what it has from its queue where it says nothing. */
import { expect } from 'vitest'
import type { AgentTask } from '../../../src/agent-task.ts'
import type { Outcome, Signalbox } from '../../../src/api.ts'
import type { SubmitOptions, TaskView } from '../../../src/task.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused, gate, holdingAgent } from '../ground.ts'

/** Longer than any test. */
const LONG_MS = 600_000

async function viewIn(box: Signalbox, id: string, state: TaskView['state']): Promise<TaskView> {
  const view = async () => {
    const found = await box.getTask(id)
    return found.state === state ? found : undefined
  }
  return until(view, { what: `task ${id} to be ${state}` })
}

export const promiseCases: Case[] = [
  {
    title: 'a task with a delay is scheduled and begins when that is over',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, () => 'done')
      const task = await box.submit('work', 0, { delayMs: 40 })
      expect(task.state).toBe('scheduled')
      await expect(task.result()).resolves.toBe('done')
      const { acceptedAt, startedAt } = await box.getTask(task.id)
      expect(startedAt! - acceptedAt).toBeGreaterThanOrEqual(39)
    },
  },
  {
    title: 'a task of later is shown as scheduled, with its time, and can be cancelled',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, () => 'done')
      const at = new Date(Date.now() + LONG_MS)
      for (const options of [{ delayMs: LONG_MS }, { at }, { at: at.getTime() }]) {
        const { id, state } = await box.submit('work', 0, options)
        expect(state).toBe('scheduled')
        const { scheduledFor, attempts } = await box.getTask(id)
        expect(attempts).toBe(0)
        expect(Math.abs(scheduledFor! - at.getTime())).toBeLessThan(LONG_MS / 2)
        expect((await box.cancelTask(id)).state).toBe('cancelled')
      }
      const { tasks } = await box.listTasks({ state: 'scheduled' })
      expect(tasks).toEqual([])
    },
  },
  {
    title: 'a time that has passed is at once',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, () => 'done')
      for (const at of [0, Date.now() - LONG_MS, new Date(1_970, 0)]) {
        await expect(box.run('work', 0, { at })).resolves.toBe('done')
      }
    },
  },
  {
    title: 'promises that cannot be are a bad_option, and nothing is accepted',
    async check({ box }) {
      const bad: object[] = [
        { at: new Date(), delayMs: 5 },
        { at: Date.now() + 1e18 },
        { at: 'tomorrow' },
        { delayMs: -1 },
        { ttlMs: 1e18 },
        { deadlineMs: Number.POSITIVE_INFINITY },
        { slaTargetMs: -5 },
        { retryDelayMs: 1.5 },
      ]
      for (const options of bad) {
        await expectRefused(box.run('work', 0, options as SubmitOptions), 'bad_option')
        await expectRefused(box.submit('work', 0, options as SubmitOptions), 'bad_option')
      }
      expect((await box.status()).tasks.accepted).toBe(0)
    },
  },
  {
    title: 'a task that waits longer than it may is expired',
    async check({ box }) {
      const task = await box.submit('work', 0, { ttlMs: 20 })
      await expectEnded(task.result(), 'ttl_expired')
      const { state, code, attempts } = await box.getTask(task.id)
      expect([state, code, attempts]).toEqual(['expired', 'ttl_expired', 0])
    },
  },
  {
    title: 'of many tasks those that expire are told as expired',
    async check({ box }) {
      const outcomes: Outcome[] = []
      for await (const outcome of box.runMany('work', [1, 2, 3], { ttlMs: 20 })) {
        outcomes.push(outcome)
      }
      expect(outcomes.map(({ state, code }) => `${state} ${code}`)).toEqual(
        new Array(3).fill('expired ttl_expired'),
      )
    },
  },
  {
    title: 'what is not over by its deadline is expired, and its handler told',
    async check({ box, fleet }) {
      const told = gate<unknown>()
      await fleet.agent({ queues: ['work'] }, (task) => {
        const { signal } = task
        signal.addEventListener('abort', () => told.open(signal.reason?.code))
        return told.passed
      })
      const task = await box.submit('work', 0, { deadlineMs: 60 })
      await expectEnded(task.result(), 'deadline_expired')
      expect((await box.getTask(task.id)).state).toBe('expired')
      expect(await told.passed).toBe('deadline_expired')
    },
  },
  {
    title: 'of one level the earliest deadline is served first, and those without any last',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, { queues: ['work'] })
      const first = await box.submit('work', 0, { id: 'first' })
      await until(() => given.length === 1, { what: 'the first to run' })
      const later = [
        await box.submit('work', 0, { id: 'none' }),
        await box.submit('work', 0, { id: 'late', deadlineMs: LONG_MS }),
        await box.submit('work', 0, { id: 'early', deadlineMs: LONG_MS / 2 }),
        await box.submit('work', 0, { id: 'promised', slaTargetMs: LONG_MS / 4 }),
      ]
      for (let n = 1; n <= later.length; n++) {
        release()
        await until(() => given.length === n + 1, { what: `task ${n}` })
      }
      release()
      await Promise.all([first, ...later].map((task) => task.result()))
      expect(given.map(({ id }) => id)).toEqual(['first', 'promised', 'early', 'late', 'none'])
    },
  },
  {
    title: 'between two attempts a task waits for as long as it says',
    async check({ box, fleet }) {
      const attempts: AgentTask[] = []
      await fleet.agent({ queues: ['work'] }, (task) => {
        attempts.push(task)
        throw new Error('not today')
      })
      const task = await box.submit('work', 0, { retryDelayMs: LONG_MS })
      const view = await viewIn(box, task.id, 'scheduled')
      expect(view).toMatchObject({ attempts: 1, code: 'error' })
      await box.cancelTask(task.id)
      await expectEnded(task.result(), 'cancelled')
      await expectEnded(box.run('work', 0, { retryDelayMs: 5, retryCount: 1 }), 'error')
      expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 1, 2])
    },
  },
  {
    title: 'an attempt that tells of nothing for too long is ended, and its handler told',
    options: { queueDefaults: { heartbeatTimeoutMs: 60, retryCount: 0 } },
    async check({ box, fleet }) {
      const told = gate<unknown>()
      await fleet.agent({ queues: ['work'] }, (task) => {
        const { signal } = task
        signal.addEventListener('abort', () => told.open(signal.reason?.code))
        return told.passed
      })
      await expectEnded(box.run('work'), 'heartbeat_timeout')
      expect(await told.passed).toBe('heartbeat_timeout')
    },
  },
  {
    title: 'a task that was moved says who serves it and where it was submitted',
    options: { queues: { work: { slaTargetMs: 20, escalateTo: 'boss' } } },
    async check({ box, fleet }) {
      const seen = gate<AgentTask>()
      await fleet.agent({ queues: ['boss'] }, (task) => {
        seen.open(task)
        return 'by the boss'
      })
      const task = await box.submit('work', 'page', { id: 'page-1' })
      await expect(task.result()).resolves.toBe('by the boss')
      const { id, queue, sourceQueue, type, attempt } = await seen.passed
      expect([id, queue, sourceQueue, type, attempt]).toEqual(['page-1', 'boss', 'work', 'work', 1])
      expect((await seen.passed).text()).toBe('"page"')
      expect(await box.getTask('page-1', 'work')).toMatchObject({
        queue: 'work',
        servedBy: 'boss',
        failedDestinations: ['work'],
      })
    },
  },
  {
    title: 'a task that names no priority has its queue’s',
    options: { queues: { urgent: { priority: 5 }, slow: { priority: 1, type: 'fifo' } } },
    async check({ box }) {
      const levelOf = async (queue: string, priority?: SubmitOptions['priority']) => {
        const { id } = await box.submit(queue, 0, { priority })
        return (await box.getTask(id)).priority
      }
      expect(await levelOf('urgent')).toBe(5)
      expect(await levelOf('urgent', 'low')).toBe(2)
      expect(await levelOf('other')).toBe(3)
      // All tasks of a queue that keeps their order have one.
      expect(await levelOf('slow')).toBe(1)
      expect(await levelOf('slow', 'critical')).toBe(1)
    },
  },
]
