/**
 * A rule as people write it, flat, and as the scheduler has it; what is wrong with one, in a sentence.
 * Any thread.
 *
 *   {field, is, value, queue | deadLetter | done, priority, times}   ──ruleOf──►  ResultRule
 *                                                                    ◄──flatOf──
 *
 * Invariant: `ruleOf(flatOf(rule))` is `rule`; what passes has one thing that it leads to, and a value
 * that its comparison can do something with. Names, ranges and types of single keys were checked before.
 */
import {
  type Comparison,
  LIMITS,
  type ResultRule,
  type RuleOptions,
  type RuleValue,
} from '../options.ts'
import { priorityLevel } from '../task.ts'
import { FIELD_WORDS, pathOf } from './field.ts'

export interface RuleFault {
  /** Of the flat form; '' for the rule as a whole. */
  readonly key: keyof RuleOptions | ''
  /** What to do, without a stop. */
  readonly message: string
}

/** Comparisons that stand alone. */
const ALONE: readonly Comparison[] = ['exists', 'missing']
const ORDERED: readonly Comparison[] = ['<', '<=', '>', '>=']
const OF_LISTS: readonly Comparison[] = ['in', 'not_in']

/** @param given keys that have the right types, whatever they say together. */
export function ruleOf(given: RuleOptions): ResultRule | RuleFault {
  const { field = '', queue = '', deadLetter = '', done = false, priority, times = 0 } = given
  const aims = [queue !== '', deadLetter !== '', done].filter(Boolean).length
  if (aims !== 1) {
    const what = aims === 0 ? 'it leads nowhere' : 'it leads to several ends'
    return fault('', `${what}: give one: a queue, a dead letter, or done`)
  }
  if (field !== '' && pathOf(field) === null) return fault('field', `give ${FIELD_WORDS}`)
  const condition = conditionOf(given)
  if ('message' in condition) return condition
  if (queue === '' && priority !== undefined) {
    return fault('priority', 'it is of no use without "queue": leave it out')
  }
  if (done && times > 0) return fault('times', 'what is done is done once: leave it out')
  return {
    field,
    ...condition,
    then: queue !== '' ? 'queue' : deadLetter !== '' ? 'dead' : 'done',
    queue,
    priority: priority === undefined ? 0 : priorityLevel(priority)!,
    code: deadLetter,
    times,
  }
}

type Condition = Pick<ResultRule, 'is' | 'value'>

function conditionOf(given: RuleOptions): Condition | RuleFault {
  const { field = '', value } = given
  const hasValue = value !== undefined
  if (field === '') {
    if (given.is === undefined && !hasValue) return { is: 'exists', value: null }
    return fault(
      given.is === undefined ? 'value' : 'is',
      'there is no "field" to compare: give one',
    )
  }
  const is = given.is ?? (Array.isArray(value) ? 'in' : '==')
  if (ALONE.includes(is)) {
    if (hasValue && value !== null)
      return fault('value', `"${is}" compares with nothing: leave it out`)
    return { is, value: null }
  }
  if (!hasValue) {
    return fault(
      given.is === undefined ? 'field' : 'is',
      'there is no "value" to compare with: give one',
    )
  }
  return OF_LISTS.includes(is) ? ofList(is, value) : ofOne(is, value)
}

function ofList(is: Comparison, value: RuleValue | readonly RuleValue[]): Condition | RuleFault {
  if (!Array.isArray(value) || value.length === 0) {
    return fault('value', `give a list of 1 to ${LIMITS.ruleValuesMax} values, as "${is}" needs`)
  }
  return { is, value: [...value] }
}

function ofOne(is: Comparison, value: RuleValue | readonly RuleValue[]): Condition | RuleFault {
  if (Array.isArray(value))
    return fault('value', 'a list goes with "in" or "not_in" only: give one value')
  const one = value as RuleValue
  if (ORDERED.includes(is) && typeof one !== 'number' && typeof one !== 'string') {
    return fault('value', `give a number or a text, as "${is}" needs`)
  }
  if (one === null && is === '!=') return fault('is', 'give "exists": that is what is not null')
  if (one === '' && is === 'contains')
    return fault('value', 'every text contains it: give some of one')
  return { is, value: one }
}

/** @returns the rule as it is written; what it has not is left out. */
export function flatOf(rule: ResultRule): RuleOptions {
  const { field, is, value, then, queue, priority, code, times } = rule
  const isAlone = ALONE.includes(is)
  return {
    ...(field === '' ? {} : { field, is }),
    ...(field === '' || isAlone ? {} : { value }),
    ...(then === 'queue' ? { queue } : {}),
    ...(priority === 0 ? {} : { priority }),
    ...(then === 'dead' ? { deadLetter: code } : {}),
    ...(then === 'done' ? { done: true } : {}),
    ...(times === 0 ? {} : { times }),
  }
}

/** @returns whether it is in the scheduler's form: that alone says `then`. */
export function isChecked(rule: RuleOptions | ResultRule): rule is ResultRule {
  return Object.hasOwn(rule, 'then')
}

function fault(key: RuleFault['key'], message: string): RuleFault {
  return { key, message }
}
