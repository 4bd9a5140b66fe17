/**
 * The query of a request, read as its route says. Any thread.
 *
 * Invariant: what a route does not know is refused: with a parameter misspelt the answer would be to
 * another question.
 */

import { SignalboxError } from '../../../errors.ts'
import { quote } from '../../../wire/tokens.ts'
import { nearest } from '../../../words/nearest.ts'
import type { QueryParameter } from './route.ts'

const PARAMETERS_MAX = 64

/** @throws not_supported for any other key, bad_option for a value or for one that is given twice. */
export function readQuery(
  text: string,
  known: Readonly<Record<string, QueryParameter>>,
): Record<string, unknown> {
  const given = new URLSearchParams(text)
  if (given.size > PARAMETERS_MAX) {
    throw badOption(`The query has ${given.size} parameters; at most ${PARAMETERS_MAX} are taken.`)
  }
  const values: Record<string, unknown> = {}
  for (const key of new Set(given.keys())) {
    if (!Object.hasOwn(known, key)) throw unknownKey('parameter', key, Object.keys(known))
    values[key] = read(key, given.getAll(key), known[key])
  }
  return values
}

export function unknownKey(what: string, key: string, known: readonly string[]): SignalboxError {
  const near = nearest(key, known)
  const all = known.length === 0 ? 'none is known here' : `known are ${known.join(', ')}`
  const hint = near === null ? all : `did you mean ${quote(near)}?`
  const end = near === null ? '.' : ''
  return new SignalboxError(
    'not_supported',
    `The ${what} ${quote(key)} is not supported: ${hint}${end}`,
  )
}

function read(key: string, given: readonly string[], parameter: QueryParameter): unknown {
  if (parameter.kind === 'list') {
    const items = given.join(',').split(',')
    return items.map((item) => item.trim()).filter((item) => item !== '')
  }
  if (given.length > 1) throw badOption(`The parameter ${quote(key)} is given more than once.`)
  const [value] = given
  if (parameter.kind === 'flag') {
    if (value === 'true' || value === 'false') return value === 'true'
    throw badOption(`The parameter ${quote(key)} is ${quote(value)}: give true or false.`)
  }
  return parameter.kind === 'whole' ? readWhole(key, value, parameter) : value
}

/** Strictly digits: `Number` would also take "1e3", " 7 " and "". */
function readWhole(key: string, value: string, { minimum, maximum }: QueryParameter): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  const isFine = number >= (minimum ?? 0) && number <= (maximum ?? Number.MAX_SAFE_INTEGER)
  if (isFine) return number
  const range = maximum === undefined ? '' : ` from ${minimum ?? 0} to ${maximum}`
  throw badOption(`The parameter ${quote(key)} is ${quote(value)}: give a whole number${range}.`)
}

function badOption(message: string): SignalboxError {
  return new SignalboxError('bad_option', message)
}
