import { describe, expect, it } from 'vitest'
import { FrontEndBell, RouterBell } from '../../native-free/index.ts'
import { makeStampede, notOnce, stampede, tinyMemory } from './support.ts'

function make() {
  const memory = tinyMemory()
  return {
    frontEnd: new FrontEndBell(memory),
    router: new RouterBell(memory),
    other: new RouterBell(memory),
  }
}

describe('doorbell', () => {
  it('nobody sends a message to a front end that is awake', () => {
    const { router } = make()
    expect(router.ring()).toBe(false)
  })

  it('exactly one router sends the message to a front end that sleeps', () => {
    const { frontEnd, router, other } = make()
    frontEnd.arm()
    expect([router.ring(), other.ring(), router.ring()]).toEqual([true, false, false])
    frontEnd.arm()
    expect(other.ring()).toBe(true)
  })

  it('a front end that found work itself needs no message', () => {
    const { frontEnd, router } = make()
    frontEnd.arm()
    frontEnd.disarm()
    expect(router.ring()).toBe(false)
  })

  it('stampede: every proposal is read though the front end sleeps in between', async () => {
    const itemCount = 10_000
    const shared = makeStampede(itemCount)
    const reports = await stampede<{ messages: number; arms: number; sleeps: number }>(
      'doorbell.mjs',
      tinyMemory(),
      shared,
      [
        { kind: 'front end', itemCount, routers: [0, 1] },
        { kind: 'router', router: 0, first: 0, end: itemCount / 2, ahead: 0 },
        { kind: 'router', router: 1, first: itemCount / 2, end: itemCount, ahead: 3 },
      ],
    )
    expect(notOnce(shared.seen)).toEqual([])
    expect(reports[0].sleeps).toBeGreaterThan(100)
    // Two routers, and yet never more messages than the bell was armed for.
    const messages = reports[1].messages + reports[2].messages
    expect(messages).toBeGreaterThan(0)
    expect(messages).toBeLessThanOrEqual(reports[0].arms)
  })
})
