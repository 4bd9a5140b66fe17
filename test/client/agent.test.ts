import { expect, test } from 'vitest'
import type { AgentTask } from '../../src/agent-task.ts'
import { readWorkHeaders, undecodedHeaders } from '../../src/client/agent/work-headers.ts'
import { type Client, connect } from '../../src/index.ts'
import { decodePayload } from '../../src/wire/payload.ts'
import { randomToken } from '../../src/wire/tokens.ts'
import { expectRefused, gate } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { FakeScheduler } from './fake-scheduler.ts'

const nats = withNats()

interface Stage {
  client: Client
  scheduler: FakeScheduler
  prefix: string
}

async function stage(check: (stage: Stage) => Promise<void>): Promise<void> {
  const prefix = randomToken()
  const scheduler = await new FakeScheduler(await nats.connect(), prefix, { name: 'one' }).start()
  const client = await connect({ servers: nats.url, prefix, timeoutMs: 1_000 })
  try {
    await check({ client, scheduler, prefix })
  } finally {
    await client.close()
  }
}

test('agent: hello tells what it is and does', () =>
  stage(async ({ client, scheduler }) => {
    const options = { id: 'a', queues: ['z', 'y'], capabilities: ['ocr'], concurrency: 3 }
    await client.agent(options, () => undefined)
    expect(scheduler.hellos).toMatchObject([
      { queues: ['y', 'z'], capabilities: ['ocr'], concurrency: 3, beats: true },
    ])
    expect(scheduler.hellos[0].instance).toMatch(/^\w{10}$/)
  }))

test('agent: it waits for a scheduler to come up', async () => {
  const prefix = randomToken()
  const client = await connect({ servers: nats.url, prefix })
  const joining = client.agent({ id: 'a', queues: ['work'] }, () => undefined)
  await new FakeScheduler(await nats.connect(), prefix, { name: 'late' }).start()
  await expect(joining).resolves.toMatchObject({ id: 'a' })
  await client.close()
})

test('agent: what a scheduler refuses a hello with is what joining fails with', () =>
  stage(async ({ client, scheduler }) => {
    scheduler.helloError = 'too_many_agents'
    await expectRefused(
      client.agent({ queues: ['work'] }, () => undefined),
      'too_many_agents',
    )
  }))

test.each([
  [undefined, 'work'],
  ['scan', 'scan'],
])(
  'agent: the headers of work with type %s are read undecoded, as they would be decoded',
  (given, type) =>
    stage(async ({ prefix, scheduler, client }) => {
      await client.agent({ id: 'a', queues: ['work'] }, () => undefined)
      const listener = await nats.connect()
      const subscription = listener.subscribe(`${prefix}.agent.>`, { max: 1 })
      await listener.flush()
      scheduler.dispatch('a', 1, undefined, given)
      for await (const msg of subscription) {
        expect(undecodedHeaders(msg)).toMatch(/^NATS\/1\.0\r\n/)
        const read = readWorkHeaders(msg)
        expect(read).toEqual({ id: 'task-1', queue: 'work', type, attempt: 1, extension: null })
        const { headers, data } = msg
        expect(readWorkHeaders({ headers, data } as typeof msg)).toEqual(read)
      }
    }),
)

test('agent: beats hold the tokens in work, none that has its result, and the last seen', () =>
  stage(async ({ client, scheduler }) => {
    const first = gate()
    await client.agent({ id: 'a', queues: ['work'], concurrency: 5 }, (task) =>
      task.json() === 'hold' ? first.passed : undefined,
    )
    await scheduler.beatWith([])
    const held = scheduler.dispatch('a', 'hold')
    const quick = scheduler.dispatch('a', 'quick')
    const beat = await scheduler.beatWith([held])
    await until(() => scheduler.results.length === 1, { what: 'the quick result' })
    expect(scheduler.results[0].subject).toContain(quick)
    const { seen } = beat.schedulers.one
    expect([held, quick]).toContain(seen)
    first.open()
    const after = await scheduler.beatWith([])
    expect(after.schedulers.one.seen).toBe(quick)
    expect(scheduler.results).toHaveLength(2)
  }))

test('agent: progress goes beside the result’s subject', () =>
  stage(async ({ client, scheduler, prefix }) => {
    await client.agent({ id: 'result', queues: ['work'] }, (task) => task.progress({ page: 1 }))
    const token = scheduler.dispatch('result', 0)
    await until(() => scheduler.results.length === 1, { what: 'the result' })
    const [progress] = scheduler.progress
    expect(progress.subject).toBe(`${prefix}.from.result.one.progress.7.${token}`)
    expect(decodePayload(progress.data)).toEqual({ page: 1 })
  }))

test('agent: work of an older epoch than is known is left lying, newer is taken', () =>
  stage(async ({ client, scheduler }) => {
    const ran: unknown[] = []
    await client.agent({ id: 'a', queues: ['work'] }, (task) => {
      ran.push(task.json())
    })
    scheduler.dispatch('a', 'current', 1000)
    scheduler.dispatch('a', 'older', 999)
    scheduler.dispatch('a', 'newer', 1001)
    scheduler.dispatch('a', 'replaced', 1000)
    scheduler.dispatch('a', 'last', 1001)
    await until(() => scheduler.results.length === 3, { what: 'three results' })
    expect(ran).toEqual(['current', 'newer', 'last'])
  }))

test('agent: a beat answered with agent_unknown makes it say hello again', () =>
  stage(async ({ client, scheduler }) => {
    await client.agent({ id: 'a', queues: ['work'] }, () => undefined)
    expect(scheduler.hellos).toHaveLength(1)
    scheduler.beatError = 'agent_unknown'
    await until(() => scheduler.hellos.length > 1, { what: 'a second hello' })
    scheduler.beatError = null
    expect(scheduler.hellos.at(-1)).toEqual(scheduler.hellos[0])
  }))

test('agent: it learns of a scheduler that comes later by its answer to a beat', () =>
  stage(async ({ client, scheduler, prefix }) => {
    await client.agent({ id: 'a', queues: ['work'] }, () => 'done')
    const second = new FakeScheduler(await nats.connect(), prefix, { name: 'two' })
    second.beatError = 'agent_unknown'
    await second.start()
    await until(() => second.hellos.length > 0, { what: 'a hello to the second' })
    second.beatError = null
    second.dispatch('a', 0)
    await until(() => second.results.length === 1, { what: 'a result for the second' })
    const beat = await scheduler.beatWith([])
    expect(Object.keys(beat.schedulers).sort()).toEqual(['one', 'two'])
  }))

test.each(['beat', 'control', 'hello'] as const)(
  'agent: fenced by the answer to a %s it ends, aborts what runs and sends no result',
  (how) =>
    stage(async ({ client, scheduler }) => {
      const given = gate<AgentTask>()
      const result = gate()
      const agent = await client.agent({ id: 'a', queues: ['work'] }, (task) => {
        given.open(task)
        return result.passed
      })
      scheduler.dispatch('a', 0)
      const { signal } = await given.passed
      if (how === 'control') scheduler.control('a', { type: 'fenced', scheduler: 'one' })
      if (how === 'beat') scheduler.beatError = 'fenced'
      if (how === 'hello') {
        scheduler.helloError = 'fenced'
        scheduler.beatError = 'agent_unknown'
      }
      await expectRefused(agent.closed, 'fenced')
      expect(signal.reason).toMatchObject({ code: 'fenced' })
      const beats = scheduler.beats.length
      result.open()
      await agent.stop()
      await client.close()
      expect(scheduler.results).toEqual([])
      expect(scheduler.beats.length).toBe(beats)
      expect(scheduler.byes).toEqual([])
    }),
)

test('agent: cancel aborts the task of that token only', () =>
  stage(async ({ client, scheduler }) => {
    const given: AgentTask[] = []
    const end = gate()
    await client.agent({ id: 'a', queues: ['work'], concurrency: 2 }, (task) => {
      given.push(task)
      return end.passed
    })
    scheduler.dispatch('a', 1)
    const token = scheduler.dispatch('a', 2)
    await until(() => given.length === 2, { what: 'both tasks' })
    const signals = given.map((task) => task.signal)
    scheduler.control('a', { type: 'cancel', scheduler: 'two', token, reason: 'cancelled' })
    scheduler.control('a', { type: 'cancel', scheduler: 'one', token, reason: 'timeout' })
    await until(() => signals[1].aborted, { what: 'the signal' })
    expect(signals[0].aborted).toBe(false)
    expect(signals[1].reason).toMatchObject({ name: 'TaskError', code: 'timeout' })
    end.open()
    await until(() => scheduler.results.length === 2, { what: 'both results' })
  }))

test('agent: stop says bye twice, when it takes no more and when it is idle', () =>
  stage(async ({ client, scheduler }) => {
    const end = gate<string>()
    const agent = await client.agent({ id: 'a', queues: ['work'] }, () => end.passed)
    scheduler.dispatch('a', 0)
    const { instance } = scheduler.hellos[0]
    await until(() => scheduler.beats.some(({ schedulers }) => schedulers.one.running.length), {
      what: 'the task to run',
    })
    const stopped = agent.stop()
    await until(() => scheduler.byes.length === 1, { what: 'the first bye' })
    expect(scheduler.byes[0]).toEqual({ instance, drain: true })
    end.open('done')
    await stopped
    expect(scheduler.byes).toEqual([
      { instance, drain: true },
      { instance, drain: false },
    ])
    expect(decodePayload(scheduler.results[0].data)).toBe('done')
  }))

test('agent: a message that is no control message does no harm', () =>
  stage(async ({ client, scheduler, prefix }) => {
    await client.agent({ id: 'a', queues: ['work'] }, () => 'done')
    const { instance } = scheduler.hellos[0]
    const stranger = await nats.connect()
    const own = `${prefix}.agent.a.${instance}`
    for (const text of ['', '{', 'null', '[]', '7', '{"type":"unknown"}', '{"type":"cancel"}']) {
      stranger.publish(`${own}.control`, text)
      stranger.publish(`${own}.work`, text)
      stranger.publish(`${own}.work`, text, { reply: 'nonsense' })
      stranger.publish(`${own}.work`, text, { reply: `${prefix}.from.a.one.result.1.x-y-z` })
    }
    await stranger.flush()
    scheduler.dispatch('a', 0)
    await until(() => scheduler.results.length === 1, { what: 'the result' })
  }))
