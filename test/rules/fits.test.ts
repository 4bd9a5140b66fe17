import { describe, expect, test } from 'vitest'
import type { Comparison, ResultRule, RuleValue } from '../../src/options.ts'
import { pathOf, valueAt } from '../../src/rules/field.ts'
import { fits } from '../../src/rules/fits.ts'
import { rule } from './support.ts'

const when = (field: string, is: Comparison, value: RuleValue | RuleValue[] = null): ResultRule =>
  rule({ field, is, value })

describe('rules: a field', () => {
  test.each([
    ['confidence', { confidence: 5 }, 5],
    ['gaps.0.level', { gaps: [{ level: 'high' }] }, 'high'],
    ['gaps.1.level', { gaps: [{ level: 'high' }] }, undefined],
    ['gaps.length', { gaps: [1, 2] }, undefined],
    ['gaps.-1', { gaps: [1] }, undefined],
    ['gaps.00', { gaps: [1] }, undefined],
    ['text.0', { text: 'abc' }, undefined],
    ['text.length', { text: 'abc' }, undefined],
    ['a.b', { a: null }, undefined],
    ['a', null, undefined],
    ['a', 5, undefined],
    ['0', [7], 7],
    ['a b.c-d', { 'a b': { 'c-d': false } }, false],
  ])('%s of %j is %j', (field, value, found) => {
    expect(valueAt(value, pathOf(field)!)).toBe(found)
  })

  test.each([
    '__proto__',
    'constructor',
    'toString',
    'constructor.prototype',
    '__proto__.polluted',
  ])('%s is not there unless the result has it itself', (field) => {
    for (const value of [{}, [], 'text', 5, null, { constructor: null }]) {
      if (field === 'constructor' && value !== null && Object.hasOwn(Object(value), field)) continue
      expect(valueAt(value, pathOf(field)!)).toBe(undefined)
    }
    const own = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": 2}}')
    if (field === 'toString') return
    expect(valueAt(own, pathOf(field)!)).toBeDefined()
  })

  test('more names than may be, empty ones and long ones are no field', () => {
    const deep = Array(8).fill('a').join('.')
    expect(pathOf(deep)).toHaveLength(8)
    for (const wrong of [`${deep}.a`, '', '.', 'a.', '.a', 'a..b', 'a'.repeat(65), 'a\nb']) {
      expect(pathOf(wrong), JSON.stringify(wrong)).toBe(null)
    }
  })
})

describe('rules: a comparison', () => {
  test.each<[Comparison, RuleValue | RuleValue[], unknown, boolean]>([
    ['==', 5, 5, true],
    ['==', 5, '5', false],
    ['==', '5', 5, false],
    ['==', true, 1, false],
    ['==', null, null, true],
    ['==', null, 0, false],
    ['==', 0, null, false],
    ['!=', 5, 6, true],
    ['!=', 5, 5, false],
    ['!=', 5, '6', false],
    ['!=', 5, null, false],
    ['<', 5, 4, true],
    ['<', 5, 5, false],
    ['<', 5, '4', false],
    ['<=', 5, 5, true],
    ['<=', 5, 5.1, false],
    ['>', 5, 5.1, true],
    ['>', 5, 5, false],
    ['>=', 90, 90, true],
    ['>=', 90, 89.9, false],
    ['>=', 90, '95', false],
    ['>=', 90, true, false],
    ['>=', 90, [95], false],
    ['>=', '2026-01-01', '2026-02-13', true],
    ['>=', '2026-01-01', '2025-12-31', false],
    ['in', ['a', 'b'], 'b', true],
    ['in', ['a', 'b'], 'c', false],
    ['in', [1, '1'], '1', true],
    ['in', [1], '1', false],
    ['in', [null], null, true],
    ['not_in', ['a', 'b'], 'c', true],
    ['not_in', ['a', 'b'], 'a', false],
    ['not_in', ['a', 'b'], 5, false],
    ['not_in', ['a', 5], 6, true],
    ['not_in', ['a'], {}, false],
    ['contains', 'steril', 'missing sterilization', true],
    ['contains', 'steril', 'complete', false],
    ['contains', 'steril', ['steril', 'label'], true],
    ['contains', 'steril', ['sterilization'], false],
    ['contains', 5, [4, 5], true],
    ['contains', 5, '45', false],
    ['contains', 5, { 5: 5 }, false],
    ['exists', null, 0, true],
    ['exists', null, '', true],
    ['exists', null, false, true],
    ['exists', null, null, false],
    ['missing', null, null, true],
    ['missing', null, 0, false],
  ])('%s %j with %j is %s', (is, value, found, expected) => {
    expect(fits(when('x', is, value), { x: found })).toBe(expected)
  })

  test.each<Comparison>(['==', '!=', '<', '<=', '>', '>=', 'contains', 'exists'])(
    '%s never fits what is not there',
    (is) => {
      for (const value of [5, 'a', true])
        expect(fits(when('x', is, value), { y: value })).toBe(false)
    },
  )

  test('lists never fit what is not there, and missing does', () => {
    expect(fits(when('x', 'in', ['a']), {})).toBe(false)
    expect(fits(when('x', 'not_in', ['a']), {})).toBe(false)
    expect(fits(when('x', 'missing'), {})).toBe(true)
  })

  test('without a field any result fits', () => {
    for (const value of [null, 5, '', [], {}, { x: 1 }]) expect(fits(rule({}), value)).toBe(true)
  })
})
