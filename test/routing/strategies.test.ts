/** What each built-in strategy promises beyond the contract. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toAgent, toClass } from '../../native-free/index.ts'
import { NONE } from '../../src/routing/strategy.ts'
import { Fleet } from './fleet.ts'

describe('round_robin', () => {
  test('gives each free agent one turn before any has a second', () => {
    const fleet = new Fleet()
    for (let agent = 0; agent < 70; agent++) fleet.join(agent, 10)
    for (let round = 0; round < 5; round++) {
      const turn = Array.from({ length: 70 }, () => fleet.place('round_robin'))
      expect(turn).toEqual(Array.from({ length: 70 }, (_, agent) => agent))
    }
  })

  test('passes over full agents: A 3/3, B 2/3, C 1/3 take B, C, C', () => {
    const fleet = new Fleet()
    fleet.join(0, 3, 3)
    fleet.join(1, 3, 2)
    fleet.join(2, 3, 1)
    const chosen = Array.from({ length: 4 }, () => fleet.place('round_robin'))
    expect(chosen).toEqual([1, 2, 2, NONE])
  })

  test('keeps a rotation for each class', () => {
    const fleet = new Fleet()
    for (let agent = 0; agent < 3; agent++) fleet.join(agent, 10, 0, [0, 1])
    const chosen = [0, 1, 0, 1, 0].map((classIndex) => fleet.place('round_robin', classIndex))
    expect(chosen).toEqual([0, 0, 1, 1, 2])
  })

  test('starts where its phase says', () => {
    const fleet = new Fleet({ phase: 0.5 })
    for (let agent = 0; agent < 40; agent++) fleet.join(agent, 1)
    expect(fleet.place('round_robin')).toBe(20)
    expect(fleet.place('round_robin')).toBe(21)
  })

  test('goes on after the place of an agent that left', () => {
    const fleet = new Fleet()
    for (let agent = 0; agent < 4; agent++) fleet.join(agent, 10)
    fleet.place('round_robin')
    fleet.agents.leave(toAgent(1))
    fleet.agents.setCandidate(toClass(0), toAgent(1), false)
    expect([0, 0, 0].map(() => fleet.place('round_robin'))).toEqual([2, 3, 0])
  })
})

describe('least_loaded', () => {
  test('levels loads of 20, 70 and 50 % to 80 % with ten tasks', () => {
    const fleet = new Fleet()
    for (const [agent, load] of [2, 7, 5].entries()) fleet.join(agent, 10, load)
    for (let i = 0; i < 10; i++) fleet.place('least_loaded')
    expect([0, 1, 2].map((agent) => fleet.agents.inUse(toAgent(agent)))).toEqual([8, 8, 8])
  })

  test('compares shares, not counts: 3 of 10 before 2 of 5', () => {
    const fleet = new Fleet()
    fleet.join(0, 5, 2)
    fleet.join(1, 10, 3)
    expect(fleet.choose('least_loaded')).toBe(1)
  })

  test('goes round among equals, also while nothing is charged', () => {
    const fleet = new Fleet()
    for (const agent of [1, 2, 3, 4]) fleet.join(agent, 5, agent === 3 ? 2 : 1)
    const chosen = Array.from({ length: 6 }, () => fleet.choose('least_loaded'))
    expect(chosen).toEqual([1, 2, 4, 1, 2, 4])
  })

  test('fills a fleet of equals in turn', () => {
    const fleet = new Fleet()
    for (let agent = 0; agent < 40; agent++) fleet.join(agent, 2)
    const chosen = Array.from({ length: 80 }, () => fleet.place('least_loaded'))
    const once = Array.from({ length: 40 }, (_, agent) => agent)
    expect(chosen).toEqual([...once, ...once])
  })

  test('agrees with a brute-force twin on any fleet of up to 256', () => {
    const agent = fc.record({ capacity: fc.integer({ min: 1, max: 12 }), load: fc.nat(12) })
    fc.assert(
      fc.property(fc.array(agent, { minLength: 1, maxLength: 256 }), (rows) => {
        const fleet = new Fleet({ agentCountMax: 256 })
        for (const [i, { capacity, load }] of rows.entries()) {
          fleet.join(i, capacity, Math.min(load, capacity))
        }
        for (let i = 0; i < 20; i++) {
          const ratios = rows.map(({ capacity }, row) => {
            const inUse = fleet.agents.inUse(toAgent(row))
            return inUse < capacity ? inUse / capacity : Number.POSITIVE_INFINITY
          })
          const least = Math.min(...ratios)
          const chosen = fleet.place('least_loaded')
          if (least === Number.POSITIVE_INFINITY) expect(chosen).toBe(NONE)
          else expect(ratios[chosen]).toBeCloseTo(least, 12)
        }
      }),
      { seed: 20_260, numRuns: 60 },
    )
  })

  test('above 256 free agents it still prefers idle ones', () => {
    const fleet = new Fleet({ agentCountMax: 4_096 })
    for (let agent = 0; agent < 2_000; agent++) fleet.join(agent, 10, agent % 2 === 0 ? 9 : 0)
    let idle = 0
    for (let i = 0; i < 1_000; i++) if (fleet.choose('least_loaded') % 2 === 1) idle++
    // All of 12 samples are loaded once in 65,536 times.
    expect(idle).toBeGreaterThan(990)
  })

  test('counts its own pending proposals as load', () => {
    const fleet = new Fleet()
    fleet.join(0, 10, 2)
    fleet.join(1, 10, 4)
    fleet.chooser.agents.pending[0] = 3
    expect(fleet.choose('least_loaded')).toBe(1)
  })
})

describe('random', () => {
  /** Chi-square of the choices against equal shares, for agents at these indices. */
  function chiSquare(members: number[], draws: number): number {
    const fleet = new Fleet({ seed: 42, agentCountMax: 4_096 })
    fleet.join(4_000, 1, 1, [])
    for (const agent of members) fleet.join(agent, 1)
    const counts = new Map(members.map((agent) => [agent, 0]))
    for (let i = 0; i < draws; i++) {
      const agent = fleet.choose('random')
      counts.set(agent, counts.get(agent)! + 1)
    }
    const expected = draws / members.length
    return [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)
  }

  // 0.1 % of uniform samples exceed these, with 49 degrees of freedom.
  const LIMIT = 85.35

  test('is uniform where agents are dense', () => {
    const dense = Array.from({ length: 50 }, (_, i) => i)
    expect(chiSquare(dense, 50_000)).toBeLessThan(LIMIT)
  })

  test('is uniform where agents lie sparse and uneven', () => {
    const sparse = Array.from({ length: 50 }, (_, i) => Math.floor(i ** 2 * 1.5) + i)
    expect(chiSquare(sparse, 50_000)).toBeLessThan(LIMIT)
  })

  test('the chi-square would notice that the agent behind a gap is preferred', () => {
    const fleet = new Fleet({ agentCountMax: 4_096 })
    const sparse = Array.from({ length: 50 }, (_, i) => Math.floor(i ** 2 * 1.5) + i)
    for (const agent of sparse) fleet.join(agent, 1)
    const { candidates } = fleet.chooser
    candidates.select(0)
    const counts = new Map(sparse.map((agent) => [agent, 0]))
    for (let i = 0; i < 50_000; i++) {
      const agent = candidates.nextFrom(fleet.context.random.nextInt(candidates.limit))
      counts.set(agent, counts.get(agent)! + 1)
    }
    const sum = [...counts.values()].reduce((total, n) => total + (n - 1_000) ** 2 / 1_000, 0)
    expect(sum).toBeGreaterThan(LIMIT)
  })
})
