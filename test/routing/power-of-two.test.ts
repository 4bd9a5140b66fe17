/** Two at random, of which the less loaded: every pair equally likely. */
import { describe, expect, test } from 'vitest'
import { Fleet } from './fleet.ts'

const DRAWS = 40_000

/** Chi-square of choices against the shares that the rule implies, for agents of loads 0, 1, … */
function chiSquare(members: number[]): number {
  const fleet = new Fleet({ seed: 7, agentCountMax: 4_096 })
  fleet.join(4_000, 1, 1, [])
  for (const [load, agent] of members.entries()) fleet.join(agent, 40, load)
  const counts = new Map(members.map((agent) => [agent, 0]))
  for (let i = 0; i < DRAWS; i++) {
    const agent = fleet.choose('power_of_two')
    counts.set(agent, counts.get(agent)! + 1)
  }
  const size = members.length
  const pairs = (size * (size - 1)) / 2
  return members.reduce((sum, agent, load) => {
    // It wins against all who have more.
    const expected = (DRAWS * (size - 1 - load)) / pairs
    const drawn = counts.get(agent)!
    if (expected === 0) return drawn === 0 ? sum : Number.POSITIVE_INFINITY
    return sum + (drawn - expected) ** 2 / expected
  }, 0)
}

describe('power_of_two', () => {
  // 0.1 % of samples that follow the rule exceed these, with 8 and 38 degrees of freedom.
  test('takes each agent as often as it has the lower load of a pair', () => {
    expect(chiSquare(Array.from({ length: 10 }, (_, i) => i))).toBeLessThan(26.12)
    expect(chiSquare(Array.from({ length: 40 }, (_, i) => i))).toBeLessThan(70.7)
  })

  test('does so where agents lie sparse and uneven', () => {
    expect(chiSquare(Array.from({ length: 10 }, (_, i) => i ** 2 * 30 + i))).toBeLessThan(26.12)
    expect(chiSquare(Array.from({ length: 40 }, (_, i) => i ** 2 * 2 + i))).toBeLessThan(70.7)
  })

  test('is uniform among equals', () => {
    const fleet = new Fleet({ seed: 3 })
    for (let agent = 0; agent < 50; agent++) fleet.join(agent, 4, 1)
    const counts: number[] = Array(50).fill(0)
    for (let i = 0; i < 50_000; i++) counts[fleet.choose('power_of_two')]++
    const sum = counts.reduce((total, n) => total + (n - 1_000) ** 2 / 1_000, 0)
    // With 49 degrees of freedom.
    expect(sum).toBeLessThan(85.35)
  })

  test('compares shares, not counts', () => {
    const fleet = new Fleet()
    fleet.join(0, 4, 2)
    fleet.join(1, 10, 4)
    const chosen = new Set(Array.from({ length: 30 }, () => fleet.choose('power_of_two')))
    expect([...chosen]).toEqual([1])
  })

  test('takes the only one there is', () => {
    const fleet = new Fleet()
    fleet.join(3, 4, 2)
    expect(fleet.choose('power_of_two')).toBe(3)
  })
})
