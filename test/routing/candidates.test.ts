import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toAgent, toClass } from '../../native-free/index.ts'
import { EXACT_MAX, SAMPLE_COUNT } from '../../src/routing/candidates.ts'
import { Random } from '../../src/routing/generator.ts'
import { NONE } from '../../src/routing/strategy.ts'
import { Fleet } from './fleet.ts'

const SIZE = 2_048

/** Candidates and free agents and blocked ones, and the plain array that they must behave like. */
const sets = fc.record({
  candidates: fc.array(fc.nat(SIZE - 1), { maxLength: 60 }),
  full: fc.array(fc.nat(SIZE - 1), { maxLength: 10 }),
  blocked: fc.array(fc.nat(SIZE - 1), { maxLength: 10 }),
  from: fc.nat(SIZE),
})

test('candidates: behave like a sorted array of who is candidate, free and not blocked', () => {
  fc.assert(
    fc.property(sets, ({ candidates: members, full, blocked, from }) => {
      const fleet = new Fleet({ agentCountMax: SIZE })
      for (const agent of members) fleet.join(agent, 1)
      for (const agent of full) fleet.join(agent, 1, 1)
      const { candidates } = fleet.chooser
      candidates.select(0)
      for (const agent of blocked) candidates.block(agent)
      const twin = [...new Set(members)]
        .filter((agent) => !full.includes(agent) && !blocked.includes(agent))
        .sort((a, b) => a - b)
      const upwards = twin.find((agent) => agent >= from) ?? NONE
      expect(candidates.first()).toBe(twin[0] ?? NONE)
      expect(candidates.after(from - 1)).toBe(upwards)
      expect(candidates.nextFrom(from)).toBe(upwards === NONE ? (twin[0] ?? NONE) : upwards)
      expect(candidates.count()).toBe(twin.length)
      expect(Array.from({ length: twin.length }, (_, rank) => candidates.nth(rank))).toEqual(twin)
      expect(candidates.nth(twin.length)).toBe(NONE)
      expect(candidates.has(from)).toBe(twin.includes(from))
    }),
    { seed: 20_260, numRuns: 200 },
  )
})

test('candidates: an agent that is unblocked is back', () => {
  const fleet = new Fleet()
  fleet.join(5, 1)
  const { candidates } = fleet.chooser
  candidates.select(0)
  candidates.block(5)
  expect(candidates.first()).toBe(NONE)
  candidates.unblock(5)
  expect(candidates.first()).toBe(5)
})

test('candidates: countUpTo is exact up to its bound and above it beyond', () => {
  const fleet = new Fleet()
  for (let agent = 0; agent < 300; agent += 2) fleet.join(agent, 1)
  const { candidates } = fleet.chooser
  candidates.select(0)
  expect(candidates.countUpTo(150)).toBe(150)
  expect(candidates.countUpTo(149)).toBeGreaterThan(149)
  expect(candidates.countUpTo(10)).toBeLessThan(150)
})

test('candidates: anything may be asked for, inside or not', () => {
  const fleet = new Fleet()
  fleet.join(1, 1)
  const { candidates } = fleet.chooser
  candidates.select(0)
  const outside = [-1, -33, 1_024, 1e9, Number.NaN, 2 ** 31]
  expect(outside.map((agent) => candidates.has(agent))).toEqual(outside.map(() => false))
})

test('candidates: probing draws members only, and gives up when there are none', () => {
  const fleet = new Fleet()
  for (const agent of [2, 3, 9]) fleet.join(agent, 1)
  const { candidates } = fleet.chooser
  candidates.select(0)
  const random = new Random(5)
  const drawn = new Set(Array.from({ length: 200 }, () => candidates.probe(random, 50)))
  expect([...drawn].sort((a, b) => a - b)).toEqual([2, 3, 9])
  for (const agent of [2, 3, 9]) fleet.agents.take(toAgent(agent))
  expect(candidates.probe(random, 50)).toBe(NONE)
})

/** What `gather` may return, from plain lists. */
function gathered(fleet: Fleet, cursor: number) {
  const into = new Int32Array(EXACT_MAX)
  const { candidates, agents } = fleet.chooser
  candidates.select(0)
  const count = candidates.gather(agents, cursor, into, new Random(cursor + 1))
  return { found: [...into.subarray(0, count)], isExact: candidates.isExact }
}

const spread = fc.record({
  members: fc.integer({ min: 1, max: 400 }),
  step: fc.integer({ min: 1, max: 7 }),
  full: fc.integer({ min: 1, max: 9 }),
  cursor: fc.nat(SIZE + 5),
})

test('candidates: gather returns all in rotation order up to 256, else samples of members', () => {
  fc.assert(
    fc.property(spread, ({ members, step, full, cursor }) => {
      const fleet = new Fleet({ agentCountMax: 4_096 })
      for (let i = 0; i < 3_000; i++) fleet.join(i, 1, 0, [1])
      for (let i = 0; i < members; i++) {
        fleet.join(i * step, 1, i % full === 0 && i > 0 ? 1 : 0)
      }
      const free = Array.from({ length: members }, (_, i) => i * step).filter((agent) =>
        fleet.agents.free.has(agent),
      )
      const rotated = [
        ...free.filter((agent) => agent >= cursor),
        ...free.filter((agent) => agent < cursor),
      ]
      const { found, isExact } = gathered(fleet, cursor)
      expect(isExact).toBe(free.length <= EXACT_MAX)
      if (isExact) expect(found).toEqual(rotated)
      else {
        expect(found).toHaveLength(SAMPLE_COUNT)
        expect(found.filter((agent) => !free.includes(agent))).toEqual([])
      }
    }),
    { seed: 20_260, numRuns: 60 },
  )
})

test('candidates: many become few, and few many, and gather knows it at once', () => {
  for (const gap of [1, 12]) {
    const fleet = new Fleet({ agentCountMax: 4_096 })
    const members = Array.from({ length: 300 }, (_, i) => i * gap)
    for (const agent of members) fleet.join(agent, 1)
    let free = 300
    expect(gathered(fleet, 0).isExact).toBe(false)
    for (const agent of members.slice(0, 120)) {
      fleet.agents.take(toAgent(agent))
      free--
      const { found, isExact } = gathered(fleet, 0)
      expect(isExact).toBe(free <= EXACT_MAX)
      if (isExact) expect(found).toHaveLength(free)
    }
    for (const agent of members.slice(0, 120)) {
      fleet.agents.give(toAgent(agent))
      free++
      expect(gathered(fleet, 0).isExact).toBe(free <= EXACT_MAX)
    }
  }
})

test('candidates: of a sparse set every free member is drawn as often as any other', () => {
  const fleet = new Fleet({ agentCountMax: 4_096 })
  for (let agent = 0; agent < 4_000; agent++) fleet.join(agent, 1, 0, [1])
  // Alone in its word, four in one, and one of two that is full.
  const members = [5, 640, 641, 650, 671, 1_000, 1_001, 3_999]
  for (const agent of members) fleet.join(agent, 1, agent === 1_001 ? 1 : 0)
  const { candidates } = fleet.chooser
  candidates.select(0)
  const random = new Random(11)
  const counts = new Map<number, number>()
  const draws = 14_000
  for (let i = 0; i < draws; i++) {
    const agent = candidates.probe(random, 64)
    counts.set(agent, (counts.get(agent) ?? 0) + 1)
  }
  const free = members.filter((agent) => agent !== 1_001)
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual(free)
  const expected = draws / free.length
  const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)
  // 0.1 % of uniform samples exceed this, with 6 degrees of freedom.
  expect(chiSquare).toBeLessThan(22.46)
})

test('candidates: a sparse set that grows or shrinks is drawn from as it is', () => {
  const fleet = new Fleet({ agentCountMax: 4_096 })
  for (let agent = 0; agent < 4_000; agent++) fleet.join(agent, 1, 0, [1])
  fleet.join(100, 1)
  const drawn = () => {
    const { candidates } = fleet.chooser
    candidates.select(0)
    const random = new Random(3)
    const seen = new Set(Array.from({ length: 200 }, () => candidates.probe(random, 8)))
    return [...seen].sort((a, b) => a - b)
  }
  expect(drawn()).toEqual([100])
  fleet.join(3_000, 1)
  expect(drawn()).toEqual([100, 3_000])
  fleet.agents.setCandidate(toClass(0), toAgent(100), false)
  expect(drawn()).toEqual([3_000])
})
