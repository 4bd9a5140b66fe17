import { describe, expect, it } from 'vitest'
import { Sleepers, toRouter } from '../../native-free/index.ts'
import { makeStampede, notOnce, stampede, tinyMemory } from './support.ts'

const [r0, r1, r2, r3] = [0, 1, 2, 3].map(toRouter)
const make = () => new Sleepers(tinyMemory())

describe('sleepers', () => {
  it('nobody sleeps at first, and nobody is woken', () => {
    const sleepers = make()
    expect([sleepers.asleepCount(), sleepers.wakeOne()]).toEqual([0, false])
  })

  it('wakeOne wakes one of those asleep, and then the next', () => {
    const sleepers = make()
    sleepers.announce(r1)
    sleepers.announce(r3)
    expect(sleepers.asleepCount()).toBe(2)
    expect(sleepers.wakeOne()).toBe(true)
    expect([sleepers.isAsleep(r1), sleepers.isAsleep(r3)]).toEqual([false, true])
    expect([sleepers.wakeOne(), sleepers.wakeOne()]).toEqual([true, false])
  })

  it('wakeAll wakes all', () => {
    const sleepers = make()
    for (const router of [r0, r1, r2, r3]) sleepers.announce(router)
    expect(sleepers.asleepCount()).toBe(4)
    sleepers.wakeAll()
    expect(sleepers.asleepCount()).toBe(0)
  })

  it('a router that retracts is not found', () => {
    const sleepers = make()
    sleepers.announce(r2)
    sleepers.retract(r2)
    expect([sleepers.isAsleep(r2), sleepers.wakeOne()]).toEqual([false, false])
  })

  it('a wake that comes before the wait is not lost', () => {
    const sleepers = make()
    sleepers.announce(r0)
    sleepers.wakeOne()
    expect(sleepers.wait(r0, 20_000)).toBe('woken')
  })

  it('a wait without a wake ends in time, and the router is awake', () => {
    const sleepers = make()
    sleepers.announce(r0)
    expect(sleepers.wait(r0, 1)).toBe('timed-out')
    expect(sleepers.isAsleep(r0)).toBe(false)
  })

  it('a request to stop is seen by its router only, wakes it, and can be cleared', () => {
    const sleepers = make()
    sleepers.announce(r1)
    sleepers.requestStop(r1)
    expect(sleepers.wait(r1, 20_000)).toBe('woken')
    expect([sleepers.stopRequested(r0), sleepers.stopRequested(r1)]).toEqual([false, true])
    sleepers.clearStop(r1)
    expect(sleepers.stopRequested(r1)).toBe(false)
  })

  it('stampede: of 20,000 single hand-overs no wake-up is lost', async () => {
    const itemCount = 20_000
    const shared = makeStampede(itemCount)
    const routers = [0, 1, 2]
    const reports = await stampede<{ sleeps: number; timeOuts: number }>(
      'sleepers.mjs',
      tinyMemory(),
      shared,
      [
        { kind: 'producer', itemCount, routers },
        ...routers.map((router) => ({ kind: 'router', router })),
      ],
    )
    expect(notOnce(shared.seen)).toEqual([])
    expect(reports.map((report) => report.timeOuts)).toEqual([0, 0, 0, 0])
    expect(reports.reduce((sum, report) => sum + report.sleeps, 0)).toBeGreaterThan(100)
  })
})
