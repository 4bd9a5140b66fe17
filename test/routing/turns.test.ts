/** Turns in proportion: round robin by capacity, and smooth weighted round robin. */
import { describe, expect, test } from 'vitest'
import { toAgent } from '../../native-free/index.ts'
import { NONE } from '../../src/routing/strategy.ts'
import { Fleet } from './fleet.ts'

/** Learning row 0, which classes without one have. */
const ROW = 0

function letters(fleet: Fleet, strategy: string, count: number): string {
  const chosen = Array.from({ length: count }, () => fleet.choose(strategy))
  return chosen.map((agent) => 'abcdef'[agent]).join(' ')
}

/** How often each agent is chosen. */
function turnsOf(fleet: Fleet, strategy: string, choices: number): number[] {
  const turns: number[] = Array(fleet.context.agentCountMax).fill(0)
  for (let i = 0; i < choices; i++) turns[fleet.choose(strategy)]++
  return turns
}

describe('round_robin by capacity', () => {
  const options = { roundRobin: { weighted: true } }

  test('gives an agent as many turns in a row as its capacity', () => {
    const fleet = new Fleet({ options })
    for (const [agent, capacity] of [3, 1, 2].entries()) fleet.join(agent, capacity)
    expect(letters(fleet, 'round_robin', 9)).toBe('a a a b c c a a a')
  })

  test('goes on when the agent fills before its turns are over', () => {
    const fleet = new Fleet({ options })
    fleet.join(0, 3, 2)
    fleet.join(1, 2)
    const chosen = Array.from({ length: 4 }, () => fleet.place('round_robin'))
    expect(chosen).toEqual([0, 1, 1, NONE])
  })
})

describe('weighted_round_robin', () => {
  test('mixes the turns of weights 5, 1, 1 as a a b a c a a', () => {
    const fleet = new Fleet()
    for (const [agent, capacity] of [5, 1, 1].entries()) fleet.join(agent, capacity)
    const round = 'a a b a c a a'
    expect(letters(fleet, 'weighted_round_robin', 14)).toBe(`${round} ${round}`)
  })

  test('weighs by speed: three times as quick, three times as many turns', () => {
    const fleet = new Fleet()
    fleet.join(0, 4)
    fleet.join(1, 4)
    fleet.learning.setRowLatency(ROW, 3_000)
    fleet.learning.setLatency(ROW, toAgent(0), 2_000)
    fleet.learning.setLatency(ROW, toAgent(1), 6_000)
    expect(turnsOf(fleet, 'weighted_round_robin', 400).slice(0, 2)).toEqual([300, 100])
  })

  test('weighs by success: 0.8 has twice the turns of 0.4', () => {
    const fleet = new Fleet()
    fleet.join(0, 1)
    fleet.join(1, 1)
    fleet.learning.setSuccess(ROW, toAgent(0), 0.8)
    fleet.learning.setSuccess(ROW, toAgent(1), 0.4)
    expect(turnsOf(fleet, 'weighted_round_robin', 300).slice(0, 2)).toEqual([200, 100])
  })

  test('follows a weight that changes', () => {
    const fleet = new Fleet()
    fleet.join(0, 1)
    fleet.join(1, 1)
    expect(turnsOf(fleet, 'weighted_round_robin', 100).slice(0, 2)).toEqual([50, 50])
    fleet.learning.setRowLatency(ROW, 1_000)
    fleet.learning.setLatency(ROW, toAgent(1), 4_000)
    const [first, second] = turnsOf(fleet, 'weighted_round_robin', 100)
    expect(first - 80).toBeLessThanOrEqual(1)
    expect(second - 20).toBeLessThanOrEqual(1)
  })

  test('never starves an agent, however slow it seems', () => {
    const fleet = new Fleet()
    fleet.join(0, 1)
    fleet.join(1, 1)
    fleet.learning.setRowLatency(ROW, 1_000)
    fleet.learning.setLatency(ROW, toAgent(1), 1e9)
    expect(turnsOf(fleet, 'weighted_round_robin', 170).slice(0, 2)).toEqual([160, 10])
  })

  test('above 256 free agents turns are in proportion as well', () => {
    const fleet = new Fleet({ agentCountMax: 640 })
    for (let agent = 0; agent < 600; agent++) fleet.join(agent, agent % 2 === 0 ? 3 : 1)
    const turns = turnsOf(fleet, 'weighted_round_robin', 120_000)
    const heavy = turns.filter((_, agent) => agent < 600 && agent % 2 === 0)
    const light = turns.filter((_, agent) => agent < 600 && agent % 2 === 1)
    // A round has 1,200 parts of which a heavy agent has 3 and a light one 1: 300 and 100 turns.
    expect(Math.min(...heavy)).toBeGreaterThan(270)
    expect(Math.max(...heavy)).toBeLessThan(330)
    expect(Math.min(...light)).toBeGreaterThan(85)
    expect(Math.max(...light)).toBeLessThan(115)
  })
})
