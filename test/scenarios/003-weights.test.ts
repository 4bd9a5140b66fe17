/** The weights of source document 003's capability-based balancer, and its latency-based one. */
import { describe, expect, test } from 'vitest'
import { toAgent, toClass } from '../../native-free/index.ts'
import { BUILT_IN } from '../../src/routing/registry.ts'
import { Fleet } from '../routing/fleet.ts'

const MATCH_ROW = 1

interface Worker {
  isExact?: boolean
  success?: number
  latencyMs?: number
  isBusy?: boolean
}

function fleetOf(workers: Worker[]): Fleet {
  const fleet = new Fleet()
  fleet.classes.setMatchRow(toClass(0), MATCH_ROW)
  for (const [index, worker] of workers.entries()) {
    const { isExact = true, success = 0.5, latencyMs = 100, isBusy = false } = worker
    fleet.join(index, 5, isBusy ? 1 : 0)
    fleet.agents.setMatch(MATCH_ROW, toAgent(index), isExact ? 1 : 0.5)
    fleet.learning.setSuccess(0, toAgent(index), success)
    fleet.learning.setLatency(0, toAgent(index), latencyMs * 1_000)
  }
  return fleet
}

/** The products of the workers, after a choice among them. */
function products(workers: Worker[]): number[] {
  const fleet = fleetOf(workers)
  const strategy = BUILT_IN.capability_best(fleet.context)
  const { chooser } = fleet
  fleet.slots.offer(0 as never, toClass(0), 0, 2, 0)
  const chosen = chooser.chooseBy(strategy, 0)
  const scores = workers.map(
    (_, agent) => strategy.explain!(chooser.taskOf(0), agent, chooser.agents).score,
  )
  expect(scores[chosen]).toBe(Math.max(...scores))
  return scores
}

describe('[003] capability-based weights', () => {
  test('exact match 2.0, success 1.2, fast 1.5, busy 0.5', () => {
    expect(products([{}, { isExact: false }])).toEqual([2, 1])
    expect(products([{ success: 0.9 }, { success: 0.89 }])).toEqual([2.4, 2])
    expect(products([{ latencyMs: 80 }, { latencyMs: 120 }])).toEqual([3, 2])
    expect(products([{ isBusy: true }, {}])).toEqual([1, 2])
  })

  test('the weight is their product', () => {
    const best = { isExact: true, success: 0.95, latencyMs: 50 }
    const [idle, busy, other] = products([best, { ...best, isBusy: true }, { isExact: false }])
    expect(idle).toBeCloseTo(2 * 1.2 * 1.5, 12)
    expect(busy).toBeCloseTo(2 * 1.2 * 1.5 * 0.5, 12)
    expect(other).toBe(1)
  })

  test('who is busy, exact, good and fast still goes before one who is idle and only fast', () => {
    const all = { success: 0.95, latencyMs: 50, isBusy: true }
    const fleet = fleetOf([
      { isExact: false, latencyMs: 50 },
      all,
      { latencyMs: 300, isBusy: true },
    ])
    expect(fleet.choose('capability_best')).toBe(1)
  })

  test('a newcomer counts as good (0.9) and as average in speed', () => {
    const fleet = new Fleet()
    fleet.learning.setRowLatency(0, 100_000)
    for (const agent of [0, 1]) fleet.join(agent, 5)
    fleet.learning.setLatency(0, toAgent(1), 100_000)
    fleet.learning.setSuccess(0, toAgent(1), 0.89)
    expect(fleet.choose('capability_best')).toBe(0)
  })

  test('other weights may be given', () => {
    const capability = { exact: 1, success: 1, successMin: 0.9, fast: 1, busy: 3 }
    const fleet = new Fleet({ options: { capability } })
    fleet.join(0, 5)
    fleet.join(1, 5, 1)
    expect(fleet.choose('capability_best')).toBe(1)
  })
})

describe('[003] latency-based', () => {
  test('the smallest moving average is chosen', () => {
    const fleet = fleetOf([{ latencyMs: 5_200 }, { latencyMs: 2_800 }, { latencyMs: 3_900 }])
    const options = { ...fleet.context.options, exploration: 0 }
    const strategy = BUILT_IN.latency({ ...fleet.context, options })
    fleet.slots.offer(0 as never, toClass(0), 0, 2, 0)
    expect(fleet.chooser.chooseBy(strategy, 0)).toBe(1)
  })
})
