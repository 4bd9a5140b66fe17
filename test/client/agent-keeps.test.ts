import { expect, test } from 'vitest'
import { KEPT_RESULTS_MAX } from '../../src/client/agent/kept-results.ts'
import { connect } from '../../src/index.ts'
import { encodeJson } from '../../src/wire/json.ts'
import { randomToken } from '../../src/wire/tokens.ts'
import { expectRefused, holdingAgent } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { FramedScheduler } from './framed-scheduler.ts'
import { numbers, onStage, type Stage } from './framed-stage.ts'

const nats = withNats()
const stage = (check: (stage: Stage) => Promise<void>) => onStage(nats, check)

test('agent keeps: repeated work runs when unseen, else its result is told when there is one', () =>
  stage(async ({ client, scheduler }) => {
    const { given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    const [running, waiting] = scheduler.send('a', ['running', 'waiting'])
    scheduler.repeat('a', [running, waiting], 'again')
    await scheduler.framedBeatWith([running, waiting])
    release('one')
    await until(() => given.length === 2, { what: 'the second' })
    release('two')
    await scheduler.resultsTo(2)
    scheduler.repeat('a', [running, 99, waiting], 'again')
    await until(() => given.length === 3, { what: 'the unseen one' })
    await scheduler.resultsTo(4)
    expect(scheduler.framed.slice(2).map(({ counter, text }) => [counter, text])).toEqual([
      [running, '"one"'],
      [waiting, '"two"'],
    ])
    release('three')
    await scheduler.resultsTo(5)
    expect(given.map((task) => task.json())).toEqual(['running', 'waiting', 'again'])
    expect(scheduler.framed[4]).toMatchObject({ counter: 99, text: '"three"' })
  }))

test('agent keeps: a kept result stays what it was, whatever the handler does with its buffer', () =>
  stage(async ({ client, scheduler }) => {
    const buffer = new Uint8Array(300)
    await client.agent({ id: 'a', queues: ['work'] }, (task) => buffer.fill(task.json<number>()))
    const counters = scheduler.send('a', [65, 66, 67])
    await scheduler.resultsTo(3)
    scheduler.repeat('a', counters, 0)
    const results = await scheduler.resultsTo(6)
    const letters = results.map(({ text }) => [text[0], text.length])
    expect(letters).toEqual(['A', 'B', 'C', 'A', 'B', 'C'].map((letter) => [letter, 300]))
  }))

test('agent keeps: an acknowledged result is forgotten', () =>
  stage(async ({ client, scheduler }) => {
    let runs = 0
    await client.agent({ id: 'a', queues: ['work'] }, () => ++runs)
    const [first, second] = scheduler.send('a', [1, 2])
    await scheduler.resultsTo(2)
    scheduler.acknowledge('a', [first, 12_345])
    scheduler.acknowledge('a', [second], 999)
    scheduler.repeat('a', [first, second], 0)
    await scheduler.resultsTo(4)
    expect(scheduler.resultsOf(first).map(({ text }) => text)).toEqual(['1', '3'])
    expect(scheduler.resultsOf(second).map(({ text }) => text)).toEqual(['2', '2'])
  }))

test('agent keeps: with as many kept results as may be, work waits until some are heard', () =>
  stage(async ({ client, scheduler }) => {
    let runs = 0
    await client.agent({ id: 'a', queues: ['work'] }, () => {
      runs++
    })
    const counters: number[] = []
    while (counters.length < KEPT_RESULTS_MAX) {
      counters.push(...scheduler.send('a', numbers(Math.min(64, KEPT_RESULTS_MAX - runs))))
      await scheduler.resultsTo(counters.length)
    }
    const waiting = scheduler.send('a', [1, 2, 3])
    await scheduler.framedBeatWith(waiting)
    expect(runs).toBe(KEPT_RESULTS_MAX)
    scheduler.acknowledge('a', counters.slice(0, 2))
    await scheduler.framedBeatWith(waiting.slice(2))
    expect(runs).toBe(KEPT_RESULTS_MAX + 2)
    scheduler.acknowledge('a', counters.slice(2))
    await scheduler.resultsTo(KEPT_RESULTS_MAX + 3)
    expect(scheduler.framed.at(-1)?.counter).toBe(waiting[2])
  }))

test('agent keeps: a result that nobody acknowledged for a lease is told again', async () => {
  const prefix = randomToken()
  const options = { name: 'one', leaseMs: 60 }
  const scheduler = new FramedScheduler(await nats.connect(), prefix, options)
  await scheduler.start()
  const client = await connect({ servers: nats.url, prefix })
  await client.agent({ id: 'a', queues: ['work'] }, (task) => task.json())
  const [first] = scheduler.send('a', ['first'])
  await scheduler.resultsTo(3)
  scheduler.acknowledge('a', [first])
  const [second] = scheduler.send('a', ['second'])
  await until(() => scheduler.resultsOf(second).length === 2, { what: 'the second again' })
  const heard = scheduler.framed.map(({ text }) => text)
  expect(heard.slice(heard.indexOf('"second"'))).toEqual(['"second"', '"second"'])
  scheduler.acknowledgeAll('a')
  await client.close()
})

test('agent keeps: back after a loss of its connection it tells every result that was not heard', () =>
  stage(async ({ scheduler, prefix }) => {
    const proxy = await startTcpProxy(nats.server.port)
    const client = await connect({ servers: proxy.url, prefix })
    const options = { id: 'shaky', queues: ['work'], concurrency: 3 }
    const { given, release } = await holdingAgent(client, options)
    const [heard, kept, unsent, waiting] = scheduler.send('shaky', [1, 2, 3, 4])
    await until(() => given.length === 3, { what: 'three to run' })
    release('heard')
    release('kept')
    await scheduler.resultsTo(2)
    scheduler.acknowledge('shaky', [heard])
    await scheduler.framedBeatWith([unsent, waiting])
    proxy.cut()
    await until(() => client.status().catch((error) => error.code === 'disconnected'), {
      what: 'the client to notice',
    })
    release('unsent')
    proxy.heal()
    await scheduler.resultsTo(4)
    release('waiting')
    await scheduler.resultsTo(5)
    expect(scheduler.framed.map(({ counter, text }) => [counter, text])).toEqual([
      [heard, '"heard"'],
      [kept, '"kept"'],
      [kept, '"kept"'],
      [unsent, '"unsent"'],
      [waiting, '"waiting"'],
    ])
    expect(given.length).toBe(4)
    scheduler.acknowledgeAll('shaky')
    await client.close()
    await proxy.close()
  }))

test('agent keeps: a newer epoch makes what was kept and what waited of no use', () =>
  stage(async ({ client, scheduler }) => {
    const { given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    const [kept] = scheduler.send('a', ['kept'])
    await until(() => given.length === 1, { what: 'the first' })
    release('of the old')
    await scheduler.resultsTo(1)
    scheduler.send('a', ['runs'])
    scheduler.send('a', ['waits'])
    scheduler.send('a', ['newer'], 1001)
    scheduler.repeat('a', [kept], 'replaced', 1000)
    const newest = await scheduler.framedBeatWith([4])
    expect(newest).toMatchObject({ epoch: 1001, seen: 4 })
    release('for nobody')
    await until(() => given.length === 3, { what: 'the newer' })
    release('of the new')
    await scheduler.resultsTo(2)
    expect(given.map((task) => task.json())).toEqual(['kept', 'runs', 'newer'])
    expect(scheduler.framed.map(({ epoch, text }) => [epoch, text])).toEqual([
      [1000, '"of the old"'],
      [1001, '"of the new"'],
    ])
    scheduler.repeat('a', [kept], 'same counter', 1001)
    await until(() => given.length === 4, { what: 'it to be unseen' })
    release()
    await scheduler.resultsTo(3)
  }))

test('agent keeps: fenced it sends nothing more, and runs nothing of what waits', () =>
  stage(async ({ client, scheduler }) => {
    const { agent, given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    scheduler.send('a', [1, 2])
    await until(() => given.length === 1, { what: 'the first' })
    const { signal } = given[0]
    scheduler.control('a', { type: 'fenced', scheduler: 'one' })
    await expectRefused(agent.closed, 'fenced')
    expect(signal.reason).toMatchObject({ code: 'fenced' })
    release()
    scheduler.send('a', [3])
    await client.close()
    expect(scheduler.framed).toEqual([])
    expect(given.length).toBe(1)
  }))

test('agent keeps: stopped it finishes what waits, and leaves when all results were heard', () =>
  stage(async ({ client, scheduler }) => {
    const { agent, given, release } = await holdingAgent(client, { id: 'a', queues: ['work'] })
    const counters = scheduler.send('a', [1, 2, 3])
    await scheduler.framedBeatWith(counters)
    const stopped = agent.stop()
    await until(() => scheduler.byes.length === 1, { what: 'the first bye' })
    for (const n of numbers(3)) {
      await until(() => given.length > n, { what: `task ${n}` })
      release(n)
    }
    await scheduler.resultsTo(3)
    expect(scheduler.byes.length).toBe(1)
    scheduler.repeat('a', [counters[1]], 2)
    await scheduler.resultsTo(4)
    scheduler.acknowledge('a', counters)
    await stopped
    expect(scheduler.byes.map(({ drain }) => drain)).toEqual([true, false])
    expect(scheduler.framed.map(({ text }) => text)).toEqual(['0', '1', '2', '1'])
  }))

test('agent keeps: stopped it leaves as well if nobody acknowledges', () =>
  stage(async ({ client, scheduler }) => {
    const agent = await client.agent({ id: 'a', queues: ['work'] }, () => 'done')
    scheduler.send('a', [1])
    await scheduler.resultsTo(1)
    await agent.stop()
    expect(scheduler.byes.map(({ drain }) => drain)).toEqual([true, false])
  }))

test('agent keeps: a scheduler that is up again is told what it may have missed', () =>
  stage(async ({ client, scheduler, prefix }) => {
    await client.agent({ id: 'a', queues: ['work'] }, (task) => task.json())
    scheduler.send('a', ['kept'])
    await scheduler.resultsTo(1)
    const up = (name: string, epoch: number) => {
      const body = encodeJson({ scheduler: name, epoch, queues: ['*'] })
      return scheduler.say(`${prefix}.event.scheduler_up`, body)
    }
    up('one', 1000)
    await scheduler.resultsTo(2)
    expect(scheduler.framed[1]).toMatchObject({ counter: 1, text: '"kept"' })
    expect(scheduler.hellos.length).toBe(1)
    up('two', 1000)
    await until(() => scheduler.hellos.length === 2, { what: 'a hello to the other' })
    scheduler.say(`${prefix}.event.scheduler_up`, encodeJson([]))
    up('one', 1001)
    await until(() => scheduler.hellos.length === 3, { what: 'a hello to the newer' })
  }))
