import { describe, expect, test } from 'vitest'
import type { AgentTask } from '../../src/agent-task.ts'
import { TaskError } from '../../src/errors.ts'
import { connect } from '../../src/index.ts'
import { encodeJson } from '../../src/wire/json.ts'
import { decodePayload, payloadText } from '../../src/wire/payload.ts'
import { expectRefused, gate, holdingAgent } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { FakeScheduler } from './fake-scheduler.ts'
import { FramedScheduler } from './framed-scheduler.ts'
import { numbers, onStage, type Stage } from './framed-stage.ts'

const nats = withNats()
const stage = (check: (stage: Stage) => Promise<void>) => onStage(nats, check)

test('agent frames: hello says that it speaks frames, keeps results and takes work ahead', () =>
  stage(async ({ client, scheduler }) => {
    await client.agent({ queues: ['work'] }, () => undefined)
    await client.agent({ queues: ['work'], prefetch: 7 }, () => undefined)
    await client.agent({ queues: ['work'], pull: true }, () => undefined)
    expect(scheduler.hellos).toMatchObject([
      { frames: 4, keeps: true, prefetch: 256, pull: false },
      { frames: 4, keeps: true, prefetch: 7, pull: false },
      { frames: 4, keeps: true, prefetch: 0, pull: true },
    ])
  }))

test('agent frames: wrong options are refused', () =>
  stage(async ({ client }) => {
    for (const prefetch of [-1, 1.5, 1_025, Number.NaN, '3' as never]) {
      await expectRefused(
        client.agent({ queues: ['work'], prefetch }, () => 0),
        'bad_option',
      )
    }
    const both = { queues: ['work'], prefetch: 1, pull: true }
    await expectRefused(
      client.agent(both, () => 0),
      'bad_option',
    )
    const no = { queues: ['work'], pull: 'no' as never }
    await expectRefused(
      client.agent(no, () => 0),
      'bad_option',
    )
  }))

test('agent frames: results of handlers that return at once leave in one frame', () =>
  stage(async ({ client, scheduler }) => {
    const seen: unknown[] = []
    await client.agent({ id: 'a', queues: ['work'] }, (task) => {
      seen.push([task.id, task.queue, task.attempt, task.json(), task.text(), task.payload.length])
      return task.json()
    })
    const counters = scheduler.send('a', ['x', 'y', 'z'])
    const results = await scheduler.resultsTo(3)
    expect(seen).toEqual([
      ['task-1', 'work', 1, 'x', '"x"', 3],
      ['task-2', 'work', 1, 'y', '"y"', 3],
      ['task-3', 'work', 1, 'z', '"z"', 3],
    ])
    expect(results.map(({ counter, text }) => [counter, text])).toEqual([
      [counters[0], '"x"'],
      [counters[1], '"y"'],
      [counters[2], '"z"'],
    ])
    expect(results[0]).toMatchObject({ epoch: 1000, slot: 7, seq: 1, code: '', retryable: false })
    expect(new Set(results.map(({ frame }) => frame)).size).toBe(1)
  }))

test('agent frames: a handler is told the type of its task, or the queue’s name where there is none', () =>
  stage(async ({ client, scheduler }) => {
    const seen: unknown[] = []
    const kept: AgentTask[] = []
    await client.agent({ id: 'a', queues: ['work'], concurrency: 4 }, (task) => {
      kept.push(task)
      if (task.json() !== 'unread') seen.push([task.type, task.queue, task.id, task.text()])
      return 0
    })
    const { hellos } = scheduler
    expect(hellos[0]).toMatchObject({ frames: 4, labels: {}, specializations: {} })
    scheduler.send('a', ['x', 'y', 'z', 'unread'], scheduler.epoch, ['', 'scan', '', 'late'])
    await scheduler.resultsTo(4)
    expect(seen).toEqual([
      ['work', 'work', 'task-1', '"x"'],
      ['scan', 'work', 'task-2', '"y"'],
      ['work', 'work', 'task-3', '"z"'],
    ])
    expect(kept.map(({ type, queue, id, payload }) => [type, queue, id, payload.length])).toEqual([
      ['work', 'work', 'task-1', 3],
      ['scan', 'work', 'task-2', 3],
      ['work', 'work', 'task-3', 3],
      ['late', 'work', 'task-4', 8],
    ])
  }))

test('agent frames: what an agent offers is in its hello, in the order of the names', () =>
  stage(async ({ client, scheduler }) => {
    const offer = { labels: { gpu: 24, cpu: 8 }, specializations: { scan: 0.95 } }
    await client.agent({ id: 'a', queues: ['work'], ...offer }, () => 0)
    expect(scheduler.hellos[0]).toMatchObject(offer)
    expect(JSON.stringify(scheduler.hellos[0].labels)).toBe('{"cpu":8,"gpu":24}')
  }))

test('agent frames: no frame has more than 64 results, and none is missing', () =>
  stage(async ({ client, scheduler }) => {
    await client.agent({ id: 'a', queues: ['work'] }, (task) => task.payload)
    for (let n = 0; n < 5; n++) scheduler.send('a', numbers(50))
    const results = await scheduler.resultsTo(250)
    expect(new Set(results.map(({ counter }) => counter)).size).toBe(250)
    const sizes = new Map<number, number>()
    for (const { frame } of results) sizes.set(frame, (sizes.get(frame) ?? 0) + 1)
    expect(Math.max(...sizes.values())).toBeLessThanOrEqual(64)
    expect(sizes.size).toBeLessThanOrEqual(6)
  }))

test('agent frames: promises are awaited, and results that are ready together share a frame', () =>
  stage(async ({ client, scheduler }) => {
    const end = gate()
    await client.agent({ id: 'a', queues: ['work'], concurrency: 3 }, async (task) => {
      await end.passed
      return payloadText(task.payload) + task.id
    })
    const counters = scheduler.send('a', [1, 2, 3])
    await scheduler.framedBeatWith(counters)
    expect(scheduler.framed).toEqual([])
    end.open()
    const results = await scheduler.resultsTo(3)
    expect(results.map(({ text }) => text)).toEqual(['"1task-1"', '"2task-2"', '"3task-3"'])
    expect(results.map(({ frame }) => frame)).toEqual([0, 0, 0])
    for (const { heldUs, workUs } of results) {
      expect(workUs).toBeGreaterThan(0)
      expect(heldUs).toBeGreaterThanOrEqual(workUs)
    }
    await scheduler.framedBeatWith([])
  }))

test('agent frames: what a handler throws is the failure, with its code and whether to retry', () =>
  stage(async ({ client, scheduler }) => {
    await client.agent({ id: 'a', queues: ['work'] }, (task) => {
      if (task.json() === 'plain') throw new Error('the printer burns – ünübersehbar')
      if (task.json() === 'rejects') return Promise.reject(TaskError.permanent('no', 'paper_jam'))
      return () => 0
    })
    scheduler.send('a', ['plain', 'rejects', 'function'])
    const results = await scheduler.resultsTo(3)
    expect(results.find(({ counter }) => counter === 1)).toMatchObject({
      code: 'error',
      message: 'the printer burns – ünübersehbar',
      retryable: true,
      text: '',
    })
    expect(results.find(({ counter }) => counter === 2)).toMatchObject({
      code: 'paper_jam',
      message: 'no',
      retryable: false,
    })
  }))

test('agent frames: a result larger than the server takes is a failure for good', () =>
  stage(async ({ client, scheduler }) => {
    const large = new Uint8Array(1024 * 1024)
    await client.agent({ id: 'a', queues: ['work'] }, (task) =>
      large.subarray(0, task.json<number>()),
    )
    scheduler.send('a', [large.length, 5, large.length - 500])
    const results = await scheduler.resultsTo(3)
    expect(results.map(({ code, retryable }) => [code, retryable])).toEqual([
      ['payload_too_large', false],
      ['', false],
      ['', false],
    ])
    expect(results[2].text).toHaveLength(large.length - 500)
  }))

test('agent frames: work beyond the concurrency waits in order, and is reported by beats', () =>
  stage(async ({ client, scheduler }) => {
    const { given, release } = await holdingAgent(client, {
      id: 'a',
      queues: ['work'],
      concurrency: 2,
    })
    const counters = scheduler.send('a', numbers(5))
    const beat = await scheduler.framedBeatWith(counters)
    expect(beat).toMatchObject({ epoch: 1000, seen: counters[4] })
    expect(beat.instance).toBe(scheduler.hellos[0].instance)
    expect(given.length).toBe(2)
    for (const n of numbers(5)) {
      await until(() => given.length > n, { what: `task ${n} to start` })
      release(n)
      await until(() => scheduler.framed.length === n + 1, { what: `result ${n}` })
      expect(given.length).toBeLessThanOrEqual(n + 3)
    }
    expect(given.map((task) => task.json())).toEqual(numbers(5))
  }))

test('agent frames: cancelled while it waits it is answered at once and never runs', () =>
  stage(async ({ client, scheduler }) => {
    const { given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    const [running, waiting, last] = scheduler.send('a', ['running', 'waiting', 'last'])
    await scheduler.framedBeatWith([running, waiting, last])
    const reason = 'timeout'
    const token = (counter: number) => `1000-${counter}-${counter}`
    scheduler.control('a', { type: 'cancel', scheduler: 'one', token: token(waiting), reason })
    await scheduler.resultsTo(1)
    expect(scheduler.framed[0]).toMatchObject({ counter: waiting, code: 'timeout' })
    const { signal } = given[0]
    scheduler.control('a', { type: 'cancel', scheduler: 'one', token: token(running), reason })
    await until(() => signal.aborted, { what: 'the signal' })
    release('late')
    await until(() => given.length === 2, { what: 'the last' })
    expect(given[1].json()).toBe('last')
    release()
    await scheduler.resultsTo(3)
    expect(scheduler.framed.map(({ counter }) => counter)).toEqual([waiting, running, last])
  }))

test('agent frames: payloads are the handler’s own', () =>
  stage(async ({ client, scheduler }) => {
    const payloads: Uint8Array[] = []
    await client.agent({ id: 'a', queues: ['work'] }, (task) => {
      payloads.push(task.payload)
      task.payload.fill(0x2a)
      expect(task.payload).toBe(task.payload)
      return task.text()
    })
    const large = new Uint8Array(5_000).fill(0x30)
    scheduler.send('a', ['first', large, 'third'])
    const results = await scheduler.resultsTo(3)
    expect(results.map(({ code }) => code)).toEqual(['', '', ''])
    expect(results.map(({ text }) => text.length)).toEqual([9, 5_002, 9])
    expect(payloads.map((payload) => new Set(payload))).toEqual(
      Array.from({ length: 3 }, () => new Set([0x2a])),
    )
  }))

test('agent frames: a frame that is not as documented is refused as a whole, and it goes on', () =>
  stage(async ({ client, scheduler, prefix }) => {
    let runs = 0
    await client.agent({ id: 'a', queues: ['work'] }, () => ++runs)
    const heard: Uint8Array[] = []
    const { instance } = scheduler.hellos[0]
    const spy = await nats.connect()
    spy.subscribe(`${prefix}.agent.a.${instance}.frames`, {
      callback: (_, msg) => heard.push(Uint8Array.from(msg.data)),
    })
    await spy.flush()
    scheduler.send('a', [1, 2])
    await scheduler.resultsTo(2)
    const whole = heard[0]
    const newer = Uint8Array.from(whole)
    newer[2] = 5
    const reply = `${prefix}.from.a.one.frames.x`
    for (let end = 0; end < whole.length; end++)
      scheduler.sendFrame('a', whole.subarray(0, end), reply)
    scheduler.sendFrame('a', newer, reply)
    scheduler.sendFrame('a', encodeJson({ type: 'cancel' }), reply)
    scheduler.sendFrame('a', whole)
    scheduler.sendFrame('a', whole, 'nonsense')
    await until(() => scheduler.refusals.length === whole.length + 2, { what: 'every refusal' })
    expect(scheduler.refusals[0]).toBe('bad_frame ')
    expect(scheduler.refusals[whole.length - 1]).toBe('bad_frame 1000')
    expect(scheduler.refusals[whole.length]).toBe('frame_version 1000')
    scheduler.send('a', [3])
    await scheduler.resultsTo(3)
    expect(runs).toBe(3)
  }))

test('agent frames: handlers that block give results a chance to leave in between', () =>
  stage(async ({ client, scheduler }) => {
    await client.agent({ id: 'a', queues: ['work'], concurrency: 20 }, () => {
      const end = performance.now() + 2
      while (performance.now() < end);
    })
    scheduler.send('a', numbers(20))
    const results = await scheduler.resultsTo(20)
    expect(results.at(-1)!.frame).toBeGreaterThan(3)
    expect(results.map(({ counter }) => counter)).toEqual(numbers(20).map((n) => n + 1))
    for (const { workUs, heldUs } of results) {
      expect(workUs).toBeGreaterThanOrEqual(1_900)
      expect(heldUs).toBeGreaterThanOrEqual(workUs)
    }
  }))

test('agent frames: progress goes to the attempt’s subject while it runs, not afterwards', () =>
  stage(async ({ client, scheduler, prefix }) => {
    let given: AgentTask | undefined
    await client.agent({ id: 'a', queues: ['work'] }, async (task) => {
      given = task
      task.progress({ page: 1 })
    })
    const [counter] = scheduler.send('a', [0])
    await scheduler.resultsTo(1)
    given?.progress({ page: 2 })
    scheduler.send('a', [0])
    await until(() => scheduler.progress.length === 2, { what: 'the second progress' })
    const [first, second] = scheduler.progress
    expect(first.subject).toBe(`${prefix}.from.a.one.progress.7.1000-${counter}-1`)
    expect(decodePayload(first.data)).toEqual({ page: 1 })
    expect(second.subject).toMatch(/-2$/)
  }))

test('agent frames: beside a scheduler that speaks none its beats are plain and tell of both', () =>
  stage(async ({ client, scheduler, prefix }) => {
    const plain = new FakeScheduler(await nats.connect(), prefix, { name: 'plain', epoch: 5 })
    await plain.start()
    const { given, release } = await holdingAgent(client, {
      id: 'a',
      queues: ['work'],
      concurrency: 2,
    })
    const [counter] = scheduler.send('a', ['framed'])
    const token = plain.dispatch('a', 'plain')
    await until(() => given.length === 2, { what: 'both' })
    const beat = await plain.beatWith([token])
    expect(beat.schedulers.one).toEqual({ seen: '1000-1-1', running: [`1000-${counter}-1`] })
    release('a')
    release('b')
    await scheduler.resultsTo(1)
    await until(() => plain.results.length === 1, { what: 'the plain result' })
  }))

describe('agent frames: permissions', () => {
  const guarded = withNats({
    configuration: `
      authorization { users = [
        { user: scheduler, password: secret }
        { user: agent, password: secret, permissions: {
          publish: [ "sb.from.>" ]
          subscribe: [ "_INBOX.>", "sb.agent.a.*.work", "sb.agent.a.*.control" ] } }
      ] }`,
  })

  test('agent frames: who may not subscribe to them says so and is served in plain form', async () => {
    const nc = await guarded.connect({ user: 'scheduler', pass: 'secret' })
    const scheduler = new FramedScheduler(nc, 'sb', { name: 'one' })
    await scheduler.start()
    const client = await connect({ servers: guarded.url, user: 'agent', password: 'secret' })
    await client.agent({ id: 'a', queues: ['work'] }, (task) => task.json())
    await until(() => scheduler.hellos.length === 2, { what: 'another hello' })
    expect(scheduler.hellos).toMatchObject([
      { frames: 4, keeps: true },
      { frames: 0, keeps: false },
    ])
    expect(scheduler.hellos[1].instance).toBe(scheduler.hellos[0].instance)
    scheduler.frames = undefined
    scheduler.dispatch('a', 'plain')
    await until(() => scheduler.results.length === 1, { what: 'the plain result' })
    await client.close()
  })
})
