/** Queues: how they are shown, pause and resume; and what is shown of tasks with promises. */
import { expect } from 'vitest'
import { TaskError } from '../../../src/errors.ts'
import { QUEUE_DEFAULTS } from '../../../src/options.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused, holdingAgent } from '../ground.ts'

const HOUR_MS = 3_600_000

export const queueCases: Case[] = [
  {
    title: 'a queue is shown with what waits and runs in it, and in a list',
    options: { queues: { work: { slaTargetMs: 60_000, deadLetterQueue: 'errors' } } },
    async check({ box, fleet }) {
      const { given } = await holdingAgent(fleet, { queues: ['work'] })
      for (let i = 0; i < 3; i++) await box.submit('work', i)
      await box.submit('work', 'later', { delayMs: 60_000 })
      await until(() => given.length === 1, { what: 'one task to run' })
      const row = {
        queue: 'work',
        paused: false,
        open: 4,
        waiting: 2,
        scheduled: 1,
        running: 1,
        bound: 0,
        health: { state: 'healthy', reasons: [], errorRate: null, meanMs: null },
        sla: {
          clock: 'assigned',
          goal: 0.95,
          targetsMs: { background: 60_000, critical: 60_000 },
          assigned: { kept: 1, missed: 0, rate: 1 },
          completed: { kept: 0, missed: 0, rate: null },
        },
        deadLetters: { name: 'errors', count: 0 },
      }
      const view = await box.getQueue('work')
      expect(view).toMatchObject(row)
      expect(view.options).toEqual({
        ...QUEUE_DEFAULTS,
        slaTargetMs: 60_000,
        deadLetterQueue: 'errors',
      })
      expect(view.feasibility).toBe(null)
      const rows = await box.listQueues()
      expect(rows).toMatchObject([row])
      expect(Object.keys(rows[0])).not.toContain('options')
    },
  },
  {
    title: 'a queue says how long waiting goes unanswered, for each level',
    async check({ box }) {
      await box.submit('work')
      const { ageing } = await box.getQueue('work')
      expect(ageing.map(({ priority, boundMs }) => [priority, boundMs])).toEqual([
        ['background', 7 * HOUR_MS],
        ['low', 3 * HOUR_MS],
        ['normal', HOUR_MS],
        ['high', 600_000],
        ['critical', 0],
      ])
      expect(ageing[0].boosts).toEqual([
        { afterMs: 4 * HOUR_MS, to: 'low' },
        { afterMs: 6 * HOUR_MS, to: 'normal' },
        { afterMs: 7 * HOUR_MS, to: 'high' },
      ])
    },
  },
  {
    title: 'a queue whose attempts fail is unhealthy, and says why',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'] }, () => {
        throw TaskError.permanent('no', 'not_found')
      })
      await expectEnded(box.run('work'), 'not_found')
      const { health, deadLetters } = await box.getQueue('work')
      expect(health).toMatchObject({ state: 'unhealthy', errorRate: 1 })
      expect(health.reasons).toHaveLength(1)
      expect(deadLetters).toEqual({ name: 'work', count: 1 })
    },
  },
  {
    title: 'nothing of a paused queue is given out until it is resumed; what runs goes on',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, {
        queues: ['work', 'other'],
        concurrency: 4,
      })
      const running = await box.submit('work', 0, { id: 'before' })
      await until(() => given.length === 1, { what: 'the first task to run' })
      await box.pauseQueue('work')
      await box.submit('work', 0, { id: 'held' })
      expect(await box.getQueue('work')).toMatchObject({ paused: true, waiting: 1, running: 1 })
      // What came later to another queue is given out, so what did not come is held back.
      await box.submit('other', 0, { id: 'after' })
      await until(() => given.length === 2, { what: 'the other queue’s task to run' })
      expect(given.map(({ id }) => id)).toEqual(['before', 'after'])
      release('done')
      await expect(running.result()).resolves.toBe('done')
      expect(await box.getTask('held')).toMatchObject({ state: 'pending', agent: null })
      expect((await box.getTask('held')).waitingFor).toMatch(/paused/)
      await box.resumeQueue('work')
      await until(() => given.length === 3, { what: 'the held task to run' })
      expect(given[2].id).toBe('held')
      expect(await box.getQueue('work')).toMatchObject({ paused: false })
      release()
      release()
    },
  },
  {
    title: 'a task can be cancelled wherever it is',
    async check({ box, fleet }) {
      const { given } = await holdingAgent(fleet, { queues: ['work'] })
      const running = await box.submit('work', 0, { id: 'running' })
      await until(() => given.length === 1, { what: 'the task to run' })
      const waiting = await box.submit('work', 0, { id: 'waiting' })
      const scheduled = await box.submit('work', 0, { id: 'scheduled', delayMs: 60_000 })
      await box.submit('idle', 0, { id: 'first-of-idle' })
      await box.pauseQueue('idle')
      const paused = await box.submit('idle', 0, { id: 'paused' })
      expect(await box.getTask('scheduled')).toMatchObject({ state: 'scheduled' })
      for (const task of [running, waiting, scheduled, paused]) {
        expect(await box.cancelTask(task.id)).toMatchObject({ state: 'cancelled' })
        await expectEnded(task.result(), 'cancelled')
        await expectRefused(box.cancelTask(task.id), 'finished')
      }
      expect((await box.getQueue('work')).open).toBe(0)
    },
  },
  {
    title:
      'an id that is forgotten is still known for a while: a second submit gets the first’s state',
    options: { keep: { count: 1 } },
    async check({ box, fleet }) {
      let runs = 0
      await fleet.agent({ queues: ['work'] }, () => {
        runs++
      })
      await box.run('work', 0, { id: 'a' })
      await box.run('work', 0, { id: 'b' })
      await expectRefused(box.getTask('a'), 'task_unknown')
      const second = await box.submit('work', 0, { id: 'a' })
      expect(second.state).toBe('completed')
      await expectRefused(second.result(), 'finished')
      expect(runs).toBe(2)
    },
  },
  {
    title: 'a task shows what it promises in wall-clock time',
    options: { queues: { work: { deadlineMs: 120_000 } } },
    async check({ box }) {
      const before = Date.now()
      await box.submit('work', 0, { id: 'later', delayMs: 60_000, slaTargetMs: 5_000 })
      const later = await box.getTask('later')
      expect(later).toMatchObject({ state: 'scheduled', sla: null, slaDueAt: null })
      expect(later.scheduledFor! - before).toBeGreaterThanOrEqual(59_000)
      expect(later.scheduledFor! - before).toBeLessThan(70_000)
      expect(later.deadlineAt! - later.acceptedAt).toBeGreaterThanOrEqual(119_999)
      await box.submit('work', 0, { id: 'soon', slaTargetMs: 30_000, deadlineMs: 40_000 })
      const soon = await box.getTask('soon')
      expect(soon).toMatchObject({ state: 'pending', sla: 'kept', scheduledFor: null })
      expect(Math.abs(soon.slaDueAt! - soon.acceptedAt - 30_000)).toBeLessThan(1_000)
      expect(Math.abs(soon.deadlineAt! - soon.acceptedAt - 40_000)).toBeLessThan(1_000)
      const { tasks } = await box.listTasks({ state: 'scheduled' })
      expect(tasks.map(({ id }) => id)).toEqual(['later'])
    },
  },
  {
    title: 'what happened to a task is told with times, also when it failed first',
    async check({ box, fleet }) {
      let tries = 0
      await fleet.agent({ id: 'a', queues: ['work'] }, () => {
        if (++tries === 1) throw new TaskError('api_error', 'not yet')
      })
      await box.run('work', 0, { id: 'told' })
      const history = await box.taskHistory('told')
      expect(history.length).toBeGreaterThanOrEqual(4)
      const times = history.map(({ at }) => at)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(history[0]).toMatchObject({ what: 'accepted' })
      expect(history.filter(({ agent }) => agent === 'a').length).toBeGreaterThanOrEqual(2)
      expect(JSON.stringify(history)).toContain('api_error')
      const { entries, cursor } = await box.ledgerTail({ limit: 1_000 })
      expect(entries.filter(({ task }) => task === 'told').length).toBe(history.length)
      expect((await box.ledgerTail({ after: cursor })).entries).toEqual([])
      await expectRefused(box.taskHistory('nobody'), 'task_unknown')
    },
  },
  {
    title: 'without a ledger there is no history',
    options: { ledger: false },
    async check({ box }) {
      await box.submit('work', 0, { id: 'a' })
      await expectRefused(box.taskHistory('a'), 'not_supported')
      await expectRefused(box.ledgerTail(), 'not_supported')
    },
  },
  {
    title: 'what is no queue is refused',
    async check({ box }) {
      await expectRefused(box.getQueue('nowhere'), 'queue_unknown')
      await expectRefused(box.pauseQueue('nowhere'), 'queue_unknown')
      await expectRefused(box.resumeQueue('nowhere'), 'queue_unknown')
      await expectRefused(box.getQueue('a.b'), 'bad_token')
      expect(await box.listQueues()).toEqual([])
    },
  },
]
