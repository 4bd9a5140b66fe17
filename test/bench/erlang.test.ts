/** Erlang's formulas against values that were published, and against cases that can be told by hand. */
import { expect, test } from 'vitest'
import { erlangB, erlangC, meanWait, tasksFor, waitPercentile } from '../../bench/erlang.ts'

/** Load in erlangs at which one call in a hundred is lost: the 1 % column of every table of Erlang B. */
test.each([
  [1, 0.0101],
  [5, 1.361],
  [10, 4.461],
  [20, 12.03],
  [50, 37.9],
  [100, 84.06],
])('erlang: %i servers lose one call in a hundred at %f erlangs', (servers, load) => {
  expect(erlangB(servers, load)).toBeCloseTo(0.01, 4)
})

/** Two servers: 2ρ² / (1 + ρ); three at 2 erlangs: 4/9; the others from tables of Erlang C. */
test.each([
  [1, 0.8, 0.8],
  [2, 1, 1 / 3],
  [2, 1.6, (2 * 0.8 ** 2) / 1.8],
  [3, 2, 4 / 9],
  [5, 4, 0.5541],
  [10, 8, 0.4092],
])('erlang: with %i servers and %f erlangs the share that waits is %f', (servers, load, share) => {
  expect(erlangC(servers, load)).toBeCloseTo(share, 4)
})

test('erlang: one server waits ρ / (1 - ρ) services in the mean', () => {
  expect(meanWait(1, 0.5, 2)).toBeCloseTo(2, 12)
  expect(meanWait(1, 0.95, 1)).toBeCloseTo(19, 9)
})

test('erlang: thousands of servers overflow nothing', () => {
  expect(erlangC(10_000, 9_900)).toBeGreaterThan(0)
  expect(erlangC(10_000, 9_900)).toBeLessThan(1)
})

test('erlang: percentiles are those of P(wait > t) = C e^(-(c - a) t)', () => {
  const wait = waitPercentile(2, 0.8, 1, 0.99)
  expect(erlangC(2, 1.6) * Math.exp(-0.4 * wait)).toBeCloseTo(0.01, 12)
  expect(waitPercentile(20, 0.5, 1, 0.99)).toBe(0)
})

/** n × squared relative deviation of M/M/1's mean wait, ρ (2 + 5ρ - 4ρ² + ρ³) / (1 - ρ)⁴ over its square. */
test.each([
  [0.5, 29],
  [0.8, 123.5],
  [0.95, 1683.1],
])('erlang: at load %f one server needs at least %f tasks for a deviation of 1', (load, exact) => {
  expect(tasksFor(1, load, 1)).toBeGreaterThanOrEqual(Math.floor(exact))
  expect(tasksFor(1, load, 1)).toBeLessThan(1.3 * exact)
})
