/**
 * Numbers by name that an agent says of itself at hello: labels, which tasks compare, and
 * specializations, how good it is at a type of task. Checked the same way from the wire and from the
 * library.
 *
 * Invariant: what was checked has its names in order, so that equal sets are equal texts.
 */
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { quote, requireToken } from './tokens.ts'

/** @throws bad_token, bad_option */
export function checkLabels(given: unknown): Record<string, number> {
  return numbersByName('labels', 'label', given, LIMITS.labelsMax, (name, value) => {
    if (typeof value === 'number' && Number.isFinite(value)) return value
    throw badOption(`The label "${name}" is ${quote(value)}: give a number, such as {"gpu": 24}.`)
  })
}

/** @throws bad_token, bad_option */
export function checkSpecializations(given: unknown): Record<string, number> {
  const { specializationsMax: max } = LIMITS
  return numbersByName('specializations', 'type', given, max, (name, value) => {
    if (typeof value === 'number' && value >= 0 && value <= 1) return value
    throw badOption(
      `The specialization in "${name}" is ${quote(value)}: give a number from 0 to 1.`,
    )
  })
}

function numbersByName(
  key: string,
  what: string,
  given: unknown,
  max: number,
  check: (name: string, value: unknown) => number,
): Record<string, number> {
  if (given === undefined || given === null) return {}
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw badOption(`"${key}" is ${quote(given)}: give an object of numbers by name.`)
  }
  const entries = Object.entries(given)
  if (entries.length > max) {
    throw badOption(`"${key}" holds ${entries.length} numbers; at most ${max} are taken.`)
  }
  const checked = entries.map(([name, value]): [string, number] => [
    requireToken(name, what),
    check(name, value),
  ])
  return Object.fromEntries(checked.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function badOption(message: string): SignalboxError {
  return new SignalboxError('bad_option', message)
}
