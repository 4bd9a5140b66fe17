/** What scaling advice is reckoned from: arrivals, Erlang's formula, needs over time. */
import { describe, expect, test } from 'vitest'
import { meanWait, waitPercentile } from '../../bench/erlang.ts'
import { drawExponential } from '../../src/fleet-model/durations.ts'
import { Random } from '../../src/routing/generator.ts'
import { Arrivals } from '../../src/scaling/arrivals.ts'
import { backlogAfter, type Load, placesNeeded } from '../../src/scaling/demand.ts'
import { placesFor, waitOf } from '../../src/scaling/erlang.ts'
import { StableNeed } from '../../src/scaling/stable-need.ts'

const LOOK_MS = 5_000
const WINDOW_MS = 120_000

/** @returns arrivals of a Poisson process by looks. */
function* poisson(perMs: number, looks: number, seed: number): Iterable<number> {
  const random = new Random(seed)
  let nextMs = drawExponential(random) / perMs
  for (let look = 1; look <= looks; look++) {
    let count = 0
    // Ends: time goes on with each round.
    while (nextMs < look * LOOK_MS) {
      count++
      nextMs += drawExponential(random) / perMs
    }
    yield count
  }
}

describe('scaling: arrivals', () => {
  test('scaling: the mean of steady arrivals is right to a few percent, and no burst is seen', () => {
    let bursts = 0
    for (let seed = 1; seed <= 20; seed++) {
      const arrivals = new Arrivals()
      let look = 0
      for (const count of poisson(0.003, 720, seed)) {
        arrivals.add(count, LOOK_MS, WINDOW_MS)
        if (look++ < 100) continue
        expect(Math.abs(arrivals.meanPerMs / 0.003 - 1)).toBeLessThan(0.2)
        if (arrivals.perMs > arrivals.meanPerMs) bursts++
      }
    }
    // 20 hours of chance.
    expect(bursts).toBeLessThan(20)
  })

  test('scaling: arrivals that double are seen within three looks, and their end within eight', () => {
    const arrivals = new Arrivals()
    for (let look = 0; look < 200; look++) arrivals.add(25, LOOK_MS, WINDOW_MS)
    for (let look = 0; look < 3; look++) arrivals.add(60, LOOK_MS, WINDOW_MS)
    expect(arrivals.perMs).toBeGreaterThan(0.007)
    for (let look = 0; look < 60; look++) arrivals.add(60, LOOK_MS, WINDOW_MS)
    for (let look = 0; look < 8; look++) arrivals.add(25, LOOK_MS, WINDOW_MS)
    expect(arrivals.perMs).toBeLessThan(0.008)
  })

  test('scaling: many tasks at once are a batch, and no rate', () => {
    const arrivals = new Arrivals()
    for (let look = 0; look < 100; look++) arrivals.add(5, LOOK_MS, WINDOW_MS)
    arrivals.add(500, LOOK_MS, WINDOW_MS)
    expect(arrivals.perMs).toBe(arrivals.meanPerMs)
    arrivals.add(5, LOOK_MS, WINDOW_MS)
    expect(arrivals.perMs).toBe(arrivals.meanPerMs)
  })
})

describe('scaling: places', () => {
  test('scaling: waits are those of Erlang’s formula, and so few places keep them', () => {
    for (const [places, use] of [
      [1, 0.5],
      [5, 0.8],
      [40, 0.95],
      [1_000, 0.99],
    ]) {
      const load = places * use
      expect(waitOf(places, load, 10, 0.95)).toBeCloseTo(waitPercentile(places, use, 10, 0.95), 6)
      for (const target of [1, 10, 30]) {
        const needed = placesFor(load, 10, 0.95, target)
        expect(waitOf(needed, load, 10, 0.95)).toBeLessThanOrEqual(target)
        expect(waitOf(needed - 1, load, 10, 0.95)).toBeGreaterThan(target)
      }
    }
    expect(meanWait(1, 0.5, 10)).toBeCloseTo(10, 6)
    expect(waitOf(3, 3, 10, 0.95)).toBe(Number.POSITIVE_INFINITY)
    expect(placesFor(0, 10, 0.95, 1)).toBe(0)
  })

  const load: Load = {
    perMs: 0.002,
    meanPerMs: 0.002,
    serviceMs: 10_000,
    busy: 20,
    running: 20,
    waiting: 10,
  }
  const options = { scaleUpAt: 0.7, windowMs: 120_000, horizonMs: 35_000 }
  const promised = { waitMs: 30_000, share: 0.95, targetMs: 30_000 }

  test('scaling: a backlog grows by what arrives and shrinks by what places begin', () => {
    const now = [{ afterMs: 0, places: 10 }]
    expect(backlogAfter(load, now, 10_000)).toBeCloseTo(10 + 20 - 10)
    expect(backlogAfter(load, [...now, { afterMs: 5_000, places: 20 }], 10_000)).toBeCloseTo(15)
    expect(backlogAfter(load, [{ afterMs: 0, places: 100 }], 10_000)).toBe(0)
  })

  test('scaling: more arrivals, more backlog or longer tasks never need fewer places', () => {
    const random = new Random(7)
    const places = [{ afterMs: 0, places: 20 }]
    for (let i = 0; i < 500; i++) {
      const perMs = random.nextFloat() * 0.01
      const less: Load = {
        perMs: perMs * (1 + random.nextFloat()),
        meanPerMs: perMs,
        serviceMs: 100 + random.nextFloat() * 20_000,
        busy: 0,
        running: 0,
        waiting: random.nextInt(200),
      }
      const sla = random.nextInt(2) === 0 ? null : promised
      const before = placesNeeded(less, sla, places, options)
      for (const more of [
        { ...less, waiting: less.waiting + 50 },
        { ...less, perMs: less.perMs * 1.5, meanPerMs: less.meanPerMs * 1.5 },
        { ...less, serviceMs: less.serviceMs! * 1.5 },
      ]) {
        expect(placesNeeded(more, sla, places, options)).toBeGreaterThanOrEqual(before)
      }
    }
  })
})

describe('scaling: needs over time', () => {
  const OPTIONS = { upAfterMs: 0, downAfterMs: 300_000, cooldownMs: 30_000 }

  test('scaling: the number falls to the most that was needed within the window, and not before', () => {
    const need = new StableNeed(10, 0, OPTIONS)
    for (let ms = 0; ms < 300_000; ms += 5_000) {
      expect(need.add(ms === 100_000 ? 7 : 3, ms, OPTIONS)).toBe(false)
    }
    need.add(3, 300_000, OPTIONS)
    expect(need.desired).toBe(7)
    for (let ms = 305_000; ms <= 410_000; ms += 5_000) need.add(3, ms, OPTIONS)
    expect(need.desired).toBe(3)
  })

  test('scaling: a cool-down holds back a little more, and not a burst', () => {
    const need = new StableNeed(10, 0, OPTIONS)
    expect(need.add(12, 5_000, OPTIONS)).toBe(true)
    expect(need.add(14, 10_000, OPTIONS)).toBe(false)
    expect(need.add(20, 15_000, OPTIONS)).toBe(true)
    expect(need.add(22, 45_000, OPTIONS)).toBe(true)
    expect(need.raises.map(({ desired }) => desired)).toEqual([12, 20, 22])
  })

  test('scaling: with a window of nothing the need itself is the number', () => {
    const options = { upAfterMs: 0, downAfterMs: 0, cooldownMs: 0 }
    const need = new StableNeed(5, 0, options)
    for (const [ms, wanted] of [
      [10, 8],
      [20, 2],
      [30, 4],
    ]) {
      need.add(wanted, ms, options)
      expect(need.desired).toBe(wanted)
    }
  })
})
