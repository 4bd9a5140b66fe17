/**
 * A small HTTP server for probes and metrics, on the process's own loop: when it answers, the loop
 * turns.
 *
 * Invariant: it changes nothing, reads no body, and a request that is not answered within a bounded
 * time is ended. Every refusal is one sentence as JSON: `{"code", "message"}`.
 *
 * Not taken: a framework; three paths need none.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignalboxError } from '../../errors.ts'
import { type HttpAddress, isAuthorized, isLoopback, namesLoopback, requireToken } from './guard.ts'

export interface HttpAnswer {
  status: number
  contentType: string
  body: string
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

const HEADER_BYTES_MAX = 8 * 1024
const CONNECTIONS_MAX = 64
const REQUEST_MS_MAX = 10_000
const IDLE_MS_MAX = 5_000

export class HttpServer {
  readonly #server: Server
  readonly #routes: HttpRoutes
  readonly #address: HttpAddress
  readonly #token: string | undefined

  /** @throws bad_option for an address that others reach, without a token. */
  constructor(address: HttpAddress, routes: HttpRoutes, token?: string) {
    requireToken(address, token)
    this.#address = address
    this.#routes = routes
    this.#token = token === '' ? undefined : token
    this.#server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        requestTimeout: REQUEST_MS_MAX,
        headersTimeout: REQUEST_MS_MAX,
        keepAliveTimeout: IDLE_MS_MAX,
      },
      (request, response) => void this.#answer(request, response),
    )
    this.#server.maxConnections = CONNECTIONS_MAX
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

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    const answer = await this.#answerTo(request).catch((error: Error) =>
      refusal(500, 'error', `The answer could not be made: ${error.message}`),
    )
    const body = Buffer.from(answer.body)
    response.writeHead(answer.status, {
      'content-type': answer.contentType,
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(answer.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(answer.status === 405 ? { allow: 'GET, HEAD' } : {}),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  async #answerTo({ url = '/', method, headers }: IncomingMessage): Promise<HttpAnswer> {
    if (this.#token !== undefined && !isAuthorized(headers.authorization, this.#token)) {
      const how = 'send the header "Authorization: Bearer" with the token of --http-token'
      return refusal(401, 'permission_denied', `This address asks for a token: ${how}.`)
    }
    if (
      this.#token === undefined &&
      isLoopback(this.#address.host) &&
      !namesLoopback(headers.host)
    ) {
      return refusal(403, 'permission_denied', 'The Host header does not name this machine.')
    }
    const [path] = url.split('?', 1)
    const known = Object.keys(this.#routes)
    const route = known.find((one) => one === path || (one.endsWith('/') && path.startsWith(one)))
    const rest = route === undefined ? null : decoded(path.slice(route.length))
    if (route === undefined || rest === null) {
      return refusal(404, 'not_supported', `There is nothing here: ask for ${known.join(', ')}.`)
    }
    if (method !== 'GET' && method !== 'HEAD') {
      return refusal(405, 'not_supported', `${path} is only read: use GET or HEAD.`)
    }
    return this.#routes[route]({ rest, query: new URLSearchParams(url.slice(path.length)) })
  }
}

/** @returns null for a text that no browser would send. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

export function refusal(status: number, code: string, message: string): HttpAnswer {
  const body = `${JSON.stringify({ code, message })}\n`
  return { status, contentType: 'application/json; charset=utf-8', body }
}
