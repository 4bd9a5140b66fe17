/** The score of source document 002: skill_match - queue / 10 + success × 0.3. */
import { describe, expect, test } from 'vitest'
import { toAgent, toClass } from '../../native-free/index.ts'
import { Fleet } from '../routing/fleet.ts'

const MATCH_ROW = 1

/** Agents by [part of the requirements met, tasks in hand, success rate]. */
function fleetOf(agents: [match: number, load: number, success: number][]): Fleet {
  const fleet = new Fleet()
  fleet.classes.setMatchRow(toClass(0), MATCH_ROW)
  for (const [index, [match, load, success]] of agents.entries()) {
    fleet.join(index, 20, load)
    fleet.agents.setMatch(MATCH_ROW, toAgent(index), match)
    fleet.learning.setSuccess(0, toAgent(index), success)
  }
  return fleet
}

describe('[002] capability matching by score', () => {
  test('a better match is worth ten tasks in the queue', () => {
    // 1 - 0.9 + 0.27 = 0.37 before 0 - 0 + 0.27 = 0.27.
    expect(
      fleetOf([
        [0, 0, 0.9],
        [1, 9, 0.9],
      ]).choose('best_fit'),
    ).toBe(1)
    // 1 - 1.1 + 0.27 = 0.17 behind it.
    expect(
      fleetOf([
        [0, 0, 0.9],
        [1, 11, 0.9],
      ]).choose('best_fit'),
    ).toBe(0)
  })

  test('history weighs 30 %: a third less success is worth one task in the queue', () => {
    // 1 - 0.1 + 0.3 = 1.2 before 1 - 0 + 0.18 = 1.18.
    expect(
      fleetOf([
        [1, 1, 1],
        [1, 0, 0.6],
      ]).choose('best_fit'),
    ).toBe(0)
    // 1 - 0.1 + 0.3 = 1.2 behind 1 - 0 + 0.21 = 1.21.
    expect(
      fleetOf([
        [1, 1, 1],
        [1, 0, 0.7],
      ]).choose('best_fit'),
    ).toBe(1)
  })

  test('a half match with an empty queue ties a whole one with five tasks', () => {
    const fleet = fleetOf([
      [0.5, 0, 1],
      [1, 5, 1],
    ])
    expect([0, 1].map(() => fleet.choose('best_fit'))).toEqual([0, 1])
  })
})
