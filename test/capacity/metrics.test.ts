import { expect, test } from 'vitest'
import { OTHERS, schedulerMetrics } from '../../src/front-end/calls/metrics.ts'
import { LIMITS } from '../../src/options.ts'
import { contextOf, longName } from '../front-end/large-fleet.ts'
import { answer, joinSilent, placed, submitted } from '../front-end/placing.ts'

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

test.each([LIMITS.controlBytesMax, 64 * 1024, 16 * 1024])(
  'metrics: whatever there is, they fit into an answer of %i bytes',
  (bytesMax) => {
    const names = Array.from({ length: 2_000 }, (_, i) => longName(`q${i}`))
    const queues = Object.fromEntries(names.map((name) => [name, {}]))
    const context = contextOf({ queues })
    context.answerBytesMax = bytesMax
    for (let i = 0; i < 2_000; i++) joinSilent(context, longName(`a${i}`), { concurrency: 7 })
    for (const name of names.slice(0, 500))
      placed(context, name, { type: longName(`t${name}`.slice(-9)) })
    for (let i = 0; i < 800; i++) context.capacity.check(i * 5_000)
    expect(bytesOf(schedulerMetrics(context))).toBeLessThan(bytesMax)
  },
)

test('metrics: of agents, queues and types the largest are named, and no type is left out of the sum', () => {
  const names = Array.from({ length: 300 }, (_, i) => `q${i}`)
  const context = contextOf({ queues: Object.fromEntries(names.map((name) => [name, {}])) })
  for (let i = 0; i < 1_100; i++) joinSilent(context, `a${i}`, { queues: ['none'] })
  joinSilent(context, 'busy', { queues: ['q299'], concurrency: 2 })
  placed(context, 'q299')
  for (const name of names) submitted(context, name)
  for (let i = 0; i < 9; i++) submitted(context, 'q298')
  const metrics = schedulerMetrics(context)
  expect(Object.keys(metrics.agent_utilization)).toHaveLength(LIMITS.statusAgentsMax)
  expect(metrics.agent_utilization.busy).toBe(50)
  expect(Object.keys(metrics.queue_sizes)).toHaveLength(256)
  expect(metrics.queue_sizes.q298).toBe(10)
  const types = Object.values(metrics.task_type_distribution)
  expect(types).toHaveLength(257)
  expect(types.reduce((sum, count) => sum + count)).toBe(310)
  expect(metrics.task_type_distribution[OTHERS]).toBe(44)
})

test('metrics [000]: an assignment is an attempt, and what its agent came to with it', () => {
  const context = contextOf()
  joinSilent(context, 'agent_1', { concurrency: 4 })
  answer(context, placed(context, 'q', { type: 'transaction_analysis' }), 1_000)
  placed(context, 'q', { type: 'pattern_detection' })
  context.core.dispatchFailed(placed(context, 'q', { type: 'pattern_detection' }), 1_000)
  const metrics = schedulerMetrics(context)
  expect(metrics).toMatchObject({
    total_tasks_distributed: 3,
    successful_assignments: 1,
    failed_assignments: 1,
    agent_utilization: { agent_1: 25 },
    task_type_distribution: { transaction_analysis: 1, pattern_detection: 2 },
    success_rate: 1,
    failure_rate: 0,
  })
})

test('metrics: before anything has happened they are zeros, and no number is missing', () => {
  const metrics = schedulerMetrics(contextOf())
  for (const [name, value] of Object.entries(metrics)) {
    if (typeof value === 'number') expect(value, name).toBe(0)
    else expect(Object.keys(value), name).toEqual([])
  }
  expect(Object.keys(metrics)).toHaveLength(24)
})

test('metrics [004]: loads of 3, 2 and 1 vary by 0.67, and by 41 % of their mean', () => {
  const context = contextOf()
  for (const [id, load] of [
    ['a', 3],
    ['b', 2],
    ['c', 1],
  ] as const) {
    joinSilent(context, id, { queues: [id], concurrency: 3 })
    for (let i = 0; i < load; i++) placed(context, id)
  }
  const { load_variance, load_variation } = schedulerMetrics(context)
  expect(load_variance).toBeCloseTo(0.67, 2)
  expect(load_variation).toBeCloseTo(0.41, 2)
})
