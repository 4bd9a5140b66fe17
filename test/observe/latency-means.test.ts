import { expect, test } from 'vitest'
import {
  createMemory,
  DEFAULT_SHAPE,
  LATENCY_COUNTS_LENGTH,
  LATENCY_MAX_US,
  LatencyWriter,
  latencyAt,
  latencyIndex,
} from '../../native-free/index.ts'
import { LatencyMeans } from '../../src/observe/latency-means.ts'
import { Random } from '../../src/routing/generator.ts'
import { Scheduler } from '../../src/scheduler.ts'

test('latency layout: each count stands for a value that is counted there', () => {
  for (let index = 0; index < LATENCY_COUNTS_LENGTH; index++) {
    const us = latencyAt(index)
    if (us <= LATENCY_MAX_US) expect(latencyIndex(us)).toBe(index)
  }
})

test('latency means: they are right to a thousandth, over all threads', () => {
  const memory = createMemory({ ...DEFAULT_SHAPE, routerCount: 1, latencyStageCount: 2 })
  const writers = [new LatencyWriter(memory, 0), new LatencyWriter(memory, 1)]
  const random = new Random(3)
  let sumUs = 0
  for (let i = 0; i < 1_000; i++) {
    const us = random.nextInt(2 ** (1 + random.nextInt(30)))
    sumUs += us
    writers[i % 2].record(1, us)
  }
  const means = new LatencyMeans(memory)
  expect(means.meanMs(0)).toBe(0)
  expect(means.meanMs(1) / (sumUs / 1_000_000)).toBeCloseTo(1, 2)
})

test('latency means: they are the histograms’ own', async () => {
  const box = new Scheduler({ routers: 0 })
  try {
    await box.agent({ queues: ['q'] }, () => {})
    for (let i = 0; i < 20; i++) await box.run('q', i)
    const [metrics, latency] = [await box.metrics(), await box.latency()]
    expect(metrics.average_wait_time_ms).toBeCloseTo(latency.assignment.meanUs / 1_000, 6)
    expect(metrics.average_completion_time_ms).toBeCloseTo(latency.total.meanUs / 1_000, 6)
  } finally {
    await box.stop()
  }
})
