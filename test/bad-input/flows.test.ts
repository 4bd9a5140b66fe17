import type { NatsConnection } from 'nats'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { PlainAgent, type PlainTask } from '../faults/support/plain-agent.mjs'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { ask, type Block, GRANTED } from './support/ask.ts'

const nats = withNats()
let scheduler: Scheduler
let agent: PlainAgent
let nc: NatsConnection

beforeAll(async () => {
  nc = await nats.connect()
  scheduler = new Scheduler({
    nats: { servers: nats.url, wildcard: true },
    queues: { work: {}, other: { tasksMax: 2 }, idle: {} },
    strictQueues: true,
    leaseMs: 60_000,
    name: 'strict',
  })
  await scheduler.start()
  const queues = ['work', 'other']
  agent = await new PlainAgent({ servers: nats.url, id: 'good', concurrency: 10, queues }).start()
})
afterAll(async () => {
  await agent.stop()
  await scheduler.stop()
})

/** Whatever was refused before: a flow still runs to its end, and nothing is missing. */
afterEach(async () => {
  const tasks = { a: {}, b: { after: ['a'] } }
  expect(await ask(nc, 'sb.flow.work', JSON.stringify({ tasks }))).toMatchObject(GRANTED)
  const isOver = () => {
    const { accepted, completed } = scheduler.statusNow().tasks
    return accepted === completed
  }
  await until(isOver, { what: 'all that was accepted to complete' })
  expect(scheduler.statusNow().tasks).toMatchObject({ lost: 0, blocked: 0 })
})

/** A refusal with this code, counted once; nothing is admitted. */
async function expectRefused(
  code: string,
  status: number,
  subject: string,
  body: unknown,
  block?: Block,
): Promise<string> {
  const refused = () => scheduler.statusNow().refused[code] ?? 0
  const before = refused()
  const { accepted } = scheduler.statusNow().tasks
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await ask(nc, subject, text, block)
  expect(answer).toMatchObject({ code, status, body: '' })
  expect(refused()).toBe(before + 1)
  expect(scheduler.statusNow().tasks.accepted).toBe(accepted)
  return answer.message
}

const ONE = { tasks: { a: {} } }
const tasksOf = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`t${n}`, {}]))
const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

test.each<[string, unknown, string]>([
  ['nothing', '', 'bad_flow'],
  ['half an object', '{"tasks":', 'bad_body'],
  ['a list', '[]', 'bad_body'],
  ['bytes that are no UTF-8', '\uD800{}', 'bad_body'],
  ['null', 'null', 'bad_body'],
  ['what nests too deep', `{"tasks":{"a":{"payload":${deep(40)}}}}`, 'bad_body'],
  ['a key of the prototype', '{"tasks":{"__proto__":{}}}', 'bad_body'],
  ['a payload of the prototype', '{"tasks":{"a":{"payload":{"__proto__":1}}}}', 'bad_body'],
  ['no tasks', { tasks: {} }, 'bad_flow'],
  ['tasks as a list', { tasks: [{}] }, 'bad_flow'],
  ['tasks as a text', { tasks: 'a' }, 'bad_flow'],
  ['a task that is none', { tasks: { a: 7 } }, 'bad_flow'],
  ['a task that is null', { tasks: { a: null } }, 'bad_flow'],
  ['a name with a dot', { tasks: { 'a.b': {} } }, 'bad_flow'],
  ['a name of CR LF', { tasks: { 'a\r\nPUB x 0\r\n': {} } }, 'bad_flow'],
  ['an empty name', { tasks: { '': {} } }, 'bad_flow'],
  ['an unknown parent', { tasks: { a: { after: ['b'] } } }, 'bad_flow'],
  ['a parent as a text', { tasks: { a: {}, b: { after: 'a' } } }, 'bad_flow'],
  ['a parent that is an object', { tasks: { a: {}, b: { after: [{ toString: 1 }] } } }, 'bad_flow'],
  ['a loop', { tasks: { a: { after: ['a'] } } }, 'bad_flow'],
  ['a cycle', { tasks: { a: { after: ['b'] }, b: { after: ['a'] } } }, 'bad_flow'],
  ['1,001 tasks', { tasks: tasksOf(1_001) }, 'bad_flow'],
  ['an id with a space', { ...ONE, id: 'a b' }, 'bad_token'],
  ['an id that is an object', { ...ONE, id: { toString: 1 } }, 'bad_token'],
  ['an unknown key', { ...ONE, priority: 5 }, 'not_supported'],
  ['a way to fail that is none', { ...ONE, onFailure: 'retry' }, 'bad_option'],
  ['a task with an unknown key', { tasks: { a: { deadline: 5 } } }, 'not_supported'],
  ['a task with parents outside', { tasks: { a: { dependsOn: ['x'] } } }, 'not_supported'],
  ['a task with voters', { tasks: { a: { voters: 3 } } }, 'not_supported'],
  ['a task with a bad id', { tasks: { a: { id: '*' } } }, 'bad_token'],
  ['a task of a bad queue', { tasks: { a: { queue: 'a b' } } }, 'bad_token'],
  ['a task with a bad priority', { tasks: { a: { priority: 6 } } }, 'bad_priority'],
  ['a task with a bad time-out', { tasks: { a: { timeoutMs: -1 } } }, 'bad_option'],
  ['a task with a bad time', { tasks: { a: { at: '2030-01-01' } } }, 'bad_option'],
  ['a task with a bad way to fail', { tasks: { a: { onFailure: 'x' } } }, 'bad_option'],
  ['both payloads', { tasks: { a: { payload: 1, payloadBase64: '' } } }, 'bad_option'],
  ['bytes that are no base64', { tasks: { a: { payloadBase64: '?' } } }, 'bad_option'],
  ['bytes that are no text', { tasks: { a: { payloadBase64: 7 } } }, 'bad_option'],
  ['one id for two tasks', { tasks: { a: { id: 'x' }, b: { id: 'x' } } }, 'bad_option'],
  ['a strategy that nobody knows', { tasks: { a: { strategy: 'no_such' } } }, 'bad_option'],
])('flows: %s is 400, and adds nothing', async (_, body, code) => {
  await expectRefused(code, 400, 'sb.flow.work', body)
})

test('flows: what only the scheduler knows is refused with the task’s name, and nothing is left', async () => {
  const unknown = { tasks: { a: {}, b: { queue: 'wrok', after: ['a'] } } }
  expect(await expectRefused('queue_unknown', 404, 'sb.flow.work', unknown)).toContain('"b"')
  expect(await expectRefused('queue_unknown', 404, 'sb.flow.wrok', ONE)).toContain('"wrok"')
  const full = { tasks: tasksOf(3) }
  await expectRefused('queue_full', 429, 'sb.flow.other', full)
  const large = { tasks: { a: {}, b: { payload: 'x'.repeat(256 * 1024) } } }
  expect(await expectRefused('payload_too_large', 413, 'sb.flow.work', large)).toContain('"b"')
  await expectRefused('flow_unknown', 404, 'sb.flow.work', { id: 'nobody' })
  await expectRefused('bad_token', 400, 'sb.flow.work', { id: 'no body' })
  expect((await scheduler.listFlows({ state: 'running' })).flows).toEqual([])
})

test.each<[string, string[], string]>([
  ['a flow’s id', ['Nats-Msg-Id: a'], 'not_supported'],
  ['a priority', ['Sb-Priority: 5'], 'not_supported'],
  ['what a task comes after', ['Sb-After: a'], 'not_supported'],
  ['an unknown option', ['Sb-Nonsense: 1'], 'not_supported'],
  ['an outcome that is neither 0 nor 1', ['Sb-Outcome: yes'], 'bad_header'],
  ['a doubled outcome', ['Sb-Outcome: 1', 'Sb-Outcome: 1'], 'bad_header'],
  ['a header name with a space', ['Sb Outcome: 1'], 'bad_header'],
])('flows: %s in a header is 400', async (_, lines, code) => {
  await expectRefused(code, 400, 'sb.flow.work', ONE, lines)
})

test('flows: too many headers are 413, others are nobody’s business', async () => {
  const lines = Array.from({ length: 33 }, (_, n) => `X-${n}: v`)
  await expectRefused('headers_too_large', 413, 'sb.flow.work', ONE, lines)
  const traced = await ask(nc, 'sb.flow.work', JSON.stringify(ONE), ['traceparent: 00-x'])
  expect(traced).toMatchObject(GRANTED)
})

test.each(['sb.flow.bad~queue', 'sb.flow.*', 'sb.flow.$JS', `sb.flow.${'q'.repeat(65)}`])(
  'flows: the subject %j is 400',
  async (subject) => {
    await expectRefused('bad_token', 400, subject, ONE)
  },
)

test('flows: nothing is said outside of inboxes, and without a reply it is served in silence', async () => {
  const seen: string[] = []
  const all = nc.subscribe('>', { callback: (_, msg) => seen.push(msg.subject) })
  const refused = () => scheduler.statusNow().refused.bad_subject ?? 0
  const [before, { accepted }] = [refused(), scheduler.statusNow().tasks]
  nc.publish('sb.flow.work', JSON.stringify(ONE), { reply: 'other.subject' })
  nc.publish('sb.flow.work', JSON.stringify(ONE))
  nc.publish('sb.flow.work', '{')
  await until(() => refused() === before + 1, { what: 'the count' })
  await until(() => scheduler.statusNow().tasks.accepted === accepted + 1, { what: 'the other' })
  all.unsubscribe()
  expect(seen).not.toContain('other.subject')
})

/** An attempt of the good agent, while it runs. */
async function held(): Promise<PlainTask> {
  agent.options.holds = true
  await ask(nc, 'sb.flow.work', JSON.stringify(ONE))
  return until(() => [...agent.running.values()][0], { what: 'the agent to be at work' })
}

const inputOf = ({ reply }: { reply: string }) => reply.replace('.result.', '.input.')

test('inputs: what is no question for one is a 4xx with a sentence', async () => {
  const task = await held()
  onTestFinished(() => agent.release())
  const subject = inputOf(task)
  const [slot, token] = subject.split('.').slice(-2)
  const own = 'sb.from.good.strict.input'
  await expectRefused('input_unknown', 404, subject, 'nobody')
  for (const name of ['', 'a b', 'a.b', '\u001b[31m', 'ä', 'x'.repeat(65), 'x'.repeat(300_000)]) {
    await expectRefused('bad_token', 400, subject, name)
  }
  for (const page of ['*', '*1', '*-1', '*1e1', '*x', '*99999999999999999999', '**']) {
    await expectRefused('bad_option', 400, subject, page)
  }
  const empty = { code: null, body: '{"inputs":[],"next":null}' }
  expect(await ask(nc, subject, '*0')).toMatchObject(empty)
  for (const wrong of [`${own}.x.${token}`, `${own}.${slot}.--`, `${own}.${slot}.1-1-1-1`]) {
    await expectRefused('bad_subject', 400, wrong, 'a')
  }
  await expectRefused('result_unknown', 404, `${own}.${slot}.1-1-1`, 'a')
  const unborn = token.replace(/-\d+-/, '-999999999-')
  await expectRefused('result_unknown', 404, `${own}.${slot}.${unborn}`, 'a')
  // Somebody else's token does not help.
  await expectRefused('late_result', 409, subject.replace('.good.', '.other.'), 'a')
  agent.release()
  await until(() => scheduler.statusNow().tasks.running === 0, { what: 'the task to end' })
  await expectRefused('late_result', 409, subject, 'a')
})

test.each<[string, unknown, string, number]>([
  ['flow', {}, 'bad_token', 400],
  ['flow', { id: 'no body' }, 'bad_token', 400],
  ['flow', { id: 'nobody' }, 'flow_unknown', 404],
  ['cancel-flow', { id: { toString: 1 } }, 'bad_token', 400],
  ['cancel-flow', { id: 'nobody' }, 'flow_unknown', 404],
  ['flows', { state: 'asleep' }, 'bad_option', 400],
  ['flows', { limit: 0 }, 'bad_option', 400],
  ['flows', { cursor: 'x' }, 'bad_option', 400],
  ['flows', { cursor: 'other.1.o.a' }, 'bad_option', 400],
  ['flows', { queue: 'work' }, 'not_supported', 400],
  ['input', {}, 'bad_token', 400],
  ['input', { id: 'nobody', name: 'a' }, 'task_unknown', 404],
])('calls: %s of %j is refused', async (verb, body, code, status) => {
  await expectRefused(code, status, `sb.api.${verb}.strict`, body)
})
