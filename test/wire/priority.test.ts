import { expect, test } from 'vitest'
import { PRIORITIES, priorityLevel, priorityOfUrgency } from '../../src/task.ts'

test.each([
  [1, 'critical'],
  [2, 'critical'],
  [3, 'high'],
  [4, 'high'],
  [5, 'normal'],
  [6, 'normal'],
  [7, 'low'],
  [8, 'low'],
  [9, 'background'],
  [10, 'background'],
] as const)('priority: an urgency of %d is %s', (urgency, name) => {
  expect(priorityOfUrgency(urgency)).toBe(PRIORITIES[name])
})

test('priority: what is no urgency has no level, and an urgency above 5 is no level', () => {
  for (const none of [0, 11, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(priorityOfUrgency(none)).toBe(undefined)
  }
  expect(priorityLevel(7)).toBe(undefined)
  expect(priorityLevel('HIGH')).toBe(4)
})
