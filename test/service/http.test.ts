import { request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import {
  httpAddress,
  isAuthorized,
  isLoopback,
  namesLoopback,
} from '../../src/service/http/guard.ts'
import { HttpServer } from '../../src/service/http/server.ts'
import { watch } from '../../src/service/watching.ts'
import { withNats } from '../support/nats.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

interface Answer {
  status: number
  headers: Record<string, unknown>
  body: string
}

function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, ...options }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => {
        body += text
      })
      response.on('end', () => {
        resolve({ status: response.statusCode!, headers: response.headers, body })
      })
    })
    sent.on('error', reject).end()
  })
}

const LOCAL = { host: '127.0.0.1', port: 0 }

async function serve(
  token?: string,
  routes = { '/x': () => ({ status: 200, contentType: 'text/plain', body: 'hello' }) },
): Promise<string> {
  const server = new HttpServer(LOCAL, routes, { token })
  stops.push(() => server.stop())
  return server.start()
}

async function watched(scheduler: Scheduler): Promise<string> {
  stops.push(() => scheduler.stop())
  const watching = await watch(scheduler, { http: LOCAL })
  stops.push(() => watching.stop())
  return watching.url!
}

test('http: GET and HEAD are answered alike, HEAD without the body', async () => {
  const url = await serve()
  expect(await ask(`${url}/x?y=1`)).toMatchObject({ status: 200, body: 'hello' })
  const head = await ask(`${url}/x`, { method: 'HEAD' })
  expect(head).toMatchObject({ status: 200, body: '' })
  expect(head.headers).toMatchObject({ 'content-length': '5', 'cache-control': 'no-store' })
})

test('http: an unknown path and a method that changes are one sentence as JSON', async () => {
  const url = await serve()
  const unknown = await ask(`${url}/__proto__`)
  expect(unknown.status).toBe(404)
  expect(JSON.parse(unknown.body)).toEqual({
    code: 'not_supported',
    message: 'There is nothing here: ask for /x.',
    retryable: false,
  })
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const refused = await ask(`${url}/x`, { method })
    expect(refused).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
    expect(JSON.parse(refused.body).message).toMatch(/GET or HEAD/)
  }
})

test('http: an answer that fails is a sentence, and the server goes on', async () => {
  const url = await serve(undefined, {
    '/x': () => {
      throw new Error('no figures')
    },
  })
  for (let i = 0; i < 2; i++) {
    const failed = await ask(`${url}/x`)
    expect(failed.status).toBe(500)
    expect(JSON.parse(failed.body).message).toBe('The answer could not be made: no figures')
  }
})

test('http: what is no HTTP ends its own connection and nothing else', async () => {
  const url = await serve()
  const socket = connectTcp(Number(new URL(url).port), '127.0.0.1')
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.on('error', () => {})
  socket.resume()
  socket.write('nonsense\r\n\r\n')
  await closed
  expect((await ask(`${url}/x`)).status).toBe(200)
})

test('http: on the loopback the Host header must name it, or a page elsewhere could ask', async () => {
  const url = await serve()
  const { port } = new URL(url)
  for (const host of ['evil.example', 'localhost.evil.example', `evil.example:${port}`]) {
    expect((await ask(`${url}/x`, { headers: { host } })).status, host).toBe(403)
  }
  for (const host of ['localhost', `localhost:${port}`, `127.0.0.1:${port}`, '[::1]:80']) {
    expect((await ask(`${url}/x`, { headers: { host } })).status, host).toBe(200)
  }
})

test('http: an address that others reach is refused without a token', async () => {
  for (const host of ['0.0.0.0', '::', '10.1.2.3', 'example.com']) {
    expect(() => new HttpServer({ host, port: 0 }, {})).toThrow(/--http-token/)
    expect(() => new HttpServer({ host, port: 0 }, {}, { token: '' })).toThrow(/--http-token/)
  }
  const server = new HttpServer({ host: '0.0.0.0', port: 0 }, {}, { token: 'secret' })
  stops.push(() => server.stop())
  const { port } = new URL(await server.start())
  const address = `http://127.0.0.1:${port}/`
  expect((await ask(address)).status).toBe(401)
  const headers = { authorization: 'Bearer secret', host: 'anything.example' }
  expect((await ask(address, { headers })).status).toBe(404)
})

test('http: with a token every path asks for it, and says how', async () => {
  const url = await serve('s3cret')
  const refused = await ask(`${url}/x`)
  expect(refused).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
  expect(JSON.parse(refused.body).message).toMatch(/Authorization: Bearer/)
  for (const authorization of [
    'Bearer wrong',
    'Basic s3cret',
    's3cret',
    'Bearer',
    'Bearer s3cret x',
  ]) {
    expect((await ask(`${url}/x`, { headers: { authorization } })).status).toBe(401)
  }
  for (const authorization of ['Bearer s3cret', 'bearer  s3cret']) {
    expect((await ask(`${url}/x`, { headers: { authorization } })).status).toBe(200)
  }
})

test('http: a port that is taken is one sentence', async () => {
  const { port } = new URL(await serve())
  const second = new HttpServer({ host: '127.0.0.1', port: Number(port) }, {})
  await expect(second.start()).rejects.toMatchObject({
    code: 'bad_option',
    message: expect.stringMatching(/cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)/),
  })
  await second.stop()
})

test.each([
  ['9100', { host: '127.0.0.1', port: 9100 }],
  ['0', { host: '127.0.0.1', port: 0 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['0.0.0.0:9100', { host: '0.0.0.0', port: 9100 }],
])('http: the address %s is read', (text, address) => {
  expect(httpAddress(text)).toEqual(address)
})

test.each(['', 'x', ':9100', '70000', '127.0.0.1', 'a b:80', '::1:80', '-1', '80x'])(
  'http: the address %j is refused with a sentence',
  (text) => {
    expect(() => httpAddress(text)).toThrow(/is no address for HTTP/)
  },
)

test('http: what the loopback is', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '::1']) {
    expect(isLoopback(host), host).toBe(true)
  }
  for (const host of ['128.0.0.1', '127.evil.example', '', '0.0.0.0', '::']) {
    expect(isLoopback(host), host).toBe(false)
  }
  expect(namesLoopback(undefined)).toBe(false)
  expect(isAuthorized(undefined, 'x')).toBe(false)
})

test('http: of an embedded scheduler: starting, ready, draining', async () => {
  const scheduler = new Scheduler({ name: 'box' })
  const url = await watched(scheduler)
  expect(await ask(`${url}/readyz`)).toMatchObject({
    status: 503,
    body: 'The scheduler is starting.\n',
  })
  expect((await ask(`${url}/livez`)).status).toBe(200)
  await scheduler.start()
  expect((await ask(`${url}/readyz`)).status).toBe(200)
  const metrics = await ask(`${url}/metrics`)
  expect(metrics.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(metrics.body).toContain('signalbox_info{scheduler="box",version="')
  let finish: (() => void) | undefined
  await scheduler.agent({ queues: ['q'] }, () => new Promise<void>((end) => (finish = end)))
  await scheduler.submit('q')
  await until(() => finish, { what: 'the task to run' })
  const stopped = scheduler.stop({ drain: true })
  expect(await ask(`${url}/readyz`)).toMatchObject({
    status: 503,
    body: 'The scheduler is draining and takes no new tasks.\n',
  })
  expect((await ask(`${url}/livez`)).status).toBe(200)
  finish!()
  await stopped
})

describe('http', () => {
  const nats = withNats()

  test('http: /readyz says that NATS is away, and that it is back', async () => {
    const proxy = await startTcpProxy(nats.server.port)
    stops.push(() => proxy.close())
    const scheduler = new Scheduler({ queues: { q: {} }, nats: { servers: proxy.url }, routers: 0 })
    const url = await watched(scheduler)
    await scheduler.start()
    const ready = async () => (await ask(`${url}/readyz`)).status
    expect(await ready()).toBe(200)
    proxy.cut()
    await until(async () => (await ready()) === 503, { what: 'the lost connection' })
    expect((await ask(`${url}/readyz`)).body).toMatch(/^The connection to NATS is lost/)
    expect((await ask(`${url}/livez`)).status).toBe(200)
    proxy.heal()
    await until(async () => (await ready()) === 200, { what: 'the connection to be back' })
  })
})
