import { expect, test } from 'vitest'
import type { ScalingAdvice } from '../../src/balance-views.ts'
import { schedulerFigures } from '../../src/front-end/figures.ts'
import { NamedQueues, POOLS_MAX } from '../../src/observe/figures.ts'
import { FAMILIES } from '../../src/observe/metric-families.ts'
import { contextOf, NOW_MS } from '../front-end/large-fleet.ts'
import { joinSilent, placed } from '../front-end/placing.ts'

function valuesOf(name: string, figures: ReturnType<typeof schedulerFigures>) {
  const family = FAMILIES.find((each) => each.name === `signalbox_${name}`)!
  const scraped = { figures, latency: {}, version: '1', events: {} } as never
  return family.values(scraped).map(({ value, labels }) => [value, labels])
}

test('figures: steals and recalls are those of the core, attempts and cycles the balancer’s', () => {
  const context = contextOf({ queues: { q: { binding: 'early' } }, stealing: { busyAbove: 1 } })
  const busy = joinSilent(context, 'busy')
  for (let i = 0; i < 3; i++) placed(context, 'q')
  const idle = joinSilent(context, 'idle')
  expect(context.core.steal(busy.bound.tail!, idle, NOW_MS)).toBe(null)
  context.core.counters.recallsAsked = 5
  context.core.counters.recalled = 3
  Object.assign(context.balancer.counters, { attempts: 7, cycles: 2 })
  placed(context, 'q')
  const figures = schedulerFigures(context, 0, new NamedQueues())
  expect(valuesOf('steals_total', figures)).toEqual([[1, {}]])
  expect(valuesOf('steal_attempts_total', figures)).toEqual([[7, {}]])
  expect(valuesOf('rebalance_cycles_total', figures)).toEqual([[2, {}]])
  expect(valuesOf('recalls_total', figures)).toEqual([
    [5, { result: 'asked' }],
    [3, { result: 'handed_back' }],
  ])
  expect(busy.bound.length + idle.bound.length).toBe(2)
  const { variation } = context.balancer.spread()
  expect(valuesOf('load_variation', figures)).toEqual([[variation, {}]])
})

test('figures: of kinds of work with advice those with most agents or most need are shown', () => {
  const context = contextOf()
  const row = (i: number) => ({ queue: `q${i}`, requires: ['ocr', 'gpu'], agents: 1 })
  const advice = Array.from({ length: POOLS_MAX + 50 }, (_, i) => {
    return { ...row(i), desiredAgents: i } as ScalingAdvice
  })
  Object.assign(context.scaling, { advice: () => advice })
  const { pools } = schedulerFigures(context, 0, new NamedQueues())
  expect(pools).toHaveLength(POOLS_MAX)
  expect(pools).toContainEqual({ queue: 'q305', requires: 'ocr,gpu', agents: 1, desired: 305 })
  expect(pools.some(({ queue }) => queue === 'q49')).toBe(false)
})
