import { expect, test } from 'vitest'
import { LOOK_MS, PrefetchMeter } from '../../src/front-end/nats/prefetch.ts'

const MS = 1_000

/** An agent whose results say the same for some seconds. */
class Steady {
  readonly meter = new PrefetchMeter()
  prefetch = 0
  changes = 0
  #nowMs = 0

  run(looks: number, tripUs: number, workUs: number, { concurrency = 1, max = 1_024 } = {}): void {
    for (let look = 0; look < looks; look++) {
      this.#nowMs += LOOK_MS
      for (let n = 0; n < 10; n++) this.meter.add(tripUs + workUs, workUs, workUs)
      expect(this.meter.isDue(this.#nowMs)).toBe(true)
      const wanted = this.meter.look(this.#nowMs, concurrency, this.prefetch, max)
      if (wanted !== this.prefetch) this.changes++
      this.prefetch = wanted
      expect(this.meter.isDue(this.#nowMs)).toBe(false)
    }
  }
}

test('prefetch: as much as fits into a round trip, for each place of the agent', () => {
  for (const [tripUs, workUs, concurrency, wanted] of [
    [1 * MS, 1 * MS, 1, 1],
    [1 * MS, 1 * MS, 16, 16],
    [5 * MS, 1 * MS, 4, 20],
    [1 * MS, 50 * MS, 8, 0],
    [1 * MS, 0, 1, 1_000],
    [1 * MS, 0, 64, 1_024],
  ]) {
    const agent = new Steady()
    agent.run(20, tripUs, workUs, { concurrency })
    expect([tripUs, workUs, concurrency, agent.prefetch]).toEqual([
      tripUs,
      workUs,
      concurrency,
      wanted,
    ])
    expect(agent.changes).toBeLessThanOrEqual(1)
  }
})

test('prefetch: never more than the agent takes, also when it takes less than before', () => {
  const agent = new Steady()
  agent.run(5, 10 * MS, 100, { max: 30 })
  expect(agent.prefetch).toBe(30)
  agent.run(1, 10 * MS, 100, { max: 29 })
  expect(agent.prefetch).toBe(29)
  agent.run(1, 10 * MS, 100, { max: 0 })
  expect(agent.prefetch).toBe(0)
})

test('prefetch: grows with the round trip, shrinks with it, and stays where little changes', () => {
  const agent = new Steady()
  agent.run(20, 10 * MS, 1 * MS)
  expect(agent.prefetch).toBe(10)
  agent.run(30, 40 * MS, 1 * MS)
  expect(agent.prefetch).toBeGreaterThanOrEqual(35)
  agent.run(30, 2 * MS, 1 * MS)
  expect(agent.prefetch).toBe(2)
  const { changes } = agent
  for (let n = 0; n < 20; n++) agent.run(1, n % 2 === 0 ? 1_600 : 2_400, 1 * MS)
  expect(agent.changes).toBe(changes)
})

test('prefetch: one strange result among many moves it little; what cannot be is left out', () => {
  const agent = new Steady()
  agent.run(20, 1 * MS, 1 * MS, { concurrency: 8 })
  expect(agent.prefetch).toBe(8)
  agent.meter.add(1 * MS, 5 * MS, 1 * MS)
  agent.meter.add(5 * MS, 1 * MS, 2 * MS)
  agent.meter.add(-1, 0, 0)
  agent.run(1, 1 * MS, 1 * MS, { concurrency: 8 })
  expect(agent.prefetch).toBe(8)
  agent.meter.add(11 * MS, 1 * MS, 1 * MS)
  agent.run(1, 1 * MS, 1 * MS, { concurrency: 8 })
  expect(agent.prefetch).toBeLessThanOrEqual(10)
})

test('prefetch: nothing is looked at without results, nor more often than it should', () => {
  const meter = new PrefetchMeter()
  expect(meter.isDue(1_000_000)).toBe(false)
  meter.add(2 * MS, 1 * MS, 1 * MS)
  expect(meter.isDue(1_000_000)).toBe(true)
  meter.look(1_000_000, 1, 0, 10)
  meter.add(2 * MS, 1 * MS, 1 * MS)
  expect(meter.isDue(1_000_000 + LOOK_MS - 1)).toBe(false)
  expect(meter.isDue(1_000_000 + LOOK_MS)).toBe(true)
})
