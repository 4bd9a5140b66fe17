/**
 * The same table for those who give options in code: the first thing that is amiss is thrown.
 *
 * Runs in any thread, at the start. Invariant: what passes has the keys of the table only, each within
 * its range, under the name that it is known by.
 */
import { SignalboxError } from '../errors.ts'
import type { ResultRule, RuleOptions } from '../options.ts'
import { flatOf, isChecked, ruleOf } from '../rules/shape.ts'
import { quote, requireToken } from '../wire/tokens.ts'
import { nearest } from '../words/nearest.ts'
import { type CheckContext, checkValue } from './check.ts'
import { type Key, rangeWords } from './key.ts'

const NAMES_TOLD = 16

/**
 * @param where the option's name, `queues.ocr`; empty for the scheduler's own.
 * @param others names that stand beside the keys.
 * @returns a copy with canonical values; what is undefined is left out.
 * @throws bad_option; bad_token where a name is asked for
 */
export function requireKeys(
  where: string,
  keys: readonly Key[],
  given: unknown,
  strategies: readonly string[] = [],
  others: readonly string[] = [],
): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw badOption(where, given, `give an object with ${optionNames(keys)}`)
  }
  const context = { isFile: false, strategies }
  const checked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    const path = where === '' ? name : `${where}.${name}`
    const key = keys.find(({ option }) => option === name)
    if (key === undefined) throw badOption(path, value, unknownSentence(name, keys, others))
    if (value !== undefined) checked[name] = requireValue(path, key, value, context)
  }
  const missing = keys.find(({ isRequired, option }) => isRequired && !(option in checked))
  if (missing === undefined) return checked
  throw badOption(`${where}.${missing.option}`, undefined, `give ${rangeWords(missing, false)}`)
}

/** @throws bad_option, bad_token */
export function requireValue(path: string, key: Key, value: unknown, context: CheckContext) {
  if (key.kind === 'group') return requireKeys(path, key.keys, value, context.strategies)
  if (key.kind === 'rules') return requireRules(path, key, value)
  const checked = checkValue(key, value, context)
  if ('value' in checked) return checked.value
  if (key.kind === 'name' && typeof value === 'string') requireToken(value, key.yaml)
  const near = typeof value === 'string' ? nearest(value, checked.words) : null
  const meant = near === null ? '' : `; did you mean "${near}"?`
  throw badOption(path, value, checked.fault, meant)
}

/** @returns the rules in the scheduler's form, which is taken as well. @throws bad_rule */
function requireRules(path: string, key: Key, given: unknown): ResultRule[] {
  if (!Array.isArray(given) || given.length > key.max) {
    throw badRule(badOption(path, given, `give ${rangeWords(key, false)}`))
  }
  return given.map((one: unknown, at) => {
    const own = `${path}[${at}]`
    const flat = typeof one === 'object' && one !== null && isChecked(one) ? flatOf(one) : one
    let keys: RuleOptions
    try {
      keys = requireKeys(own, key.keys, flat)
    } catch (error) {
      throw badRule(error)
    }
    const rule = ruleOf(keys)
    if (!('message' in rule)) return rule
    const where = rule.key === '' ? own : `${own}.${rule.key}`
    const wrong = rule.key === '' ? one : keys[rule.key]
    throw badRule(badOption(where, wrong, rule.message))
  })
}

/** @returns the same as an error of rules. */
function badRule(error: unknown): unknown {
  return error instanceof SignalboxError ? new SignalboxError('bad_rule', error.message) : error
}

export function badOption(
  path: string,
  value: unknown,
  what: string,
  ending = '.',
): SignalboxError {
  const end = ending === '' ? '.' : ending
  return new SignalboxError('bad_option', `Option "${path}" is ${quote(value)}: ${what}${end}`)
}

function unknownSentence(name: string, keys: readonly Key[], others: readonly string[]): string {
  const yaml = keys.find((key) => key.yaml === name || key.also.includes(name))?.option
  const names = [...keys.map(({ option }) => option), ...others]
  const near = yaml ?? nearest(name, names)
  if (near !== null) return `no such option, did you mean ${near}`
  return names.length <= NAMES_TOLD ? `known are ${names.join(', ')}` : 'no such option'
}

function optionNames(keys: readonly Key[]): string {
  const names = keys.map(({ option }) => option)
  return names.length <= NAMES_TOLD ? names.join(', ') : `${names.slice(0, 4).join(', ')}, …`
}
