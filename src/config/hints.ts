/**
 * What somebody probably meant who gave another value: words without quotes, `5m` as seconds, `yes` as
 * true. Runs in any thread. Invariant: a suggestion is a value that the key may have.
 */
import { isScalar, type Node } from 'yaml'
import { isToken } from '../wire/tokens.ts'
import { nearest } from '../words/nearest.ts'
import type { Key, KeyKind } from './key.ts'

const TEXT_KINDS: ReadonlySet<KeyKind> = new Set(['name', 'text', 'path', 'names', 'texts'])
const WORD_KINDS: ReadonlySet<KeyKind> = new Set([...TEXT_KINDS, 'choice', 'priority', 'strategy'])

/** What stands in quotes is a text, whatever it looks like; what does not may be a number. */
export function quotesHint({ kind }: Key, node: Node): string {
  if (!isScalar(node)) return ''
  if (TEXT_KINDS.has(kind) && typeof node.value !== 'string') return ', in quotes'
  const isQuoted = /^QUOTE_/.test(node.type ?? '') && node.value !== ''
  return isQuoted && !WORD_KINDS.has(kind) ? ', without quotes' : ''
}

/** What others call their times; ours are all in seconds. */
export const OTHER_UNIT =
  /_(?:ms|msec|millis|milliseconds|s|sec|secs|m|min|minutes|h|hours|d|days)$/
const TIME = /^(\d{1,12}(?:\.\d{1,3})?) ?(ms|s|m|min|h|d)$/
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  min: 60,
  h: 3_600,
  d: 86_400,
}

/** `5m` as the seconds that stand here; null when it is none, or too long. */
function secondsMeant(key: Key, given: string): string | null {
  const [, digits, unit] = TIME.exec(given) ?? []
  if (unit === undefined) return null
  const ms = Math.round(Number(digits) * UNIT_SECONDS[unit] * 1_000)
  return ms >= key.min && ms <= key.max ? String(ms / 1_000) : null
}

/** @returns null when nothing is near. */
export function meantBy(key: Key, given: unknown, words: readonly string[]): string | null {
  if (typeof given !== 'string') return null
  if (key.kind === 'seconds') return secondsMeant(key, given)
  if (key.kind === 'names') return isToken(given) ? `[${given}]` : null
  if (key.kind !== 'boolean') {
    const near = nearest(given, words)
    return near === null ? null : `"${near}"`
  }
  if (/^(?:yes|y|on|1)$/i.test(given)) return 'true'
  return /^(?:no|n|off|0)$/i.test(given) ? 'false' : null
}
