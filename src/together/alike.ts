/**
 * When two results are alike: the whole of them, or one field, compared as JSON with the keys of every
 * object in one order, so that neither spaces nor their order matter. Pure; any thread.
 *
 * Invariant: results are data. Nothing of them is evaluated, only names of their own are looked at, and
 * what is compared of each is bounded.
 *
 * - Without a field: what is no JSON, or nests too deep to be compared, is compared byte by byte.
 * - With a field: a result without it is no vote. `1` and `"1"` differ, `1` and `1.0` do not.
 * - Beyond what is exact, different numbers are read as the same one (`1e400`, `1e500`): where one of
 *   those is compared, the whole results are, byte by byte. Not taken: what the field says, byte by byte,
 *   for which the text would have to be read again by a parser of our own.
 */
import { createHash } from 'node:crypto'
import { LIMITS } from '../options.ts'
import { valueAt } from '../rules/field.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })
/** Longer texts are compared by their hash: a result may have 256 KiB, and 16 of them are held. */
const TEXT_MAX = 128
/** No JSON is empty. */
const INEXACT = ''

/**
 * @param field names joined by dots; '' for the whole.
 * @returns a text that is equal for what is alike; null when the result does not have the field.
 */
export function alikeBy(field: string, bytes: Uint8Array): string | null {
  const value = parsed(bytes)
  if (field === '') {
    const text = value === undefined ? null : canonical(value, 0)
    return text === null || text === INEXACT ? asBytes(bytes) : short(text)
  }
  const found = valueAt(value, field.split('.'))
  if (found === undefined) return null
  const text = canonical(found, 0)
  if (text === INEXACT) return asBytes(bytes)
  return text === null ? null : short(text)
}

/** @returns undefined when it is no JSON. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    return undefined
  }
}

/** @returns null when it nests deeper than is compared, INEXACT for a number that may have been another. */
function canonical(value: unknown, depth: number): string | null {
  if (typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) return INEXACT
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (depth >= LIMITS.jsonDepthMax) return null
  const parts: string[] = []
  const isList = Array.isArray(value)
  const keys = isList ? value.keys() : Object.keys(value).sort()
  for (const key of keys) {
    const part = canonical((value as Record<string | number, unknown>)[key], depth + 1)
    if (part === null || part === INEXACT) return part
    parts.push(isList ? part : `${JSON.stringify(key)}:${part}`)
  }
  return isList ? `[${parts.join(',')}]` : `{${parts.join(',')}}`
}

function short(text: string): string {
  return text.length <= TEXT_MAX ? `json:${text}` : `hash:${hashOf(text)}`
}

function asBytes(bytes: Uint8Array): string {
  return `bytes:${hashOf(bytes)}`
}

function hashOf(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('base64')
}
