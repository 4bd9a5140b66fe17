/** Tasks that are called back from an agent whose line loses, doubles and delays what is said of them. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { connect } from '../../src/client/connect.ts'
import { FRAME_KIND, frameKind } from '../../src/wire/frames.ts'
import { type Gate, gate } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { NatsProxy, type Passing } from '../support/nats-proxy.ts'
import { until } from '../support/until.ts'
import { expectNothingLost } from './support/fleet.ts'
import { RecallingScheduler } from './support/recalling.ts'

/** Longer than this process ever stands still; work is repeated after two beats, two thirds of it. */
const LEASE_MS = 4_000

const nats = withNats()
let scheduler: RecallingScheduler
let proxy: NatsProxy
/** Behind the proxy. */
let shaky: Client
let steady: Client
/** Who began which task, in order. */
let begun: [agent: string, id: string][]
/** What the victim has begun ends with this. */
let end: Gate

beforeEach(async () => {
  scheduler = new RecallingScheduler({ nats: nats.url, leaseMs: LEASE_MS, routers: 0 })
  await scheduler.start()
  proxy = await NatsProxy.start(nats.server.port)
  shaky = await connect({ servers: proxy.url })
  steady = await connect({ servers: nats.url })
  begun = []
  end = gate()
})
afterEach(async () => {
  proxy.loses = () => false
  proxy.holds = () => false
  proxy.copies = () => false
  proxy.release()
  end.open()
  await shaky.close()
  await steady.close()
  await proxy.close()
  await scheduler.stop()
})

const isKind = (to: Passing['to'], kind: number) => (message: Passing) =>
  message.to === to && frameKind(message.body) === kind && message.subject.endsWith('.frames')
const isWork = isKind('client', FRAME_KIND.work)
const isAcknowledgement = isKind('client', FRAME_KIND.acknowledge)
const isResult = isKind('server', FRAME_KIND.result)
const isRecall = ({ to, subject, body }: Passing) =>
  to === 'client' && subject.endsWith('.control') && body.includes('recall')

/** The victim runs `t0` and holds `t1` to `t3`; the thief has nothing. */
async function heldBack(): Promise<Promise<unknown>[]> {
  await shaky.agent({ id: 'victim', queues: ['work'] }, async (task) => {
    begun.push(['victim', task.id])
    await end.passed
    return 'victim'
  })
  scheduler.sendAhead('victim', 3)
  const results: Promise<unknown>[] = []
  for (let n = 0; n < 4; n++) {
    const task = await steady.submit('work', n, { id: `t${n}`, timeoutMs: 600_000 })
    results.push(task.result())
  }
  await until(() => begun.length === 1, { what: 'the first to begin' })
  await until(() => scheduler.agentState('victim').running.length === 4, { what: 'four there' })
  await steady.agent({ id: 'thief', queues: ['work'], concurrency: 4 }, (task) => {
    begun.push(['thief', task.id])
    return 'thief'
  })
  return results
}

/** The attempt has been handed back, and its task begun with the thief. */
const handedBack = (count = 1) =>
  until(() => scheduler.recalls.done === count, { what: `${count} to be handed back` })

/** All end, each begun once; `t<n>` at the thief for those named, else at the victim. */
async function expectEachOnce(results: Promise<unknown>[], atThief: number[]): Promise<void> {
  const expected = results.map((_, n) => (atThief.includes(n) ? 'thief' : 'victim'))
  for (const n of atThief) expect(await results[n]).toBe('thief')
  end.open()
  expect(await Promise.all(results)).toEqual(expected)
  expect(begun.map(([agent, id]) => `${id} ${agent}`).sort()).toEqual(
    expected.map((agent, n) => `t${n} ${agent}`),
  )
  const { tasks, attempts } = scheduler.statusNow()
  expect(tasks).toMatchObject({ accepted: 4, completed: 4, lost: 0 })
  expect(attempts).toMatchObject({ lost: 0, retried: 0 })
  expectNothingLost(scheduler.statusNow())
}

test('faults: what was not begun is handed back and runs elsewhere, what was begun stays', async () => {
  const results = await heldBack()
  expect(scheduler.recall('t0', 'thief')).toBe(null)
  expect(scheduler.recall('t3', 'thief')).toBe(null)
  await handedBack()
  expect(scheduler.recalls).toEqual({ asked: 2, done: 1 })
  expect(await steady.getTask('t3')).toMatchObject({ attempts: 2 })
  await expectEachOnce(results, [3])
})

test('faults: a call-back that was lost changes nothing', async () => {
  const results = await heldBack()
  proxy.loses = isRecall
  expect(scheduler.recall('t3', 'thief')).toBe(null)
  await until(() => proxy.lost.length === 1, { what: 'the call-back to be lost' })
  expect(scheduler.recall('t3', 'thief')).toBe('asked')
  await expectEachOnce(results, [])
})

test('faults: a call-back that comes twice is answered once', async () => {
  const results = await heldBack()
  proxy.copies = isRecall
  scheduler.recall('t3', 'thief')
  await handedBack()
  proxy.release()
  await expectEachOnce(results, [3])
  expect(scheduler.statusNow().attempts.lateResults).toBe(0)
})

test('faults: a call-back that overtakes its work is for nothing, and the work runs where it is', async () => {
  proxy.holds = (message) => isWork(message) && message.body.includes('t3')
  const results = await heldBack()
  await until(() => proxy.held.length === 1, { what: 'the work to be held' })
  scheduler.recall('t3', 'thief')
  // Behind the call-back on the same line.
  await shaky.status()
  expect(scheduler.recalls).toEqual({ asked: 1, done: 0 })
  proxy.holds = () => false
  proxy.release()
  await expectEachOnce(results, [])
})

test('faults: a hand-back that was lost is told again, and the task runs once', async () => {
  const results = await heldBack()
  proxy.loses = (message) => isResult(message) && proxy.lost.length === 0
  scheduler.recall('t2', 'thief')
  scheduler.recall('t3', 'thief')
  await until(() => proxy.lost.length === 1, { what: 'the hand-back to be lost' })
  await handedBack(2)
  expect(scheduler.statusNow().attempts.repeated).toBeGreaterThan(0)
  await expectEachOnce(results, [2, 3])
})

test('faults: a hand-back that comes twice is late the second time', async () => {
  const results = await heldBack()
  proxy.copies = isResult
  scheduler.recall('t3', 'thief')
  await handedBack()
  proxy.copies = () => false
  expect(await results[3]).toBe('thief')
  proxy.release()
  await until(() => scheduler.statusNow().attempts.lateResults === 1, { what: 'the late one' })
  await expectEachOnce(results, [3])
})

test('faults: work that comes again after it was handed back is not begun', async () => {
  let acknowledged = 0
  proxy.copies = (message) => {
    if (isAcknowledgement(message)) acknowledged++
    return isWork(message)
  }
  const results = await heldBack()
  scheduler.recall('t3', 'thief')
  await handedBack()
  await until(() => acknowledged > 0, { what: 'the hand-back to be acknowledged' })
  proxy.copies = () => false
  proxy.release()
  // It is told once more; what runs and what waits is known.
  await until(() => scheduler.statusNow().attempts.lateResults === 1, { what: 'it to be told' })
  await expectEachOnce(results, [3])
})

test('faults: a hand-back of an agent that was given up is late, and its task runs elsewhere', async () => {
  const results = await heldBack()
  proxy.holds = ({ to }) => to === 'server'
  scheduler.recall('t3', 'thief')
  await until(() => proxy.held.length > 0, { what: 'the hand-back to be on its way' })
  expect(await Promise.all(results)).toEqual(['thief', 'thief', 'thief', 'thief'])
  expect(scheduler.recalls).toEqual({ asked: 1, done: 0 })
  proxy.holds = () => false
  proxy.release()
  await until(() => scheduler.statusNow().attempts.lateResults > 0, { what: 'the late one' })
  const at = (agent: string) => begun.filter(([name]) => name === agent).map(([, id]) => id)
  expect(at('thief').sort()).toEqual(['t0', 't1', 't2', 't3'])
  // Whatever it still had it works off for nobody, but not what it handed back.
  end.open()
  await until(() => at('victim').length >= 3, { what: 'the victim to go on' })
  expect(at('victim')).toEqual(['t0', 't1', 't2'])
  expect(scheduler.statusNow().tasks).toMatchObject({ completed: 4, lost: 0, running: 0 })
})
