/** Requests that nobody should send, made of a seed. */
import { ROUTES } from '../../../src/service/http/api/table.ts'

/** Texts that have broken something somewhere. */
const NASTY: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '*',
  '>',
  '$JS.ACK',
  'a b',
  'a.b',
  'a\r\nb',
  '\0',
  '\u001b[31m',
  '<script>alert(1)</script>',
  '\u{1f600}',
  '\ud800',
  '\ufeff',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'null',
  'NaN',
  '-0',
  '1e400',
  '-1',
  '9007199254740993',
  "'; drop table tasks",
  '%00',
  '%2e%2e%2f',
  'x'.repeat(64),
  'x'.repeat(65),
  'x'.repeat(3_000),
]

const VALUES: readonly unknown[] = [
  ...NASTY,
  null,
  true,
  0,
  -1,
  1.5,
  1e18,
  2 ** 53 + 2,
  [],
  {},
  [[[]]],
  [null, 1, 'x'],
  { toString: 1, valueOf: null },
  { length: -1 },
  JSON.parse('{"__proto__":{"polluted":1}}'),
  Array.from({ length: 1_100 }, (_, i) => `x${i}`),
  Object.fromEntries(Array.from({ length: 1_100 }, (_, i) => [`k${i}`, i])),
]

/** Bodies that are no JSON, or barely. */
const BODIES: readonly (string | Buffer)[] = [
  '{',
  '[]',
  'null',
  '"',
  '{"a":1,"a":2}',
  '\ufeff{}',
  '{"queue":"q","ttlMs":1e400}',
  '{"queue":"q","queue":"r"}',
  '['.repeat(10_000),
  '{"a":'.repeat(1_000),
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0xc0, 0xaf]),
  Buffer.from([0xed, 0xa0, 0x80]),
  '{"__proto__":null}',
]

const TYPES: readonly string[] = [
  'application/json; charset=utf-16',
  'text/html',
  'application/octet-stream',
  'multipart/form-data; boundary=--',
  '',
  ';',
  'application/json,application/json',
]

const HEADERS: readonly string[] = [
  'origin: null',
  'origin: http://evil.example',
  'sec-fetch-site: cross-site',
  'content-encoding: gzip',
  'content-encoding: identity',
  'accept: text/html',
  'accept-encoding: br;q=0',
  'range: bytes=0-1',
  'if-none-match: *',
  'upgrade: websocket',
  'upgrade: h2c',
  'x-http-method-override: DELETE',
  'x-forwarded-host: evil.example',
  'cookie: a=b',
  'authorization: Bearer x',
  'traceparent: 00-x',
  `x: ${'y'.repeat(2_000)}`,
  'x: \u00ff\u00fe',
]

/** Framing that is wrong: whatever stands behind it on its connection is lost. */
const BROKEN: readonly string[] = [
  'GET',
  'GET /api/v1/status',
  'GET /api/v1/status HTTP/9.9\r\nhost: localhost\r\n\r\n',
  'FOO /api/v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'GET /api/v1/a b HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'GET /api/v1/\u0001 HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'GET /api/v1/status HTTP/1.1\r\n\r\n',
  'GET /api/v1/status HTTP/1.1\r\nhost: localhost\r\nx\r\n\r\n',
  'GET /api/v1/status HTTP/1.1\r\nhost: localhost\r\n x: y\r\n\r\n',
  'POST /api/v1/tasks HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n',
  'POST /api/v1/tasks HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1e3\r\n\r\n',
  'POST /api/v1/tasks HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  'POST /api/v1/tasks HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip\r\n\r\n',
  `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  '\x16\x03\x01\x00\x05hello',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\0\0\0\0\r\n\r\n',
  '\r\n\r\n\r\nnothing\r\n\r\n',
]

export interface FuzzRequest {
  method: string
  bytes: Buffer
}

/** The 32-bit generator of Mulberry: the same for a seed everywhere. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]
  }
}

/** @returns one that is whole as HTTP, whatever it says. */
export function requestOf(chance: Chance): FuzzRequest {
  const route = chance.one(ROUTES)
  const method =
    chance.next() < 0.9 ? route.method : chance.one(['GET', 'PUT', 'PATCH', 'OPTIONS', 'TRACE'])
  const path = chance.next() < 0.9 ? pathOf(route.path, chance) : `/${texts(chance)}`
  const body = method === 'GET' ? Buffer.alloc(0) : bodyOf(route.example, chance)
  const type = chance.next() < 0.85 ? 'application/json' : chance.one(TYPES)
  const head = [
    `${method} /api/v1${path}${queryOf(route.query, chance)} HTTP/1.1`,
    'host: localhost',
    `content-type: ${type}`,
    `content-length: ${body.length}`,
    ...(chance.next() < 0.2 ? [chance.one(HEADERS)] : []),
  ]
  return {
    method,
    bytes: Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]),
  }
}

/** @returns one that ends its connection. */
export function brokenOf(chance: Chance): Buffer {
  if (chance.next() < 0.5) return Buffer.from(chance.one(BROKEN), 'latin1')
  const { bytes } = requestOf(chance)
  return bytes.subarray(0, chance.below(bytes.length))
}

const NAMES = ['q', 'ocr', 't1', 'a1', 'ada', 'f1', 'default']

function texts(chance: Chance): string {
  // Half a character cannot be said in UTF-8.
  return encodeURIComponent(chance.one(NASTY).replaceAll(/\p{Surrogate}/gu, '?'))
}

function pathOf(path: string, chance: Chance): string {
  return path.replaceAll(/\{\w+\}/g, () =>
    chance.next() < 0.6 ? chance.one(NAMES) : texts(chance),
  )
}

function queryOf(query: object = {}, chance: Chance): string {
  if (chance.next() < 0.5) return ''
  // Nobody waits here: that is tested elsewhere.
  const known = Object.keys(query).filter((name) => name !== 'wait')
  const name = chance.next() < 0.7 && known.length > 0 ? chance.one(known) : texts(chance)
  const more = chance.next() < 0.1 ? '&&=&?' : ''
  return `?${name}=${chance.next() < 0.5 ? chance.one(NAMES) : texts(chance)}${more}`
}

function bodyOf(example: unknown, chance: Chance): Buffer {
  const luck = chance.next()
  if (luck < 0.15) return Buffer.from(chance.one(BODIES))
  if (luck < 0.2)
    return Buffer.from(Array.from({ length: chance.below(64) }, () => chance.below(256)))
  const body = structuredClone(example ?? {}) as Record<string, unknown>
  const keys = [...Object.keys(body), ...OPTIONS]
  for (let i = chance.below(3); i > 0; i--) {
    const key = chance.next() < 0.8 ? chance.one(keys) : chance.one(NASTY)
    body[key] = chance.next() < 0.2 ? { ...body } : chance.one(VALUES)
  }
  if (chance.next() < 0.5 && 'queue' in body) delete body.id
  const text = JSON.stringify(body)
  return Buffer.from(chance.next() < 0.1 ? text.slice(0, chance.below(text.length)) : text)
}

const OPTIONS: readonly string[] = [
  'payload',
  'requires',
  'ttlMs',
  'at',
  'delayMs',
  'dependsOn',
  'voters',
  'tasks',
  'node',
  'max',
  'by',
  'data',
]
