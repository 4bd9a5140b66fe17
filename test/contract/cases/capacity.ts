/** Load, profiles and metrics: the same numbers whichever way they are asked for. */
import { expect } from 'vitest'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, expectRefused, holdingAgent } from '../ground.ts'

export const capacityCases: Case[] = [
  {
    title: 'the utilisation of an agent is what it has in hand and what it has done',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, {
        id: 'gap-1',
        queues: ['gap'],
        concurrency: 3,
      })
      const tasks = await Promise.all([1, 2, 3].map((n) => box.submit('gap', n)))
      await until(() => given.length === 3, { what: 'three tasks to run' })
      expect(await box.getUtilization('gap-1')).toEqual([
        {
          agent_id: 'gap-1',
          current_load: 3,
          max_capacity: 3,
          utilization_percent: 100,
          available_slots: 0,
          avg_task_time: null,
          success_rate: null,
          sla_compliance_percent: null,
        },
      ])
      release('one')
      await tasks[0].result()
      const [after] = await box.getUtilization()
      expect(after).toMatchObject({ current_load: 2, available_slots: 1, success_rate: 1 })
      expect(after.utilization_percent).toBeCloseTo(200 / 3, 6)
      expect(after.avg_task_time).toBeGreaterThan(0)
      release()
      release()
    },
  },
  {
    title: 'of an agent with a promise to keep the share is told that it kept',
    options: { queues: { gap: { slaTargetMs: 60_000, slaClock: 'completed' } } },
    async check({ box, fleet }) {
      await fleet.agent({ id: 'gap-1', queues: ['gap', 'other'] }, (task) => {
        if (task.json() === 'bad') throw new Error('no')
      })
      await box.run('other', 'bad', { retryCount: 0 }).catch(() => {})
      expect((await box.getUtilization('gap-1'))[0].sla_compliance_percent).toBe(null)
      for (const payload of ['good', 'good', 'good']) await box.run('gap', payload)
      await expectEnded(box.run('gap', 'bad', { retryCount: 0 }), 'error')
      const [known] = await box.getUtilization('gap-1')
      expect(known).toMatchObject({ sla_compliance_percent: 75, success_rate: 3 / 5 })
    },
  },
  {
    title: 'more agents than fit into one answer are all listed, each once',
    async check({ box, fleet }) {
      const ids = Array.from({ length: 1_100 }, (_, i) => `a${i}`)
      const join = (id: string) => fleet.agent({ id, queues: ['q'] }, () => undefined)
      for (let from = 0; from < ids.length; from += 100) {
        await Promise.all(ids.slice(from, from + 100).map(join))
      }
      const seen = (await box.getUtilization()).map(({ agent_id }) => agent_id)
      expect(seen.sort()).toEqual(ids.sort())
    },
  },
  {
    title: 'a profile has what an agent runs, its last results and its last hour',
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, {
        id: 'gap-1',
        queues: ['gap'],
        concurrency: 2,
      })
      const task = await box.submit('gap', 1, { id: 'cardio_001' })
      await until(() => given.length === 1, { what: 'the task to run' })
      expect(await box.agentProfile('gap-1')).toMatchObject({
        agent: 'gap-1',
        status: 'busy',
        condition: 'fit',
        reason: null,
        capacity: 2,
        load: 1,
        running: [{ task: 'cardio_001', queue: 'gap' }],
        queued: 0,
        unbegun: 0,
        last: { results: 0, meanMs: null, successRate: null, slaCompliance: null, errors: 0 },
      })
      release('done')
      await task.result()
      const { last, hour, running } = await box.agentProfile('gap-1')
      expect(running).toEqual([])
      expect(last).toMatchObject({ results: 1, successRate: 1, errors: 0 })
      expect(hour.tasksPerHour).toBeGreaterThan(0)
      expect(hour).toMatchObject({ errors: 0, errorTrend: 'stable' })
    },
  },
  {
    title: 'nobody has a profile or a utilisation who is not there',
    async check({ box }) {
      expect(await box.getUtilization()).toEqual([])
      await expectRefused(box.getUtilization('nobody'), 'agent_unknown')
      await expectRefused(box.agentProfile('nobody'), 'agent_unknown')
      await expectRefused(box.agentProfile('a b'), 'bad_token')
      await expectRefused(box.getUtilization('a b'), 'bad_token')
    },
  },
  {
    title: 'metrics have the names of the sources, and count what has happened',
    options: { metrics: { sampleMs: 100 } },
    async check({ box, fleet }) {
      const { given, release } = await holdingAgent(fleet, {
        id: 'agent_1',
        queues: ['work'],
        concurrency: 4,
      })
      const tasks = await Promise.all(
        ['scan', 'scan', 'read'].map((type) => box.submit('work', 0, { type })),
      )
      await until(() => given.length === 3, { what: 'three tasks to run' })
      await box.submit('later', 1)
      for (let i = 0; i < 3; i++) release()
      await Promise.all(tasks.map((task) => task.result()))
      await expectEnded(
        box.run('work', 0, { deadlineMs: 1, requires: ['gpu'] }),
        'deadline_expired',
      )
      await box.submit('work', 0)
      await until(() => given.length === 4, { what: 'the last one to run' })
      const newest = async () => (await box.metrics()).queue_depth_samples.at(-1)
      const sampled = async () => {
        const { waiting = 0, bound = 0, running = 0 } = (await newest()) ?? {}
        return waiting === 1 && bound === 0 && running === 1
      }
      await until(sampled, { what: 'a sample of what is there now' })
      const metrics = await box.metrics()
      expect(metrics).toMatchObject({
        total_tasks_distributed: 4,
        successful_assignments: 3,
        failed_assignments: 0,
        agent_utilization: { agent_1: 25 },
        task_type_distribution: { scan: 2, read: 1, work: 2, later: 1 },
        success_rate: 3 / 4,
        failure_rate: 1 / 4,
        queue_sizes: { work: 0, later: 1 },
        steal_attempts: 0,
        successful_steals: 0,
        failed_steals: 0,
        successful_migrations: 0,
        failed_migrations: 0,
        recalled_tasks: 0,
        recall_requests: 0,
        busy_agents: 0,
        idle_agents: 1,
        load_variation: 0,
        load_variance: 0,
      })
      expect(metrics.average_wait_time_ms).toBeGreaterThan(0)
      expect(metrics.average_completion_time_ms).toBeGreaterThanOrEqual(
        metrics.average_wait_time_ms,
      )
      expect(metrics.average_assignment_time_ms).toBeGreaterThan(0)
      const { at } = metrics.queue_depth_samples.at(-1)!
      expect(Math.abs(at - Date.now())).toBeLessThan(60_000)
    },
  },
]
