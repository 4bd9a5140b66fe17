import { afterEach, describe, expect, test } from 'vitest'
import type { QueueOptions } from '../../src/options.ts'
import { Scheduler, type SchedulerEvent } from '../../src/scheduler.ts'
import { until } from '../support/until.ts'

const schedulers: Scheduler[] = []
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.stop()
})

function made(queues: Record<string, Partial<QueueOptions>>) {
  const scheduler = new Scheduler({ slots: 256, agentsMax: 32, queues })
  schedulers.push(scheduler)
  const events: SchedulerEvent[] = []
  scheduler.onEvent((event) => events.push(event))
  const told = (kind: string) =>
    until(() => events.find((event) => event.kind === kind)?.detail, { what: kind })
  return { scheduler, events, told }
}

describe('events of promises', () => {
  test('events: a task that waits is warned of at 80 %, boosted, and breaches with its alert', async () => {
    const { scheduler, events, told } = made({ mail: { slaTargetMs: 100 } })
    await scheduler.submit('mail', 1, { id: 'late' })
    expect(await told('sla_breach')).toMatchObject({
      queue: 'mail',
      task: 'late',
      priority: 3,
      message: 'SLA BREACH: late',
    })
    expect(await told('sla_warning')).toMatchObject({ queue: 'mail', task: 'late' })
    expect(await told('priority_boosted')).toMatchObject({ task: 'late', to: 4, why: 'sla' })
    const kinds = events.map(({ kind }) => kind).filter((kind) => kind.startsWith('sla_'))
    expect(kinds).toEqual(['sla_warning', 'sla_breach'])
    const history = await scheduler.taskHistory('late')
    expect(history.map(({ what }) => what).sort()).toEqual([
      'SLA breached',
      'SLA warning',
      'accepted',
      'boosted',
    ])
  })

  test('events: a breach that escalates says where the task went', async () => {
    const { scheduler, told } = made({
      mail: { slaTargetMs: 60, escalateTo: 'humans' },
      humans: {},
    })
    await scheduler.submit('mail', 1, { id: 'late' })
    expect(await told('task_moved')).toEqual({
      queue: 'humans',
      task: 'late',
      why: 'escalation',
      from: 'mail',
      to: 'humans',
    })
  })

  test('events: a task that starves says so by the name of its queue', async () => {
    const { scheduler, told } = made({ mail: { maxAgeMs: 60 } })
    await scheduler.submit('mail', 1, { id: 'old', priority: 'low' })
    expect(await told('starvation')).toMatchObject({
      queue: 'mail',
      task: 'old',
      priority: 2,
      to: 3,
      message: 'Starvation prevention: mail',
    })
  })

  test('events: a task that expires leaves a dead letter that is told, with its code', async () => {
    const { scheduler, told } = made({ mail: { ttlMs: 60, deadLetterQueue: 'letters' } })
    await scheduler.submit('mail', 1, { id: 'gone' })
    expect(await told('dead_letter')).toMatchObject({
      queue: 'mail',
      task: 'gone',
      name: 'letters',
      code: 'ttl_expired',
      attempts: 0,
    })
    const history = await scheduler.taskHistory('gone')
    expect(history.map(({ what, detail }) => [what, detail]).slice(-2)).toEqual([
      ['dead letter', 'letters: ttl_expired'],
      ['expired', 'ttl_expired'],
    ])
  })

  test('events: a task that is interrupted says by whom it was worked on', async () => {
    const { scheduler, told } = made({ mail: {} })
    let isBegun = false
    let yields = 0
    await scheduler.agent({ id: 'a1', queues: ['mail'], preemptible: true }, async (task) => {
      if (task.json() !== 'long') return 'short'
      if (task.attempt > 1) return 'done'
      isBegun = true
      await new Promise((resolve) => task.preempted.addEventListener('abort', resolve))
      yields++
      return task.yield()
    })
    const long = scheduler.run('mail', 'long', { id: 'long', priority: 'low' })
    await until(() => isBegun, { what: 'the long one' })
    await scheduler.run('mail', 'short', { priority: 'critical' })
    expect(await told('task_preempted')).toEqual({
      queue: 'mail',
      task: 'long',
      agent: 'a1',
      attempt: 1,
    })
    expect(await long).toBe('done')
    expect(yields).toBe(1)
  })
})
