import type { NatsConnection } from 'nats'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { callApi } from '../faults/support/api.ts'
import { type AgentReport, PlainAgent, type PlainTask } from '../faults/support/plain-agent.mjs'
import { PlainSubmitter } from '../faults/support/plain-submitter.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { type Answer, ask, type Block, GRANTED } from './support/ask.ts'

const AGENTS_MAX = 32
const HELLOS = 10_000

const nats = withNats()
let scheduler: Scheduler
let nc: NatsConnection
let submitter: PlainSubmitter
let agent: PlainAgent
let reports: AgentReport[]

beforeEach(async () => {
  nc = await nats.connect()
  scheduler = new Scheduler({
    nats: nats.url,
    name: 'sched',
    leaseMs: 60_000,
    agentsMax: AGENTS_MAX,
    routers: 0,
  })
  await scheduler.start()
  submitter = new PlainSubmitter(nc)
  reports = []
  agent = new PlainAgent({
    servers: nats.url,
    id: 'good',
    concurrency: 4,
    report: (report) => reports.push(report),
  })
  await agent.start()
})
/** Whatever was refused before: the good agent still gets tasks and finishes each once. */
afterEach(async () => {
  agent.release()
  submitter.submit('last')
  await submitter.allFinished()
  expect(submitter.outcomeOf('last')).toMatchObject({ state: 'completed' })
  expect(scheduler.statusNow().tasks).toMatchObject({ lost: 0, running: 0, waiting: 0 })
  await agent.stop()
  await scheduler.stop()
})

const INSTANCE = 'i1'
const say = (verb: string, body: unknown, id = 'other'): Promise<Answer> =>
  ask(nc, `sb.from.${id}.${verb}`, typeof body === 'string' ? body : JSON.stringify(body))
const hello = (more: Record<string, unknown> = {}, id?: string) =>
  say('hello', { instance: INSTANCE, queues: ['elsewhere'], ...more }, id)

function numbered(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}`, 0.5]))
}

test.each<[string, Record<string, unknown>, string]>([
  ['concurrency 0', { concurrency: 0 }, 'bad_concurrency'],
  ['concurrency -1', { concurrency: -1 }, 'bad_concurrency'],
  ['concurrency 65,536', { concurrency: 65_536 }, 'bad_concurrency'],
  ['concurrency 1e9', { concurrency: 1e9 }, 'bad_concurrency'],
  ['half a concurrency', { concurrency: 0.5 }, 'bad_concurrency'],
  ['concurrency as text', { concurrency: '4' }, 'bad_concurrency'],
  ['concurrency as an object', { concurrency: { toString: 1, valueOf: 2 } }, 'bad_concurrency'],
  ['no queues', { queues: [] }, 'bad_body'],
  ['queues as text', { queues: 'work' }, 'bad_body'],
  ['a queue with a dot', { queues: ['a.b'] }, 'bad_token'],
  ['a queue of CR LF', { queues: ['a\r\nPUB x 0\r\n'] }, 'bad_token'],
  ['257 queues', { queues: Array.from({ length: 257 }, (_, n) => `q${n}`) }, 'bad_body'],
  ['a capability that is an object', { capabilities: [{ toString: null }] }, 'bad_token'],
  ['a capability that is *', { capabilities: ['*'] }, 'bad_token'],
  ['no instance', { instance: undefined }, 'bad_token'],
  ['an instance with a space', { instance: 'a b' }, 'bad_token'],
  ['an instance that is an object', { instance: { toString: 'x' } }, 'bad_token'],
  ['an instance of 10 KiB', { instance: 'i'.repeat(10_240) }, 'bad_token'],
  ['a label as text', { labels: { gpu: '24' } }, 'bad_option'],
  ['a label that is null', { labels: { gpu: null } }, 'bad_option'],
  ['a label that is an object', { labels: { gpu: { valueOf: 1 } } }, 'bad_option'],
  ['a label with a dot', { labels: { 'gpu.0': 1 } }, 'bad_token'],
  ['a label of CR LF', { labels: { 'a\r\nPUB x 0\r\n': 1 } }, 'bad_token'],
  ['65 labels', { labels: numbered(65) }, 'bad_option'],
  ['labels as a list', { labels: [24] }, 'bad_option'],
  ['labels as a number', { labels: 7 }, 'bad_option'],
  ['a label of the prototype', { labels: { constructor: 1 } }, 'bad_body'],
  ['a specialization above 1', { specializations: { ocr: 1.1 } }, 'bad_option'],
  ['a specialization below 0', { specializations: { ocr: -0.1 } }, 'bad_option'],
  ['a specialization as text', { specializations: { ocr: '1' } }, 'bad_option'],
  ['a specialization in *', { specializations: { '*': 1 } }, 'bad_token'],
  ['257 specializations', { specializations: numbered(257) }, 'bad_option'],
  ['another’s id', { id: 'good' }, 'identity_mismatch'],
  ['an id that is an object', { id: { toString: 0 } }, 'identity_mismatch'],
])('hello: %s is refused', async (_, more, code) => {
  const before = scheduler.statusNow().refused[code] ?? 0
  expect(await hello(more)).toMatchObject({ code, body: '' })
  expect(scheduler.statusNow().refused[code]).toBe(before + 1)
  expect((await scheduler.listAgents()).map(({ id }) => id)).toEqual(['good'])
})

test('hello: labels that are none are taken, and numbers of any size', async () => {
  const huge = { a: 1e308, b: -1e-308, c: -0 }
  for (const labels of [{}, null, undefined, huge]) {
    expect(await hello({ labels, specializations: labels === huge ? {} : labels })).toMatchObject(
      GRANTED,
    )
  }
  expect(await say('hello', '{"instance":"i1","queues":["q"],"labels":{"a":1e400}}')).toMatchObject(
    {
      code: 'bad_option',
    },
  )
  expect(await say('bye', { instance: INSTANCE })).toMatchObject(GRANTED)
})

const BODIES: [string, string | Uint8Array][] = [
  ['half an object', '{'],
  ['a list', '[]'],
  ['null', 'null'],
  ['a number', '1e400'],
  ['a million [', '['.repeat(1_000_000)],
  ['250,000 [', '['.repeat(250_000)],
  ['33 deep', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`],
  ['a NUL', '\0'],
  ['overlong UTF-8', Uint8Array.from([0x7b, 0xc0, 0x80, 0x7d])],
  ['a lone surrogate in bytes', Uint8Array.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ['text', 'PUB x 0\r\n'],
]

test.each(BODIES)('hello, beat, bye and calls: %s as body is 400 bad_body', async (_, body) => {
  for (const subject of ['sb.from.a.hello', 'sb.from.a.beat', 'sb.from.a.bye', 'sb.api.task.any']) {
    expect(await ask(nc, subject, body)).toMatchObject({ status: 400, code: 'bad_body' })
  }
})

test.each(['__proto__', 'constructor', 'prototype'])(
  'hello: the key %s is 400 bad_body',
  async (key) => {
    const evil = `{"${key}":{"concurrency":9},"instance":"${INSTANCE}","queues":["elsewhere"]}`
    expect(await say('hello', evil)).toMatchObject({ status: 400, code: 'bad_body' })
  },
)

test('hello: 1,000 keys are taken, one more or a text of more than 64 Ki is 400 bad_body', async () => {
  const hello = { instance: INSTANCE, queues: ['elsewhere'] }
  const more = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [i, 0]))
  expect(await say('hello', { ...hello, ...more(998) })).toMatchObject(GRANTED)
  const tooMany = await say('hello', { ...hello, ...more(999) })
  expect(tooMany).toMatchObject({ status: 400, code: 'bad_body' })
  const tooLong = await say('hello', { ...hello, note: 'x'.repeat(65_537) })
  expect(tooLong).toMatchObject({ status: 400, code: 'bad_body' })
})

test('hello: doubled keys and a byte order mark change nothing', async () => {
  const evil = `{"instance":"x","instance":"${INSTANCE}","queues":["elsewhere"]}`
  expect(await say('hello', `\uFEFF${evil}`)).toMatchObject(GRANTED)
  const [view] = (await scheduler.listAgents()).filter(({ id }) => id === 'other')
  expect(view).toMatchObject({ instance: INSTANCE, concurrency: 1 })
  expect(({} as Record<string, unknown>).concurrency).toBeUndefined()
})

test.each(['a~b', '*', '>', 'Ä', '$SYS', 'x'.repeat(65)])(
  'agent: the id %j is 400 bad_token',
  async (id) => {
    for (const verb of ['hello', 'beat', 'bye']) {
      expect(await say(verb, { instance: INSTANCE, queues: ['*'] }, id)).toMatchObject({
        status: 400,
        code: 'bad_token',
      })
    }
  },
)

test('agent: beat and bye of one that never said hello are 404 agent_unknown', async () => {
  const unknown = { status: 404, code: 'agent_unknown' }
  expect(await say('beat', { instance: INSTANCE, schedulers: {} })).toMatchObject(unknown)
  expect(await say('bye', { instance: INSTANCE })).toMatchObject(unknown)
  expect(await say('beat', { instance: 'unseen', schedulers: {} }, 'good')).toMatchObject(unknown)
  expect(await callApi(nc, 'drain', { agent: 'nobody' })).toMatchObject(unknown)
})

test('beat: nonsense about its work is refused or believed of none', async () => {
  const { instance } = agent.options
  const beat = (schedulers: unknown) => say('beat', { instance, schedulers }, 'good')
  for (const schedulers of [
    [],
    'all',
    7,
    { sched: null },
    { sched: {} },
    { sched: { running: 1 } },
  ]) {
    expect(await beat(schedulers)).toMatchObject({ status: 400, code: 'bad_body' })
  }
  agent.options.holds = true
  submitter.submit('held')
  await until(() => agent.running.size === 1, { what: 'the agent to be at work' })
  const [token] = agent.running.keys()
  const running = [{}, null, 7, '', '--', '1-1-1', `${token}x`, '9'.repeat(400), token]
  for (let n = 0; n < 4; n++) {
    const seen = { toString: 1 }
    const clocksAndCredit = { now: -1, credit: 1e9, seq: -5 }
    expect(await beat({ sched: { seen, running, ...clocksAndCredit } })).toMatchObject(GRANTED)
    expect(await beat({ sched: { running: [token] } })).toMatchObject(GRANTED)
  }
  expect(scheduler.statusNow()).toMatchObject({ tasks: { running: 1 }, attempts: { lost: 0 } })
})

/** A task in the good agent's hands, which holds it. */
async function heldTask(id: string): Promise<PlainTask> {
  agent.options.holds = true
  submitter.submit(id)
  await until(() => [...agent.running.values()].some((task) => task.id === id), {
    what: 'the agent to be at work',
  })
  return [...agent.running.values()].find((task) => task.id === id)!
}

const result = (subject: string, block?: Block) => ask(nc, subject, 'forged', block)

test('result: for a task that never was, from another, or of an old token is refused', async () => {
  const task = await heldTask('held')
  const parts = task.reply.split('.')
  const swapped = (at: number, word: string) => parts.with(at, word).join('.')
  const [epoch, counter, seq] = task.token.split('-').map(Number)
  const unknown = [
    swapped(6, `${epoch}-${counter + 1_000}-1`),
    swapped(6, `${epoch + 1}-${counter}-${seq}`),
    swapped(6, '0-0-0'),
  ]
  for (const subject of unknown) {
    expect(await result(subject)).toMatchObject({ status: 404, code: 'result_unknown' })
  }
  const late = [swapped(2, 'other'), swapped(5, '99999'), swapped(5, `${2 ** 40}`)]
  for (const subject of late) {
    expect(await result(subject)).toMatchObject({ status: 409, code: 'late_result' })
  }
  const words = ['1', '--', `${task.token}-1`, '-1-1-1', '1e3-1-1', `${'9'.repeat(16)}-1-1`]
  for (const word of words) {
    expect(await result(swapped(6, word))).toMatchObject({ status: 400, code: 'bad_subject' })
  }
  expect(await result(swapped(5, '-1'))).toMatchObject({ status: 400, code: 'bad_subject' })
  expect(await result(task.reply, ['bad name: 1'])).toMatchObject({ code: 'bad_header' })
  expect(await result(task.reply, Array(40).fill('X: 1'))).toMatchObject({
    code: 'headers_too_large',
  })
  expect(scheduler.statusNow().tasks).toMatchObject({ running: 1, completed: 0 })
  agent.release()
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
})

test('result: a second one, and one for a finished task, is 409 late_result', async () => {
  const task = await heldTask('once')
  agent.release()
  await submitter.allFinished()
  const late = { status: 409, code: 'late_result' }
  expect(await result(task.reply)).toMatchObject(late)
  expect(await result(task.reply, ['Nats-Service-Error-Code: 500'])).toMatchObject(late)
  submitter.expectAllCompletedOnce()
  expect(scheduler.statusNow().attempts).toMatchObject({ started: 1, lateResults: 2 })
})

test('result: one that is too large fails its task for good', async () => {
  const task = await heldTask('large')
  task.payload = new Uint8Array(256 * 1024 + 1)
  agent.release()
  await submitter.allFinished()
  expect(submitter.outcomeOf('large')).toMatchObject({
    state: 'failed',
    code: 'payload_too_large',
    attempts: 1,
  })
})

test('result: a failure’s code and words reach the submitter clean and cut', async () => {
  const task = await heldTask('fails')
  agent.options.holds = false
  const lines = [
    'Nats-Service-Error-Code: nonsense',
    // The block goes out byte by byte: these two are U+009B.
    `Nats-Service-Error: \u001b[31m\u00c2\u009bred\u0000 ${'x'.repeat(6_000)}`,
    'Sb-Code: not a token',
    'Sb-Retryable: 0',
  ]
  expect(await ask(nc, task.reply, 'ignored', lines)).toMatchObject(GRANTED)
  await submitter.allFinished()
  const outcome = submitter.outcomeOf('fails')
  expect(outcome).toMatchObject({ state: 'failed', code: 'error', body: '' })
  expect(outcome.message).toMatch(/^\[31m red/)
  expect(outcome.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
  expect(outcome.message.length).toBeLessThanOrEqual(4_096)
})

test('progress: nonsense is dropped, what is kept is cut to 1 KiB', async () => {
  const task = await heldTask('slow')
  const subject = task.reply.replace('.result.', '.progress.')
  nc.publish(`${subject}x`, 'nonsense')
  nc.publish(subject.replace('good', 'other'), 'of another')
  nc.publish(subject, '🚂'.repeat(1_000))
  const view = await until(
    async () => {
      const { body } = await callApi(nc, 'task', { id: 'slow' })
      return body.progress === null ? undefined : body
    },
    { what: 'the progress to be shown' },
  )
  expect(view.progress).toBe('🚂'.repeat(256))
  expect(scheduler.statusNow().refused).toMatchObject({ bad_subject: 1, late_result: 1 })
})

test('calls: unknown verbs, bad ids and foreign targets', async () => {
  expect(await callApi(nc, 'explode')).toMatchObject({ status: 400, code: 'not_supported' })
  expect(await callApi(nc, '>')).toMatchObject({ status: 400, code: 'not_supported' })
  for (const id of [undefined, 7, 'a.b', { toString: 1 }, ['x'], 'x'.repeat(65)]) {
    for (const verb of ['task', 'cancel']) {
      expect(await callApi(nc, verb, { id })).toMatchObject({ status: 400, code: 'bad_token' })
    }
  }
  const badQueue = { id: 'x', queue: { toString: 1 } }
  expect(await callApi(nc, 'task', badQueue)).toMatchObject({ status: 400, code: 'bad_token' })
  const unknown = { status: 404, code: 'task_unknown' }
  expect(await callApi(nc, 'task', { id: '__proto__', queue: '__proto__' })).toMatchObject(unknown)
  expect(await callApi(nc, 'task', { id: 'constructor' })).toMatchObject(unknown)
  await expect(nc.request('sb.api.status.nobody', '', { timeout: 200 })).rejects.toThrow('TIMEOUT')
})

test(`hello: of ${HELLOS} unknown agents as many as may are registered, the others are 429`, async () => {
  const answers = new Map<string, number>()
  let count = 0
  nc.subscribe('_INBOX.many', {
    callback: (_, { headers }) => {
      const code = headers?.get('Sb-Code') || 'granted'
      answers.set(code, (answers.get(code) ?? 0) + 1)
      count++
    },
  })
  for (let n = 0; n < HELLOS; n++) {
    const body = JSON.stringify({ instance: INSTANCE, queues: ['elsewhere'], concurrency: 65_535 })
    nc.publish(`sb.from.many-${n}.hello`, body, { reply: '_INBOX.many' })
  }
  await until(() => count === HELLOS, { what: 'every hello to be answered' })
  expect([...answers].sort()).toEqual([
    ['granted', AGENTS_MAX - 1],
    ['too_many_agents', HELLOS - AGENTS_MAX + 1],
  ])
  expect(await scheduler.listAgents()).toHaveLength(AGENTS_MAX)
  expect(await say('bye', { instance: INSTANCE }, 'many-0')).toMatchObject(GRANTED)
  expect(await hello()).toMatchObject(GRANTED)
})

test('hello: an id that changes hands ten thousand times leaves one agent and no credit behind', async () => {
  let count = 0
  nc.subscribe('_INBOX.hands', { callback: () => count++ })
  for (let n = 0; n < HELLOS; n++) {
    const body = JSON.stringify({ instance: `i${n}`, queues: ['*'], concurrency: 1 })
    nc.publish('sb.from.restless.hello', body, { reply: '_INBOX.hands' })
  }
  await until(() => count === HELLOS, { what: 'every hello to be answered' })
  expect((await scheduler.listAgents()).map(({ id }) => id).sort()).toEqual(['good', 'restless'])
  expect(await say('bye', { instance: `i${HELLOS - 1}` }, 'restless')).toMatchObject(GRANTED)
  agent.options.holds = true
  for (let n = 0; n < 5; n++) submitter.submit(`t${n}`)
  await until(() => agent.running.size === 4, { what: 'the agent to be full' })
  expect(scheduler.statusNow().tasks).toMatchObject({ running: 4, waiting: 1 })
})
