/**
 * Subject tokens, checked by us: the NATS client writes CR, LF and spaces of a subject straight to
 * the wire, so nothing that has not passed here is ever put into one.
 */
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'

/** @returns whether `text` matches `^[A-Za-z0-9_-]{1,64}$`. *Cost* no allocation. */
export function isToken(text: unknown): text is string {
  if (typeof text !== 'string') return false
  const length = text.length
  if (length === 0 || length > LIMITS.tokenLengthMax) return false
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i)
    const letter = (c >= 97 && c <= 122) || (c >= 65 && c <= 90)
    if (!letter && !(c >= 48 && c <= 57) && c !== 95 && c !== 45) return false
  }
  return true
}

/** @throws bad_token when `text` is none; `what` names it in the sentence. */
export function requireToken(text: unknown, what: string): string {
  if (isToken(text)) return text
  throw new SignalboxError(
    'bad_token',
    `The ${what} ${quote(text)} is not a name: use 1 to 64 of the characters A-Z a-z 0-9 _ and -.`,
  )
}

/** A user's value for a message: printable, cut to 80 characters, control characters escaped. */
export function quote(value: unknown): string {
  // What came as JSON may have a `toString` that is no function.
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? '(a list)' : '(an object)'
  }
  const text = typeof value === 'string' ? value : String(value)
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text
  return JSON.stringify(cut).replace(/[\u007f-\u009f\u2028\u2029]/g, '?')
}

const RANDOM_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789'

/** @returns a random token of `length` characters, for instances, schedulers and inboxes. */
export function randomToken(length = 10): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length))
  let token = ''
  for (const byte of bytes) token += RANDOM_ALPHABET[byte % RANDOM_ALPHABET.length]
  return token
}
