/** Second attempts as agents and submitters of this process see them, with the real scheduler and its clock. */
import { afterEach, expect, test } from 'vitest'
import type { SchedulerOptions } from '../../src/options.ts'
import { Scheduler, type SchedulerEvent } from '../../src/scheduler.ts'
import { until as untilSaid } from '../support/until.ts'

const started: Scheduler[] = []

const until = (condition: () => boolean) => untilSaid(condition, { what: String(condition) })

async function make(options: SchedulerOptions = {}): Promise<Scheduler> {
  const scheduler = new Scheduler({
    slots: 1_024,
    agentsMax: 64,
    queueDefaults: { hedgePercentile: 0.9, hedgeBudget: 1 },
    ...options,
  })
  started.push(scheduler)
  await scheduler.start()
  return scheduler
}

afterEach(async () => {
  for (const scheduler of started.splice(0)) await scheduler.stop()
})

interface Seen {
  agent: string
  id: string
  attempt: number
  payload: unknown
  cut: string | null
}

/** Two agents: tasks are done at once, but the first run of `slow` never ends by itself. */
async function fleet(scheduler: Scheduler): Promise<Seen[]> {
  const seen: Seen[] = []
  for (const agent of ['a', 'b']) {
    await scheduler.agent({ id: agent, queues: ['q'] }, async (task) => {
      const payload = task.json()
      const run: Seen = { agent, id: task.id, attempt: task.attempt, payload, cut: null }
      if (payload !== 'slow') return agent
      seen.push(run)
      if (seen.length > 1) return agent
      await new Promise<void>((resolve) => {
        task.signal.addEventListener('abort', () => {
          run.cut = task.signal.reason.code
          resolve()
        })
      })
      return 'too late'
    })
  }
  for (let i = 0; i < 40; i++) await scheduler.run('q', 'fast')
  return seen
}

/** @returns second attempts from here on: a fast run may have had one, on a machine that was busy. */
function hedgesSince(scheduler: Scheduler): () => { started: number; won: number } {
  const before = scheduler.statusNow().hedges
  return () => {
    const { started, won } = scheduler.statusNow().hedges
    return { started: started - before.started, won: won - before.won }
  }
}

test('hedging: the second attempt has the task’s id and payload, the next number, and another agent', async () => {
  const scheduler = await make()
  const events: SchedulerEvent[] = []
  scheduler.onEvent((event) => events.push(event))
  const seen = await fleet(scheduler)
  const hedges = hedgesSince(scheduler)
  const lateBefore = scheduler.statusNow().attempts.lateResults
  const result = await scheduler.run('q', 'slow', { id: 'x' })
  expect(seen.map(({ id, attempt, payload }) => [id, attempt, payload])).toEqual([
    ['x', 1, 'slow'],
    ['x', 2, 'slow'],
  ])
  expect(seen[1].agent).not.toBe(seen[0].agent)
  expect(result).toBe(seen[1].agent)
  await until(() => seen[0].cut === 'cancelled')
  expect(hedges()).toEqual({ started: 1, won: 1 })
  const [event] = events.filter(({ kind, detail }) => kind === 'task_hedged' && detail.task === 'x')
  expect(event.detail).toMatchObject({ queue: 'q', task: 'x', agent: seen[0].agent })
  // What the one that lost says later is refused, and its credit is back.
  await until(() => scheduler.statusNow().attempts.lateResults > lateBefore)
  const { running, lost } = scheduler.statusNow().tasks
  expect([running, lost]).toEqual([0, 0])
  expect(await scheduler.getTask('x', 'q')).toMatchObject({ state: 'completed', code: null })
})

test('hedging: who looks at the second attempt sees for whom it stands', async () => {
  const scheduler = await make()
  const twins: string[] = []
  scheduler.onEvent(({ kind, detail }) => {
    if (kind === 'task_hedged' && detail.task === 'x') twins.push(String(detail.twin))
  })
  let cut = 0
  for (const agent of ['a', 'b']) {
    await scheduler.agent({ id: agent, queues: ['q'] }, (task) => {
      if (task.json() === 'fast') return 1
      return new Promise((_, reject) => {
        task.signal.addEventListener('abort', () => {
          cut++
          reject(task.signal.reason)
        })
      })
    })
  }
  for (let i = 0; i < 40; i++) await scheduler.run('q', 'fast')
  const hedges = hedgesSince(scheduler)
  const task = await scheduler.submit('q', 'slow', { id: 'x' })
  await until(() => twins.length === 1)
  await until(() => scheduler.statusNow().tasks.running === 2)
  expect(await scheduler.getTask(twins[0], 'q')).toMatchObject({ standsFor: 'x' })
  await scheduler.cancelTask('x', 'q')
  await expect(task.result()).rejects.toMatchObject({ code: 'cancelled' })
  await until(() => cut === 2)
  expect(hedges()).toEqual({ started: 1, won: 0 })
})

test('hedging: a queue without it never begins anything twice', async () => {
  const scheduler = await make({ queueDefaults: {} })
  const seen = await fleet(scheduler)
  const task = await scheduler.submit('q', 'slow', { id: 'x', timeoutMs: 300, retryCount: 0 })
  await expect(task.result()).rejects.toMatchObject({ code: 'timeout' })
  expect(seen).toHaveLength(1)
  expect(scheduler.statusNow().hedges).toEqual({ started: 0, won: 0 })
})
