/** The throughput figures of source document 004, in virtual time: by agents, by processes, by batches, by cache. */
import { afterEach, describe, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { Clockwork, HOUR, MINUTE, SECOND } from './clockwork.ts'

/** @returns tasks that are done in the first hour by so many agents with so many places each. */
function perHour(agents: number, places: number, takesMs: number): number {
  const clock = new Clockwork({ queue: { timeoutMs: HOUR } }, () => ({ afterMs: takesMs }))
  for (let i = 0; i < agents; i++) {
    clock.policy.agent(`agent-${i}`, { concurrency: places, leased: false })
  }
  for (let i = 0; i < 2_000; i++) clock.submitAt(0, 'work')
  clock.runUntil(HOUR)
  return clock.policy.core.counters.completed
}

describe('[004] throughput targets', () => {
  test('gap analysis: 50 an hour with 2 agents, and the 85 of its summary', () => {
    expect(perHour(2, 1, 45 * SECOND)).toBeGreaterThanOrEqual(85)
  })

  test('predicate ranking: 40 an hour with 2 agents, and the 70 of its summary', () => {
    expect(perHour(2, 1, 60 * SECOND)).toBeGreaterThanOrEqual(70)
  })

  test('review: a person who takes 5 to 10 minutes does 6 to 12 an hour, and 15 only at 4 minutes', () => {
    expect([perHour(1, 1, 10 * MINUTE), perHour(1, 1, 5 * MINUTE)]).toEqual([6, 12])
    expect(perHour(1, 1, 4 * MINUTE)).toBe(15)
  })
})

describe('[004] parallel processing', () => {
  test('2 agents of 2 processes do four times the work of one, 2 of 4 eight times', () => {
    const one = perHour(1, 1, 45 * SECOND)
    expect(one).toBe(80)
    expect(perHour(2, 2, 45 * SECOND)).toBe(4 * one)
    expect(perHour(2, 4, 45 * SECOND)).toBe(8 * one)
  })
})

describe('[004] batches and caches', () => {
  let scheduler: Scheduler

  afterEach(() => scheduler.stop())

  test('a batch of 5: what is prepared once a batch is prepared a fifth as often, about 10 % more work', async () => {
    scheduler = new Scheduler({ queues: { analysis: { batchSize: 5 } } })
    await scheduler.start()
    await scheduler.pauseQueue('analysis')
    const tasks = []
    for (let i = 0; i < 20; i++) tasks.push(await scheduler.submit('analysis', i))
    let prepared = 0
    await scheduler.agent({ queues: ['analysis'], batch: 5, concurrency: 5 }, (batch) => {
      prepared++
      return batch.map(() => 'analysed')
    })
    await scheduler.resumeQueue('analysis')
    for (const task of tasks) expect(await task.result()).toBe('analysed')
    expect(prepared).toBe(4)
    // Preparing takes a tenth of an analysis' 45 s.
    const alone = 20 * 45
    const batched = prepared * 4.5 + 20 * 40.5
    expect(alone / batched).toBeCloseTo(1.09, 2)
  })

  test('a cache: tasks of one device go to one agent, so that only the first of them takes 30 s', async () => {
    const devices = Array.from({ length: 60 }, (_, i) => `device-${i % 6}`)
    const missesOf = async (strategy: string) => {
      scheduler = new Scheduler({ strategy, seed: 1 })
      await scheduler.start()
      let misses = 0
      for (const id of ['a', 'b', 'c']) {
        const cache = new Set<unknown>()
        await scheduler.agent({ id, queues: ['ranking'], concurrency: 10 }, (task) => {
          const device = task.json()
          if (!cache.has(device)) misses++
          cache.add(device)
        })
      }
      for (const device of devices) await scheduler.run('ranking', device, { key: device })
      await scheduler.stop()
      return misses
    }
    expect(await missesOf('affinity')).toBe(6)
    expect(await missesOf('random')).toBeGreaterThan(12)
  })
})
