import { expect, test } from 'vitest'
import { NO_PAIR, PairTable } from '../../src/learning/pair-table.ts'
import { Random } from '../../src/routing/generator.ts'

test('pairs: the one that had no result for the longest makes room, and no other', () => {
  const random = new Random(5)
  const table = new PairTable(4, 16, 10)
  /** Oldest first. */
  const order: string[] = []
  for (let step = 0; step < 20_000; step++) {
    const row = random.nextInt(4)
    const agent = random.nextInt(16)
    const key = `${row},${agent}`
    const known = order.indexOf(key)
    const pair = table.find(row, agent)
    expect(pair !== NO_PAIR).toBe(known >= 0)
    if (known >= 0) {
      order.splice(known, 1)
      if (random.nextInt(10) === 0) {
        table.remove(pair)
        continue
      }
      table.touch(pair)
    } else {
      const { victim } = table
      expect(victim !== NO_PAIR).toBe(order.length === 10)
      if (victim !== NO_PAIR) {
        expect(`${table.rowOf(victim)},${table.agentOf(victim)}`).toBe(order.shift())
        table.remove(victim)
      }
      table.add(row, agent)
    }
    order.push(key)
    const found = table.find(row, agent)
    expect([table.rowOf(found), table.agentOf(found)]).toEqual([row, agent])
    expect(found).toBeLessThan(10)
  }
  expect(table.usedEnd).toBe(10)
})

test('pairs: there are never more than agents and rows make', () => {
  expect(new PairTable(2, 3, 65_536).pairCountMax).toBe(6)
})
