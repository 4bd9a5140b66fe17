import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { connect } from '../../src/client/connect.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { FRAME_KIND, frameKind } from '../../src/wire/frames.ts'
import { withNats } from '../support/nats.ts'
import { NatsProxy, type Passing } from '../support/nats-proxy.ts'
import { until } from '../support/until.ts'
import { expectNothingLost } from './support/fleet.ts'

/** Longer than this process ever stands still; work is repeated after two beats, two thirds of it. */
const LEASE_MS = 4_000

const nats = withNats({ configuration: 'write_deadline: "1s"\nmax_pending: 1048576\n' })
let scheduler: Scheduler
let proxy: NatsProxy
let submitter: Client
let fleet: Client
/** How often the handler ran for each payload. */
let runs: Map<string, number>

beforeEach(async () => {
  scheduler = await new Scheduler({ nats: nats.url, leaseMs: LEASE_MS }).start()
  proxy = await NatsProxy.start(nats.server.port)
  submitter = await connect({ servers: nats.url })
  fleet = await connect({ servers: proxy.url })
  runs = new Map()
})
afterEach(async () => {
  await fleet.close()
  await submitter.close()
  await proxy.close()
  await scheduler.stop()
})

function ran(payload: string): string {
  runs.set(payload, (runs.get(payload) ?? 0) + 1)
  return `${payload} done`
}

const isWork = ({ to, body }: Passing) => to === 'client' && frameKind(body) === FRAME_KIND.work
const isResult = ({ to, body }: Passing) => to === 'server' && frameKind(body) === FRAME_KIND.result

/** Loses the first `count` messages that match. */
function loseFirst(count: number, matches: (message: Passing) => boolean): void {
  proxy.loses = (message) => matches(message) && proxy.lost.length < count
}

function expectEachRanOnce(count: number): void {
  expect([...runs.values()].filter((times) => times !== 1)).toEqual([])
  expect(runs.size).toBe(count)
}

test('faults: work that was lost on its way comes again, runs once, and is counted', async () => {
  await fleet.agent({ queues: ['work'], concurrency: 4 }, (task) => ran(task.json<string>()))
  loseFirst(2, isWork)
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, n) => submitter.run<string>('work', `t${n}`)),
  )
  expect(results).toEqual(Array.from({ length: 8 }, (_, n) => `t${n} done`))
  expect(proxy.lost.length).toBe(2)
  expectEachRanOnce(8)
  const { tasks, attempts } = scheduler.statusNow()
  expect(tasks).toMatchObject({ accepted: 8, completed: 8, lost: 0 })
  expect(attempts).toMatchObject({ started: 8, lost: 0, lateResults: 0 })
  expect(attempts.repeated).toBeGreaterThan(0)
})

test('faults: a result that was lost on its way is told again, and nothing runs twice', async () => {
  await fleet.agent({ queues: ['work'], concurrency: 4 }, (task) => ran(task.json<string>()))
  loseFirst(2, isResult)
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, n) => submitter.run<string>('work', `t${n}`)),
  )
  expect(results).toEqual(Array.from({ length: 8 }, (_, n) => `t${n} done`))
  expect(proxy.lost.length).toBe(2)
  expectEachRanOnce(8)
  const { tasks, attempts } = scheduler.statusNow()
  expect(tasks).toMatchObject({ accepted: 8, completed: 8, lost: 0 })
  expect(attempts).toMatchObject({ started: 8, lost: 0 })
  expect(attempts.repeated).toBeGreaterThan(0)
})

test('faults: an agent restarted with results that nobody heard: all done, none finished twice', async () => {
  const options = { id: 'reader', queues: ['work'], concurrency: 4 }
  await fleet.agent(options, (task) => ran(task.json<string>()))
  // Nothing it says of its results is heard, until a new instance has its name.
  proxy.loses = isResult
  const results = Array.from({ length: 8 }, (_, n) => submitter.run<string>('work', `t${n}`))
  await until(() => runs.size === 4, { what: 'the first four to have run' })
  const again = await connect({ servers: nats.url })
  await again.agent(options, (task) => ran(task.json<string>()))
  expect(await Promise.all(results)).toEqual(Array.from({ length: 8 }, (_, n) => `t${n} done`))
  const { tasks, attempts } = scheduler.statusNow()
  expect(tasks).toMatchObject({ accepted: 8, completed: 8, lost: 0, running: 0 })
  expect(attempts.started).toBe(12)
  expect(attempts.lost).toBe(4)
  await again.close()
})

test('faults: a slow consumer is cut off by the server, and what it missed is done', async () => {
  await fleet.agent({ id: 'slow', queues: ['work'], concurrency: 256 }, (task) =>
    ran(task.json<string>().slice(0, 8)),
  )
  proxy.stall()
  const payload = (n: number) => `task${String(n).padStart(4, '0')}${'x'.repeat(64 * 1024)}`
  const results = Array.from({ length: 256 }, (_, n) =>
    submitter.run<string>('work', payload(n), { timeoutMs: 600_000 }),
  )
  await until(() => nats.server.log().includes('Slow Consumer'), {
    what: 'the server to call it a slow consumer',
    timeoutMs: 60_000,
  })
  proxy.resume()
  expect((await Promise.all(results)).length).toBe(256)
  expect(runs.size).toBe(256)
  const { tasks, attempts } = scheduler.statusNow()
  expect(tasks).toMatchObject({ accepted: 256, completed: 256 })
  expect(attempts.repeated + attempts.lost + attempts.dispatchFailed).toBeGreaterThan(0)
  expectNothingLost(scheduler.statusNow())
}, 120_000)
