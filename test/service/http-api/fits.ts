/**
 * Whether a value fits a schema: as much of JSON Schema as the API's document has, and a keyword that is
 * not known here is an error, so that nothing is passed over.
 */
import type { Json } from './support.ts'

const KNOWN = new Set([
  '$ref',
  'type',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'anyOf',
  'minimum',
  'maximum',
  'pattern',
])

/** @returns where and why it does not fit, a sentence each; none when it fits. */
export function misfits(value: unknown, schema: Json, document: Json, where = '$'): string[] {
  const unknown = Object.keys(schema).filter((key) => !KNOWN.has(key))
  if (unknown.length > 0) throw new Error(`a keyword nobody checks: ${unknown.join(', ')}`)
  if (schema.$ref !== undefined) {
    return misfits(value, resolve(schema.$ref, document), document, where)
  }
  if (schema.anyOf !== undefined) {
    const each = schema.anyOf.map((one: Json) => misfits(value, one, document, where))
    if (each.some((found: string[]) => found.length === 0)) return []
    return [`${where} fits none: ${each.flat().join('; ')}`]
  }
  const types = schema.type === undefined ? [] : [schema.type].flat()
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    return [`${where} is ${JSON.stringify(value)}, and not ${types.join(' or ')}`]
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return [`${where} is ${JSON.stringify(value)}, and none of ${schema.enum.join(', ')}`]
  }
  if (typeof value === 'number') return numberMisfits(value, schema, where)
  if (typeof value === 'string') {
    const isFine = schema.pattern === undefined || new RegExp(schema.pattern).test(value)
    return isFine ? [] : [`${where} is ${JSON.stringify(value)}, and not ${schema.pattern}`]
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => misfits(item, schema.items ?? {}, document, `${where}[${i}]`))
  }
  return typeof value === 'object' && value !== null
    ? keyMisfits(value as Json, schema, document, where)
    : []
}

function numberMisfits(value: number, { minimum, maximum }: Json, where: string): string[] {
  const isFine = value >= (minimum ?? -Infinity) && value <= (maximum ?? Infinity)
  return isFine ? [] : [`${where} is ${value}, out of ${minimum} to ${maximum}`]
}

function keyMisfits(value: Json, schema: Json, document: Json, where: string): string[] {
  const { properties = {}, required = [], additionalProperties: others = true } = schema
  const missing = required.filter((key: string) => !Object.hasOwn(value, key))
  const found: string[] = missing.map((key: string) => `${where} has no ${key}`)
  for (const [key, each] of Object.entries(value)) {
    const own = Object.hasOwn(properties, key) ? properties[key] : others
    if (own === false) found.push(`${where}.${key} is not known`)
    else if (own !== true) found.push(...misfits(each, own, document, `${where}.${key}`))
  }
  return found
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

export function resolve(ref: string, document: Json): Json {
  const found = ref
    .slice(2)
    .split('/')
    .reduce<Json | undefined>((part, key) => part?.[key], document)
  if (found === undefined) throw new Error(`there is no ${ref}`)
  return found
}
