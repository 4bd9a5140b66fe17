/** Strategies that take turns, against plain lists; and least loaded, which shares their ties. */
import { describe, expect, test } from 'vitest'
import { KeyOrder } from '../../../src/routing/key-order.ts'
import { expectAgreement, highest, latencyOf, loadOf, type Twin } from './world.ts'

const freest = highest((agent) => -loadOf(agent) / agent.capacity)
const next: Twin = (_task, members) => members[0]

/** Nginx's smooth weighted round robin. */
function smooth(): Twin {
  const balances = new Map<number, number>()
  return (task, members) => {
    let sum = 0
    for (const agent of members) {
      const own = latencyOf(agent, task)
      const speed = own > 0 && task.typeMean > 0 ? task.typeMean / own : 1
      const clamped = Math.min(16, Math.max(1 / 16, speed))
      const weight = Math.max(1, Math.round(1_000 * agent.capacity * agent.success * clamped))
      balances.set(agent.index, (balances.get(agent.index) ?? 0) + weight)
      sum += weight
    }
    const winner = highest(({ index }) => balances.get(index)!)(task, members)
    balances.set(winner.index, balances.get(winner.index)! - sum)
    return winner
  }
}

/** The first in the key's order whose load is below 1.25 times its share of all. */
function bounded(): Twin {
  const orders = new Map<number, number[]>()
  return (task, members) => {
    if (!orders.has(task.key)) {
      const order = new KeyOrder(288)
      order.turnTo(task.key)
      const all = Array.from({ length: order.size }, (_, rank) => order.at(rank))
      expect(new Set(all).size).toBe(512)
      orders.set(task.key, all)
    }
    const loads = members.reduce((sum, agent) => sum + loadOf(agent), 0)
    const capacities = members.reduce((sum, { capacity }) => sum + capacity, 0)
    const within = members.filter(
      (agent) => loadOf(agent) * capacities < 1.25 * (loads + 1) * agent.capacity,
    )
    const order = orders.get(task.key)!
    return within.sort((a, b) => order.indexOf(a.index) - order.indexOf(b.index))[0]
  }
}

describe('twins: agree on 10,000 random fleets', () => {
  test('round_robin: the next in rotation', () => {
    expectAgreement({ strategy: 'round_robin', twin: () => next })
  })

  test('round_robin by capacity: as many turns in a row', () => {
    expectAgreement({
      strategy: 'round_robin',
      options: { roundRobin: { weighted: true } },
      twin: () => {
        let turns = 0
        let last = -1
        return (_task, members) => {
          const again = members.find(({ index }) => index === last)
          if (again !== undefined && turns < again.capacity) {
            turns++
            return again
          }
          last = members[0].index
          turns = 1
          return members[0]
        }
      },
    })
  })

  test('weighted_round_robin: the highest balance, charged with the sum', () => {
    expectAgreement({ strategy: 'weighted_round_robin', twin: smooth })
  })

  test('least_loaded: nobody has a smaller share of its capacity in use', () => {
    expectAgreement({
      strategy: 'least_loaded',
      twin: () => freest,
      isAsGood: (chosen, expected) =>
        loadOf(chosen) * expected.capacity === loadOf(expected) * chosen.capacity,
    })
  })

  test('capacity_priority: from high on the least loaded, else the next in rotation', () => {
    expectAgreement({
      strategy: 'capacity_priority',
      twin: () => (task, members) => (task.level >= 3 ? freest : next)(task, members),
      isAsGood: (chosen, expected, { level }) =>
        level >= 3 && loadOf(chosen) * expected.capacity === loadOf(expected) * chosen.capacity,
      keepsRotation: ({ level }) => level >= 3,
    })
  })

  test('affinity: the first in the key’s order within the bound', () => {
    const twin = bounded()
    expectAgreement({
      strategy: 'affinity',
      twin: () => twin,
      // Without a key two are drawn, of which the worse is not the worst.
      isAsGood: (_chosen, _expected, { key }) => key === 0,
    })
  })
})
