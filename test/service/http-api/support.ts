/** A running scheduler with its API, and ways to ask it. */
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { afterEach } from 'vitest'
import type { SchedulerOptions } from '../../../src/options.ts'
import { Scheduler } from '../../../src/scheduler.ts'
import { Api } from '../../../src/service/http/api/api.ts'
import { type HttpOptions, HttpServer } from '../../../src/service/http/server.ts'

export const JSON_TYPE = 'application/json'
const LOCAL = { host: '127.0.0.1', port: 0 }

const stops: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** Whatever JSON holds. */
export type Json = ReturnType<typeof JSON.parse>

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  bytes: Buffer
  text: string
  /** The body's JSON value. */
  readonly json: Json
}

export interface Asked {
  method?: string
  headers?: Record<string, string | string[] | undefined>
  /** An object is sent as JSON, with its content-type; bytes and texts as they are. */
  body?: unknown
  signal?: AbortSignal
}

export interface Served {
  scheduler: Scheduler
  /** `http://127.0.0.1:<port>/api/v1`. */
  url: string
  port: number
  ask(path: string, asked?: Asked): Promise<Answer>
  /** A change with a JSON body. */
  post(path: string, body?: object, method?: string): Promise<Answer>
}

/** Before its tests: `Served` is stopped after the test that made it. */
export async function serve(
  options: SchedulerOptions = {},
  http: Omit<HttpOptions, 'api'> = {},
): Promise<Served> {
  const scheduler = new Scheduler({ name: 'box', routers: 0, ...options })
  await scheduler.start()
  stops.push(() => scheduler.stop())
  const server = new HttpServer(LOCAL, {}, { ...http, api: new Api(scheduler, '0.0.0') })
  const base = await server.start()
  stops.push(() => server.stop())
  const url = `${base}/api/v1`
  const send = (path: string, asked?: Asked) => ask(url + path, asked)
  return {
    scheduler,
    url,
    port: Number(new URL(base).port),
    ask: send,
    post: (path, body = {}, method = 'POST') => send(path, { method, body }),
  }
}

export function ask(url: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, signal } = asked
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || body === undefined
  const content = isRaw ? (body as string | undefined) : JSON.stringify(body)
  const type = isRaw ? {} : { 'content-type': JSON_TYPE }
  // Node leaves it out with DELETE.
  const length =
    content === undefined ? {} : { 'content-length': String(Buffer.byteLength(content)) }
  const said = Object.entries({ ...type, ...length, ...headers }).filter(
    ([, value]) => value !== undefined,
  )
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { agent: false, method, headers: Object.fromEntries(said) as never, signal },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part) => parts.push(part))
        response.on('end', () => {
          const bytes = Buffer.concat(parts)
          const text = bytes.toString()
          const { statusCode, headers } = response
          resolve({
            status: statusCode!,
            headers,
            bytes,
            text,
            get json() {
              return JSON.parse(text)
            },
          })
        })
        response.on('error', reject)
      },
    )
    sent.on('error', reject)
    sent.end(content)
  })
}

/** Writes on a bare connection. @returns all that came until it ended. */
export function raw(port: number, ...parts: (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1')
    let answered = ''
    socket.setEncoding('utf8').on('data', (text) => {
      answered += text
    })
    // What is cut off in the middle of sending has been answered, or not: the caller looks.
    socket.on('error', () => {})
    socket.on('close', () => resolve(answered))
    for (const part of parts) socket.write(part)
  })
}
