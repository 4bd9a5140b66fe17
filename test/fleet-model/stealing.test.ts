/** The fleet model with early binding and the real balancer. */
import { expect, test } from 'vitest'
import type { ModelAgent } from '../../src/fleet-model/fleet.ts'
import { runModel } from '../../src/fleet-model/model.ts'
import type { ModelSpec } from '../../src/fleet-model/setup.ts'
import { ONE_TYPE, type Workload } from '../../src/fleet-model/workload.ts'
import type { StealingOptions } from '../../src/options.ts'

const SECOND_US = 1_000_000

function fleetOf(speeds: readonly number[]): ModelAgent[] {
  return speeds.map((speed, i) => ({ name: `a${i}`, speed, concurrency: 1, capabilities: [] }))
}

/** So many tasks of a second, all there at once. */
function burst(count: number): Workload {
  return {
    count,
    types: ONE_TYPE,
    arrivalUs: new Float64Array(count),
    workUs: new Float64Array(count).fill(SECOND_US),
    typeOf: new Uint16Array(count),
  }
}

function run(stealing?: Partial<StealingOptions>, more: Partial<ModelSpec> = {}) {
  const result = runModel({
    workload: burst(100),
    fleet: fleetOf([1, 1, 1, 0.1]),
    strategy: 'round_robin',
    binding: 'early',
    seed: 1,
    agentQueueMax: 100,
    stealing,
    ...more,
  })
  const makespanUs = result.endUs.reduce((last, us) => Math.max(last, us), 0)
  return { ...result, makespanS: makespanUs / SECOND_US }
}

test('stealing: without it tasks stay with the slow agent, with it others take them', () => {
  const without = run()
  expect([without.makespanS, without.stolen]).toEqual([250, 0])
  const pulled = run({ mode: 'pull' })
  // Three agents do one task a second, the fourth one in ten: 100 / 3.1 is 32.3 s.
  expect(pulled.makespanS).toBeLessThanOrEqual(40)
  expect(pulled.cycles).toBe(0)
  expect(run({ mode: 'hybrid' })).toMatchObject({ makespanS: pulled.makespanS })
})

test('stealing: cycles alone even out what they may, three tasks and two a pair every 30 s', () => {
  const { makespanS, cycles, stolen } = run({ mode: 'push' })
  expect(cycles).toBe(Math.floor((makespanS - 1) / 30))
  expect(stolen).toBeGreaterThan(0)
  expect(makespanS).toBeLessThan(250)
})

test('stealing: protected tasks stay with the slow agent', () => {
  const types = [{ ...ONE_TYPE[0], level: 4 }]
  const { makespanS, stolen } = run({}, { workload: { ...burst(100), types } })
  expect([makespanS, stolen]).toEqual([250, 0])
})

test('stealing: the same specification gives the same moves', () => {
  const first = run({}, { strategy: 'random' })
  expect(first.stolen).toBeGreaterThan(0)
  expect(run({}, { strategy: 'random' })).toEqual(first)
})

test('stealing: who looks on sees each turn after its moves', () => {
  const seen: number[] = []
  const observe: ModelSpec['observe'] = ({ counters }) => seen.push(counters.stolen)
  const { stolen } = run({ mode: 'pull' }, { observe })
  // An arrival and an end for each task, at least.
  expect(seen.length).toBeGreaterThanOrEqual(200)
  expect(seen.at(-1)).toBe(stolen)
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
})
