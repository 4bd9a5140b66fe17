/** Names, options and keys of strategies, as they come in from outside. */
import { expect, test } from 'vitest'
import { popcount32 } from '../../native-free/index.ts'
import { canonicalStrategy, strategyAliases } from '../../src/routing/aliases.ts'
import { hashKey, mixBits } from '../../src/routing/key-hash.ts'
import { strategyNames } from '../../src/routing/registry.ts'
import { checkStrategyOptions, STRATEGY_DEFAULTS } from '../../src/strategy-options.ts'

test('aliases: every strategy has its own names, and no other has them', () => {
  expect(Object.keys(strategyAliases()).sort()).toEqual(strategyNames())
  for (const [name, others] of Object.entries(strategyAliases())) {
    expect([name, ...others].map(canonicalStrategy)).toEqual([name, ...others].map(() => name))
  }
})

test.each([
  ['StrategyCapabilityBest', 'capability_best'],
  ['StrategyLatencyBased', 'latency'],
  ['StrategyRandom', 'random'],
  ['StrategyLeastLoaded', 'least_loaded'],
  ['StrategyRoundRobin', 'round_robin'],
  ['StrategyWeightedRR', 'weighted_round_robin'],
  ['weighted_rr', 'weighted_round_robin'],
  ['capability', 'capability_best'],
  ['capability_based', 'capability_best'],
  ['latency-based', 'latency'],
  ['least-loaded', 'least_loaded'],
  ['Least_Loaded', 'least_loaded'],
  ['performance_based', 'performance'],
  ['specialisation', 'specialization'],
  ['HYBRID', 'hybrid'],
])('aliases: %s is %s', (given, name) => {
  expect(canonicalStrategy(given)).toBe(name)
})

test('aliases: anything else is nothing', () => {
  for (const given of ['', 'fastest', 'strategy', 'toString', '__proto__', 7, null, undefined]) {
    expect(canonicalStrategy(given)).toBe(null)
  }
})

test('strategy options: what is not given has its default', () => {
  expect(checkStrategyOptions({})).toEqual(STRATEGY_DEFAULTS)
  expect(checkStrategyOptions({ hybrid: { load: 1 }, exploration: 0 })).toEqual({
    ...STRATEGY_DEFAULTS,
    hybrid: { ...STRATEGY_DEFAULTS.hybrid, load: 1 },
    exploration: 0,
  })
})

test.each([
  [{ hybrid: { laod: 1 } }, 'Option routing.hybrid.laod is not valid: known are load,'],
  [{ fast: 1 }, 'Option routing.fast is not valid: known are roundRobin, hybrid,'],
  [{ hybrid: { load: -1 } }, 'routing.hybrid.load is not valid: give a number from 0 to 1000'],
  [{ hybrid: { load: Number.NaN } }, 'routing.hybrid.load is not valid'],
  [{ hybrid: 4 }, 'Option routing.hybrid is not valid: give an object'],
  [{ exploration: 1.5 }, 'routing.exploration is not valid: give a number from 0 to 1'],
  [{ affinity: { loadMax: 0.5 } }, 'routing.affinity.loadMax is not valid'],
  [{ roundRobin: { weighted: 1 } }, 'routing.roundRobin.weighted is not valid: give true or false'],
])('strategy options: %o is refused', (given, message) => {
  expect(() => checkStrategyOptions(given as never)).toThrow(message)
})

test('keys: the same key has the same hash for ever, no key has 0', () => {
  expect(['', 'a', 'customer-42', 'x'.repeat(64)].map(hashKey)).toEqual([
    0, 444_641_715, -1_487_047_348, -2_110_473_549,
  ])
})

test('keys: neighbours differ in half of all bits, and a thousand keys have as many hashes', () => {
  const hashes = Array.from({ length: 1_000 }, (_, i) => hashKey(`key-${i}`))
  expect(new Set(hashes).size).toBe(1_000)
  expect(hashes).not.toContain(0)
  let changed = 0
  for (let i = 1; i < hashes.length; i++) changed += popcount32(hashes[i] ^ hashes[i - 1])
  // 16 of 32 on average; the mean of 999 has a deviation of 0.09.
  expect(Math.abs(changed / 999 - 16)).toBeLessThan(0.5)
  expect(new Set(Array.from({ length: 4_096 }, (_, i) => mixBits(i))).size).toBe(4_096)
})
