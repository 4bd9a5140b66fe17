/** The two capacity examples of source document 004, with its numbers. */
import { describe, expect, test } from 'vitest'
import { NONE } from '../../src/routing/strategy.ts'
import { Fleet } from '../routing/fleet.ts'

const [A, B, C] = [0, 1, 2]
/** Levels, 0 … 4. */
const LOW = 1
const NORMAL = 2
const HIGH = 3

function fleetOf(capacity: number, loads: number[]): Fleet {
  const fleet = new Fleet()
  for (const [agent, load] of loads.entries()) fleet.join(agent, capacity, load)
  return fleet
}

describe('[004] round robin with weighted capacity', () => {
  // The document's third line says B again, which is full by then.
  test('A 3/3, B 2/3, C 1/3: next B, then C, then C, then nobody', () => {
    const fleet = fleetOf(3, [3, 2, 1])
    const chosen = Array.from({ length: 4 }, () => fleet.place('round_robin'))
    expect(chosen).toEqual([B, C, C, NONE])
  })
})

describe('[004] capacity-based with priority override', () => {
  test('A 10/12, B 8/12, C 7/12: HIGH to C, which has most room', () => {
    const fleet = fleetOf(12, [10, 8, 7])
    expect(fleet.choose('capacity_priority', 0, HIGH)).toBe(C)
  })

  test('A 10/12, B 8/12, C 7/12: NORMAL to B when A had the last turn', () => {
    const fleet = fleetOf(12, [9, 8, 7])
    expect(fleet.choose('capacity_priority', 0, NORMAL)).toBe(A)
    fleet.charge(A)
    expect(fleet.choose('capacity_priority', 0, HIGH)).toBe(C)
    expect(fleet.choose('capacity_priority', 0, NORMAL)).toBe(B)
    expect(fleet.choose('capacity_priority', 0, LOW)).toBe(C)
  })

  test('NORMAL passes over A when it is full, and is queued when all are', () => {
    const fleet = fleetOf(12, [12, 8, 7])
    expect(fleet.choose('capacity_priority', 0, NORMAL)).toBe(B)
    const full = fleetOf(12, [12, 12, 12])
    for (const level of [LOW, NORMAL, HIGH]) {
      expect(full.choose('capacity_priority', 0, level)).toBe(NONE)
    }
  })
})
