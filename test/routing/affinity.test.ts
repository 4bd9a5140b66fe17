/** Tasks of one key stay together, and nothing moves that need not. */
import { describe, expect, test } from 'vitest'
import { toAgent, toClass } from '../../native-free/index.ts'
import { hashKey } from '../../src/routing/key-hash.ts'
import { KeyOrder } from '../../src/routing/key-order.ts'
import { NONE } from '../../src/routing/strategy.ts'
import { Fleet } from './fleet.ts'

function keysOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => hashKey(`conversation-${i}`))
}

function fleetOf(members: number[], capacity = 4, agentCountMax = 2_048): Fleet {
  const fleet = new Fleet({ agentCountMax })
  for (const agent of members) fleet.join(agent, capacity)
  return fleet
}

function range(length: number, step = 1): number[] {
  return Array.from({ length }, (_, i) => i * step)
}

function owners(fleet: Fleet, keys: number[]): number[] {
  return keys.map((key) => fleet.choose('affinity', 0, 2, key))
}

/** Up to 256 free candidates are ranked, of more the order is walked; the last step changes over. */
const SIZES = [
  { size: 40, way: 'ranked' },
  { size: 257, way: 'walked, and ranked without the one that leaves' },
  { size: 700, way: 'walked' },
]

describe('affinity', () => {
  test.each(SIZES)('removing one of $size agents moves only its keys ($way)', ({ size }) => {
    const fleet = fleetOf(range(size))
    const keys = keysOf(3_000)
    const before = owners(fleet, keys)
    const gone = before[0]
    fleet.agents.setCandidate(toClass(0), toAgent(gone), false)
    const after = owners(fleet, keys)
    expect(after).not.toContain(gone)
    expect(after.filter((agent, i) => before[i] !== gone && agent !== before[i])).toEqual([])
    // Its keys spread, instead of falling on one neighbour.
    const heirs = new Set(after.filter((_, i) => before[i] === gone))
    const orphans = before.filter((agent) => agent === gone).length
    expect(heirs.size).toBeGreaterThan(Math.min(orphans, size) / 2)
  })

  test.each(SIZES)('one more beside $size agents takes keys only for itself', ({ size }) => {
    const fleet = fleetOf(range(size))
    const keys = keysOf(3_000)
    const before = owners(fleet, keys)
    fleet.join(1_500, 4)
    const after = owners(fleet, keys)
    const moved = after.filter((agent, i) => agent !== before[i])
    expect(new Set([...moved, 1_500])).toEqual(new Set([1_500]))
  })

  test('every chooser gives a key to the same agent', () => {
    const keys = keysOf(500)
    const one = fleetOf(range(60))
    const other = new Fleet({ agentCountMax: 2_048, seed: 99, phase: 0.5 })
    for (const agent of range(60).reverse()) other.join(agent, 4)
    expect(owners(other, keys)).toEqual(owners(one, keys))
  })

  // 0.1 % of uniform samples exceed 85.35, with 49 degrees of freedom.
  test.each([
    { name: 'dense', members: range(50) },
    { name: 'sparse', members: range(50, 41) },
    { name: 'uneven', members: range(50).map((i) => Math.floor(i ** 2 * 0.75) + i) },
  ])('shares of keys are even where agents lie $name', ({ members }) => {
    const fleet = fleetOf(members)
    const counts = new Map(members.map((agent) => [agent, 0]))
    for (const agent of owners(fleet, keysOf(50_000))) counts.set(agent, counts.get(agent)! + 1)
    const sum = [...counts.values()].reduce((total, n) => total + (n - 1_000) ** 2 / 1_000, 0)
    expect(sum).toBeLessThan(85.35)
  })

  test('shares of keys are even in a large fleet', () => {
    const fleet = fleetOf(range(500))
    const counts: number[] = Array(500).fill(0)
    for (const agent of owners(fleet, keysOf(100_000))) counts[agent]++
    const sum = counts.reduce((total, n) => total + (n - 200) ** 2 / 200, 0)
    // 0.1 % of uniform samples exceed 602, with 499 degrees of freedom.
    expect(sum).toBeLessThan(602)
  })

  test('the load of no agent is above 1.25 times its share, whatever the keys', () => {
    const capacities = [100, 50, 200, 100, 100, 50]
    const fleet = new Fleet()
    for (const [agent, capacity] of capacities.entries()) fleet.join(agent, capacity)
    const hot = keysOf(3)
    for (let placed = 1; placed <= 400; placed++) {
      const agent = fleet.choose('affinity', 0, 2, hot[placed % 7 === 0 ? 1 : 0])
      fleet.charge(agent)
      const bound = Math.ceil((1.25 * placed * capacities[agent]) / 600)
      expect(fleet.agents.inUse(toAgent(agent))).toBeLessThanOrEqual(bound)
    }
  })

  test('a hot key spills over in the same order each time, and comes back', () => {
    const fleet = fleetOf(range(10), 10)
    const [hot] = keysOf(1)
    const spill = () => Array.from({ length: 12 }, () => spillOne(fleet, hot))
    const first = spill()
    expect(new Set(first).size).toBeGreaterThan(1)
    for (const agent of first) fleet.agents.give(toAgent(agent))
    expect(spill()).toEqual(first)
  })

  test('a larger bound keeps a hot key with its agent until that is full', () => {
    const fleet = new Fleet({ options: { affinity: { loadMax: 1_000 } } })
    for (const agent of range(10)) fleet.join(agent, 10)
    const [hot] = keysOf(1)
    const chosen = Array.from({ length: 11 }, () => spillOne(fleet, hot))
    expect(new Set(chosen.slice(0, 10)).size).toBe(1)
    expect(chosen[10]).not.toBe(chosen[0])
  })

  test('in a large fleet a hot key does not pile up on one agent', () => {
    const fleet = fleetOf(range(600), 20)
    const hot = keysOf(5)
    const cold = keysOf(4_000)
    for (let i = 0; i < 4_000; i++) spillOne(fleet, i % 2 === 0 ? hot[i % 5] : cold[i])
    const loads = range(600).map((agent) => fleet.agents.inUse(toAgent(agent)))
    // The mean is 6.7 and 1.25 times that 8.3; the bound is estimated, and may be a little late.
    expect(Math.max(...loads)).toBeLessThanOrEqual(11)
  })

  test('without a key the less loaded of two is taken', () => {
    const fleet = new Fleet()
    fleet.join(0, 4, 3)
    fleet.join(1, 4, 1)
    const chosen = new Set(Array.from({ length: 50 }, () => fleet.choose('affinity')))
    expect([...chosen]).toEqual([1])
  })

  test('nobody is chosen when nobody is free', () => {
    const fleet = new Fleet()
    fleet.join(0, 1, 1)
    expect(fleet.choose('affinity', 0, 2, hashKey('a'))).toBe(NONE)
  })
})

function spillOne(fleet: Fleet, key: number): number {
  const agent = fleet.choose('affinity', 0, 2, key)
  fleet.charge(agent)
  return agent
}

test.each([1, 64, 65, 1_000, 16_384, 100_000])(
  'key order: a permutation and its inverse, for %i agents',
  (agents) => {
    const order = new KeyOrder(agents)
    expect(order.size).toBeGreaterThanOrEqual(agents)
    for (const key of [1, -1, hashKey('x'), 0x7fffffff]) {
      order.turnTo(key)
      const seen = new Uint8Array(order.size)
      let wrong = 0
      for (let rank = 0; rank < order.size; rank++) {
        const index = order.at(rank)
        seen[index]++
        if (order.rankOf(index) !== rank) wrong++
      }
      expect(seen.every((count) => count === 1)).toBe(true)
      expect(wrong).toBe(0)
    }
  },
)
