/** Advice that is followed, by the real core in virtual time: hours of chance without anything new. */
import { expect, test } from 'vitest'
import { AdvisedController, follow } from '../../bench/scaling-follow.ts'
import { makeDay } from '../../bench/scaling-traffic.ts'
import type { Controller } from '../../src/fleet-model/elastic.ts'

const SETTING = { startupMs: 45_000, everyMs: 5_000, agentsAtStart: 20, hasSla: true }

/** Remembers what was advised. */
class Noted extends AdvisedController implements Controller {
  readonly advised: number[] = []

  override desired(nowMs: number): number {
    const desired = super.desired(nowMs)
    if (this.advised.at(-1) !== desired) this.advised.push(desired)
    return desired
  }
}

function dayOf(hours: number, bursts: number, seed: number) {
  return makeDay({
    tasks: 300_000,
    wave: 0,
    bursts,
    factors: [2, 2],
    minutes: [10, 10],
    hours,
    seed,
  })
}

test('scaling: steady load of chance alone is followed without flapping, and the SLA is kept', () => {
  for (const seed of [11, 12, 13]) {
    const controller = new Noted({ startupMs: 45_000 }, 20)
    const { attainment } = follow(dayOf(4, 0, seed), controller, SETTING)
    const { advised } = controller
    // 35 places are in use; it stays within a few agents of what they need.
    expect(Math.max(...advised)).toBeLessThanOrEqual(24)
    expect(Math.min(...advised)).toBeGreaterThanOrEqual(16)
    // 2,880 looks.
    expect(advised.length).toBeLessThan(40)
    expect(attainment).toBeGreaterThan(0.98)
  }
})

test('scaling: bursts that double the load are answered before a twentieth of all tasks is late', () => {
  for (const seed of [21, 22]) {
    const controller = new Noted({ startupMs: 45_000 }, 20)
    const { attainment, hours } = follow(dayOf(6, 4, seed), controller, SETTING)
    expect(Math.max(...controller.advised)).toBeGreaterThan(32)
    expect(attainment).toBeGreaterThan(0.95)
    // As many agents all the time as a burst needs would be 38 for six hours.
    expect(hours).toBeLessThan(6 * 30)
  }
})
