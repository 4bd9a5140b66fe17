/**
 * A JSON body against its schema: no key that is not known, none missing, each of its type. What a value
 * may be beyond its type is left to the calls, which say it the same way to everybody. Any thread.
 *
 * Invariant: where the schema lets through anything (a payload, what goes with a decision), nothing is
 * looked at; it is only ever written out again.
 */
import { SignalboxError } from '../../../errors.ts'
import { LIMITS } from '../../../options.ts'
import { quote } from '../../../wire/tokens.ts'
import { unknownKey } from './query.ts'
import type { Schema } from './schema.ts'

/** Names that reach into what every object has. */
const FORBIDDEN: readonly string[] = ['__proto__', 'constructor', 'prototype']

/**
 * Ends: the body's depth is bounded before.
 * @param where its name for people; '' for the body itself.
 * @throws not_supported for another key, bad_option for a type, bad_body for what no call takes
 */
export function checkBody(value: unknown, schema: Schema, where = ''): void {
  if (schema.anyOf !== undefined) {
    if (schema.anyOf.some((each) => isOfType(value, each.type))) return
    throw wrongType(where, value, schema.anyOf.map(({ type }) => typeWords(type)).join(' or '))
  }
  if (schema.type === undefined) return
  if (!isOfType(value, schema.type)) throw wrongType(where, value, typeWords(schema.type))
  if (typeof value === 'string') checkLength(value, where)
  else if (Array.isArray(value)) checkItems(value, schema, where)
  else if (typeof value === 'object' && value !== null) {
    checkKeys(value as Record<string, unknown>, schema, where)
  }
}

function checkLength(value: string, where: string): void {
  const max = LIMITS.jsonStringLengthMax
  if (value.length <= max) return
  throw new SignalboxError('bad_body', `"${where}" holds a text of more than ${max} characters.`)
}

function checkItems(value: readonly unknown[], { items }: Schema, where: string): void {
  if (items === undefined) return
  for (const [i, item] of value.entries()) checkBody(item, items, `${where}[${i}]`)
}

function checkKeys(
  value: Record<string, unknown>,
  { properties = {}, required = [], additionalProperties: others }: Schema,
  where: string,
): void {
  const keys = Object.keys(value)
  if (keys.length > LIMITS.flowTasksMax) {
    const max = LIMITS.flowTasksMax
    throw new SignalboxError(
      'bad_body',
      `"${where}" has ${keys.length} keys; at most ${max} are taken.`,
    )
  }
  for (const key of keys) {
    if (FORBIDDEN.includes(key)) {
      throw new SignalboxError('bad_body', `The body has the key "${key}": leave it out.`)
    }
    const schema = Object.hasOwn(properties, key) ? properties[key] : others
    if (typeof schema !== 'object') throw unknownKey('option', key, Object.keys(properties))
    checkBody(value[key], schema, where === '' ? key : `${where}.${key}`)
  }
  for (const key of required) {
    if (Object.hasOwn(value, key)) continue
    const name = where === '' ? key : `${where}.${key}`
    throw new SignalboxError('bad_option', `The body has no "${name}": give it.`)
  }
}

type Type = Schema['type']

function isOfType(value: unknown, type: Type): boolean {
  if (type === undefined) return true
  if (typeof type !== 'string') return type.some((each) => isOfType(value, each))
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

function typeWords(type: Type): string {
  const types = type === undefined ? [] : [type].flat()
  return types.map((each) => WORDS[each]).join(' or ')
}

function wrongType(where: string, value: unknown, words: string): SignalboxError {
  return new SignalboxError('bad_option', `"${where}" is ${quote(value)}: give ${words}.`)
}
