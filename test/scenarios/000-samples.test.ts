/** The sample values of source document 000: its metrics, its agents, its tasks. */
import { afterEach, expect, test } from 'vitest'
import { TaskError } from '../../src/errors.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { gate } from '../contract/ground.ts'

const running: Scheduler[] = []

async function distributor(): Promise<Scheduler> {
  const scheduler = new Scheduler({ strategy: 'hybrid', queueDefaults: { retryCount: 0 } })
  running.push(scheduler)
  return scheduler.start()
}

afterEach(async () => {
  for (const scheduler of running.splice(0)) await scheduler.stop()
})

test('[000] sample metrics: 100 distributed, 95 and 5, utilisation 75 and 60, types 60 and 40', async () => {
  const scheduler = await distributor()
  const held = gate()
  const handler = async (name: unknown) => {
    if (name === 'hold') await held.passed
    if (name === 'bad') throw TaskError.permanent('an error of the sample')
  }
  const agents = { agent_1: 4, agent_2: 5 }
  for (const [id, concurrency] of Object.entries(agents)) {
    const options = { id, queues: ['work', id], concurrency }
    await scheduler.agent(options, (task) => handler(task.json()))
  }
  const submit = (type: string, payloads: string[]) =>
    scheduler.submitMany('work', payloads, { type, onOutcome: () => {} })
  const good = (count: number) => Array.from({ length: count }, () => 'good')
  await submit('transaction_analysis', [...good(52), 'bad', 'bad', 'bad'])
  await submit('pattern_detection', [...good(37), 'bad', 'bad'])
  // Three of four places, and three of five: of 60 and 40 tasks in all, the last six still run.
  const open = []
  for (const queue of ['agent_1', 'agent_1', 'agent_1', 'agent_2', 'agent_2']) {
    open.push(await scheduler.submit(queue, 'hold', { type: 'transaction_analysis' }))
  }
  open.push(await scheduler.submit('agent_2', 'hold', { type: 'pattern_detection' }))
  await expect.poll(async () => (await scheduler.status()).tasks.running).toBe(6)
  const { agent_utilization, task_type_distribution } = await scheduler.metrics()
  expect(agent_utilization).toEqual({ agent_1: 75, agent_2: 60 })
  expect(task_type_distribution).toEqual({ transaction_analysis: 60, pattern_detection: 40 })
  held.open()
  for (const task of open) await task.result()
  const metrics = await scheduler.metrics()
  expect(metrics).toMatchObject({
    total_tasks_distributed: 100,
    successful_assignments: 95,
    failed_assignments: 5,
  })
  expect(metrics.average_assignment_time_ms).toBeGreaterThan(0)
})

test('[000] sample agents: 5 and 10 at a time; the expert of 0.95 goes before the moderate one of 0.60', async () => {
  const scheduler = await distributor()
  const type = 'transaction_analysis'
  const sample = { queues: ['work'], capabilities: [type] }
  const analyzer = { ...sample, id: 'analyzer', concurrency: 5, specializations: { [type]: 0.6 } }
  const expert = { ...sample, id: 'expert', concurrency: 10, specializations: { [type]: 0.95 } }
  const by: string[] = []
  for (const options of [analyzer, expert]) {
    await scheduler.agent(options, () => void by.push(options.id))
  }
  await scheduler.setStrategy('specialization')
  for (let i = 0; i < 5; i++) await scheduler.run('work', i, { type, requires: [type] })
  expect(by).toEqual(['expert', 'expert', 'expert', 'expert', 'expert'])
  const views = await scheduler.listAgents()
  expect(views.map(({ id, concurrency }) => [id, concurrency]).sort()).toEqual([
    ['analyzer', 5],
    ['expert', 10],
  ])
})

test('[000] create_task(type, payload, priority): what a task says of itself, its estimated duration included', async () => {
  const scheduler = await distributor()
  const seen: unknown[] = []
  await scheduler.agent({ queues: ['work'], capabilities: ['analysis'] }, (task) => {
    seen.push(task.type, task.json())
  })
  const payload = { amount: 1_000, estimated_duration: 0.5 }
  const options = { type: 'analysis', priority: 'high' as const, requires: ['analysis'] }
  const task = await scheduler.submit('work', payload, { ...options, retryCount: 3 })
  await task.result()
  expect(seen).toEqual(['analysis', payload])
  expect(await scheduler.getTask(task.id)).toMatchObject({
    type: 'analysis',
    priority: 4,
    requires: ['analysis'],
  })
})
