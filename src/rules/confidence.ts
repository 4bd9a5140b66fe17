/** How sure a result says that it is. Any thread. Invariant: from 0 to 100, or nothing: never rescaled. */
import { pathOf, valueAt } from './field.ts'

/** Fields that were taken apart before: a few words of configurations. */
const paths = new Map<string, readonly string[] | null>()
const PATHS_MAX = 1_024

function knownPathOf(field: string): readonly string[] | null {
  let path = paths.get(field)
  if (path !== undefined) return path
  path = field === '' ? null : pathOf(field)
  if (paths.size < PATHS_MAX) paths.set(field, path)
  return path
}

/**
 * @param value a result as JSON has it.
 * @param field '' for none.
 * @returns -1 when it says none: no number there, or one that is out of range.
 */
export function confidenceOf(value: unknown, field: string): number {
  const path = knownPathOf(field)
  if (path === null) return -1
  const found = valueAt(value, path)
  return typeof found === 'number' && found >= 0 && found <= 100 ? found : -1
}
