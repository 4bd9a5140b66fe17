import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Attempt } from '../../src/client/agent/attempt.ts'
import { AttemptTable } from '../../src/client/agent/attempt-table.ts'
import { SchedulerWork } from '../../src/client/agent/scheduler-work.ts'

const scheduler = new SchedulerWork('one', 1, 'subject', 0)
const newAttempt = (counter: number) => new Attempt(scheduler, 0, counter, 0, '', 0)

/** Counters as agents get them: near, evenly apart, and beyond 32 bits. */
const counters = fc.oneof(
  fc.nat(200),
  fc.nat(100).map((n) => n * 64),
  fc.nat(100).map((n) => n * 2 ** 16 + 2 ** 33),
)

test('attempt table: it holds what a Map of the same steps holds', () => {
  const step = fc.record({ counter: counters, removes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const table = new AttemptTable()
      const twin = new Map<number, Attempt>()
      for (const { counter, removes } of steps) {
        if (removes) {
          table.remove(counter)
          twin.delete(counter)
        } else if (!twin.has(counter)) {
          const attempt = newAttempt(counter)
          table.add(attempt)
          twin.set(counter, attempt)
        }
        expect(table.get(counter)).toBe(twin.get(counter) ?? null)
        expect(table.size).toBe(twin.size)
      }
      for (const [counter, attempt] of twin) expect(table.get(counter)).toBe(attempt)
      expect(new Set(table.all())).toEqual(new Set(twin.values()))
    }),
  )
})

test('attempt table: as many come and go as one likes, and it grows only with what is in it', () => {
  const table = new AttemptTable()
  for (let counter = 1; counter <= 100_000; counter++) {
    table.add(newAttempt(counter * 64))
    if (counter > 1_000) table.remove((counter - 1_000) * 64)
  }
  expect(table.size).toBe(1_000)
  expect(
    table
      .all()
      .map(({ counter }) => counter / 64)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: 1_000 }, (_, n) => 99_001 + n))
})
