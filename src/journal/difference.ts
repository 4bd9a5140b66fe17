/**
 * Where two cores differ, in words: for whoever finds that their images do. Main thread.
 *
 * Both are walked side by side from the top, nearest first, so that the field that is told is the one
 * with the shortest name.
 */
import { FixedDeque } from 'mnemonist'
import { policyRanges } from '../../native-free/index.ts'
import type { Imaged } from './image.ts'
import { CORE_OMITTED, STATE_CLASSES } from './state-classes.ts'

const omittedOf = new Map<unknown, Readonly<Record<string, string>>>(
  STATE_CLASSES.map(({ type, omitted }) => [type, omitted]),
)

interface Pair {
  path: string
  expected: unknown
  found: unknown
}

/** @returns `field: expected …, found …` of the first difference, or null when they are alike. */
export function differenceOf(expected: Imaged, found: Imaged): string | null {
  const pairs = fieldsOf({ path: '', expected, found }, CORE_OMITTED)
  const seen = new Set<unknown>()
  // Ends: each object is entered once.
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]
    if (!isObject(pair.expected) || !isObject(pair.found)) {
      if (!Object.is(pair.expected, pair.found)) return told(pair)
    } else if (!seen.has(pair.expected)) {
      seen.add(pair.expected)
      if (sizeOf(pair.expected) !== sizeOf(pair.found)) return told(sizes(pair))
      pairs.push(...partsOf(pair))
    }
  }
  return columnDifference(expected, found)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function sizeOf(value: object): number | undefined {
  if (value instanceof Map || value instanceof Set || value instanceof FixedDeque) return value.size
  return Array.isArray(value) || value instanceof Uint8Array ? value.length : undefined
}

function sizes({ path, expected, found }: Pair): Pair {
  const [before, after] = [sizeOf(expected as object), sizeOf(found as object)]
  return { path: `${path}.size`, expected: before, found: after }
}

function partsOf(pair: Pair): Pair[] {
  const { path, expected, found } = pair
  if (expected instanceof Map) {
    const ours = [...expected]
    return [...(found as Map<unknown, unknown>)].flatMap(([key, one], i) => [
      { path: `${path} key ${i}`, expected: ours[i][0], found: key },
      { path: `${path}[${isObject(key) ? i : String(key)}]`, expected: ours[i][1], found: one },
    ])
  }
  if (sizeOf(expected as object) === undefined) {
    return fieldsOf(pair, omittedOf.get(expected!.constructor) ?? {})
  }
  const ours = [...(expected as Iterable<unknown>)]
  return [...(found as Iterable<unknown>)].map((one, i) => ({
    path: `${path}[${i}]`,
    expected: ours[i],
    found: one,
  }))
}

function fieldsOf(
  { path, expected, found }: Pair,
  omitted: Readonly<Record<string, string>>,
): Pair[] {
  return Object.keys(expected as object)
    .filter((field) => !Object.hasOwn(omitted, field))
    .map((field) => ({
      path: path === '' ? field : `${path}.${field}`,
      expected: (expected as Record<string, unknown>)[field],
      found: (found as Record<string, unknown>)[field],
    }))
}

function columnDifference(expected: Imaged, found: Imaged): string | null {
  const theirs = rangesOf(found)
  for (const [range, [from, end]] of rangesOf(expected).entries()) {
    for (let i = 0; i < end - from; i++) {
      const pair = {
        path: `shared memory, column ${range}, row ${i}`,
        expected: expected.memory.words[from + i],
        found: found.memory.words[theirs[range][0] + i],
      }
      if (pair.expected !== pair.found) return told(pair)
    }
  }
  return null
}

function rangesOf({ memory, classes, matchRows }: Imaged): [number, number][] {
  return policyRanges(memory, classes.length, matchRows.size + 1)
}

function told({ path, expected, found }: Pair): string {
  return `${path}: expected ${short(expected)}, found ${short(found)}`
}

function short(value: unknown): string {
  if (!isObject(value)) return String(value)
  const { id } = value as { id?: unknown }
  return `a ${value.constructor.name}${id === undefined ? '' : ` ${id}`}`
}
