import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../../src/errors.ts'
import { openApi } from '../../../src/service/http/api/openapi.ts'
import { ROUTES } from '../../../src/service/http/api/table.ts'
import { misfits, resolve } from './fits.ts'
import type { Json } from './support.ts'

const document = JSON.parse(JSON.stringify(openApi(ROUTES, '1.2.3'))) as Json
const operations: { path: string; method: string; operation: Json }[] = Object.entries(
  document.paths as Json,
).flatMap(([path, item]) =>
  Object.entries(item as Json).map(([method, operation]) => ({ path, method, operation })),
)

/** Every object of the document that stands where a schema does, and all below it. */
function schemasBelow(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null) return []
  const own = 'schema' in value ? [(value as Json).schema] : []
  return own.concat(Object.values(value).flatMap(schemasBelow))
}

function walk(schema: Json, see: (schema: Json) => void): void {
  see(schema)
  const parts = [
    ...Object.values((schema.properties ?? {}) as Json),
    schema.items,
    schema.additionalProperties,
    ...(schema.anyOf ?? []),
  ]
  for (const part of parts) if (typeof part === 'object' && part !== null) walk(part, see)
}

const schemas = [
  ...schemasBelow(document.paths),
  ...(Object.values(document.components.schemas) as Json[]),
]

test('openapi: the document has what OpenAPI 3.1 asks for, and nothing it does not know', () => {
  expect(document.openapi).toMatch(/^3\.1\.\d+$/)
  expect(document.info).toMatchObject({ title: 'Signalbox', version: '1.2.3' })
  const known = ['openapi', 'info', 'servers', 'tags', 'security', 'paths', 'components']
  expect(Object.keys(document).filter((key) => !known.includes(key))).toEqual([])
  expect(Object.keys(document.components).sort()).toEqual(['schemas', 'securitySchemes'])
  for (const name of Object.keys(document.components.schemas)) {
    expect(name).toMatch(/^[A-Za-z0-9._-]+$/)
  }
  for (const { path, operation } of operations) {
    expect(path).toMatch(/^(\/([a-z.-]+|\{[a-z]+\}))+$/)
    const parts = ['operationId', 'summary', 'tags', 'parameters', 'requestBody', 'responses']
    expect(Object.keys(operation).filter((key) => !parts.includes(key))).toEqual([])
    for (const [status, response] of Object.entries<Json>(operation.responses)) {
      expect(status).toMatch(/^[2-5]\d\d$/)
      expect(response.description, `${path} ${status}`).toMatch(/\S/)
    }
  }
})

test('openapi: every operation has a name of its own, a tag that is declared and a good answer', () => {
  const names = operations.map(({ operation }) => operation.operationId)
  expect(new Set(names).size).toBe(names.length)
  const tags = document.tags.map(({ name }: Json) => name)
  for (const { path, operation } of operations) {
    expect(tags).toContain(operation.tags[0])
    const good = Object.keys(operation.responses).filter((status) => status < '300')
    expect(good.length, path).toBeGreaterThan(0)
    expect(operation.summary, path).toMatch(/^[A-Z].*\.$/)
  }
})

test('openapi: the parameters in a path are declared, each once, and no others', () => {
  for (const { path, method, operation } of operations) {
    const parameters: Json[] = operation.parameters ?? []
    const keys = parameters.map(({ in: where, name }) => `${where} ${name}`)
    expect(new Set(keys).size, `${method} ${path}`).toBe(keys.length)
    const inPath = parameters.filter((each) => each.in === 'path')
    expect(inPath.every(({ required }) => required === true)).toBe(true)
    const declared = inPath.map(({ name }) => name)
    expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
  }
})

test('openapi: every reference leads somewhere, and every component is referred to', () => {
  const referred = new Set<string>()
  for (const schema of schemas) {
    walk(schema, ({ $ref }) => {
      if ($ref === undefined) return
      expect(resolve($ref, document)).toBeTypeOf('object')
      referred.add($ref.split('/').at(-1))
    })
  }
  expect([...referred].sort()).toEqual(Object.keys(document.components.schemas).sort())
})

test('openapi: a schema asks for nothing that it does not have, and its patterns can be read', () => {
  for (const schema of schemas) {
    walk(schema, ({ properties, required = [], pattern, type, enum: words }) => {
      for (const key of required) expect(Object.keys(properties)).toContain(key)
      if (pattern !== undefined) expect(() => new RegExp(pattern)).not.toThrow()
      if (words !== undefined) expect(new Set(words).size).toBe(words.length)
      const types = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null', undefined]
      for (const each of [type].flat()) expect(types).toContain(each)
    })
  }
})

test('openapi: every body has an example that fits it; every change takes JSON', () => {
  for (const { path, method, operation } of operations) {
    if (method === 'get') {
      expect(operation.requestBody, path).toBeUndefined()
      continue
    }
    const { schema, example } = operation.requestBody.content['application/json']
    const isEmpty = Object.keys(schema.properties ?? {}).length === 0 && schema.$ref === undefined
    expect(example !== undefined, `${method} ${path}`).toBe(!isEmpty)
    if (example !== undefined) expect(misfits(example, schema, document), path).toEqual([])
  }
})

test('openapi: every refusal is the same shape, with the codes that there are', () => {
  for (const { path, operation } of operations) {
    for (const [status, { content }] of Object.entries<Json>(operation.responses)) {
      if (status < '400') continue
      expect(content['application/json'].schema, path).toEqual({
        $ref: '#/components/schemas/Refusal',
      })
    }
  }
  const { code } = document.components.schemas.Refusal.properties
  expect(code.enum).toEqual(Object.keys(ERROR_CODES))
})

test('openapi: the checker of these tests finds what does not fit', () => {
  const schema = { $ref: '#/components/schemas/Refusal' }
  const good = { code: 'error', message: 'm', retryable: true }
  expect(misfits(good, schema, document)).toEqual([])
  for (const bad of [{}, { ...good, code: 'x' }, { ...good, retryable: 1 }, { ...good, y: 1 }, 1]) {
    expect(misfits(bad, schema, document)).not.toEqual([])
  }
  const list = { type: 'array', items: { type: ['integer', 'null'], minimum: 0 } }
  expect(misfits([1, null], list, document)).toEqual([])
  expect(misfits([-1, 1.5, 'x'], list, document)).toHaveLength(3)
  expect(() => misfits(1, { oneOf: [] }, document)).toThrow(/nobody checks/)
})
