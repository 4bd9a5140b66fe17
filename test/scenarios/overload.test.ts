/** Three times the capacity for a minute, in virtual time: what is admitted keeps its promise. */
import { expect, test } from 'vitest'
import { Clockwork, SECOND } from './clockwork.ts'

const PLACES = 10
const TAKES_MS = 50
const CAPACITY = (PLACES * SECOND) / TAKES_MS
const OPEN_MAX = 100
/** All that may stand before a task, and the one that runs. */
const TARGET_MS = (OPEN_MAX / CAPACITY) * SECOND + TAKES_MS

test('overload: at three times the capacity admitted tasks keep their SLA, the rest is refused and counted', () => {
  const clock = new Clockwork({ queue: { tasksMax: OPEN_MAX, slaTargetMs: TARGET_MS } }, () => ({
    afterMs: TAKES_MS,
  }))
  const { policy } = clock
  policy.agent('fleet', { concurrency: PLACES, leased: false })
  const total = 3 * CAPACITY * 60
  let refused = 0
  let openMost = 0
  const arrive = (n: number) => {
    if (policy.refusal('load', { level: n % 10 === 0 ? 4 : 2 }) === 'queue_full') refused++
    openMost = Math.max(openMost, policy.core.queues.get('load')!.open)
    if (n + 1 < total)
      clock.at(Math.floor(((n + 1) * SECOND) / (3 * CAPACITY)), () => arrive(n + 1))
  }
  clock.at(0, () => arrive(0))
  clock.runUntil(120 * SECOND)
  const { accepted, completed, slaBreaches } = policy.core.counters
  const { slaKept, slaMissed } = policy.core.queues.get('load')!
  expect([accepted + refused, completed]).toEqual([total, accepted])
  expect([slaKept, slaMissed, slaBreaches]).toEqual([accepted, 0, 0])
  expect(openMost).toBe(OPEN_MAX)
  // Nobody is idle meanwhile: two thirds are refused, and no more.
  expect(refused / total).toBeGreaterThan(0.65)
  expect(refused / total).toBeLessThan(0.67)
})
