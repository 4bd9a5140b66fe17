import { describe, expect, it } from 'vitest'
import { Sleepers, toRouter } from '../../native-free/index.ts'
import { tinyMemory } from './support.ts'

const [r0, r1, r2, r3] = [0, 1, 2, 3].map(toRouter)
const make = () => new Sleepers(tinyMemory())

describe('sleepers', () => {
  it('wakeOne wakes one of those asleep, and then the next', () => {
    const sleepers = make()
    sleepers.announce(r1)
    sleepers.announce(r3)
    expect(sleepers.asleepCount()).toBe(2)
    expect(sleepers.wakeOne()).toBe(true)
    expect([sleepers.isAsleep(r1), sleepers.isAsleep(r3)]).toEqual([false, true])
    expect([sleepers.wakeOne(), sleepers.wakeOne()]).toEqual([true, false])
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

  it('a request to stop is seen by its router only, wakes it, and can be cleared', () => {
    const sleepers = make()
    sleepers.announce(r1)
    sleepers.requestStop(r1)
    expect(sleepers.wait(r1, 20_000)).toBe('woken')
    expect([sleepers.stopRequested(r0), sleepers.stopRequested(r1)]).toEqual([false, true])
    sleepers.clearStop(r1)
    expect(sleepers.stopRequested(r1)).toBe(false)
  })
})
