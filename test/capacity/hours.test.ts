import { expect, test } from 'vitest'
import { BUCKET_MS, BUCKETS, HOUR_MS, Hours, trendOf } from '../../src/capacity/hours.ts'

const T0 = 7 * HOUR_MS + 1_234

test('hours: what was done within the hour counts, and what lies before does not', () => {
  const hours = new Hours()
  const history = hours.open(T0)
  hours.count(history, 10, 1, T0)
  hours.count(history, 5, 0, T0 + 30 * 60_000)
  expect(hours.hourOf(history, T0 + 30 * 60_000)).toMatchObject({ done: 15, errors: 1 })
  expect(hours.hourOf(history, T0 + HOUR_MS)).toMatchObject({ done: 5, errors: 0 })
  expect(hours.hourOf(history, T0 + 3 * HOUR_MS)).toMatchObject({ done: 0, errors: 0 })
})

test('hours: they go over as long as there is something to know, an hour at most', () => {
  const hours = new Hours()
  const history = hours.open(T0)
  expect(hours.hourOf(history, T0).seenMs).toBe(0)
  expect(hours.hourOf(history, T0 + 90_000).seenMs).toBe(90_000)
  const later = hours.hourOf(history, T0 + 5 * HOUR_MS).seenMs
  expect(later).toBeGreaterThan(HOUR_MS - BUCKET_MS)
  expect(later).toBeLessThanOrEqual(HOUR_MS)
})

test('hours: a bucket that time comes round to again is empty, wherever in the day that is', () => {
  for (const startMs of [0, T0, 2 ** 30 * BUCKET_MS - 1]) {
    const hours = new Hours()
    const history = hours.open(startMs)
    for (let i = 0; i < 5 * BUCKETS; i++) {
      const nowMs = startMs + i * BUCKET_MS
      hours.count(history, 1, 0, nowMs)
      expect(hours.hourOf(history, nowMs).done).toBe(Math.min(BUCKETS, i + 1))
    }
  }
})

test('hours: loads have a range, and no sample is no range', () => {
  const hours = new Hours()
  const history = hours.open(T0)
  expect(hours.hourOf(history, T0)).toMatchObject({ loadMin: null, loadMax: null })
  for (const load of [0.667, 0.333, 1.5]) hours.sample(history, load, T0)
  expect(hours.hourOf(history, T0)).toMatchObject({ loadMin: 0.333, loadMax: 1.5 })
  hours.sample(history, 1e9, T0)
  expect(hours.hourOf(history, T0).loadMax).toBeGreaterThan(65)
  expect(hours.hourOf(history, T0 + HOUR_MS)).toMatchObject({ loadMin: null, loadMax: null })
})

test.each([
  ['rising', 0.5, 0.56],
  ['stable', 0.5, 0.549],
  ['stable', 0.5, 0.451],
  ['decreasing', 0.5, 0.44],
  ['stable', 0.001, 0.009],
  ['rising', 0, 0.02],
  ['stable', null, 0.9],
] as const)('hours: a load is %s from a half with %s to one with %s', (trend, first, second) => {
  expect(trendOf(first, second)).toBe(trend)
  if (first === null) return
  const hours = new Hours()
  const history = hours.open(T0)
  hours.sample(history, first, T0)
  hours.sample(history, second, T0 + 40 * 60_000)
  expect(hours.hourOf(history, T0 + 40 * 60_000).loadTrend).toBe(trend)
})

test('hours: an agent that errs less often than before has fewer errors, however many it ends', () => {
  const hours = new Hours()
  const history = hours.open(T0)
  hours.count(history, 90, 10, T0)
  hours.count(history, 980, 20, T0 + 35 * 60_000)
  expect(hours.hourOf(history, T0 + 35 * 60_000).errorTrend).toBe('decreasing')
  hours.count(history, 0, 200, T0 + 40 * 60_000)
  expect(hours.hourOf(history, T0 + 40 * 60_000).errorTrend).toBe('rising')
})

test('hours: one bucket alone says nothing of a trend', () => {
  const hours = new Hours()
  const history = hours.open(T0)
  hours.count(history, 1, 9, T0)
  hours.sample(history, 3, T0)
  expect(hours.hourOf(history, T0)).toMatchObject({ loadTrend: 'stable', errorTrend: 'stable' })
})

test('hours: a history that was closed is given to the next, who finds nothing in it', () => {
  const hours = new Hours()
  const all = Array.from({ length: 200 }, () => hours.open(T0))
  expect(new Set(all).size).toBe(200)
  const { bytes } = hours
  for (const history of all) hours.count(history, history + 1, 0, T0)
  expect(hours.hourOf(all[64], T0).done).toBe(65)
  hours.close(all[64])
  const again = hours.open(T0 + 1)
  expect(again).toBe(all[64])
  expect(hours.hourOf(again, T0 + 1)).toMatchObject({ done: 0, seenMs: 0 })
  expect(hours.hourOf(all[63], T0 + 1).done).toBe(64)
  expect(hours.bytes).toBe(bytes)
  expect(bytes / 256).toBeLessThan(256)
})
