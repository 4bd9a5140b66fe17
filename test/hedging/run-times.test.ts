/** Percentiles of run times are what they were, at most one bucket more. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketOf, RESULTS_MIN, RunTimes, topOf } from '../../src/hedging/run-times.ts'

test('run times: every time lies in its bucket, which is at most a sixteenth wide', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (ms) => {
      const bucket = bucketOf(ms)
      expect(topOf(bucket)).toBeGreaterThanOrEqual(ms)
      expect(topOf(bucket)).toBeLessThanOrEqual(ms * (1 + 1 / 16))
      if (bucket > 0) expect(topOf(bucket - 1)).toBeLessThan(ms)
    }),
  )
})

test('run times: of fewer than twenty results no percentile is known, of twenty it is', () => {
  const times = new RunTimes()
  for (let i = 1; i < RESULTS_MIN; i++) {
    times.record(100)
    expect(times.limitMs(0.95)).toBe(Number.POSITIVE_INFINITY)
  }
  times.record(100)
  expect(times.limitMs(0.95)).toBe(topOf(bucketOf(100)))
})

test('run times: a percentile is not below the true one, and at most one bucket above', () => {
  const runs = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 20, maxLength: 300 })
  const share = fc.constantFrom(0.5, 0.9, 0.95, 0.99)
  fc.assert(
    fc.property(runs, share, (given, percentile) => {
      const times = new RunTimes()
      for (const ms of given) times.record(ms)
      const sorted = [...given].sort((a, b) => a - b)
      const exact = sorted[Math.max(0, Math.ceil(percentile * sorted.length) - 1)]
      expect(times.limitMs(percentile)).toBe(topOf(bucketOf(exact)))
    }),
  )
})

test('run times: what was long ago is forgotten', () => {
  const times = new RunTimes()
  for (let i = 0; i < 5_000; i++) times.record(10_000)
  for (let i = 0; i < 20_000; i++) times.record(10)
  expect(times.limitMs(0.95)).toBe(10)
  expect(times.meanMs).toBeLessThan(20)
})

test('run times: another percentile is read at once', () => {
  const times = new RunTimes()
  for (let ms = 1; ms <= 100; ms++) times.record(ms)
  expect(times.limitMs(0.5)).toBeGreaterThanOrEqual(50)
  expect(times.limitMs(0.5)).toBeLessThan(55)
  expect(times.limitMs(0.99)).toBeGreaterThanOrEqual(99)
})
