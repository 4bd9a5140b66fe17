import { expect, test } from 'vitest'
import { DURATION_KINDS, drawDuration, VARIANCE } from '../../src/fleet-model/durations.ts'
import { makeWorkload, ONE_TYPE } from '../../src/fleet-model/workload.ts'
import { Random } from '../../src/routing/generator.ts'

const COUNT = 400_000

test.each(DURATION_KINDS)('durations: %s draws have mean 1 within four deviations', (kind) => {
  const random = new Random(11)
  let sum = 0
  for (let i = 0; i < COUNT; i++) sum += drawDuration(kind, random)
  const deviation = Math.sqrt(VARIANCE[kind] / COUNT)
  expect(Math.abs(sum / COUNT - 1)).toBeLessThanOrEqual(4 * deviation)
})

test('durations: the variance of exponential draws is 1, of cut Pareto draws as reckoned', () => {
  for (const kind of ['exponential', 'pareto'] as const) {
    const random = new Random(5)
    let squares = 0
    for (let i = 0; i < COUNT; i++) squares += (drawDuration(kind, random) - 1) ** 2
    expect(squares / COUNT / VARIANCE[kind], kind).toBeGreaterThan(0.8)
    expect(squares / COUNT / VARIANCE[kind], kind).toBeLessThan(1.2)
  }
})

test('durations: Pareto draws are never more than a thousand times the least', () => {
  const random = new Random(3)
  let least = Number.POSITIVE_INFINITY
  let most = 0
  for (let i = 0; i < COUNT; i++) {
    const draw = drawDuration('pareto', random)
    least = Math.min(least, draw)
    most = Math.max(most, draw)
  }
  expect(most / least).toBeGreaterThan(100)
  expect(most / least).toBeLessThanOrEqual(1_000.01)
})

test('workload: the same seed gives the same tasks, and the same arrivals for other durations', () => {
  const spec = { count: 1_000, rate: 50, meanWorkUs: 1_000, types: ONE_TYPE, seed: 9 }
  const first = makeWorkload({ ...spec, durations: 'exponential' })
  expect(makeWorkload({ ...spec, durations: 'exponential' })).toEqual(first)
  const fixed = makeWorkload({ ...spec, durations: 'fixed' })
  expect(fixed.arrivalUs).toEqual(first.arrivalUs)
  expect(fixed.workUs).not.toEqual(first.workUs)
  expect(makeWorkload({ ...spec, durations: 'fixed', seed: 10 }).arrivalUs).not.toEqual(
    first.arrivalUs,
  )
})

test('workload: arrivals come at their rate and types in their shares', () => {
  const types = [
    { name: 'a', requires: ['x'], share: 0.25 },
    { name: 'b', requires: [], share: 0.75 },
  ]
  const spec = { count: 100_000, rate: 1_000, meanWorkUs: 1, types, seed: 4 }
  const { arrivalUs, typeOf } = makeWorkload({ ...spec, durations: 'fixed' })
  const rate = (1e6 * arrivalUs.length) / arrivalUs.at(-1)!
  expect(Math.abs(rate / 1_000 - 1)).toBeLessThan(0.02)
  const ofFirst = typeOf.filter((type) => type === 0).length
  expect(Math.abs(ofFirst / 25_000 - 1)).toBeLessThan(0.03)
})
