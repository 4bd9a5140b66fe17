/**
 * The calls and fields of source document 000, a workload distribution system, each by our name: what
 * its `WorkloadDistributor` does a scheduler in this process does.
 */
import { afterEach, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import { Scheduler } from '../../src/scheduler.ts'
import type { AgentView } from '../../src/task.ts'

const running: Scheduler[] = []

function distributor(): Scheduler {
  const scheduler = new Scheduler({ strategy: 'hybrid', queueDefaults: { retryCount: 0 } })
  running.push(scheduler)
  return scheduler
}

afterEach(async () => {
  for (const scheduler of running.splice(0)) await scheduler.stop()
})

const ANALYSER = {
  id: 'transaction_analyzer_1',
  queues: ['fraud'],
  capabilities: ['transaction_analysis'],
  concurrency: 5,
  specializations: { transaction_analysis: 0.95, pattern_detection: 0.6 },
}
const ANALYSE = { type: 'transaction_analysis', requires: ['transaction_analysis'] }

test('[000] API: register_agent, submit_task, complete_task, get_status, get_metrics, unregister', async () => {
  const scheduler = await distributor().start()
  const agent = await scheduler.agent(ANALYSER, (task) => {
    const { amount } = task.json<{ amount: number }>()
    if (amount < 0) throw TaskError.permanent('a negative amount')
    return { success: true }
  })
  const good = await scheduler.submit('fraud', { amount: 1_000 }, { ...ANALYSE, priority: 'high' })
  expect(await good.result()).toEqual({ success: true })
  const bad = await scheduler.submit('fraud', { amount: -1 }, ANALYSE)
  await expect(bad.result()).rejects.toThrow('a negative amount')
  const { tasks } = await scheduler.status()
  expect(tasks).toMatchObject({ accepted: 2, completed: 1, failed: 1, waiting: 0, running: 0 })
  const metrics = await scheduler.metrics()
  expect(metrics).toMatchObject({
    total_tasks_distributed: 2,
    successful_assignments: 1,
    failed_assignments: 1,
    agent_utilization: { transaction_analyzer_1: 0 },
    task_type_distribution: { transaction_analysis: 2 },
  })
  expect(metrics.average_assignment_time_ms).toBeGreaterThan(0)
  await agent.stop()
  expect(await scheduler.listAgents()).toEqual([])
})

test('[000] API: set_routing_strategy switches while it runs, start and stop begin and end it', async () => {
  const scheduler = distributor()
  await scheduler.start()
  await scheduler.agent(ANALYSER, () => 'done')
  for (const strategy of [
    'round_robin',
    'least_loaded',
    'specialization',
    'performance',
    'hybrid',
  ]) {
    await scheduler.setStrategy(strategy)
    expect(await scheduler.run('fraud', {}, ANALYSE)).toBe('done')
  }
  await scheduler.stop()
  await expect(scheduler.run('fraud', {}, ANALYSE)).rejects.toMatchObject({ code: 'stopping' })
})

test('[000] AgentCapabilities: what an agent says of itself, and what its results teach', async () => {
  const scheduler = await distributor().start()
  await scheduler.agent(ANALYSER, () => 'done')
  await scheduler.run('fraud', {}, ANALYSE)
  const [view] = await scheduler.listAgents()
  const { id, capabilities, concurrency, running: load, specializations }: AgentView = view
  expect({ id, capabilities, concurrency, load, specializations }).toEqual({
    id: 'transaction_analyzer_1',
    capabilities: ['transaction_analysis'],
    concurrency: 5,
    load: 0,
    specializations: { pattern_detection: 0.6, transaction_analysis: 0.95 },
  })
  expect(view.latencyMeanUs).toBeGreaterThan(0)
  // Ten of 0.9 that count at the start, and one success.
  expect(view.successRate).toBeCloseTo(10 / 11, 4)
  expect(view.silentMs).toBe(0)
})

test('[000] TaskAssignment: who has it, since when, what came of it and what went wrong', async () => {
  const scheduler = await distributor().start()
  await scheduler.agent(ANALYSER, (task) => {
    if (task.json() === 'bad') throw TaskError.permanent('no such account')
    return 'risk: low'
  })
  await scheduler.submit('fraud', 'good', { ...ANALYSE, id: 'good' }).then((task) => task.result())
  const bad = await scheduler.submit('fraud', 'bad', { ...ANALYSE, id: 'bad' })
  await expect(bad.result()).rejects.toThrow('no such account')
  const done = await scheduler.getTask('good')
  expect(done).toMatchObject({
    state: 'completed',
    agent: 'transaction_analyzer_1',
    attempts: 1,
    result: '"risk: low"',
    code: null,
  })
  expect(done.startedAt).toBeGreaterThanOrEqual(done.acceptedAt)
  expect(done.finishedAt).toBeGreaterThanOrEqual(done.startedAt!)
  expect(await scheduler.getTask('bad')).toMatchObject({
    state: 'failed',
    result: null,
    message: 'no such account',
  })
})

test('[000] AgentStatus: available, busy, overloaded, offline and maintenance', async () => {
  const scheduler = await distributor().start()
  const ends: (() => void)[] = []
  const hold = () => new Promise<void>((resolve) => ends.push(resolve))
  await scheduler.agent({ ...ANALYSER, concurrency: 2 }, hold)
  const status = async () => (await scheduler.listAgents())[0].status
  expect(await status()).toBe('available')
  const first = scheduler.run('fraud', {}, ANALYSE)
  await expect.poll(status).toBe('busy')
  const second = scheduler.run('fraud', {}, ANALYSE)
  await expect.poll(status).toBe('overloaded')
  await scheduler.maintainAgent(ANALYSER.id)
  expect(await status()).toBe('maintenance')
  for (const end of ends) end()
  await Promise.all([first, second])
  await scheduler.maintainAgent(ANALYSER.id, false)
  await expect.poll(status).toBe('available')
})
