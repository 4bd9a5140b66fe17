/** JSON of control messages, bounded in bytes and depth before it is parsed. */
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { isToken, quote } from './tokens.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()

export type JsonObject = Record<string, unknown>

export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value))
}

/**
 * @param what names the message in the error's sentence.
 * @throws bad_body unless `bytes` is one JSON object within the limits.
 */
export function parseObject(bytes: Uint8Array, what: string): JsonObject {
  if (bytes.length > LIMITS.controlBytesMax) {
    throw new SignalboxError(
      'bad_body',
      `The ${what} is ${bytes.length} bytes; at most ${LIMITS.controlBytesMax} are taken.`,
    )
  }
  if (depthExceeded(bytes)) {
    throw new SignalboxError('bad_body', `The ${what} nests deeper than ${LIMITS.jsonDepthMax}.`)
  }
  let value: unknown
  try {
    value = bytes.length === 0 ? {} : JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    throw new SignalboxError('bad_body', `The ${what} is not JSON: send one JSON object.`, {
      cause,
    })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SignalboxError('bad_body', `The ${what} is not a JSON object.`)
  }
  checkValue(value, what)
  return value as JsonObject
}

/** Names that reach into what every object has. */
const FORBIDDEN: readonly string[] = ['__proto__', 'constructor', 'prototype']

/** @throws bad_body for too many keys, a key that is forbidden, too long a string. */
function checkValue(value: unknown, what: string): void {
  if (typeof value === 'string' && value.length > LIMITS.jsonStringLengthMax) {
    const max = LIMITS.jsonStringLengthMax
    throw new SignalboxError('bad_body', `The ${what} holds a text of more than ${max} characters.`)
  }
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item, what)
    return
  }
  const keys = Object.keys(value)
  if (keys.length > LIMITS.jsonKeysMax) {
    const max = LIMITS.jsonKeysMax
    throw new SignalboxError('bad_body', `The ${what} has an object of more than ${max} keys.`)
  }
  for (const key of keys) {
    if (FORBIDDEN.includes(key)) {
      throw new SignalboxError('bad_body', `The ${what} has the key "${key}": leave it out.`)
    }
    checkValue((value as JsonObject)[key], what)
  }
}

/** Counts brackets outside strings; a million `[` ends here after 33 of them. */
function depthExceeded(bytes: Uint8Array): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i]
    if (inString) {
      if (c === 92) i++
      else if (c === 34) inString = false
    } else if (c === 34) inString = true
    else if (c === 91 || c === 123) {
      if (++depth > LIMITS.jsonDepthMax) return true
    } else if (c === 93 || c === 125) depth--
  }
  return false
}

/** @throws bad_body unless `object[key]` is a list of at most `max` tokens (or `*` if allowed). */
export function tokenList(
  object: JsonObject,
  key: string,
  max: number,
  options: { star?: boolean } = {},
): string[] {
  const value = object[key] ?? []
  if (!Array.isArray(value) || value.length > max) {
    throw new SignalboxError('bad_body', `"${key}" must be a list of at most ${max} names.`)
  }
  for (const item of value) {
    if (!isToken(item) && !(options.star === true && item === '*')) {
      throw new SignalboxError(
        'bad_token',
        `"${key}" holds ${quote(item)}: use 1 to 64 of the characters A-Z a-z 0-9 _ and -.`,
      )
    }
  }
  return [...new Set(value as string[])].sort()
}
