/** Who places a burst, by what choosing and handing over have cost. */
import { expect, test } from 'vitest'
import { InProcessTransport } from '../../src/front-end/in-process/transport.ts'
import { PlacementCosts } from '../../src/front-end/placement.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import { LIMITS } from '../../src/options.ts'
import type { RouterPool } from '../../src/router/pool.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'
import { FakeRouter } from './fake-router.ts'

const defaultIndex = (entries: readonly { name: string }[]) =>
  entries.findIndex(({ name }) => name === 'least_loaded')
const CHEAP = 3
const DEAR = 5

/** Costs that have settled, µs: choosing by either strategy, waking a router. */
function settled({ cheap = 0.3, dear = 20, wake = 10 }): PlacementCosts {
  const costs = new PlacementCosts()
  for (let i = 0; i < 500; i++) {
    costs.chose(CHEAP, cheap)
    costs.chose(DEAR, dear)
    costs.woke(wake)
    costs.committed(1)
  }
  return costs
}

test('placement: a cheap strategy stays here however long the burst, a dear one goes to routers', () => {
  const costs = settled({})
  for (const heads of [1, 8, 100, 1_024]) expect(costs.isWorthRouters(CHEAP, heads)).toBe(false)
  for (const heads of [8, 100, 1_024]) expect(costs.isWorthRouters(DEAR, heads)).toBe(true)
})

test('placement: what is done here before a router has woken stays here', () => {
  const costs = settled({ dear: 20 })
  expect([1, 2, 3].map((heads) => costs.isWorthRouters(DEAR, heads))).toEqual([false, false, true])
})

test('placement: costs that are as good as equal leave it to the count of heads', () => {
  // A head costs 2 µs here, and there 1 µs and its part of a wake.
  const costs = settled({ dear: 2, wake: LIMITS.burstHeads })
  expect(costs.isWorthRouters(DEAR, LIMITS.burstHeads)).toBe(true)
  expect(costs.isWorthRouters(DEAR, LIMITS.burstHeads - 1)).toBe(false)
})

test('placement: one sample, however large, moves nothing by more than a step', () => {
  const costs = settled({})
  costs.chose(CHEAP, 5_000)
  expect(costs.chooseUs(CHEAP)).toBeLessThan(0.34)
  expect(costs.isWorthRouters(CHEAP, 100)).toBe(false)
})

test('placement: a dear strategy is known as such after a few samples', () => {
  const costs = new PlacementCosts()
  expect(costs.isWorthRouters(DEAR, 100)).toBe(false)
  for (let i = 0; i < 12; i++) costs.chose(DEAR, 20)
  expect(costs.chooseUs(DEAR)).toBe(20)
  expect(costs.isWorthRouters(DEAR, 100)).toBe(true)
})

test('placement: a burst is decided by strategy; of one in 64 four heads are tried here, the last timed', () => {
  const costs = settled({})
  const here: boolean[][] = []
  for (let burst = 0; burst < 640; burst++) {
    costs.begin(100)
    expect(costs.toRouters(CHEAP)).toBe(false)
    const timed: boolean[] = []
    for (let head = 0; head < 100; head++) {
      if (!costs.toRouters(DEAR)) timed.push(costs.isSampled())
    }
    if (timed.length > 0) here.push(timed)
  }
  expect(here).toEqual(Array.from({ length: 10 }, () => [false, false, false, true]))
})

test('placement: a lone task is not timed, nor are few', () => {
  const costs = settled({})
  let timed = 0
  for (let i = 0; i < 100; i++) {
    costs.begin(1 + (i % (LIMITS.burstHeads - 1)))
    if (costs.isSampled()) timed++
  }
  expect(timed).toBe(0)
})

test.each([
  ['dear', 20, 16],
  ['cheap', 0.3, 0],
])(
  'placement: of a burst with a %s strategy the routers are given what is theirs',
  async (_, chooseUs, offered) => {
    const options = { placement: 'auto', routers: 1, slots: 1_024, agentsMax: 64 } as const
    const frontEnd = new FrontEnd(frontEndOptions(options), () => {})
    const { context } = frontEnd
    const router = new FakeRouter(context.memory)
    context.routers = router as unknown as RouterPool
    const local = new InProcessTransport(context)
    context.transports.push(local)
    const index = defaultIndex(context.options.strategies)
    for (let i = 0; i < 50; i++) context.costs.chose(index, chooseUs)
    local.agents.join({ queues: ['q'], concurrency: 100 }, () => undefined)
    const outcomes = Array.from({ length: 16 }, () => local.submissions.run('q', null))
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(router.take().length).toBe(offered)
    router.aliveCount = 0
    frontEnd.routerGone()
    await Promise.all(outcomes)
    await local.stop()
    frontEnd.stop()
  },
)
