import { expect, test } from 'vitest'
import { DECISION_COUNT, Decisions } from '../../src/front-end/explain/decisions.ts'

function place(decisions: Decisions, seq: number, agent = 1): void {
  decisions.placed(seq, true, 3, agent, 7, 2, 5, 40, 1_234)
}

test('decisions: a placement is found with all that was told of it', () => {
  const decisions = new Decisions()
  place(decisions, 17)
  expect(decisions.find(17)).toEqual({
    agent: 1,
    generation: 7,
    byRouter: true,
    strategyIndex: 3,
    load: 2,
    capacity: 5,
    room: 40,
    atMs: 1_234,
    conflicts: 0,
    bounces: 0,
    takings: [],
  })
  expect(decisions.find(18)).toBe(null)
  expect(decisions.find(0)).toBe(null)
})

test('decisions: what did not hold belongs to the placement that followed', () => {
  const decisions = new Decisions()
  decisions.conflict(17)
  place(decisions, 17, 1)
  decisions.conflict(17)
  decisions.conflict(18)
  decisions.bounced(17)
  decisions.conflict(17)
  place(decisions, 17, 2)
  decisions.bounced(17)
  expect(decisions.find(17)).toMatchObject({ agent: 2, conflicts: 2, bounces: 1 })
  expect(decisions.find(18)).toBe(null)
})

test('decisions: the latest 65,536 are there, and no other', () => {
  const decisions = new Decisions()
  for (let seq = 1; seq <= DECISION_COUNT + 10; seq++) place(decisions, seq)
  expect(decisions.find(10)).toBe(null)
  expect(decisions.find(11)).not.toBe(null)
  expect(decisions.find(DECISION_COUNT + 10)).not.toBe(null)
})

test('decisions: numbers beyond 32 bits are told apart by their low ones', () => {
  const decisions = new Decisions()
  place(decisions, 2 ** 32 + 5)
  expect(decisions.find(2 ** 32 + 5)).not.toBe(null)
})

test('decisions: what was taken since belongs to the placement before it, in order', () => {
  const decisions = new Decisions()
  place(decisions, 17, 1)
  decisions.stolen(17, 9, 2, 1_000)
  place(decisions, 17, 2)
  decisions.stolen(17, 2, 7, 2_000)
  decisions.calledBack(18, 2, 7, 2_001)
  decisions.calledBack(17, 3, 8, 2_002)
  expect(decisions.find(17)).toMatchObject({
    agent: 2,
    conflicts: 0,
    takings: [
      { from: 2, generation: 7, how: 'stolen', atMs: 2_000 },
      { from: 3, generation: 8, how: 'called_back', atMs: 2_002 },
    ],
  })
  place(decisions, 17, 4)
  expect(decisions.find(17)!.takings).toEqual([])
})
