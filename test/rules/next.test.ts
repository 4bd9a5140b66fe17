import { expect, test } from 'vitest'
import { confidenceOf } from '../../src/rules/confidence.ts'
import { conditionWords, hopsIn, nextOf, ruleWords } from '../../src/rules/next.ts'
import { dead, rule, to } from './support.ts'

const never = () => 0
const step = (queue: string, level: number, at: number) => ({
  then: 'queue',
  queue,
  level,
  rule: at,
})
const SURE = { field: 'confidence', is: '>=' } as const

test('rules: the first that fits decides, whatever follows', () => {
  const rules = [
    to('high', { ...SURE, value: 90, priority: 4 }),
    to('medium', { ...SURE, value: 70 }),
    to('low', { priority: 2 }),
  ]
  const target = (confidence: unknown) => nextOf(rules, { confidence }, never)
  expect(target(95)).toEqual(step('high', 4, 0))
  expect(target(78)).toEqual(step('medium', 0, 1))
  expect(target(62)).toEqual(step('low', 2, 2))
  expect(target('95')).toEqual(step('low', 2, 2))
})

test('rules: with none that fits, and with one that says so, the result is the outcome', () => {
  expect(nextOf([], {}, never)).toBe(null)
  expect(nextOf([to('x', { field: 'a', is: '==', value: 1 })], { a: 2 }, never)).toBe(null)
  expect(nextOf([rule({ field: 'ok', is: '==', value: true }), to('x')], { ok: true }, never)).toBe(
    null,
  )
})

test('rules: a dead letter has its code and says which rule it was', () => {
  const rules = [dead('rejected', { field: 'recall_count', is: '>=', value: 2 })]
  expect(nextOf(rules, { recall_count: 3 }, never)).toEqual({
    then: 'dead',
    code: 'rejected',
    message: 'Its result fits rule 1: recall_count >= 2.',
    rule: 0,
  })
})

test('rules: one that was followed as often as it may be is passed over', () => {
  const rules = [to('again', { times: 2 }), to('else')]
  const targets = [0, 1, 2, 3].map((taken) => nextOf(rules, {}, (at) => (at === 0 ? taken : 9)))
  expect(targets.map((next) => next?.then === 'queue' && next.queue)).toEqual([
    'again',
    'again',
    'else',
    'else',
  ])
})

test('rules: hops are counted by queue and rule', () => {
  const stages = [
    { queue: 'a', rule: 0 },
    { queue: 'b', rule: 0 },
    { queue: 'a', rule: 1 },
    { queue: 'a', rule: 0 },
  ]
  expect([0, 1, 2].map(hopsIn('a', stages))).toEqual([2, 1, 0])
})

test('rules: conditions in words', () => {
  const words = [
    rule({}),
    rule({ field: 'x', is: 'not_in', value: ['a', 5] }),
    rule({ field: 'x.y', is: 'missing' }),
    rule({ field: 'x', is: '==', value: null }),
  ].map(conditionWords)
  expect(words).toEqual(['any result', 'x not in "a", 5', 'x.y missing', 'x == null'])
})

test('rules: a whole rule in words', () => {
  const words = [
    to('high', { ...SURE, value: 90, priority: 4 }),
    dead('rejected', { field: 'recall_count', is: '>=', value: 2 }),
    to('draft', { times: 2 }),
    rule({ field: 'ok', is: '==', value: true }),
  ].map(ruleWords)
  expect(words).toEqual([
    'confidence >= 90: high, high',
    'recall_count >= 2: dead letter rejected',
    'any result: draft, 2 times',
    'ok == true: done',
  ])
})

test('rules: confidence is a number from 0 to 100, as it is said', () => {
  const of = (confidence: unknown) => confidenceOf({ confidence }, 'confidence')
  expect([0, 0.9, 55, 100].map(of)).toEqual([0, 0.9, 55, 100])
  expect([-1, 101, '90', null, true, undefined, [90]].map(of)).toEqual(Array(7).fill(-1))
  expect(confidenceOf({ review: { sure: 80 } }, 'review.sure')).toBe(80)
  expect(confidenceOf({ confidence: 80 }, '')).toBe(-1)
  expect(confidenceOf(80, 'a..b')).toBe(-1)
})
