/** Expected times by what results taught. */
import { expect, test } from 'vitest'
import { LearningWriter, ROW_COUNT_MAX } from '../../native-free/index.ts'
import { LearnedCosts } from '../../src/balance/learned-costs.ts'
import { Learning } from '../../src/learning/learning.ts'
import { Policy } from '../policy/support.ts'

/** Two agents, a class, and what is learned of them. */
function learned(enabled = true) {
  const policy = new Policy()
  const [a, b] = [policy.agent('a'), policy.agent('b')]
  const { cls } = policy.submit()
  const shape = { agentCountMax: 64, rowCountMax: ROW_COUNT_MAX, windowSize: 100, enabled }
  const learning = new Learning(new LearningWriter(policy.memory), shape)
  const results = (agent: typeof a, count: number, ms: number) => {
    for (let i = 0; i < count; i++) learning.record(agent.index, cls!.row, ms * 1_000, true)
  }
  return { a, b, cls: cls!, results, costs: new LearnedCosts(learning) }
}

test('learned costs: nothing is known before the first result, nor with learning off', () => {
  for (const { a, cls, costs } of [learned(), learned(false)]) {
    expect(costs.meanMs(a, cls)).toBe(0)
  }
  const { a, cls, costs, results } = learned(false)
  results(a, 5, 10)
  expect(costs.meanMs(a, cls)).toBe(0)
})

test('learned costs: of an agent without results the type’s mean is expected', () => {
  const { a, b, cls, costs, results } = learned()
  results(a, 5, 10)
  expect(costs.meanMs(b, cls)).toBeCloseTo(10, 10)
})

test('learned costs: few results say little, a hundred nearly all', () => {
  const { a, b, cls, costs, results } = learned()
  results(a, 1, 10)
  results(b, 1, 30)
  // The type's mean is 20, and weighs as much as 20 results.
  expect(costs.meanMs(b, cls)).toBeCloseTo((30 + 20 * 20) / 21, 10)
  results(a, 99, 10)
  results(b, 99, 30)
  expect(costs.meanMs(b, cls)).toBeCloseTo((100 * 30 + 20 * 20) / 120, 10)
  expect(costs.meanMs(a, cls)).toBeCloseTo((100 * 10 + 20 * 20) / 120, 10)
})

test('learned costs: nothing has to travel unless it is said how long that takes', () => {
  const { a, costs } = learned()
  expect(costs.roundTripMs(a)).toBe(0)
})
