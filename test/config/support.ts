/** Reading configurations in tests, and a small reader of JSON Schemas. */
import { type Finding, findingLine } from '../../src/config/findings.ts'
import { type Configuration, type ReadOptions, readConfig } from '../../src/config/read.ts'

const FILE = 'signalbox.yaml'

/** @returns the findings as lines without the file's name. */
export function lines(text: string, options?: ReadOptions): string[] {
  return findings(text, options).map((each) => findingLine(each).slice(FILE.length + 1))
}

export function findings(text: string, options?: ReadOptions): readonly Finding[] {
  return readConfig(text, FILE, options).findings
}

/** @throws with the findings when there is an error. */
export function configuration(text: string, options?: ReadOptions): Configuration {
  const result = readConfig(text, FILE, options)
  if (result.configuration === null) throw new Error(result.findings.map(findingLine).join('\n'))
  return result.configuration
}

type Schema = Record<string, unknown>

/** What of draft 2020-12 our schema uses; anything else in it is an error of the test. */
const KNOWN = new Set(
  (
    '$schema $defs $ref title description default examples type enum const anyOf minimum ' +
    'maximum multipleOf minLength pattern items maxItems properties required additionalProperties ' +
    'propertyNames maxProperties'
  ).split(' '),
)

/** @returns whether a value is one that the schema takes. */
export function accepts(root: Schema, value: unknown, schema: Schema = root): boolean {
  const unknown = Object.keys(schema).find((word) => !KNOWN.has(word))
  if (unknown !== undefined) throw new Error(`the test does not know ${unknown}`)
  const fits = (each: unknown, at: unknown) => accepts(root, at, each as Schema)
  if (schema.$ref !== undefined) {
    const name = String(schema.$ref).replace('#/$defs/', '')
    if (!fits((root.$defs as Schema)[name], value)) return false
  }
  if (schema.anyOf && !(schema.anyOf as Schema[]).some((each) => fits(each, value))) return false
  if (schema.enum && !(schema.enum as unknown[]).includes(value)) return false
  if ('const' in schema && schema.const !== value) return false
  if (schema.type && ![schema.type].flat().some((type) => isType(value, type as string))) {
    return false
  }
  if (typeof value === 'number') return inRange(schema, value)
  if (typeof value === 'string') {
    if (value.length < ((schema.minLength as number) ?? 0)) return false
    return schema.pattern === undefined || new RegExp(schema.pattern as string).test(value)
  }
  if (Array.isArray(value)) {
    if (value.length > ((schema.maxItems as number) ?? Number.POSITIVE_INFINITY)) return false
    return schema.items === undefined || value.every((item) => fits(schema.items, item))
  }
  if (typeof value !== 'object' || value === null) return true
  return acceptsObject(schema, value as Schema, fits)
}

function acceptsObject(
  schema: Schema,
  value: Schema,
  fits: (schema: unknown, value: unknown) => boolean,
): boolean {
  const { properties = {}, required = [], additionalProperties = true, propertyNames } = schema
  const isMissing = (required as string[]).some((name) => !Object.hasOwn(value, name))
  if (isMissing || Object.keys(value).length > ((schema.maxProperties as number) ?? 1e9))
    return false
  return Object.entries(value).every(([name, one]) => {
    if (propertyNames !== undefined && !fits(propertyNames, name)) return false
    if (Object.hasOwn(properties as object, name)) return fits((properties as Schema)[name], one)
    return typeof additionalProperties === 'boolean'
      ? additionalProperties
      : fits(additionalProperties, one)
  })
}

function isType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
  }
  return typeof value === type
}

function inRange({ minimum = -1e300, maximum = 1e300, multipleOf = 0 }: Schema, value: number) {
  const isMultiple = multipleOf === 0 || value % (multipleOf as number) === 0
  return value >= (minimum as number) && value <= (maximum as number) && isMultiple
}
