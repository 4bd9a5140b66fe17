import { expect, test } from 'vitest'
import { LATENCY_US_MAX, NO_TIME, Windows } from '../../src/learning/windows.ts'
import { Random } from '../../src/routing/generator.ts'

function add(windows: Windows, pair: number, us: number, ok: boolean): void {
  windows.given[0] = us
  windows.add(pair, ok)
}

/** The same, by looking at all results of the window each time. */
class NaiveWindow {
  results: { us: number; ok: boolean }[] = []
  readonly #size: number

  constructor(size: number) {
    this.#size = size
  }

  add(us: number, ok: boolean): void {
    this.results.push({ us, ok })
    if (this.results.length > this.#size) this.results.shift()
  }

  get times(): number[] {
    return this.results.map(({ us }) => us).filter((us) => us !== NO_TIME)
  }

  get sumUs(): number {
    return this.times.reduce((sum, us) => sum + us, 0)
  }

  get successes(): number {
    return this.results.filter(({ ok }) => ok).length
  }
}

function expectSame(windows: Windows, pair: number, naive: NaiveWindow): void {
  const { times } = naive
  expect(windows.counts[pair]).toBe(naive.results.length)
  expect(windows.timed[pair]).toBe(times.length)
  expect(windows.successes[pair]).toBe(naive.successes)
  expect(windows.sumUs[pair]).toBe(naive.sumUs)
  expect(windows.meansUs[pair]).toBe(times.length === 0 ? 0 : naive.sumUs / times.length)
}

test.each([1, 2, 7, 100, 1_000])(
  'windows: of %i results, they are those of plain arrays',
  (size) => {
    const random = new Random(size)
    const windows = new Windows(200, size)
    const pairs = [0, 63, 64, 199]
    const naive = pairs.map(() => new NaiveWindow(size))
    for (let step = 0; step < 6_000; step++) {
      const which = random.nextInt(pairs.length)
      const ok = random.nextInt(4) > 0
      const us = !ok && random.nextInt(3) === 0 ? NO_TIME : 1 + random.nextInt(2 ** 31 - 2)
      add(windows, pairs[which], us, ok)
      naive[which].add(us, ok)
      if (step % 7 === 0) expectSame(windows, pairs[which], naive[which])
      if (step % 1_500 === 1_499) {
        windows.clear(pairs[which])
        naive[which] = new NaiveWindow(size)
      }
    }
    for (const [at, pair] of pairs.entries()) expectSame(windows, pair, naive[at])
  },
)

test('windows: sums of the longest times that there may be are exact', () => {
  const windows = new Windows(1, 10_000)
  for (let step = 0; step < 25_000; step++) add(windows, 0, LATENCY_US_MAX - (step % 2), true)
  expect(windows.sumUs[0]).toBe(10_000 * LATENCY_US_MAX - 5_000)
})

test('windows: after ten million results a sum is what its window holds, to the last µs', () => {
  const windows = new Windows(1, 100)
  const random = new Random(3)
  const last: number[] = new Array(100).fill(0)
  for (let step = 0; step < 10_000_000; step++) {
    const us = 1 + random.nextInt(2 ** 31 - 2)
    add(windows, 0, us, true)
    last[step % 100] = us
  }
  expect(windows.sumUs[0]).toBe(last.reduce((sum, us) => sum + us, 0))
  expect(windows.totals[0]).toBe(10_000_000)
})

test('windows: an exponential mean halves a result after a tenth of the window', () => {
  const windows = new Windows(1, 100)
  add(windows, 0, 1_000, true)
  expect(windows.latelyUs[0]).toBe(1_000)
  for (let step = 0; step < 10; step++) add(windows, 0, 3_000, false)
  expect(windows.latelyUs[0]).toBeCloseTo(2_000, 6)
  expect(windows.latelySuccess[0]).toBeCloseTo(0.5, 6)
})

test('windows: a loss has no part in the exponential mean of latency', () => {
  const windows = new Windows(1, 100)
  add(windows, 0, NO_TIME, false)
  expect([windows.latelyUs[0], windows.latelySuccess[0]]).toEqual([0, 0])
  add(windows, 0, 500, true)
  add(windows, 0, NO_TIME, false)
  expect(windows.latelyUs[0]).toBe(500)
})
