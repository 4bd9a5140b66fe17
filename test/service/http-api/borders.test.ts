import { connect as connectTcp } from 'node:net'
import { expect, test } from 'vitest'
import { ROUTES } from '../../../src/service/http/api/table.ts'
import { type Answer, raw, serve } from './support.ts'

const MIB = 1024 * 1024
const JSON_HEAD = 'content-type: application/json\r\n'

function expectRefused(answer: Answer, status: number, code: string): void {
  expect(answer).toMatchObject({ status, json: { code, retryable: expect.any(Boolean) } })
  expect(answer.json.message).toMatch(/^["/A-Z].*[.?]$/s)
}

test('rest: an unknown path is refused with the nearest one named', async () => {
  const { ask } = await serve()
  const nearest = async (path: string): Promise<string> => {
    const answer = await ask(path)
    expectRefused(answer, 404, 'not_supported')
    return answer.json.do
  }
  expect(await nearest('/task')).toMatch(/^The nearest is \/api\/v1\/tasks;/)
  expect(await nearest('/tasks/page-1/explain')).toMatch(/\/tasks\/\{id\}\/explanation;/)
  expect(await nearest('/queue/ocr')).toMatch(/\/queues\/\{queue\};/)
  expect(await nearest('/openapi.jsn')).toMatch(/\/openapi\.json;/)
  expect(await nearest('/tasks/')).toMatch(/\/tasks;/)
  for (const path of [
    '',
    '/',
    '/__proto__',
    '/constructor',
    '/%',
    '/%00',
    '//',
    '/..%2f..',
    '/x'.repeat(300),
  ]) {
    expect(await nearest(path), path).toMatch(/\/api\/v1\/openapi\.json has all paths\.$/)
  }
})

test('rest: another method is refused with those that the path has', async () => {
  const { ask } = await serve()
  const paths = new Map<string, string[]>([['/openapi.json', ['GET']]])
  for (const { method, path } of ROUTES) paths.set(path, [...(paths.get(path) ?? []), method])
  for (const [path, methods] of paths) {
    const allow = methods.flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : [each]))
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
      if (methods.includes(method)) continue
      const answer = await ask(path.replaceAll(/\{\w+\}/g, 'x'), { method })
      expectRefused(answer, 405, 'not_supported')
      expect(answer.headers.allow).toBe(allow.join(', '))
      expect(answer.headers).not.toHaveProperty('access-control-allow-methods')
    }
  }
})

test('rest: HEAD is GET without the body', async () => {
  const { ask } = await serve()
  const [head, get] = [await ask('/queues', { method: 'HEAD' }), await ask('/queues')]
  expect(head).toMatchObject({ status: 200, text: '' })
  expect(head.headers['content-length']).toBe(get.headers['content-length'])
  expect((await ask('/queues/nobody', { method: 'HEAD' })).status).toBe(404)
})

test('rest: no answer may be kept or guessed at, and none is for another origin', async () => {
  const { ask, post } = await serve()
  for (const answer of [await ask('/status'), await ask('/nothing'), await post('/rebalance')]) {
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-type': 'application/json; charset=utf-8',
    })
    expect(Object.keys(answer.headers).filter((name) => /^access-control/.test(name))).toEqual([])
  }
})

test('rest: a page of another origin is refused, whatever it asks, and changes nothing', async () => {
  const { ask, port, scheduler } = await serve()
  const body = { queue: 'q' }
  const own = `http://127.0.0.1:${port}`
  const foreign = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: '' },
    { origin: `http://127.0.0.1:${port + 1}` },
    { origin: `${own}.evil.example` },
    { origin: `${own}/` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'CROSS-SITE', origin: own },
    { 'sec-fetch-site': '' },
  ]
  for (const headers of foreign) {
    const words = JSON.stringify(headers)
    const refused = await ask('/tasks', { method: 'POST', headers, body })
    expect(refused.status, words).toBe(403)
    expectRefused(refused, 403, 'permission_denied')
    expect((await ask('/status', { headers })).status, words).toBe(403)
    expect((await ask('/openapi.json', { headers })).status, words).toBe(403)
  }
  expect(scheduler.statusNow().tasks.accepted).toBe(0)
  for (const headers of [
    { origin: own },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ]) {
    expect((await ask('/tasks', { method: 'POST', headers, body })).status).toBe(201)
  }
})

test('rest: a name that leads to this machine is not this machine', async () => {
  const { ask, port, scheduler } = await serve()
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', '']) {
    const headers = { host, origin: `http://${host}` }
    expect((await ask('/tasks', { method: 'POST', headers, body: { queue: 'q' } })).status).toBe(
      403,
    )
  }
  expect(scheduler.statusNow().tasks.accepted).toBe(0)
})

test('rest: with a token nothing is answered without it', async () => {
  const { ask } = await serve({}, { token: 's3cret' })
  for (const path of ['/status', '/openapi.json', '/nothing']) {
    expectRefused(await ask(path), 401, 'permission_denied')
  }
  const headers = { authorization: 'Bearer s3cret' }
  const made = await ask('/tasks', { method: 'POST', headers, body: { queue: 'q' } })
  expect(made.status).toBe(201)
})

test('rest: whatever changes something says its content-type, with a body or without', async () => {
  const { ask, post, scheduler } = await serve({ queues: { q: {} } })
  const types = [
    undefined,
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'application/json; charset=latin1',
    'application/jsonp',
    'text/plain; application/json',
  ]
  for (const type of types) {
    for (const method of ['POST', 'DELETE', 'PUT']) {
      const path = { POST: '/queues/q/pause', DELETE: '/queues/q/shadow', PUT: '/queues/q/shadow' }
      const headers = { 'content-type': type }
      const refused = await ask(path[method as 'POST'], { method, headers })
      expectRefused(refused, 415, 'bad_header')
    }
  }
  expect((await scheduler.getQueue('q')).paused).toBe(false)
  for (const type of [
    'application/json',
    'Application/JSON',
    'application/json; charset="UTF-8"',
  ]) {
    const headers = { 'content-type': type }
    expect((await ask('/queues/q/pause', { method: 'POST', headers })).status).toBe(200)
  }
  const packed = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  expectRefused(
    await ask('/queues/q/pause', { method: 'POST', headers: packed }),
    415,
    'bad_header',
  )
  expect((await post('/queues/q/resume')).status).toBe(200)
})

test('rest: what is not known is refused and named, in the query and in the body', async () => {
  const { ask, post } = await serve()
  const refused = async (answer: Promise<Answer>, words: RegExp, code = 'not_supported') => {
    const given = await answer
    expectRefused(given, 400, code)
    expect(given.json.message).toMatch(words)
  }
  await refused(ask('/tasks?stat=pending'), /did you mean "state"\?/)
  await refused(ask('/tasks?limit=1&limit=2'), /more than once/, 'bad_option')
  await refused(ask('/tasks?limit=1e2'), /from 1 to 1000/, 'bad_option')
  await refused(ask('/tasks?limit=0'), /from 1 to 1000/, 'bad_option')
  await refused(ask('/tasks?state=done'), /known are pending/, 'bad_option')
  await refused(ask('/status?x=1'), /none is known here/)
  await refused(ask('/tasks/x?wait=61'), /from 0 to 60/, 'bad_option')
  await refused(post('/tasks', { queue: 'q', prority: 1 }), /did you mean "priority"\?/)
  await refused(post('/tasks', {}), /no "queue"/, 'bad_option')
  await refused(post('/tasks', { queue: 7 }), /"queue" is "7": give a text/, 'bad_option')
  await refused(post('/tasks', { queue: 'a.b' }), /is not a name/, 'bad_token')
  await refused(post('/tasks', { queue: 'q', requires: 'ocr' }), /give a list/, 'bad_option')
  await refused(post('/tasks', { queue: 'q', priority: 'urgent' }), /priority/, 'bad_priority')
  await refused(post('/tasks', { queue: 'q', at: 'soon' }), /"at" is "soon"/, 'bad_option')
  await refused(post('/queues/q/pause', { now: true }), /"now" is not supported/)
  const flow = { tasks: { a: { queue: 'q', afer: [] } } }
  await refused(post('/flows', flow), /did you mean "after"\?/)
  await refused(post('/flows', { tasks: [] }), /"tasks" is .* give an object/, 'bad_option')
})

test('rest: a body that is no JSON object is one sentence', async () => {
  const { ask, scheduler } = await serve()
  const deep = `${'['.repeat(40)}${']'.repeat(40)}`
  const bodies = [
    ['{', 'bad_body'],
    ['[]', 'bad_body'],
    ['null', 'bad_body'],
    ['"x"', 'bad_body'],
    [Uint8Array.of(0x7b, 0xff, 0x7d), 'bad_body'],
    [Uint8Array.of(0xc0, 0xaf), 'bad_body'],
    ['\0', 'bad_body'],
    [`{"queue":"q","payload":${deep}}`, 'bad_body'],
    ['['.repeat(1_000_000), 'bad_body'],
    ['{"queue":"q","__proto__":{"x":1}}', 'bad_body'],
    ['{"queue":"q","constructor":1}', 'bad_body'],
    ['{"queue":"q","ttlMs":1e400}', 'bad_option'],
    ['{"queue":"q","ttlMs":-1}', 'bad_option'],
    [`{"queue":"q","decideBy":"${'x'.repeat(70_000)}"}`, 'bad_body'],
  ] as const
  for (const [body, code] of bodies) {
    const headers = { 'content-type': 'application/json' }
    expectRefused(await ask('/tasks', { method: 'POST', headers, body }), 400, code)
  }
  expect(scheduler.statusNow().tasks.accepted).toBe(0)
})

test('rest: what is a user’s own is not looked into', async () => {
  const { post, scheduler } = await serve()
  await scheduler.agent({ queues: ['q'] }, (task) => task.payload)
  const payload = { constructor: 1, long: 'x'.repeat(70_000), prototype: null }
  const made = await post('/tasks?wait=10', { queue: 'q', id: 't', payload })
  expect(made.json).toMatchObject({ state: 'completed' })
  expect(JSON.parse(Buffer.from(await scheduler.taskResult('t')).toString())).toEqual(payload)
})

test('rest: a body may be of 1 MiB and no longer, said or unsaid', async () => {
  const { ask, port } = await serve({ payloadBytesMax: 2 * MIB })
  const headers = { 'content-type': 'application/octet-stream' }
  const send = (length: number, more: Record<string, string> = {}) =>
    ask('/tasks?queue=q', {
      method: 'POST',
      headers: { ...headers, ...more },
      body: new Uint8Array(length),
    })
  expect((await send(MIB - 1)).json.payloadBytes).toBe(MIB - 1)
  expect((await send(MIB)).json.payloadBytes).toBe(MIB)
  expectRefused(await send(MIB + 1), 413, 'payload_too_large')
  const chunk = `${(MIB / 4).toString(16)}\r\n${'x'.repeat(MIB / 4)}\r\n`
  const head =
    'POST /api/v1/tasks?queue=q HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n' +
    'content-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n'
  const said = await raw(port, head, ...Array(5).fill(chunk), '0\r\n\r\n')
  expect(said).toMatch(/^HTTP\/1\.1 413 /)
  expect(said).toContain('"code":"payload_too_large"')
})

test('rest: the scheduler’s own limits are said by it', async () => {
  const { ask, post } = await serve({ payloadBytesMax: 100, queues: { q: { tasksMax: 1 } } })
  const headers = { 'content-type': 'application/octet-stream' }
  const large = { method: 'POST', headers, body: new Uint8Array(101) }
  expectRefused(await ask('/tasks?queue=q', large), 413, 'payload_too_large')
  expect((await post('/tasks', { queue: 'q' })).status).toBe(201)
  const full = await post('/tasks', { queue: 'q' })
  expectRefused(full, 429, 'queue_full')
  expect(full.headers['retry-after']).toBe('1')
})

test('rest: a request that comes too slowly is ended, and said so', async () => {
  const { ask, port } = await serve({}, { requestMs: 200 })
  const head = `POST /api/v1/tasks HTTP/1.1\r\nhost: localhost\r\n${JSON_HEAD}content-length: 100\r\n`
  const slow = await Promise.all([
    raw(port, `${head}\r\n{"queue`),
    raw(port, head),
    raw(port, 'POST /api'),
  ])
  for (const said of slow) {
    expect(said).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(JSON.parse(said.split('\r\n\r\n')[1])).toMatchObject({
      code: 'timeout',
      retryable: true,
    })
  }
  expect((await ask('/status')).status).toBe(200)
})

test('rest: what is broken as HTTP is one sentence, and ends its connection alone', async () => {
  const { ask, port } = await serve()
  const broken: [string, number][] = [
    ['nonsense\r\n\r\n', 400],
    ['GET /api/v1/status HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['GET /api/v1/status HTTP/1.1\r\nhost: localhost\r\nbad header: x\r\n\r\n', 400],
    ['GET /api/v1/status HTTP/1.1\r\nhost: localhost\r\n: x\r\n\r\n', 400],
    [`GET /api/v1/status HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(9_000)}\r\n\r\n`, 431],
    [
      'POST /api/v1/tasks HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
    ],
    [
      'POST /api/v1/tasks HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n',
      400,
    ],
    [
      'GET /api/v1/status HTTP/1.1\r\nhost: localhost\r\nexpect: miracles\r\nconnection: close\r\n\r\n',
      417,
    ],
  ]
  for (const [text, status] of broken) {
    const said = await raw(port, text)
    expect(said, text.slice(0, 120)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    if (said.includes('application/json')) {
      expect(JSON.parse(said.split('\r\n\r\n')[1]).message).toMatch(/\.$/)
    }
  }
  expect((await ask('/status')).status).toBe(200)
})

test('rest: pipelined requests are answered in their order', async () => {
  const { port, scheduler } = await serve()
  const count = 200
  const requests = Array.from({ length: count }, (_, i) => {
    const body = `{"queue":"q","id":"t${i}"}`
    const last = i === count - 1 ? 'connection: close\r\n' : ''
    return (
      `POST /api/v1/tasks HTTP/1.1\r\nhost: localhost\r\n${last}${JSON_HEAD}` +
      `content-length: ${body.length}\r\n\r\n${body}`
    )
  })
  const said = await raw(port, requests.join(''))
  const places = [...said.matchAll(/location: \/api\/v1\/tasks\/t(\d+)\?/g)].map(([, i]) =>
    Number(i),
  )
  expect(places).toEqual(Array.from({ length: count }, (_, i) => i))
  expect(scheduler.statusNow().tasks.accepted).toBe(count)
})

test('rest: a request that is cut off in the middle does nothing', async () => {
  const { port, ask, scheduler } = await serve()
  const body = '{"queue":"q"}'
  const whole =
    `POST /api/v1/tasks HTTP/1.1\r\nhost: localhost\r\n${JSON_HEAD}` +
    `content-length: ${body.length}\r\n\r\n${body}`
  for (let at = 1; at < whole.length; at += 3) {
    await new Promise<void>((resolve) => {
      const socket = connectTcp(port, '127.0.0.1', () => {
        socket.write(whole.slice(0, at), () => socket.destroy())
      })
      socket.on('close', () => resolve())
    })
  }
  expect((await ask('/status')).status).toBe(200)
  expect(scheduler.statusNow().tasks.accepted).toBe(0)
})
