/** Whole fleets in virtual time: one outcome each, extra work within its share, a shorter tail. */
import { expect, test } from 'vitest'
import { HedgedFleet, type HedgedSpec } from '../../bench/hedging-fleet.ts'
import { percentile } from '../../bench/statistics.ts'
import { seedsOr } from '../policy/support.ts'

const SPEC: HedgedSpec = {
  tasks: 5_000,
  agents: 20,
  load: 0.5,
  runMs: 100,
  spread: 0.3,
  slowShare: 0.02,
  slowTimes: 10,
  percentile: 0.95,
  budget: 0.05,
  stops: true,
  seed: 1,
}

test('hedging: with 2 % of runs ten times slower the tail is half as long, for 5 % more work', () => {
  const on = new HedgedFleet(SPEC).run()
  const off = new HedgedFleet({ ...SPEC, percentile: 0 }).run()
  expect(percentile(off.runUs, 99) / percentile(on.runUs, 99)).toBeGreaterThan(2)
  expect(on.extraUs / off.workUs).toBeLessThanOrEqual(0.05)
  expect(on.won).toBeGreaterThan(50)
  expect([off.hedged, off.extraUs]).toEqual([0, 0])
})

test('hedging: of a fleet that is late all the time no more than the share is hedged', () => {
  // Half of all runs are long: by the median every second one is late.
  const spec = { ...SPEC, slowShare: 0.5, percentile: 0.5, load: 0.3 }
  const { extraUs, workUs, hedged } = new HedgedFleet(spec).run()
  expect(hedged).toBeGreaterThan(100)
  expect(extraUs / (workUs - extraUs)).toBeLessThanOrEqual(0.05)
})

test('hedging: where cancelled runs go on, their rest is all that comes on top', () => {
  const spec = { ...SPEC, slowShare: 0.5, percentile: 0.5, load: 0.3, stops: false }
  const { extraUs, workUs, hedged } = new HedgedFleet(spec).run()
  expect(hedged).toBeGreaterThan(100)
  expect(extraUs / (workUs - extraUs)).toBeLessThan(0.1)
})

test('hedging: any fleet, any percentile: every task has one outcome, and nothing is left over', () => {
  const seeds = seedsOr(30)
  for (let seed = 1; seed <= seeds; seed++) {
    const of = (values: readonly number[]) => values[seed % values.length]
    const spec: HedgedSpec = {
      tasks: 400,
      agents: of([2, 3, 8, 33]),
      load: of([0.2, 0.5, 0.9, 1.2, 0.7]),
      runMs: of([5, 100, 3_000]),
      spread: of([0, 0.3, 0.9]),
      slowShare: of([0, 0.02, 0.3]),
      slowTimes: of([2, 10, 50]),
      percentile: of([0.5, 0.9, 0.95, 0.99]),
      budget: of([0.01, 0.05, 0.5, 1]),
      stops: seed % 2 === 0,
      seed,
    }
    // The fleet throws when a task has no outcome, has two, or a second attempt is with the same agent.
    const { extraUs, workUs } = new HedgedFleet(spec).run()
    if (!spec.stops) continue
    // Beyond its share: what was out when the budget was gone.
    const longestUs = spec.runMs * (1 + spec.spread) * spec.slowTimes * 1_000
    const mostUs = spec.budget * workUs + spec.agents * longestUs
    expect(extraUs, `seed ${seed}`).toBeLessThanOrEqual(mostUs)
  }
})
