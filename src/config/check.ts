/**
 * Whether one value may be what a key says, for files and for options alike.
 *
 * Runs in any thread. Invariant: a value that passes is returned as the option has it, whatever way it
 * was written.
 */

import { strategyIndexIn } from '../routing/aliases.ts'
import { priorityLevel } from '../task.ts'
import { isToken } from '../wire/tokens.ts'
import type { Key } from './key.ts'
import { rangeWords, toOption } from './key.ts'

export interface CheckContext {
  /** The value is as the file has it: in its units, under its names. */
  readonly isFile: boolean
  /** Names of the strategies that are loaded; aliases stand for ours. */
  readonly strategies: readonly string[]
}

export interface Fault {
  /** What to give instead: `give a whole number from 0 to 100`. */
  readonly fault: string
  /** Words that may have been meant. */
  readonly words: readonly string[]
}

export type Checked = { readonly value: unknown } | Fault

/** @param value of any type; a list or an object is looked into. */
export function checkValue(key: Key, value: unknown, context: CheckContext): Checked {
  if (key.none !== undefined && value === key.none) return { value }
  switch (key.kind) {
    case 'whole':
    case 'number':
    case 'seconds':
    case 'percent':
      return checkNumber(key, value, context.isFile)
    case 'boolean':
      return typeof value === 'boolean' ? { value } : give(key, context)
    case 'choice':
      return checkChoice(key, value, context)
    case 'priority': {
      const level = priorityLevel(value)
      return level === undefined ? give(key, context, key.values) : { value: level }
    }
    case 'name':
      return isToken(value) ? { value } : give(key, context)
    case 'strategy':
      return checkStrategy(value, context)
    case 'text':
    case 'path':
      return typeof value === 'string' && value !== '' ? { value } : give(key, context)
    case 'names':
    case 'texts':
      return checkList(key, value, context)
    case 'values':
      return checkScalars(key, value, context)
    case 'rules':
      return Array.isArray(value) && value.length <= key.max ? { value } : give(key, context)
    case 'numbers':
      return typeof value === 'object' && value !== null ? { value } : give(key, context)
    case 'group':
      return typeof value === 'object' && value !== null ? { value } : give(key, context)
  }
}

function checkNumber(key: Key, given: unknown, isFile: boolean): Checked {
  const context = { isFile, strategies: [] }
  if (typeof given !== 'number' || !Number.isFinite(given)) return give(key, context)
  const value = isFile ? toOption(key, given) : given
  // Less than a millisecond is no rounding of the file's digits any more.
  const isExact = key.kind !== 'seconds' || !isFile || Math.abs(given * 1_000 - value) < 1e-4
  if (!isExact) return { fault: 'give seconds to a thousandth, no finer', words: [] }
  const isWhole = key.kind === 'number' || key.kind === 'percent' || Number.isSafeInteger(value)
  if (!isWhole || value < key.min || value > key.max) return give(key, context)
  return value % key.multipleOf === 0 || key.multipleOf === 1 ? { value } : give(key, context)
}

function checkChoice(key: Key, given: unknown, context: CheckContext): Checked {
  const word = context.isFile && typeof given === 'string' ? given.toLowerCase() : given
  if (key.values.includes(word as string)) return { value: word }
  return give(key, context, key.values)
}

function checkStrategy(given: unknown, { strategies }: CheckContext): Checked {
  const index = strategyIndexIn(strategies, given)
  if (index >= 0) return { value: strategies[index] }
  return { fault: `known are ${strategies.join(', ')}`, words: strategies }
}

/** Twice the same name is the same as once. */
function checkList(key: Key, given: unknown, context: CheckContext): Checked {
  const list = key.kind === 'texts' && typeof given === 'string' ? [given] : given
  const isRight = key.kind === 'names' ? isToken : (one: unknown) => typeof one === 'string'
  if (!Array.isArray(list) || list.length > key.max || !list.every(isRight)) {
    return give(key, context)
  }
  return { value: [...new Set(list)] }
}

function checkScalars(key: Key, given: unknown, context: CheckContext): Checked {
  if (!Array.isArray(given)) return isScalar(given) ? { value: given } : give(key, context)
  const isRight = given.length <= key.max && given.every(isScalar)
  return isRight ? { value: given } : give(key, context)
}

/** What JSON has that is neither an object nor a list. */
export function isScalar(value: unknown): boolean {
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)
}

function give(key: Key, { isFile }: CheckContext, words: readonly string[] = []): Fault {
  const none = key.none === undefined ? '' : `, or ${key.none === null ? 'null' : '"" for none'}`
  return { fault: `give ${rangeWords(key, isFile)}${none}`, words }
}
