import type { NatsConnection } from 'nats'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../src/client/connect.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { PlainAgent } from '../faults/support/plain-agent.mjs'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { ask, type Block, GRANTED } from './support/ask.ts'
import { RawNats } from './support/raw-nats.ts'

const PAYLOAD_MAX = 256 * 1024

const nats = withNats()
let scheduler: Scheduler
let agent: PlainAgent
let nc: NatsConnection

beforeAll(async () => {
  nc = await nats.connect()
  scheduler = new Scheduler({
    nats: { servers: nats.url, wildcard: true },
    queues: { work: {} },
    strictQueues: true,
    leaseMs: 60_000,
    name: 'strict',
  })
  await scheduler.start()
  agent = await new PlainAgent({ servers: nats.url, id: 'good', concurrency: 10 }).start()
})
afterAll(async () => {
  await agent.stop()
  await scheduler.stop()
})

/** Whatever was refused before: tasks still complete, and nothing is missing. */
afterEach(async () => {
  expect(await ask(nc, 'sb.call.work', 'still there')).toMatchObject({ body: 'still there' })
  await until(() => scheduler.statusNow().tasks.running === 0, { what: 'all work to end' })
  expect(scheduler.statusNow().tasks.lost).toBe(0)
})

const refusedSoFar = (code: string) => scheduler.statusNow().refused[code] ?? 0

/** A refusal with this code, counted once. */
async function expectRefused(
  code: string,
  status: number,
  subject: string,
  body: string | Uint8Array = '',
  block?: Block,
): Promise<string> {
  const before = refusedSoFar(code)
  const accepted = scheduler.statusNow().tasks.accepted
  const answer = await ask(nc, subject, body, block)
  expect(answer).toMatchObject({ code, status, body: '' })
  expect(refusedSoFar(code)).toBe(before + 1)
  expect(scheduler.statusNow().tasks.accepted).toBe(accepted)
  return answer.message
}

test('submit: a queue that nobody has is 404 queue_unknown', async () => {
  const message = await expectRefused('queue_unknown', 404, 'sb.task.wrok')
  expect(message).toContain('"wrok"')
  await expectRefused('queue_unknown', 404, 'sb.call.wrok.3')
})

test('submit: a payload up to the limit is taken, one byte more is 413', async () => {
  const largest = new Uint8Array(PAYLOAD_MAX).fill(65)
  const answer = await ask(nc, 'sb.call.work', largest)
  expect([answer.code, answer.body.length]).toEqual([null, PAYLOAD_MAX])
  const message = await expectRefused(
    'payload_too_large',
    413,
    'sb.task.work',
    new Uint8Array(PAYLOAD_MAX + 1),
  )
  expect(message).toContain(`${PAYLOAD_MAX + 1}`)
  const serverMax = nc.info!.max_payload
  await expectRefused('payload_too_large', 413, 'sb.call.work', new Uint8Array(serverMax))
  await expectRefused('payload_too_large', 413, 'sb.task.work', new Uint8Array(serverMax - 1))
})

test.each([
  ['sb.task.bad~queue', 'bad_token'],
  ['sb.task.$JS', 'bad_token'],
  ['sb.task.*', 'bad_token'],
  ['sb.task.>', 'bad_token'],
  ['sb.task./etc', 'bad_token'],
  ['sb.task.Ärger', 'bad_token'],
  ['sb.task.🚂', 'bad_token'],
  [`sb.task.${'q'.repeat(65)}`, 'bad_token'],
  ['sb.call.a/b', 'bad_token'],
  ['sb.task.work.0', 'bad_priority'],
  ['sb.task.work.6', 'bad_priority'],
  ['sb.task.work.03', 'bad_priority'],
  ['sb.task.work.high', 'bad_priority'],
  ['sb.call.work.*', 'bad_priority'],
  ['sb.call.work.\u0001', 'bad_priority'],
])('submit: the subject %j is 400 %s', async (subject, code) => {
  await expectRefused(code, 400, subject)
})

test.each<[string, string[], string]>([
  ['an id with a dot', ['Nats-Msg-Id: a.b'], 'bad_token'],
  ['an id with a wildcard', ['Nats-Msg-Id: *'], 'bad_token'],
  ['an id with a space', ['Nats-Msg-Id: a b'], 'bad_token'],
  ['an id that names a stream', ['Nats-Msg-Id: $JS.ACK'], 'bad_token'],
  ['an id that climbs', ['Nats-Msg-Id: ../../x'], 'bad_token'],
  ['an id of 65 characters', [`Nats-Msg-Id: ${'x'.repeat(65)}`], 'bad_token'],
  ['an empty id', ['Nats-Msg-Id: '], 'bad_token'],
  ['an id of escape sequences', ['Nats-Msg-Id: \u001b[31mred\u009b0m'], 'bad_token'],
  ['a doubled id', ['Nats-Msg-Id: a', 'Nats-Msg-Id: a'], 'bad_header'],
  ['a doubled priority', ['Sb-Priority: 1', 'Sb-Priority: 2'], 'bad_header'],
  ['priority -1', ['Sb-Priority: -1'], 'bad_priority'],
  ['priority NaN', ['Sb-Priority: NaN'], 'bad_priority'],
  ['priority 1e0', ['Sb-Priority: 1e0'], 'bad_priority'],
  ['a priority of the prototype', ['Sb-Priority: __proto__'], 'bad_priority'],
  ['a capability with a space', ['Sb-Requires: a b'], 'bad_token'],
  ['33 capabilities', [`Sb-Requires: ${Array(33).fill('c').join(',')}`], 'bad_option'],
  ['a comparison without a number', ['Sb-Requires: gpu>='], 'bad_option'],
  ['a comparison without a name', ['Sb-Requires: >=24'], 'bad_option'],
  ['a comparison the wrong way round', ['Sb-Requires: gpu=>24'], 'bad_option'],
  ['a comparison with Infinity', ['Sb-Requires: gpu<Infinity'], 'bad_option'],
  ['a comparison with 1e400', ['Sb-Requires: gpu<1e400'], 'bad_option'],
  ['a comparison of 16 digits', ['Sb-Requires: gpu>=1234567890123456'], 'bad_option'],
  ['a comparison of 8 KB', [`Sb-Requires: gpu>=${'9'.repeat(8_000)}`], 'bad_option'],
  ['a preference that is no name', ['Sb-Prefers: a b'], 'bad_token'],
  ['33 preferences', [`Sb-Prefers: ${Array(33).fill('c').join(',')}`], 'bad_option'],
  ['a doubled preference', ['Sb-Prefers: a', 'Sb-Prefers: b'], 'bad_header'],
  ['an SLA in the past', ['Sb-Sla-Target-Ms: -1000'], 'bad_option'],
  ['an SLA that is infinite', ['Sb-Sla-Target-Ms: Infinity'], 'bad_option'],
  ['a delay of 1e18 ms', ['Sb-Delay-Ms: 1000000000000000000'], 'bad_option'],
  ['a delay of 31 days', ['Sb-Delay-Ms: 2678400000'], 'bad_option'],
  ['a doubled delay', ['Sb-Delay-Ms: 5', 'Sb-Delay-Ms: 6'], 'bad_header'],
  ['half a TTL', ['Sb-Ttl-Ms: 0.5'], 'bad_option'],
  ['a deadline as a date', ['Sb-Deadline-Ms: 2030-01-01'], 'bad_option'],
  ['a retry delay of nothing', ['Sb-Retry-Delay-Ms: '], 'bad_option'],
  ['a time of 1e18', ['Sb-At: 1e18'], 'bad_option'],
  ['a time far ahead', ['Sb-At: 999999999999999'], 'bad_option'],
  ['both a time and a delay', ['Sb-At: 5', 'Sb-Delay-Ms: 5'], 'bad_option'],
  ['a parent with a space', ['Sb-After: a b'], 'bad_option'],
  ['a parent in a queue of a queue', ['Sb-After: a/b/c'], 'bad_option'],
  ['a parent with a wildcard', ['Sb-After: work/*'], 'bad_option'],
  ['a parent in no queue', ['Sb-After: /a'], 'bad_option'],
  ['1,001 parents', [`Sb-After: ${Array(1_001).fill('p').join()}`], 'bad_option'],
  ['doubled parents', ['Sb-After: a', 'Sb-After: b'], 'bad_header'],
  ['a way to fail that is none', ['Sb-On-Parent-Failure: retry'], 'bad_option'],
  ['a way to fail of the prototype', ['Sb-On-Parent-Failure: constructor'], 'bad_option'],
  ['0 voters', ['Sb-Voters: 0'], 'bad_option'],
  ['17 voters', ['Sb-Voters: 17'], 'bad_option'],
  ['1e1 voters', ['Sb-Voters: 1e1'], 'bad_option'],
  ['-1 voters', ['Sb-Voters: -1'], 'bad_option'],
  ['a way to decide that is none', ['Sb-Decide: by lot'], 'bad_option'],
  ['a way to decide of the prototype', ['Sb-Decide: __proto__'], 'bad_option'],
  ['a field with an empty name', ['Sb-Decide-By: review..verdict'], 'bad_option'],
  ['a field of nine names', ['Sb-Decide-By: a.b.c.d.e.f.g.h.i'], 'bad_option'],
  ['a field of escape sequences', ['Sb-Decide-By: \u001b[31m'], 'bad_option'],
  ['what only work has', ['Sb-Inputs: []'], 'not_supported'],
  ['a flow in a header', ['Sb-Flow: sheet'], 'not_supported'],
  ['a form that is none', ['Sb-Form: xml'], 'bad_header'],
  ['a message that is none', ['Sb-Form: message'], 'bad_body'],
  ['an empty type', ['Sb-Type: '], 'bad_token'],
  ['a type with a wildcard', ['Sb-Type: >'], 'bad_token'],
  ['a type of 65 characters', [`Sb-Type: ${'x'.repeat(65)}`], 'bad_token'],
  ['a doubled type', ['Sb-Type: a', 'Sb-Type: a'], 'bad_header'],
  ['a match that is none', ['Sb-Match: perfect'], 'bad_option'],
  ['a match of the prototype', ['Sb-Match: toString'], 'bad_option'],
  ['a strategy that is no name', ['Sb-Strategy: a b'], 'bad_token'],
  ['a strategy that nobody knows', ['Sb-Strategy: no_such'], 'bad_option'],
  ['a strategy of the prototype', ['Sb-Strategy: constructor'], 'bad_option'],
  ['a strategy of the prototype’s prototype', ['Sb-Strategy: __proto__'], 'bad_option'],
  ['an empty key', ['Sb-Key: '], 'bad_token'],
  ['a key of 65 characters', [`Sb-Key: ${'x'.repeat(65)}`], 'bad_token'],
  ['time-out 0', ['Sb-Timeout-Ms: 0'], 'bad_option'],
  ['time-out 1e400', ['Sb-Timeout-Ms: 1e400'], 'bad_option'],
  ['time-out beyond a month', ['Sb-Timeout-Ms: 9007199254740993'], 'bad_option'],
  ['a negative retry count', ['Sb-Retry-Count: -0'], 'bad_option'],
  ['101 retries', ['Sb-Retry-Count: 101'], 'bad_option'],
  ['an outcome that is neither 0 nor 1', ['Sb-Outcome: yes'], 'bad_header'],
  ['an unknown option', ['Sb-Deadline: 5'], 'not_supported'],
  ['an option in the wrong case', ['sb-priority: 1'], 'not_supported'],
  ['a header name with a space', ['Sb Priority: 1'], 'bad_header'],
  ['a header name beyond ASCII', ['Sb-Größe: 1'], 'bad_header'],
  ['a lone line feed in a value', ['Nats-Msg-Id: a\nb'], 'bad_header'],
  ['a lone carriage return in a value', ['X-Note: a\rb'], 'bad_header'],
])('submit: %s is 400', async (_, lines, code) => {
  await expectRefused(code, 400, 'sb.task.work', 'payload', lines)
})

test('submit: a priority that differs from the subject’s is 400, an equal one is taken', async () => {
  await expectRefused('bad_header', 400, 'sb.task.work.3', '', ['Sb-Priority: 4'])
  expect(await ask(nc, 'sb.task.work.4', '', ['Sb-Priority: high'])).toMatchObject(GRANTED)
})

test('submit: 32 headers are taken, 33 or more than 8 KiB are 413', async () => {
  const lines = (count: number) => Array.from({ length: count }, (_, n) => `X-${n}: v`)
  expect(await ask(nc, 'sb.task.work', '', lines(32))).toMatchObject(GRANTED)
  await expectRefused('headers_too_large', 413, 'sb.task.work', '', lines(33))
  await expectRefused('headers_too_large', 413, 'sb.task.work', '', Array(33).fill('X-Same: v'))
  await expectRefused('headers_too_large', 413, 'sb.task.work', '', [
    `X-Large: ${'v'.repeat(8192)}`,
  ])
  const id = `Nats-Msg-Id: ${'x'.repeat(10 * 1024)}`
  await expectRefused('headers_too_large', 413, 'sb.task.work', '', [id])
})

test('submit: parents that nobody knows are 404, as many and as long as they may be', async () => {
  await expectRefused('parent_unknown', 404, 'sb.task.work', '', ['Sb-After: nobody'])
  const long = Array.from({ length: 1_000 }, (_, n) => `work/${'p'.repeat(60)}${n}`)
  await expectRefused('parent_unknown', 404, 'sb.task.work', '', [`Sb-After: ${long.join()}`])
  const other = `X-Large: ${'v'.repeat(8_192)}`
  const lines = [`Sb-After: ${long.join()}`, other]
  await expectRefused('headers_too_large', 413, 'sb.task.work', '', lines)
  const endless = `Sb-After: ${'p'.repeat(200_000)}`
  await expectRefused('headers_too_large', 413, 'sb.task.work', '', [endless])
  const many = Array.from({ length: 33 }, (_, n) => `X-${n}: v`)
  const both = [`Sb-After: ${long.join()}`, ...many]
  await expectRefused('headers_too_large', 413, 'sb.task.work', '', both)
})

test('submit: a mebibyte of headers is refused without being read', async () => {
  const lines = Array.from({ length: 120_000 }, (_, n) => `${n.toString(36)}: `)
  const before = process.cpuUsage()
  await expectRefused('headers_too_large', 413, 'sb.task.work', '', lines)
  const { user, system } = process.cpuUsage(before)
  // Reading them takes the client half a minute.
  expect((user + system) / 1e6).toBeLessThan(1)
})

test('submit: headers that are none are no options', async () => {
  for (const block of [
    '',
    'garbage',
    '\r\n\r\n',
    'NATS/1.0\r\nno colon\r\n\r\n',
    'NATS/1.0\r\n: v\r\n\r\n',
  ]) {
    expect(await ask(nc, 'sb.task.work', '', block)).toMatchObject(GRANTED)
  }
})

test('submit: payloads are never read, whatever they hold', async () => {
  const payloads = [
    '',
    '{',
    '['.repeat(250_000),
    '{"__proto__":{"polluted":1}}',
    '\uFEFF{}',
    '\0',
    Uint8Array.from([0xc0, 0x80, 0xed, 0xa0, 0x80, 0xff]),
    'PUB sb.task.work 0\r\n\r\n',
    '\r\n\r\nNATS/1.0 503\r\n\r\n',
  ]
  for (const payload of payloads) {
    const reply = await nc.request('sb.call.work', payload, { timeout: 5_000 })
    expect(Buffer.from(reply.data)).toEqual(Buffer.from(payload as string))
    expect(reply.headers).toBeUndefined()
  }
})

describe('submit: answers go to inboxes only', () => {
  test.each(['sb.task.work', 'other.subject', 'INBOX.a', '_INBOXES.a', '$JS.API.x'])(
    'nothing is published on %s',
    async (reply) => {
      const seen: string[] = []
      const all = nc.subscribe('>', { callback: (_, msg) => seen.push(msg.subject) })
      const before = refusedSoFar('bad_subject')
      const subjects = [
        'sb.task.work',
        'sb.call.work',
        'sb.task.bad~queue',
        'sb.from.good.hello',
        'sb.from.good.beat',
        'sb.from.good.strict.result.1.1-1-1',
        'sb.api.status.any',
        'sb.api.nonsense.any',
      ]
      for (const subject of subjects) nc.publish(subject, '{}', { reply })
      await until(() => refusedSoFar('bad_subject') >= before + 3, { what: 'the count' })
      await ask(nc, 'sb.api.status.strict', '{}')
      await nc.flush()
      all.unsubscribe()
      expect(seen.filter((subject) => subject === reply)).toEqual(
        subjects.filter((subject) => subject === reply),
      )
    },
  )
})

test('submit: a publish without a reply subject is served and answered nowhere', async () => {
  const before = scheduler.statusNow().tasks.completed
  nc.publish('sb.task.work', 'quiet')
  nc.publish('sb.call.work', 'quiet')
  nc.publish('sb.task.bad~queue', 'quiet')
  await until(() => scheduler.statusNow().tasks.completed === before + 2, { what: 'both to end' })
})

describe('submit: a queue that no scheduler serves', () => {
  const strictNats = withNats()

  test('is an empty 503 of the server, and queue_unknown in the client', async () => {
    const strict = new Scheduler({ nats: strictNats.url, queues: { work: {} }, strictQueues: true })
    await strict.start()
    const connection = await strictNats.connect()
    expect(await ask(connection, 'sb.task.wrok')).toMatchObject({ code: 'no_responders' })
    expect(await ask(connection, 'sb.task.work')).toMatchObject(GRANTED)
    const client = await connect({ servers: strictNats.url })
    await expect(client.submit('wrok')).rejects.toMatchObject({
      code: 'queue_unknown',
      message: expect.stringContaining('"wrok"'),
    })
    await expect(client.run('wrok')).rejects.toMatchObject({ code: 'queue_unknown' })
    await client.close()
    await strict.stop()
  })
})

describe('submit: CR LF on a raw connection', () => {
  test('in a subject is refused by the server and never reaches anybody', async () => {
    const seen: string[] = []
    const all = nc.subscribe('>', { callback: (_, msg) => seen.push(msg.subject) })
    await nc.flush()
    const raw = await RawNats.connect(nats.server.port)
    raw.publish('sb.task.work\r\n\r\nPUB injected.subject 0\r\n\r\n', '_INBOX.raw')
    await raw.settled().catch(() => {})
    raw.close()
    await ask(nc, 'sb.api.status.strict', '{}')
    all.unsubscribe()
    const strange = seen.filter((subject) => /[\s]/.test(subject))
    expect(strange).toEqual([])
  })

  test('in header names and values is one clear answer', async () => {
    const answers = new Map<string, string[]>()
    nc.subscribe('_INBOX.raw.*', {
      callback: (_, { subject, headers }) => {
        const code = headers?.get('Sb-Code') || 'granted'
        answers.set(subject, [...(answers.get(subject) ?? []), code])
      },
    })
    await nc.flush()
    const raw = await RawNats.connect(nats.server.port)
    const blocks = [
      ['NATS/1.0\r\nNats-Msg-Id: a\r\nPUB injected 0: x\r\n\r\n', 'bad_header'],
      ['NATS/1.0\r\nNats-Msg-Id: crlf\r\n\r\nPUB injected 0\r\n\r\n\r\n', 'granted'],
      ['NATS/1.0\r\nSb-Requires: a\nSb-Priority: 5\r\n\r\n', 'bad_header'],
      ['NATS/1.0\nNats-Msg-Id: only-lf\n\n', 'granted'],
      ['NATS/1.0 503\r\n\r\n', 'granted'],
    ]
    for (const [n, [block]] of blocks.entries()) {
      raw.publishHeaders('sb.task.work', `_INBOX.raw.${n}`, block, 'payload')
    }
    await until(() => answers.size === blocks.length, { what: 'an answer to each' })
    const expected = blocks.map(([, code], n) => [`_INBOX.raw.${n}`, [code]])
    expect([...answers].sort()).toEqual(expected)
    expect(raw.closed).toBe(false)
    raw.close()
  })
})
