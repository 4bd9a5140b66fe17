/**
 * The field of a rule: names with dots between them, and what a result has there. Any thread.
 *
 * Invariant: only own properties of objects and items of lists are ever read, so that no result and no
 * configuration reaches what all objects have in common; `length` is no item of a list.
 */
import { LIMITS } from '../options.ts'

const NAME_LENGTH_MAX = LIMITS.tokenLengthMax
const INDEX = /^(?:0|[1-9][0-9]{0,9})$/
const HAS_CONTROL = /[\u0000-\u001f\u007f]/

/** @returns the names of a field; null when it is none. */
export function pathOf(field: string): readonly string[] | null {
  const names = field.split('.', LIMITS.ruleDepthMax + 1)
  if (names.length > LIMITS.ruleDepthMax || HAS_CONTROL.test(field)) return null
  return names.every(({ length }) => length > 0 && length <= NAME_LENGTH_MAX) ? names : null
}

/** What a field is, for whoever gave something else. */
export const FIELD_WORDS =
  `names with dots between them, as confidence or gaps.0.level: at most ${LIMITS.ruleDepthMax}, ` +
  `each of 1 to ${NAME_LENGTH_MAX} characters`

/**
 * @param value as JSON has it.
 * @returns what is there; undefined when nothing is, which JSON cannot say.
 */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    if (Array.isArray(at) && !INDEX.test(name)) return undefined
    at = at[name as keyof typeof at]
  }
  return at
}
