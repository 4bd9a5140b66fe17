import { expect, test } from 'vitest'
import { attainmentOf, slaOf, targetMsOf } from '../../src/health/attainment.ts'
import { QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import { QueueState } from '../../src/policy/queues.ts'

const queue = (options: Partial<QueueOptions>) =>
  new QueueState('q', { ...QUEUE_DEFAULTS, ...options }, '')

/** Targets and goals of the three review queues. */
test.each([
  ['ra_review_high', 600_000, 0.95, 19, 1],
  ['ra_review_medium', 1_800_000, 0.9, 18, 2],
  ['expert_review_low', 7_200_000, 0.9, 9, 1],
])('attainment [004]: %s keeps %i ms for a share of %f', (_, slaTargetMs, goal, kept, missed) => {
  const state = queue({ slaTargetMs, slaAttainment: goal })
  state.slaKept = kept
  state.slaMissed = missed
  expect(slaOf(state)).toMatchObject({
    clock: 'assigned',
    goal,
    targetsMs: { critical: slaTargetMs, normal: slaTargetMs, background: slaTargetMs },
    assigned: { kept, missed, rate: goal },
    completed: { kept: 0, missed: 0, rate: null },
  })
})

test('attainment: a queue that promises nothing has none, unless a task of it had a promise', () => {
  const state = queue({})
  expect(slaOf(state)).toBeNull()
  state.slaMissed = 1
  expect(slaOf(state)).toMatchObject({ targetsMs: { normal: null }, assigned: { rate: 0 } })
})

test('attainment: a priority’s own target goes before the queue’s, also when it is none', () => {
  const { options } = queue({ slaTargetMs: 1_000, slaTargetsMs: { critical: 100, low: 0 } })
  expect([
    targetMsOf(options, 'critical'),
    targetMsOf(options, 'high'),
    targetMsOf(options, 'low'),
  ]).toEqual([100, 1_000, 0])
  expect(slaOf(queue({ slaTargetsMs: { high: 5 } }))!.targetsMs).toMatchObject({
    high: 5,
    normal: null,
  })
})

test('attainment: before the first judgement there is no rate', () => {
  expect(attainmentOf(0, 0).rate).toBeNull()
  expect(attainmentOf(3, 1).rate).toBe(0.75)
})
