import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toAgent } from '../../native-free/index.ts'
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
