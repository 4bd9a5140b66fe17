/**
 * Whether a rule fits a result. Any thread.
 *
 * Invariant: pure and total: for every JSON value and every checked rule there is an answer, the same
 * each time; a value of another type than the rule's fits no comparison, and nothing is converted.
 *
 *   `exists`, `missing`        something, or nothing, is there; null is nothing
 *   `==`, `!=`                 a value of the same type, equal or not
 *   `<`, `<=`, `>`, `>=`       numbers, or texts by their characters
 *   `in`, `not_in`             one of a list; none of it, being of a type that is in the list
 *   `contains`                 a part of a text; an item of a list
 */
import type { ResultRule, RuleValue } from '../options.ts'
import { pathOf, valueAt } from './field.ts'

/** Fields of rules that were looked up before, taken apart. */
const paths = new WeakMap<ResultRule, readonly string[]>()

/** @param value a result as JSON has it. */
export function fits(rule: ResultRule, value: unknown): boolean {
  if (rule.field === '') return true
  let path = paths.get(rule)
  if (path === undefined) {
    path = pathOf(rule.field) ?? []
    paths.set(rule, path)
  }
  return compares(rule, valueAt(value, path))
}

function compares({ is, value: wanted }: ResultRule, found: unknown): boolean {
  if (is === 'exists') return found !== undefined && found !== null
  if (is === 'missing') return found === undefined || found === null
  if (found === undefined) return false
  if (is === 'contains') return contains(found, wanted as RuleValue)
  if (is === 'in' || is === 'not_in') return isAmong(found, wanted as readonly RuleValue[], is)
  if (!isSameType(found, wanted as RuleValue)) return false
  switch (is) {
    case '==':
      return found === wanted
    case '!=':
      return found !== wanted
    case '<':
      return (found as number) < (wanted as number)
    case '<=':
      return (found as number) <= (wanted as number)
    case '>':
      return (found as number) > (wanted as number)
    case '>=':
      return (found as number) >= (wanted as number)
  }
}

function isAmong(found: unknown, list: readonly RuleValue[], is: 'in' | 'not_in'): boolean {
  const isThere = list.includes(found as RuleValue)
  return is === 'in' ? isThere : !isThere && list.some((item) => isSameType(found, item))
}

function contains(found: unknown, wanted: RuleValue): boolean {
  if (typeof found === 'string') return typeof wanted === 'string' && found.includes(wanted)
  return Array.isArray(found) && found.includes(wanted)
}

function isSameType(found: unknown, wanted: RuleValue): boolean {
  return wanted === null ? found === null : typeof found === typeof wanted
}
