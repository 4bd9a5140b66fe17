import { expect, test } from 'vitest'
import { type HealthFacts, healthOf } from '../../src/health/states.ts'

const WELL: HealthFacts = {
  ended: 100,
  attempts: 100,
  errors: 0,
  meanMs: 60_000,
  oldestMs: 60_000,
  maxAgeMs: 600_000,
  maxTimeMs: 120_000,
}

/** [004] 2.5, in its order; gap_analysis: processing_timeout 120 s, here as max_time. */
test.each([
  ['HEALTHY: no errors, young, quick', {}, 'healthy', []],
  [
    'UNHEALTHY: of one attempt',
    { attempts: 1, errors: 1 },
    'unhealthy',
    [/^The only attempt failed/],
  ],
  ['UNHEALTHY: an error rate of more than 5 %', { errors: 6 }, 'unhealthy', [/^6 of the last 100/]],
  ['HEALTHY: an error rate of exactly 5 %', { errors: 5 }, 'healthy', []],
  [
    'DEGRADED: the oldest task is older than max_age',
    { oldestMs: 600_001 },
    'degraded',
    [/^The oldest task has waited for 10 min, longer than 10 min/],
  ],
  ['HEALTHY: the oldest task is exactly as old', { oldestMs: 600_000 }, 'healthy', []],
  [
    'SLOW: the mean is more than 1.2 times max_time',
    { meanMs: 150_000 },
    'slow',
    [/^Attempts take 2.5 min on average, more than 1.2 times 2 min/],
  ],
  ['HEALTHY: the mean is exactly 1.2 times max_time', { meanMs: 144_000 }, 'healthy', []],
  ['HEALTHY: an empty queue', { attempts: 0, meanMs: null, oldestMs: null }, 'healthy', []],
  [
    'UNHEALTHY before DEGRADED before SLOW, each with its reason',
    { errors: 50, oldestMs: 1e9, meanMs: 1e9 },
    'unhealthy',
    [/50 %/, /longer than/, /on average/],
  ],
  [
    'DEGRADED before SLOW',
    { oldestMs: 1e9, meanMs: 1e9 },
    'degraded',
    [/longer than/, /on average/],
  ],
] as const)('health [004]: %s', (_, facts, state, reasons) => {
  const health = healthOf({ ...WELL, ...facts })
  expect(health.state).toBe(state)
  expect(health.reasons).toHaveLength(reasons.length)
  for (const [i, reason] of reasons.entries()) expect(health.reasons[i]).toMatch(reason)
})

test('health: without max_age and max_time only errors make a queue unwell', () => {
  const facts = { ...WELL, maxAgeMs: 0, maxTimeMs: 0, oldestMs: 1e9, meanMs: 1e9 }
  expect(healthOf(facts)).toMatchObject({ state: 'healthy', reasons: [] })
  expect(healthOf({ ...facts, errors: 6 }).state).toBe('unhealthy')
})

test('health: what it goes by is shown: rate, mean, age, attempts', () => {
  expect(healthOf({ ...WELL, errors: 3, ended: 7_000 })).toEqual({
    state: 'healthy',
    reasons: [],
    errorRate: 0.03,
    meanMs: 60_000,
    oldestMs: 60_000,
    ended: 7_000,
  })
  expect(healthOf({ ...WELL, attempts: 0, meanMs: null }).errorRate).toBeNull()
})
