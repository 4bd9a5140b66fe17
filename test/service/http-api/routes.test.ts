import { afterAll, expect, test } from 'vitest'
import { ROUTES } from '../../../src/service/http/api/table.ts'
import { until } from '../../support/until.ts'
import { Documented } from './document.ts'
import { serve } from './support.ts'

/** Over all tests of this file. */
const answered = new Set<string>()

async function api(options: Parameters<typeof serve>[0] = {}) {
  const served = await serve(options)
  return { scheduler: served.scheduler, api: await Documented.of(served, answered) }
}

test('rest: a task is submitted, looked at, listed and its result fetched', async () => {
  const { scheduler, api: rest } = await api({ queues: { ocr: { explain: true } } })
  await scheduler.agent({ id: 'a1', queues: ['ocr'] }, (task) => ({ got: task.json() }))
  const made = await rest.post('/tasks?wait=10', {
    queue: 'ocr',
    payload: { page: 1 },
    id: 'page-1',
    priority: 'high',
    requires: [],
  })
  expect(made.status).toBe(201)
  expect(made.headers.location).toBe('/api/v1/tasks/page-1?queue=ocr')
  expect(made.json).toMatchObject({ id: 'page-1', state: 'completed', priority: 4, agent: 'a1' })
  const again = await rest.post('/tasks', { queue: 'ocr', id: 'page-1' })
  expect(again).toMatchObject({ status: 200 })
  expect((await rest.get('/tasks/page-1')).json.result).toBe('{"got":{"page":1}}')
  expect((await rest.get('/tasks?queue=ocr&state=completed&limit=5')).json.tasks).toHaveLength(1)
  const result = await rest.get('/tasks/page-1/result?queue=ocr')
  expect(result.headers['content-type']).toBe('application/octet-stream')
  expect(result.text).toBe('{"got":{"page":1}}')
  expect((await rest.get('/tasks/page-1/explanation')).json.placement.agent).toBe('a1')
  const history = await until(
    async () => {
      const { json } = await rest.get('/tasks/page-1/history')
      return json.length > 1 && json
    },
    { what: 'the history' },
  )
  expect(history[0].what).toBe('accepted')
  const { json: message } = await rest.get('/tasks/page-1/message')
  expect(message).toMatchObject({ message_id: 'page-1' })
})

test('rest: a payload of any bytes comes to the agent as it is, and its result goes back so', async () => {
  const { scheduler, api: rest } = await api()
  await scheduler.agent({ queues: ['scan'], capabilities: ['x', 'y'] }, (task) => task.payload)
  const payload = Uint8Array.from({ length: 2_000 }, (_, i) => i * 7)
  const made = await rest.ask('/tasks?queue=scan&id=raw&requires=y,x&retryCount=0&wait=10', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: payload,
  })
  expect(made.json).toMatchObject({ state: 'completed', requires: ['x', 'y'], payloadBytes: 2_000 })
  const result = await rest.get('/tasks/raw/result')
  expect(Uint8Array.from(result.bytes)).toEqual(payload)
})

test('rest: what has no result says why', async () => {
  const { scheduler, api: rest } = await api({ queueDefaults: { retryCount: 0 } })
  await rest.post('/tasks', { queue: 'q', id: 'waits' })
  const none = await rest.get('/tasks/waits/result')
  expect(none).toMatchObject({ status: 404 })
  expect(none.json.message).toBe('Task "waits": it is pending and has no result.')
  await scheduler.agent({ queues: ['q'] }, () => {
    throw new Error('torn')
  })
  const failed = await rest.get('/tasks/waits?wait=10')
  expect(failed.json).toMatchObject({ state: 'failed', code: 'error', message: 'torn' })
  expect((await rest.get('/tasks/waits/result')).json.message).toMatch(/it is failed/)
  expect((await rest.get('/tasks/nobody/result')).json.code).toBe('task_unknown')
})

test('rest: a task is cancelled once', async () => {
  const { api: rest } = await api()
  await rest.post('/tasks', { queue: 'q', id: 't', at: '2099-01-01T00:00:00Z' }).then((far) => {
    expect(far.json.message).toMatch(/"at"/)
  })
  const at = new Date(Date.now() + 3_600_000).toISOString()
  const made = await rest.post('/tasks', { queue: 'q', id: 't', at })
  expect(made.json).toMatchObject({ state: 'scheduled', scheduledFor: expect.any(Number) })
  expect((await rest.post('/tasks/t/cancel', { queue: 'q' })).json.state).toBe('cancelled')
  expect((await rest.post('/tasks/t/cancel')).status).toBe(409)
})

test('rest: queues are shown, paused, resumed; strategies switched and compared', async () => {
  const { api: rest } = await api({ queues: { ocr: { slaTargetMs: 5_000 } } })
  expect((await rest.get('/queues')).json).toMatchObject([{ queue: 'ocr', paused: false }])
  expect((await rest.post('/queues/ocr/pause')).json).toEqual({ queue: 'ocr', paused: true })
  expect((await rest.get('/queues/ocr')).json.paused).toBe(true)
  expect((await rest.post('/queues/ocr/resume')).json).toEqual({ queue: 'ocr', paused: false })
  const strategy = (name: string) => ({ strategy: name })
  await rest.post('/queues/ocr/strategy', strategy('shortest_wait'), 'PUT')
  await rest.post('/strategies/default', strategy('latency'), 'PUT')
  const { json: all } = await rest.get('/strategies')
  const named = (name: string) => all.find((each: { name: string }) => each.name === name)
  expect(named('shortest_wait').queues).toEqual(['ocr'])
  expect(named('latency').isDefault).toBe(true)
  expect((await rest.get('/queues/ocr/shadow')).status).toBe(400)
  expect((await rest.post('/queues/nobody/strategy', strategy('latency'), 'PUT')).status).toBe(404)
})

test('rest: a shadow begins, is compared and ends', async () => {
  const { api: rest } = await api({ queues: { ocr: {} }, routers: 1 })
  const begun = await rest.post('/queues/ocr/shadow', { strategy: 'latency' }, 'PUT')
  expect(begun).toMatchObject({ status: 204, text: '' })
  expect((await rest.get('/queues/ocr/shadow')).json).toMatchObject({ shadow: 'latency' })
  expect((await rest.post('/queues/ocr/shadow', {}, 'DELETE')).status).toBe(204)
})

test('rest: agents are shown, maintained, drained, and their load with them', async () => {
  const { scheduler, api: rest } = await api()
  const agent = await scheduler.agent({ id: 'a1', queues: ['ocr'], concurrency: 4 }, () => null)
  await rest.post('/tasks?wait=10', { queue: 'ocr' })
  expect((await rest.get('/agents?limit=10')).json).toMatchObject([{ id: 'a1', completed: 1 }])
  expect((await rest.get('/agents/a1')).json).toMatchObject({ agent: 'a1', capacity: 4 })
  expect((await rest.get('/agents/a1/utilization')).json.available_slots).toBe(4)
  expect((await rest.get('/capacity')).json).toHaveLength(1)
  expect((await rest.post('/agents/a1/maintenance', {}, 'PUT')).status).toBe(204)
  expect((await rest.get('/agents/a1')).json.condition).toBe('maintenance')
  expect((await rest.post('/agents/a1/maintenance', {}, 'DELETE')).status).toBe(204)
  expect((await rest.get('/advice')).json).toHaveLength(1)
  expect((await rest.get('/queues/ocr/advice')).json[0].queue).toBe('ocr')
  expect((await rest.post('/rebalance')).json.moved).toEqual([])
  const drained = await rest.post('/agents/a1/drain')
  expect(drained).toMatchObject({ status: 202, json: { agent: 'a1', draining: true } })
  await agent.closed
  expect((await rest.get('/agents/a1')).status).toBe(404)
})

test('rest: dead letters are shown, replayed one and many, and purged', async () => {
  const { scheduler, api: rest } = await api({ queues: { q: { retryCount: 0 } } })
  let isFailing = true
  await scheduler.agent({ queues: ['q'] }, (task) => {
    if (isFailing) throw new Error('torn')
    return task.json()
  })
  for (const id of ['one', 'two', 'three', 'four']) {
    await rest.post('/tasks?wait=10', { queue: 'q', id, payload: { id } })
  }
  expect((await rest.get('/dead-letters?name=q&limit=2')).json.letters).toHaveLength(2)
  expect((await rest.get('/dead-letters/q/one')).json.payload).toBe('{"id":"one"}')
  isFailing = false
  const edited = await rest.post('/dead-letters/q/one/replay', { payload: { id: 'new' } })
  const [{ as }] = edited.json.replayed
  expect((await rest.get(`/tasks/${as}?wait=10`)).json.result).toBe('{"id":"new"}')
  expect((await rest.post('/dead-letters/q/replay', {})).status).toBe(400)
  const many = await rest.post('/dead-letters/q/replay', { max: 1 })
  expect(many.json).toMatchObject({ replayed: [{ id: 'two' }], refused: [] })
  expect((await rest.post('/dead-letters/q/three', {}, 'DELETE')).json).toEqual({ purged: 1 })
  expect((await rest.post('/dead-letters/q', {}, 'DELETE')).status).toBe(400)
  const rest4 = await rest.post('/dead-letters/q?all=true', {}, 'DELETE')
  expect(rest4.json.purged).toBeGreaterThanOrEqual(1)
})

test('rest: status, latency, metrics and the ledger', async () => {
  const { scheduler, api: rest } = await api()
  await scheduler.agent({ queues: ['q'] }, () => 1)
  await rest.post('/tasks?wait=10', { queue: 'q' })
  expect((await rest.get('/status')).json).toMatchObject({ tasks: { completed: 1, lost: 0 } })
  expect((await rest.get('/latency')).json.total.count).toBe(1)
  expect((await rest.get('/metrics')).json.total_tasks_distributed).toBe(1)
  const page = await until(
    async () => {
      const { json } = await rest.get('/ledger?limit=2')
      return json.entries.length === 2 && json
    },
    { what: 'two entries' },
  )
  const after = await rest.get(`/ledger?after=${page.cursor}`)
  expect(after.json.isGap).toBe(false)
})

test('rest: a flow is submitted, waited for, listed; its inputs are fetched', async () => {
  const { scheduler, api: rest } = await api()
  let check = ''
  let finish = () => {}
  await scheduler.agent({ queues: ['ocr'] }, (task) => ({ from: task.id }))
  await scheduler.agent({ queues: ['review'] }, (task) => {
    check = task.id
    return new Promise<void>((end) => {
      finish = end
    })
  })
  const tasks = { scan: { queue: 'ocr' }, check: { queue: 'review', after: ['scan'] } }
  const made = await rest.post('/flows', { id: 'f1', tasks })
  expect(made.status).toBe(201)
  expect(made.headers.location).toBe('/api/v1/flows/f1')
  expect(made.json).toMatchObject({ state: 'running', layers: [['scan'], ['check']] })
  await until(() => check, { what: 'the second task to run' })
  const input = await rest.get(`/tasks/${check}/inputs/scan?queue=review`)
  expect(JSON.parse(input.text)).toEqual({ from: made.json.tasks[0].id })
  expect((await rest.get(`/tasks/${check}/inputs/other`)).json.code).toBe('input_unknown')
  const over = rest.post('/flows?wait=10', { id: 'f1', tasks })
  finish()
  expect(await over).toMatchObject({ status: 200, json: { state: 'completed' } })
  expect((await rest.get('/flows/f1?wait=1')).json.state).toBe('completed')
  expect((await rest.get('/flows?state=completed&limit=3')).json.flows).toHaveLength(1)
  const mermaid = (await rest.get('/flows/f1/drawing?format=mermaid')).json
  expect(mermaid.format).toBe('mermaid')
  expect(mermaid.drawing).toMatch(/^flowchart /)
  expect((await rest.get('/flows/f1/drawing')).json.drawing).toMatch(/^digraph /)
  expect((await rest.get('/flows/nobody')).json.code).toBe('flow_unknown')
})

test('rest: a flow with a cycle is refused with the cycle; an open one is cancelled', async () => {
  const { api: rest } = await api()
  const queue = 'q'
  const cycle = { a: { queue, after: ['b'] }, b: { queue, after: ['a'] } }
  const refused = await rest.post('/flows', { tasks: cycle })
  expect(refused).toMatchObject({ status: 400, json: { code: 'bad_flow' } })
  expect(refused.json.message).toMatch(/a → b → a|b → a → b/)
  await rest.post('/flows', { id: 'f', tasks: { a: { queue }, b: { queue, after: ['a'] } } })
  const part = await rest.post('/flows/f/cancel', { node: 'b' })
  expect(part.json).toMatchObject({ state: 'running', progress: { done: 1 } })
  expect((await rest.post('/flows/f/cancel')).json.state).toBe('cancelled')
})

test('rest: somebody claims a task of their inbox, comments on it and decides', async () => {
  const { api: rest } = await api({
    queues: { review: {} },
    people: { ada: { queues: ['review'] } },
  })
  await rest.post('/tasks', { queue: 'review', id: 'gap-1', payload: { gap: 1, confidence: 80 } })
  const rows = await until(
    async () => {
      const { json } = await rest.get('/inbox?person=ada&limit=10')
      return json.length > 0 && json
    },
    { what: 'a task in the inbox' },
  )
  expect(rows[0]).toMatchObject({ task: 'gap-1', queue: 'review' })
  const decision = { by: 'ada', decision: 'accept', comment: 'yes', data: { level: 2 } }
  const early = await rest.post('/inbox/gap-1/decide', decision)
  expect(early).toMatchObject({ status: 409, json: { code: 'not_claimed' } })
  expect((await rest.post('/inbox/gap-1/claim', { by: 'ada' })).json.state).toBe('claimed')
  const note = await rest.post('/inbox/gap-1/comments', { by: 'ada', text: 'page 2' })
  expect(note).toMatchObject({ status: 201, json: { by: 'ada', text: 'page 2' } })
  const shown = await rest.get('/inbox/gap-1?queue=review')
  expect(shown.json).toMatchObject({ payload: '{"gap":1,"confidence":80}', comments: 1 })
  expect((await rest.post('/inbox/gap-1/decide', decision)).json.decision).toBe('accept')
  const { json } = await rest.get('/tasks/gap-1?wait=10')
  expect(JSON.parse(json.result)).toMatchObject({ decision: 'accept', by: 'ada' })
  expect((await rest.get('/queues/review/calibration')).json.bands).toHaveLength(4)
  expect((await rest.post('/inbox/gap-1/claim', { by: 'bob' })).status).toBe(404)
})

afterAll(() => {
  const all = ROUTES.map(({ method, path }) => `${method} ${path}`)
  expect([...answered].filter((name) => name !== 'GET /openapi.json').sort()).toEqual(all.sort())
})
