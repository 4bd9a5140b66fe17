/**
 * The HTTP server of a scheduler, on the process's own loop: when it answers, the loop turns. What only
 * reads is a function a path; `/api/v1` answers by itself (`api/`). Main thread.
 *
 * Invariant: nothing is answered to whoever may not ask, a request that does not come within a bounded
 * time is ended, and every refusal is one sentence as JSON: `{"code", "message", "retryable"}`, with `do`
 * where what to do next is another sentence.
 *
 * Not taken: a framework; four paths and a table need none.
 */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { ERROR_CODES, type ErrorCode, SignalboxError } from '../../errors.ts'
import { type HttpAddress, isAuthorized, isLoopback, namesLoopback, requireToken } from './guard.ts'

export interface HttpAnswer {
  status: number
  /** null for an answer without a body. */
  contentType: string | null
  body: string | Uint8Array
  headers?: Readonly<Record<string, string>>
}

/** What stands behind the path of a route, decoded, and the query. */
export interface HttpQuestion {
  readonly rest: string
  readonly query: URLSearchParams
}

/** By path, or by the beginning of one when it ends in `/`; called for GET and HEAD alike. */
export type HttpRoutes = Readonly<
  Record<string, (question: HttpQuestion) => HttpAnswer | Promise<HttpAnswer>>
>

/** Answers all below a prefix by itself: methods, bodies, refusals. */
export interface HttpApi {
  readonly prefix: string
  /** @param gone whoever asks has left. @returns null when there is nobody to be answered. */
  answer(request: IncomingMessage, gone: AbortSignal): Promise<HttpAnswer | null>
  /** What waits is answered at once. */
  stop(): void
}

export interface HttpOptions {
  /** Asked of every request. */
  token?: string
  api?: HttpApi
  /** How long a request may take to come, head and body. Default 10,000. */
  requestMs?: number
}

const HEADER_BYTES_MAX = 8 * 1024
/** Half of them at most are requests that wait (`api/waits.ts`): probes still get through. */
const CONNECTIONS_MAX = 256
const REQUEST_MS_MAX = 10_000
const IDLE_MS_MAX = 5_000

export class HttpServer {
  readonly #server: Server
  readonly #routes: HttpRoutes
  readonly #address: HttpAddress
  readonly #token: string | undefined
  readonly #api: HttpApi | undefined
  readonly #answering = new Set<Promise<void>>()
  /** By connection: requests that came and are not answered yet. */
  readonly #unanswered = new WeakMap<Duplex, Set<IncomingMessage>>()

  /** @throws bad_option for an address that others reach, without a token. */
  constructor(address: HttpAddress, routes: HttpRoutes, options: HttpOptions = {}) {
    const { token, api, requestMs = REQUEST_MS_MAX } = options
    requireToken(address, token)
    this.#address = address
    this.#routes = routes
    this.#token = token === '' ? undefined : token
    this.#api = api
    this.#server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        requestTimeout: requestMs,
        headersTimeout: requestMs,
        // Time is only looked at so often: every 30 s without.
        connectionsCheckingInterval: Math.min(1_000, requestMs),
        keepAliveTimeout: IDLE_MS_MAX,
        // Asked for below, with a sentence.
        requireHostHeader: false,
      },
      (request, response) => this.#take(request, response),
    )
    // Bounded by their bytes; beyond a number of them the rest would be left out, unseen.
    this.#server.maxHeadersCount = 0
    this.#server.maxConnections = CONNECTIONS_MAX
    this.#server.on('clientError', (error: Error & { code?: string }, socket) => {
      // What came whole before it has the next answers: another in between would be taken for one.
      const before = [...(this.#unanswered.get(socket) ?? [])].filter(({ complete }) => complete)
      if (before.length > 0) socket.destroy()
      else refuseBroken(error.code, socket)
    })
    this.#server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
      request.resume()
      write(response, refusal(417, 'bad_header', 'Only "expect: 100-continue" is known.'), false)
    })
  }

  /** @returns the address that is listened on, `http://127.0.0.1:9100`. @throws bad_option */
  async start(): Promise<string> {
    const { host, port } = this.#address
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: Error & { code?: string }) =>
        reject(
          new SignalboxError(
            'bad_option',
            `HTTP cannot listen on ${host}:${port} (${cause.code}): give another --http.`,
            { cause },
          ),
        )
      this.#server.once('error', failed)
      this.#server.listen(port, host, () => {
        this.#server.off('error', failed)
        // A connection that cannot be taken (too many open files) is the other side's trouble.
        this.#server.on('error', () => {})
        resolve()
      })
    })
    const bound = this.#server.address() as AddressInfo
    const shown = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
    return `http://${shown}:${bound.port}`
  }

  /** What waits is answered; then everything is closed. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#api?.stop()
    this.#server.closeIdleConnections()
    await Promise.race([Promise.all(this.#answering), patience()])
    this.#server.closeAllConnections()
    await closed
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const unanswered = this.#unanswered.get(socket) ?? new Set()
    this.#unanswered.set(socket, unanswered.add(request))
    response.on('close', () => unanswered.delete(request))
    const answering = this.#answer(request, response).finally(() => {
      this.#answering.delete(answering)
    })
    this.#answering.add(answering)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#answerTo(request, response).catch((error: Error) =>
      refusal(500, 'error', `The answer could not be made: ${error.message}`),
    )
    // What was not read is let go; in time, or the connection is.
    request.resume()
    if (answer === null || response.headersSent || response.destroyed) return
    write(response, answer, request.method === 'HEAD')
  }

  async #answerTo(request: IncomingMessage, response: ServerResponse): Promise<HttpAnswer | null> {
    const refused = this.#refusalTo(request)
    if (refused !== null) return refused
    const { url = '/', method } = request
    const [path] = url.split('?', 1)
    if (this.#api !== undefined && isBelow(path, this.#api.prefix)) {
      const gone = new AbortController()
      response.on('close', () => gone.abort())
      return this.#api.answer(request, gone.signal)
    }
    const known = Object.keys(this.#routes)
    const route = known.find((one) => one === path || (one.endsWith('/') && path.startsWith(one)))
    const rest = route === undefined ? null : decoded(path.slice(route.length))
    if (route === undefined || rest === null) {
      const all = this.#api === undefined ? known : [...known, this.#api.prefix]
      return refusal(404, 'not_supported', `There is nothing here: ask for ${all.join(', ')}.`)
    }
    if (method !== 'GET' && method !== 'HEAD') {
      return refusal(405, 'not_supported', `${path} is only read: use GET or HEAD.`)
    }
    return this.#routes[route]({ rest, query: new URLSearchParams(url.slice(path.length)) })
  }

  /** @returns null when it may ask. */
  #refusalTo({ headers }: IncomingMessage): HttpAnswer | null {
    if (this.#token !== undefined && !isAuthorized(headers.authorization, this.#token)) {
      const how = 'send the header "Authorization: Bearer" with the token of --http-token'
      return refusal(401, 'permission_denied', `This address asks for a token: ${how}.`)
    }
    if (headers.host === undefined) {
      return refusal(400, 'bad_header', 'The request has no Host header.')
    }
    const isLocal = this.#token === undefined && isLoopback(this.#address.host)
    if (isLocal && !namesLoopback(headers.host)) {
      return refusal(403, 'permission_denied', 'The Host header does not name this machine.')
    }
    return null
  }
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`)
}

/** For answers that are on their way. */
function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000).unref())
}

function write(response: ServerResponse, answer: HttpAnswer, isHead: boolean): void {
  const { status, contentType, headers } = answer
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  response.writeHead(status, {
    ...(contentType === null
      ? {}
      : { 'content-type': contentType, 'content-length': String(body.length) }),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    ...headers,
  })
  response.end(isHead ? undefined : body)
}

/** What is no HTTP, too long or too slow: answered on the bare connection, which then ends. */
function refuseBroken(code: string | undefined, socket: Duplex): void {
  if (socket.destroyed || !socket.writable) return
  const { status, body } = brokenAnswer(code)
  const length = Buffer.byteLength(body as string)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${length}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n${body}`,
  )
}

function brokenAnswer(code: string | undefined): HttpAnswer {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return refusal(408, 'timeout', 'The request did not come in time: send it at once.')
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    const words = `The head of the request is larger than ${HEADER_BYTES_MAX} bytes.`
    return refusal(431, 'headers_too_large', words)
  }
  return refusal(400, 'bad_header', 'This is no HTTP request that can be understood.')
}

/** @returns null for a text that no browser would send. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

export function refusal(status: number, code: ErrorCode, message: string): HttpAnswer {
  const { retryable } = ERROR_CODES[code]
  const body = `${JSON.stringify({ code, message, retryable })}\n`
  return { status, contentType: 'application/json; charset=utf-8', body }
}
