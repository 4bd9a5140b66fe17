/**
 * The JSON Schema of `signalbox.yaml`, made from the table: editors complete and check by it.
 *
 * Runs when it is written and when a test compares. Invariant: what the schema takes, the reader takes,
 * except for what goes together with what; the reader takes some more spellings (`Fifo`, `LOW`).
 */
import { strategyNames } from '../routing/registry.ts'
import { SECTIONS_002 } from './document-002.ts'
import { type Key, rangeWords, toYaml } from './key.ts'
import { SECTIONS, type Section } from './keys.ts'

export const SCHEMA_FILE = 'docs/signalbox.schema.json'

type Schema = Record<string, unknown>

const TOKEN = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' } as const

/** @returns the schema as an object. */
export function configSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'signalbox.yaml',
    description: 'Configuration of a Signalbox scheduler.',
    ...object(
      [...SECTIONS, ...SECTIONS_002].map((section) => [section.yaml, sectionSchema(section)]),
    ),
    $defs: { queue: keysSchema(SECTIONS.find(({ yaml }) => yaml === 'queues')!.keys) },
  }
}

/** @returns the text of the file that is shipped. */
export function schemaText(): string {
  return `${shortLists(JSON.stringify(configSchema(), null, 2))}\n`
}

const COLUMNS = 100

/** Lists of words and numbers on one line where they fit, as formatters would have them. */
function shortLists(json: string): string {
  return json.replace(/^(.*)\[\n([^[\]{}]*?)\n\s*\](,?)$/gm, (whole, before, items, after) => {
    const line = `${before}[${items.trim().replaceAll(/\n\s*/g, ' ')}]${after}`
    return line.length <= COLUMNS ? line : whole
  })
}

function sectionSchema(section: Section): Schema {
  const isQueue = section.yaml === 'queues' || section.yaml === 'queue_defaults'
  const one = isQueue ? { $ref: '#/$defs/queue' } : keysSchema(section.keys)
  const description = section.words
  const names = { propertyNames: TOKEN, maxProperties: section.max }
  switch (section.shape) {
    case 'named':
      return { description, type: ['object', 'null'], ...names, additionalProperties: orNull(one) }
    case 'paths':
      return {
        description,
        type: ['object', 'null'],
        ...names,
        additionalProperties: { type: 'string', minLength: 1 },
      }
    case 'list':
      return { description, type: ['array', 'null'], items: one, maxItems: section.max }
    case 'value':
      return { ...keySchema(section.keys[0]), description }
    case 'keys': {
      const off = section.mayBeOff ? [{ const: false }] : []
      return { description, anyOf: [one, { type: 'null' }, ...off] }
    }
  }
}

function keysSchema(keys: readonly Key[]): Schema {
  const required = keys.filter(({ isRequired }) => isRequired).map(({ yaml }) => yaml)
  const schema = object(keys.map((key) => [key.yaml, keySchema(key)]))
  return required.length === 0 ? schema : { ...schema, required }
}

function keySchema(key: Key): Schema {
  const schema: Schema = { description: key.words, ...kindSchema(key) }
  const isShown = key.default !== undefined && key.kind !== 'group' && !key.isRequired
  if (isShown) schema.default = key.default === key.none ? key.none : toYaml(key, key.default)
  if (key.none === undefined) return schema
  const { description, default: preset, ...rest } = schema
  const none = { enum: key.none === '' ? ['', null] : [null] }
  return { description, ...(preset === undefined ? {} : { default: preset }), anyOf: [rest, none] }
}

function kindSchema(key: Key): Schema {
  const range = { minimum: toYaml(key, key.min), maximum: toYaml(key, key.max) }
  switch (key.kind) {
    case 'whole':
      return {
        type: 'integer',
        ...range,
        ...(key.multipleOf === 1 ? {} : { multipleOf: key.multipleOf }),
      }
    case 'number':
    case 'seconds':
    case 'percent':
      return { type: 'number', ...range }
    case 'boolean':
      return { type: 'boolean' }
    case 'choice':
      return { enum: bothCases(key.values) }
    case 'priority':
      return { enum: [...bothCases(key.values), 1, 2, 3, 4, 5] }
    case 'name':
      return TOKEN
    case 'strategy':
      return { type: 'string', minLength: 1, examples: strategyNames() }
    case 'text':
    case 'path':
      return { type: 'string', minLength: 1 }
    case 'names':
      return { type: 'array', items: TOKEN, maxItems: key.max }
    case 'texts':
      return {
        anyOf: [
          { type: 'string' },
          { type: 'array', items: { type: 'string' }, maxItems: key.max },
        ],
      }
    case 'numbers':
      return { type: 'object', propertyNames: TOKEN, additionalProperties: { type: 'number' } }
    case 'values': {
      const one = { type: ['string', 'number', 'boolean', 'null'] }
      return { anyOf: [one, { type: 'array', items: one, maxItems: key.max }] }
    }
    case 'rules':
      return { type: 'array', items: keysSchema(key.keys), maxItems: key.max }
    case 'group':
      return keysSchema(key.keys)
  }
}

function object(properties: [string, Schema][]): Schema {
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  }
}

function bothCases(values: readonly string[]): string[] {
  return [...new Set([...values, ...values.map((value) => value.toUpperCase())])]
}

function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] }
}

/** @returns what a key takes, for the documentation. */
export function kindWords(key: Key): string {
  const words = rangeWords(key, true).replace(/^an object with /, 'keys: ')
  return key.none === undefined ? words : `${words}, or ${key.none === null ? 'null' : '`""`'}`
}
