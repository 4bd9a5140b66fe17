import { afterAll, beforeAll, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { withHome } from './support.ts'

const { cli: run } = withHome()
const nats = withNats()
let scheduler: Scheduler
const cli = (...words: string[]) => run(words, { env: { NATS_URL: nats.url } })

beforeAll(async () => {
  const queues = { gap: { slaTargetMs: 60_000 } }
  scheduler = await new Scheduler({ name: 'box', nats: nats.url, queues, routers: 0 }).start()
  await scheduler.agent({ id: 'gap-1', queues: ['gap'], concurrency: 3 }, (task) => {
    if (task.json() === 'stay') return new Promise(() => {})
  })
  await scheduler.agent({ id: 'idle-1', queues: ['idle'] }, () => {})
  for (let i = 0; i < 10; i++) await scheduler.run('gap', i)
  for (const id of ['cardio_001', 'ortho_002']) await scheduler.submit('gap', 'stay', { id })
})
afterAll(() => scheduler.stop())

test('agent get: the box of an agent, and its profile for programs', async () => {
  const box = await cli('agent', 'get', 'gap-1')
  expect(box).toMatchObject({ code: 0, stderr: '' })
  expect(box.stdout).toMatch(/^┌─+┐\n│ Agent ID: gap-1 +│\n│ Status: busy +│\n/)
  expect(box.stdout).toMatch(/├─ Task 1: cardio_001 \(.*\n.*├─ Task 2: ortho_002 \(/)
  expect(box.stdout).toMatch(/Performance \(last 10 tasks\):/)
  expect(box.stdout).toMatch(/SLA compliance: 100 %/)
  expect(box.stdout).not.toContain('\u001b')
  const json = await cli('agent', 'get', 'gap-1', '-o', 'json')
  expect(JSON.parse(json.stdout)).toMatchObject({
    agent: 'gap-1',
    capacity: 3,
    load: 2,
    running: [{ task: 'cardio_001' }, { task: 'ortho_002' }],
    last: { results: 10, successRate: 1, slaCompliance: 1 },
  })
  const nobody = await cli('agent', 'get', 'nobody')
  expect(nobody.stderr).toMatch(/^error agent_unknown: No agent "nobody" is registered/)
  expect(nobody.code).toBe(5)
})

test('agent utilization: of all agents those with most in use first; of one by its keys', async () => {
  const table = await cli('agent', 'utilization')
  expect(table).toMatchObject({ code: 0, stderr: '' })
  expect(table.stdout).toMatch(/\n {2}gap-1 .* 67 % +2\/3 +1 .*\n {2}idle-1 .* 0 % +0\/1 +1 +– /)
  const one = await cli('agent', 'utilization', 'gap-1')
  expect(one.stdout).toMatch(/^Agent gap-1\n {2}current_load +2\n/)
  const rows = await cli('agent', 'utilization', '-o', 'ndjson')
  expect(rows.stdout.trimEnd().split('\n')).toHaveLength(2)
  const json = await cli('agent', 'utilization', 'idle-1', '-o', 'json')
  expect(JSON.parse(json.stdout)).toMatchObject({ agent_id: 'idle-1', available_slots: 1 })
})

test('metrics: for people in parts, for programs by the names of the sources', async () => {
  const table = await cli('metrics')
  expect(table).toMatchObject({ code: 0, stderr: '' })
  expect(table.stdout).toMatch(/^Assignments\n {2}total_tasks_distributed +12\n/)
  expect(table.stdout).toMatch(/\nagent_utilization\n {2}gap-1 .* 67 %\n/)
  expect(table.stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  const json = await cli('metrics', '-o', 'json')
  expect(JSON.parse(json.stdout)).toMatchObject({
    successful_assignments: 10,
    task_type_distribution: { gap: 12 },
    success_rate: 1,
  })
})
