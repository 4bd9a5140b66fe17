/**
 * The OpenAPI 3.1 document, made of the table. Any thread.
 *
 * Invariant: what stands in it is what the router, the checks and the answers go by; nothing is written
 * twice.
 *
 * Source: https://spec.openapis.org/oas/v3.1.0
 */
import { ERROR_CODES, type ErrorCode } from '../../../errors.ts'
import { BYTES_TYPE, JSON_TYPE } from './read-body.ts'
import { isParameter, type QueryParameter, type Route } from './route.ts'
import { DOCUMENT_PATH, PREFIX } from './router.ts'
import {
  type AnySchema,
  bytes,
  described,
  named,
  nameOf,
  object,
  oneOf,
  options,
  type Schema,
  text,
  token,
  yesNo,
} from './schema.ts'

type Json = Record<string, unknown>

export interface RefusalBody {
  code: string
  message: string
  retryable: boolean
  do: string
}

const codes = Object.keys(ERROR_CODES) as ErrorCode[]

/** Of every refusal. */
export const refusalSchema = named(
  'Refusal',
  object<RefusalBody>(
    {
      code: oneOf<string>(...codes),
      message: described('One sentence: what was wrong, with its value.', text),
      retryable: described('The same may go through later.', yesNo),
      do: described('What to do next.', text),
    },
    ['do'],
  ),
)

/** What any request may be refused with, by status. */
const ALWAYS: Readonly<Record<number, string>> = {
  400: 'Something in it is not as described: bad_body, bad_option, bad_token, not_supported.',
  401: 'No token, or a wrong one, where one is asked for.',
  403: 'The Host is not this machine, or a page of another origin sent it.',
}
const OF_CHANGES: Readonly<Record<number, string>> = {
  408: 'It did not come in time.',
  413: 'The body is too large.',
  415: 'The content-type is missing or another.',
}
const WAITS_FULL = 'As many requests wait as may: too_many_in_flight.'

const PATH_WORDS: Readonly<Record<string, string>> = {
  id: 'The id.',
  queue: 'The queue’s name.',
  agent: 'The agent’s id.',
  name: 'The name.',
}

export function openApi(routes: readonly Route[], version: string): Json {
  const components: Record<string, Json> = {}
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    paths[route.path] ??= {}
    paths[route.path][route.method.toLowerCase()] = operation(route, components)
  }
  paths[DOCUMENT_PATH] = { get: documentOperation() }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Signalbox',
      version,
      summary: 'A scheduler of tasks: what the command line can do, over HTTP.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: PREFIX }],
    tags: [...new Set([...routes.map(({ tag }) => tag), 'document'])].map((name) => ({ name })),
    security: [{}, { token: [] }],
    paths,
    components: {
      schemas: components,
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  }
}

function documentOperation(): Json {
  return {
    operationId: 'getDocument',
    summary: 'This document.',
    tags: ['document'],
    responses: {
      200: { description: 'It.', content: { [JSON_TYPE]: { schema: { type: 'object' } } } },
    },
  }
}

function operation(route: Route, components: Record<string, Json>): Json {
  const { name, summary, tag, method, segments } = route
  const parameters = [
    ...segments.filter(isParameter).map((segment) => pathParameter(segment.slice(1, -1))),
    ...queryParameters(route.query ?? {}),
    ...queryParameters(route.queryOfBytes ?? {}, `With ${BYTES_TYPE}. `),
  ]
  return {
    operationId: name,
    summary,
    tags: [tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(method === 'GET' ? {} : { requestBody: requestBody(route, components) }),
    responses: responses(route, components),
  }
}

function pathParameter(name: string): Json {
  const description = PATH_WORDS[name] ?? 'The name.'
  return { name, in: 'path', required: true, description, schema: { ...token } }
}

const TYPES = { text: 'string', whole: 'integer', flag: 'boolean' } as const

function queryParameters(query: Readonly<Record<string, QueryParameter>>, before = ''): Json[] {
  return Object.entries(query).map(([name, { kind, description, values, ...range }]) => ({
    name,
    in: 'query',
    description: before + description,
    ...(kind === 'list' ? { style: 'form', explode: false } : {}),
    schema:
      kind === 'list'
        ? { type: 'array', items: { type: 'string' } }
        : {
            type: TYPES[kind],
            ...(values === undefined ? {} : { enum: values }),
            ...(range.minimum === undefined ? {} : { minimum: range.minimum }),
            ...(range.maximum === undefined ? {} : { maximum: range.maximum }),
          },
  }))
}

const EMPTY_BODY: AnySchema = options<object>({})

function requestBody(route: Route, components: Record<string, Json>): Json {
  const { body = EMPTY_BODY, example } = route
  const shown = { schema: refer(body, components), ...(example === undefined ? {} : { example }) }
  return {
    description:
      route.body === undefined
        ? `None is needed; the content-type ${JSON_TYPE} is.`
        : 'As JSON, 1 MiB at most.',
    required: (body as Schema).required?.length !== 0,
    content: {
      [JSON_TYPE]: shown,
      ...(route.queryOfBytes === undefined ? {} : { [BYTES_TYPE]: { schema: {} } }),
    },
  }
}

function responses(route: Route, components: Record<string, Json>): Json {
  const all: Record<string, Json> = {}
  for (const status of route.statuses) {
    all[status] = status === 204 ? { description: 'Done.' } : answered(route, status, components)
  }
  for (const [status, description] of Object.entries(refusalsOf(route))) {
    all[status] = {
      description,
      content: { [JSON_TYPE]: { schema: refer(refusalSchema, components) } },
    }
  }
  return all
}

function answered(route: Route, status: number, components: Record<string, Json>): Json {
  const isBytes = (route.answer as AnySchema) === bytes
  const content = isBytes
    ? { [BYTES_TYPE]: { schema: {} } }
    : { [JSON_TYPE]: { schema: refer(route.answer, components) } }
  if (status !== 201) return { description: 'Done.', content }
  const location = { description: 'Where it is.', schema: { type: 'string' } }
  return { description: 'Made.', headers: { location }, content }
}

function refusalsOf({ method, query, refusals = [] }: Route): Record<string, string> {
  const all: Record<string, string> = { ...ALWAYS, ...(method === 'GET' ? {} : OF_CHANGES) }
  if (query?.wait !== undefined) all[429] = WAITS_FULL
  for (const code of refusals) {
    const { status, meaning } = ERROR_CODES[code]
    const words = `${code}: ${meaning}`
    all[status] = all[status] === undefined ? words : `${all[status]} ${words}`
  }
  return all
}

/** @returns a reference to what has a name, and the schema itself otherwise. */
function refer(schema: AnySchema, components: Record<string, Json>): Json {
  const name = nameOf(schema)
  if (name === undefined) return inline(schema as Schema, components)
  if (components[name] === undefined) {
    // Before its parts: one of them may be of the same name.
    components[name] = {}
    components[name] = inline(schema as Schema, components)
  }
  return { $ref: `#/components/schemas/${name}` }
}

function inline(schema: Schema, components: Record<string, Json>): Json {
  const { properties, items, additionalProperties: others, anyOf, ...rest } = schema
  const parts: Json = { ...rest }
  if (properties !== undefined) {
    parts.properties = Object.fromEntries(
      Object.entries(properties).map(([key, each]) => [key, refer(each, components)]),
    )
  }
  if (items !== undefined) parts.items = refer(items, components)
  if (others !== undefined) {
    parts.additionalProperties = typeof others === 'boolean' ? others : refer(others, components)
  }
  if (anyOf !== undefined) parts.anyOf = anyOf.map((each) => refer(each, components))
  return parts
}
