/**
 * Schemas of what the API takes and gives, as OpenAPI 3.1 has them (JSON Schema 2020-12): a few makers
 * that give plain objects. Any thread.
 *
 * Invariant: a schema made for a type has a property for each of its keys and no other, or this does not
 * compile; so no view gets a field that the document does not know.
 *
 * Not taken: a library that makes types of schemas. The types are the product's own and were there
 * before; a schema only follows them.
 */

/** `T` is what fits it. */
export interface Schema<T = unknown> {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly enum?: readonly (string | number | boolean | null)[]
  readonly anyOf?: readonly Schema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly contentMediaType?: string
  /** Never set: it makes a schema of one type another than that of another. */
  readonly fits?: (value: T) => void
}

/** A schema of any type, where it only has to be one. */
export type AnySchema = Schema<never>

type Values<T> = { readonly [Key in keyof T]-?: AnySchema }

const names = new Map<AnySchema, string>()

/** It stands below `components` of the document, and others refer to it. */
export function named<T>(name: string, schema: Schema<T>): Schema<T> {
  names.set(schema, name)
  return schema
}

export function nameOf(schema: AnySchema): string | undefined {
  return names.get(schema)
}

/**
 * @param properties one for each key of the type.
 * @param optional those that may be missing.
 */
export function object<T extends object>(
  properties: Values<T>,
  optional: readonly (keyof T)[] = [],
): Schema<T> {
  const required = Object.keys(properties).filter((key) => !optional.includes(key as keyof T))
  const all = properties as unknown as Record<string, Schema>
  return { type: 'object', properties: all, required, additionalProperties: false } as Schema<T>
}

/** As `object`, all of it optional: options. */
export function options<T extends object>(
  properties: Values<T>,
  required: readonly (keyof T & string)[] = [],
): Schema<T> {
  const all = properties as unknown as Record<string, Schema>
  return { type: 'object', properties: all, required, additionalProperties: false } as Schema<T>
}

export const text: Schema<string> = { type: 'string' }
export const token: Schema<string> = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' }
export const number: Schema<number> = { type: 'number' }
export const whole: Schema<number> = { type: 'integer' }
/** Not negative. */
export const count: Schema<number> = { type: 'integer', minimum: 0 }
export const yesNo: Schema<boolean> = { type: 'boolean' }
export const anything: Schema = { description: 'Any JSON value.' }
/** Wall clock. */
export const time: Schema<number> = { type: 'integer', description: 'ms since 1970' }
/** Not JSON: the body as it is. */
export const bytes: Schema<Uint8Array> = { contentMediaType: 'application/octet-stream' }
export const nothing: Schema<void> = {}

export function nullable(schema: AnySchema): Schema {
  if (typeof schema.type === 'string' && schema.enum === undefined && !names.has(schema)) {
    return { ...schema, type: [schema.type, 'null'] } as Schema
  }
  return { anyOf: [schema as Schema, { type: 'null' }] }
}

export function list<T>(items: Schema<T>): Schema<T[]> {
  return { type: 'array', items: items as Schema }
}

/** An object of any keys. */
export function map(values: AnySchema): Schema {
  return { type: 'object', additionalProperties: values as Schema }
}

export function oneOf<T extends string | number | boolean>(...values: readonly T[]): Schema<T> {
  const type = typeof values[0] === 'number' ? 'integer' : typeof values[0]
  return { type, enum: values }
}

/** As `oneOf`, for a type that has no list: the compiler asks for each of its words. */
export function wordOf<T extends string>(words: Readonly<Record<T, 0>>): Schema<T> {
  return oneOf(...(Object.keys(words) as T[]))
}

export function either(...schemas: readonly AnySchema[]): Schema {
  return { anyOf: schemas as readonly Schema[] }
}

export function described<T>(description: string, schema: Schema<T>): Schema<T> {
  return { ...schema, description }
}
