/**
 * What a route is: one row of the API's table. The router, the check of what comes in, the OpenAPI
 * document and the tests all read the same rows. Main thread.
 *
 * Invariant: a handler sees path, query and body only after they were checked against its row, and
 * answers what its row says.
 */
import type { ErrorCode } from '../../../errors.ts'
import type { Scheduler } from '../../../scheduler.ts'
import type { AnySchema, Schema } from './schema.ts'
import type { Waits } from './waits.ts'

export const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const
export type Method = (typeof METHODS)[number]
export type Status = 200 | 201 | 202 | 204

/** How the text of a query parameter is read. A list is joined by commas, or given several times. */
export type QueryKind = 'text' | 'whole' | 'flag' | 'list'

export interface QueryParameter {
  readonly kind: QueryKind
  readonly description: string
  readonly values?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
}

/** What came, checked. */
export interface Call {
  readonly scheduler: Scheduler
  readonly waits: Waits
  /** By the names in braces, decoded. */
  readonly path: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, unknown>>
  /** Of a JSON body; an empty one when none came. */
  readonly body: Readonly<Record<string, unknown>>
  /** Of any other body; null with JSON. */
  readonly bytes: Uint8Array | null
  /** Whoever asks has left. */
  readonly gone: AbortSignal
}

export interface RouteOptions<T> {
  /** `GET /tasks/{id}`. */
  readonly on: `${Method} /${string}`
  /** What it is called in the document. */
  readonly name: string
  readonly summary: string
  readonly query?: Readonly<Record<string, QueryParameter>>
  readonly body?: AnySchema
  /** A body that fits, as the document shows it. */
  readonly example?: unknown
  /** The body may also be bytes; then what it would say stands in the query. */
  readonly queryOfBytes?: Readonly<Record<string, QueryParameter>>
  readonly answer: Schema<T>
  /** 200 without; the first is the usual one. */
  readonly statuses?: readonly Status[]
  /** What else it is refused with, besides what any request is. */
  readonly refusals?: readonly ErrorCode[]
  handle(call: Call): T | Reply<T> | Promise<T | Reply<T>>
}

export interface Route extends Omit<RouteOptions<unknown>, 'on' | 'statuses' | 'handle'> {
  readonly method: Method
  readonly path: string
  /** Between slashes; those in braces stand for anything. */
  readonly segments: readonly string[]
  readonly tag: string
  readonly statuses: readonly Status[]
  handle(call: Call): unknown
}

/** An answer that is not the usual one of its route, or has headers. */
export class Reply<T> {
  readonly status: Status
  readonly value: T
  readonly headers: Readonly<Record<string, string>>

  constructor(status: Status, value: T, headers: Readonly<Record<string, string>> = {}) {
    this.status = status
    this.value = value
    this.headers = headers
  }
}

/** @param tag under which the document shows them. */
export function routesOf(tag: string): <T>(options: RouteOptions<T>) => Route {
  return ({ on, statuses = [200], ...rest }) => {
    const [method, path] = on.split(' ') as [Method, string]
    const segments = path.slice(1).split('/')
    return { ...(rest as Omit<Route, 'method'>), method, path, segments, tag, statuses }
  }
}

export function isParameter(segment: string): boolean {
  return segment.startsWith('{')
}

export const LIMIT: QueryParameter = {
  kind: 'whole',
  minimum: 1,
  maximum: 1_000,
  description: 'How many at most; 100 by default.',
}
export const CURSOR: QueryParameter = {
  kind: 'text',
  description: 'Go on behind an earlier page, with the same filters.',
}
export const OF_QUEUE: QueryParameter = {
  kind: 'text',
  description: 'Its queue, where the id alone is not clear.',
}
