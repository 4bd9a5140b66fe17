/**
 * `/api/v1`: what the command line can do, over HTTP. One request from its head to its answer. Main
 * thread.
 *
 * Invariant: nothing is done before all of a request was checked, and each is answered once, with what
 * its route says or with one sentence and a code of errors.ts.
 *
 *   head ─► origin ─► route ─► query ─► content-type ─► body ─► call ─► answer
 *            403      404,405   400       415        408,413,400   4xx     2xx
 *
 * Not taken: a framework. Method, path, checks, document and tests come from one table of ours either
 * way, and what a framework does beside that is eighty lines in `router.ts`.
 */
import type { IncomingMessage } from 'node:http'
import { SignalboxError } from '../../../errors.ts'
import type { Scheduler } from '../../../scheduler.ts'
import type { HttpAnswer, HttpApi } from '../server.ts'
import { checkBody } from './check-body.ts'
import { openApi } from './openapi.ts'
import { readQuery } from './query.ts'
import { BYTES_TYPE, bodyTypeOf, Gone, JSON_TYPE, parseBody, readBody } from './read-body.ts'
import { HttpRefusal, refusalOf } from './refusals.ts'
import { type Call, Reply, type Route, type Status } from './route.ts'
import { DOCUMENT_PATH, PREFIX, routeOf } from './router.ts'
import { requireSameSite } from './same-site.ts'
import { bytes as bytesSchema, type Schema } from './schema.ts'
import { ROUTES } from './table.ts'
import { Waits } from './waits.ts'

const JSON_ANSWER = `${JSON_TYPE}; charset=utf-8`
const EMPTY = new Uint8Array(0)

export class Api implements HttpApi {
  readonly prefix = PREFIX
  readonly #scheduler: Scheduler
  readonly #version: string
  readonly #waits: Waits
  #document: string | undefined

  constructor(scheduler: Scheduler, version: string) {
    this.#scheduler = scheduler
    this.#version = version
    this.#waits = new Waits(() => scheduler.unready === 'draining')
  }

  /** Ends what waits; before the server, so that it is still answered. */
  stop(): void {
    this.#waits.stop()
  }

  /** @returns null when whoever asked has left before it was understood. */
  async answer(request: IncomingMessage, gone: AbortSignal): Promise<HttpAnswer | null> {
    try {
      return await this.#answer(request, gone)
    } catch (error) {
      if (error instanceof Gone) return null
      if (error instanceof SignalboxError) return refusalOf(error)
      throw error
    }
  }

  async #answer(request: IncomingMessage, gone: AbortSignal): Promise<HttpAnswer> {
    const { url = '/', method = 'GET', headers } = request
    requireSameSite(headers)
    const [whole, ...query] = url.split('?')
    const path = whole.slice(PREFIX.length)
    if (path === DOCUMENT_PATH) return this.#documentAnswer(method)
    const { route, path: parameters } = routeOf(ROUTES, method, path)
    const isChange = route.method !== 'GET'
    const type = isChange ? bodyTypeOf(request, route.queryOfBytes !== undefined) : JSON_TYPE
    const isBytes = type === BYTES_TYPE
    const known = { ...route.query, ...(isBytes ? route.queryOfBytes : {}) }
    const call: Call = {
      scheduler: this.#scheduler,
      waits: this.#waits,
      path: parameters,
      query: readQuery(query.join('?'), known),
      ...(await bodyOf(request, route, isChange, isBytes)),
      gone,
    }
    return answerOf(route, await route.handle(call))
  }

  #documentAnswer(method: string): HttpAnswer {
    if (method !== 'GET' && method !== 'HEAD') {
      const words = `${PREFIX}${DOCUMENT_PATH} is only read: use GET or HEAD.`
      throw new HttpRefusal(405, 'not_supported', words, { headers: { allow: 'GET, HEAD' } })
    }
    this.#document ??= `${JSON.stringify(openApi(ROUTES, this.#version))}\n`
    return { status: 200, contentType: JSON_ANSWER, body: this.#document }
  }
}

async function bodyOf(
  request: IncomingMessage,
  route: Route,
  isChange: boolean,
  isBytes: boolean,
): Promise<Pick<Call, 'body' | 'bytes'>> {
  if (!isChange) {
    request.resume()
    return { body: {}, bytes: null }
  }
  const bytes = await readBody(request)
  if (isBytes) return { body: {}, bytes }
  const body = parseBody(bytes)
  checkBody(body, (route.body ?? { type: 'object', properties: {} }) as Schema)
  return { body, bytes: null }
}

function answerOf(route: Route, answered: unknown): HttpAnswer {
  const isReply = answered instanceof Reply
  const status: Status = isReply ? answered.status : route.statuses[0]
  const value = isReply ? (answered.value as unknown) : answered
  const headers = isReply ? answered.headers : {}
  if (status === 204) return { status, contentType: null, body: EMPTY, headers }
  if (route.answer === bytesSchema) {
    return { status, contentType: BYTES_TYPE, body: value as Uint8Array, headers }
  }
  return { status, contentType: JSON_ANSWER, body: `${JSON.stringify(value)}\n`, headers }
}
