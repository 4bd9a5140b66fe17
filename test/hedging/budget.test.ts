/** Second attempts take no more than their share of the work, whatever they turn out to take. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WorkBudget } from '../../src/hedging/budget.ts'

test('budget: nothing is spent before work is done', () => {
  const budget = new WorkBudget()
  expect(budget.spend(1)).toBe(false)
  for (let i = 0; i < 20; i++) budget.earn(100, 0.05, 100)
  expect(budget.spend(100)).toBe(true)
  expect(budget.spend(100)).toBe(false)
})

test('budget: a quiet day pays for a thousand runs’ share and no more', () => {
  const budget = new WorkBudget()
  for (let i = 0; i < 100_000; i++) budget.earn(100, 0.05, 100)
  expect(budget.levelMs).toBeLessThanOrEqual(50 * 100)
  expect(budget.levelMs).toBeGreaterThan(49 * 100)
})

test('budget: a small share pays for a run in the end', () => {
  const budget = new WorkBudget()
  for (let i = 0; i < 10_000; i++) budget.earn(100, 0.000_5, 100)
  expect(budget.spend(100)).toBe(true)
})

test('budget: debts are paid before another begins', () => {
  const budget = new WorkBudget()
  for (let i = 0; i < 20; i++) budget.earn(100, 0.05, 100)
  expect(budget.spend(100)).toBe(true)
  budget.settle(100, 1_000)
  for (let i = 0; i < 180; i++) budget.earn(100, 0.05, 100)
  expect(budget.spend(100)).toBe(false)
  for (let i = 0; i < 20; i++) budget.earn(100, 0.05, 100)
  expect(budget.spend(100)).toBe(true)
})

test('budget: what was spent is at most the share of the work, and what the last one took too long', () => {
  const runs = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 50, maxLength: 400 })
  fc.assert(
    fc.property(runs, fc.constantFrom(0.02, 0.05, 0.2), (given, share) => {
      const budget = new WorkBudget()
      let work = 0
      let extra = 0
      let longest = 0
      for (const ms of given) {
        work += ms
        budget.earn(ms, share, 500)
        if (!budget.spend(500)) continue
        extra += ms
        longest = Math.max(longest, ms)
        budget.settle(500, ms)
      }
      expect(extra).toBeLessThanOrEqual(share * work + longest)
    }),
  )
})
