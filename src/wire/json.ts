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

/** What an object may have at most; depth is the same for all. */
export interface JsonLimits {
  readonly bytesMax: number
  /** Keys of an object. */
  readonly keysMax: number
  /** Characters of a text. */
  readonly textMax: number
}

const CONTROL_LIMITS: JsonLimits = {
  bytesMax: LIMITS.controlBytesMax,
  keysMax: LIMITS.jsonKeysMax,
  textMax: LIMITS.jsonStringLengthMax,
}

/**
 * @param what names the message in the error's sentence.
 * @throws bad_body unless `bytes` is one JSON object within the limits.
 */
export function parseObject(
  bytes: Uint8Array,
  what: string,
  limits: JsonLimits = CONTROL_LIMITS,
): JsonObject {
  if (bytes.length > limits.bytesMax) {
    throw new SignalboxError(
      'bad_body',
      `The ${what} is ${bytes.length} bytes; at most ${limits.bytesMax} are taken.`,
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
  checkValue(value, what, limits)
  return value as JsonObject
}

/** Names that reach into what every object has. */
const FORBIDDEN: readonly string[] = ['__proto__', 'constructor', 'prototype']

/** @throws bad_body for too many keys, a key that is forbidden, too long a string. */
function checkValue(value: unknown, what: string, limits: JsonLimits): void {
  const { textMax, keysMax } = limits
  if (typeof value === 'string' && value.length > textMax) {
    throw new SignalboxError(
      'bad_body',
      `The ${what} holds a text of more than ${textMax} characters.`,
    )
  }
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item, what, limits)
    return
  }
  const keys = Object.keys(value)
  if (keys.length > keysMax) {
    throw new SignalboxError('bad_body', `The ${what} has an object of more than ${keysMax} keys.`)
  }
  for (const key of keys) {
    if (FORBIDDEN.includes(key)) {
      throw new SignalboxError('bad_body', `The ${what} has the key "${key}": leave it out.`)
    }
    checkValue((value as JsonObject)[key], what, limits)
  }
}

/** Counts brackets outside strings; a million `[` ends here after 33 of them. */
export function depthExceeded(bytes: Uint8Array): boolean {
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
