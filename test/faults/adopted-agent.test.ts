import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { headers, type Msg, type NatsConnection, type Subscription } from 'nats'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { type AdoptedAgentOptions, LIMITS, type SchedulerOptions } from '../../src/options.ts'
import { Scheduler, type SchedulerEvent } from '../../src/scheduler.ts'
import { runCheck } from '../../src/service/check.ts'
import { runReplay } from '../../src/service/replay.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { expectNothingLost, LEASE_MS } from './support/fleet.ts'
import { PlainSubmitter } from './support/plain-submitter.ts'

const nats = withNats()
const SUBJECT = 'services.work'
let scheduler: Scheduler
let submitter: PlainSubmitter
let events: SchedulerEvent[]
const services: Service[] = []
const folder = mkdtempSync(join(tmpdir(), 'signalbox-adopted-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function adopt(
  agent: Partial<AdoptedAgentOptions> = {},
  options: SchedulerOptions = {},
): Promise<void> {
  const agents = [{ subject: SUBJECT, ...agent }]
  scheduler = new Scheduler({
    ...{ leaseMs: LEASE_MS, placement: 'inline', routers: 0 },
    ...options,
    nats: { servers: nats.url, agents },
  })
  scheduler.onEvent((event) => events.push(event))
  await scheduler.start()
}

/** A service that knows nothing of us: it answers requests, by default with what it was sent. */
class Service {
  readonly got: Msg[] = []
  readonly nc: NatsConnection
  readonly #subscription: Subscription

  constructor(nc: NatsConnection, answer: (msg: Msg) => void = (msg) => msg.respond(msg.data)) {
    this.nc = nc
    this.#subscription = nc.subscribe(SUBJECT, {
      queue: 'workers',
      callback: (_, msg) => {
        this.got.push(msg)
        answer(msg)
      },
    })
  }

  async stop(): Promise<void> {
    this.#subscription.unsubscribe()
    await this.nc.flush()
  }
}

async function service(answer?: (msg: Msg) => void): Promise<Service> {
  const one = new Service(await nats.connect(), answer)
  await one.nc.flush()
  services.push(one)
  return one
}

const attempts = () => scheduler.statusNow().attempts
const told = (kind: string) => events.filter((event) => event.kind === kind)

beforeEach(async () => {
  events = []
  submitter = new PlainSubmitter(await nats.connect())
})
afterEach(async () => {
  for (const one of services.splice(0)) await one.stop()
  await scheduler.stop()
})

test('adopted: a service that answers requests does tasks, and is listed with its subject', async () => {
  const { got } = await service()
  await adopt({ concurrency: 4 })
  for (let i = 0; i < 100; i++) submitter.submit(`t${i}`)
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  const id = got[0].headers!.get('Sb-Id')
  expect(got[0].reply).toMatch(
    new RegExp(`^sb\\.from\\.services-work\\.${scheduler.name}\\.result\\.`),
  )
  expect([id, got[0].headers!.get('Sb-Queue'), got[0].headers!.get('Sb-Attempt')]).toEqual([
    't0',
    'work',
    '1',
  ])
  const listed = await submitter.nc.request(`sb.api.agents.${scheduler.name}`)
  expect(listed.json()).toMatchObject({
    agents: [
      { id: 'services-work', subject: SUBJECT, queues: ['work'], concurrency: 4, completed: 100 },
    ],
  })
  expectNothingLost(scheduler.statusNow())
})

test('adopted: a queue group shares the concurrency, and never has more in hand', async () => {
  const waiting: Msg[] = []
  await service((msg) => waiting.push(msg))
  await service((msg) => waiting.push(msg))
  await adopt({ concurrency: 3 })
  for (let i = 0; i < 60; i++) submitter.submit(`t${i}`)
  for (let done = 0; done < 60; done++) {
    const inHand = Math.min(3, 60 - done)
    await until(() => waiting.length === inHand, { what: `${inHand} tasks in hand` })
    const msg = waiting.shift()!
    msg.respond(msg.data)
  }
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  for (const { got } of services) expect(got.length).toBeGreaterThan(0)
  expect(services[0].got.length + services[1].got.length).toBe(60)
})

test('adopted: one that is gone costs a message a pause, loses nothing, and is up when it answers', async () => {
  // One loss would be the end of a task.
  await adopt({ concurrency: 8 }, { queueDefaults: { lossLimit: 0, retryCount: 0 } })
  for (let i = 0; i < 20; i++) submitter.submit(`t${i}`)
  // The first eight went before it was known; then one after each pause.
  await until(() => attempts().dispatchFailed >= 10, { what: 'the third pause' })
  const { started, dispatchFailed, lost } = attempts()
  expect([started, lost]).toEqual([dispatchFailed, 0])
  // The next pause is a second.
  expect(dispatchFailed).toBeLessThan(13)
  expect(told('responder_gone')).toMatchObject([{ detail: { subject: SUBJECT } }])
  const { got } = await service()
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  expect(got.length).toBe(20)
  expect(told('responder_back')).toMatchObject([{ detail: { agent: 'services-work' } }])
  expect(await scheduler.listAgents()).toMatchObject([
    { status: 'available', concurrency: 8, completed: 20, lost: 0 },
  ])
})

test('adopted: what is in the hands of one that died is tried again after its time-out', async () => {
  const held: Msg[] = []
  const dying = await service((msg) => held.push(msg))
  const file = join(folder, 'died.sbj')
  const queueDefaults = { timeoutMs: 1_500, retryCount: 1, lossLimit: 0 }
  await adopt({ concurrency: 2 }, { queueDefaults, leaseMs: 100, journal: { file } })
  submitter.submit('in-hand')
  await until(() => held.length === 1, { what: 'the task to be in hand' })
  await dying.stop()
  submitter.submit('undelivered')
  await until(() => attempts().dispatchFailed >= 1, { what: 'nobody to be there' })
  await service()
  await until(() => submitter.finished.has('undelivered'), { what: 'the place that is left' })
  expect(submitter.finished.has('in-hand')).toBe(false)
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  expect(attempts()).toMatchObject({ timedOut: 1, lost: 0 })
  await scheduler.stop()
  expect(await runReplay(file, () => {})).toMatchObject({ isEnded: true, tasks: 2 })
  expect(await runCheck(file, () => {})).toMatchObject({ findings: [], total: 0, ended: true })
})

test('adopted: an agent of this process may take its name', async () => {
  const { got } = await service()
  await adopt({ name: 'clerk' })
  await scheduler.agent({ id: 'clerk', queues: ['work'] }, (task) => task.payload)
  submitter.submit('t1')
  await submitter.allFinished()
  expect(got).toEqual([])
  expect(await scheduler.listAgents()).not.toMatchObject([{ subject: SUBJECT }])
})

test('adopted: it may go and come back again, and others do its tasks meanwhile', async () => {
  const first = await service()
  await adopt({ concurrency: 2 })
  submitter.submit('before')
  await submitter.allFinished()
  await first.stop()
  submitter.submit('meanwhile')
  await until(async () => (await scheduler.listAgents())[0].status === 'offline', {
    what: 'the agent to be offline',
  })
  const other = await scheduler.agent({ id: 'other', queues: ['work'] }, (task) => task.payload)
  await submitter.allFinished()
  await other.stop()
  await service()
  for (let i = 0; i < 10; i++) submitter.submit(`t${i}`)
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  expect(scheduler.statusNow().tasksPerAgent).toEqual({ 'services-work': 11, other: 1 })
})

test('adopted: an error as NATS services give it is a failure, repeated as the queue says', async () => {
  const { got } = await service((msg) => {
    const block = headers()
    block.set('Nats-Service-Error-Code', '422')
    block.set('Nats-Service-Error', 'The page is blank.')
    msg.respond(new Uint8Array(0), { headers: block })
  })
  await adopt({}, { queueDefaults: { retryCount: 1 } })
  submitter.submit('blank')
  await submitter.allFinished()
  expect(submitter.outcomeOf('blank')).toMatchObject({
    ...{ state: 'failed', code: '422', message: 'The page is blank.', attempts: 2 },
  })
  expect(got.length).toBe(2)
})

test('adopted: an answer after the time-out is late, and the place comes back by time alone', async () => {
  const held: Msg[] = []
  await service((msg) => held.push(msg))
  await adopt({}, { leaseMs: 100, queueDefaults: { timeoutMs: 300, retryCount: 1 } })
  submitter.submit('slow')
  await until(() => attempts().timedOut === 1, { what: 'the first attempt to time out' })
  expect(held.length).toBe(1)
  await until(() => held.length === 2, { what: 'the place to come back' })
  held[0].respond('too late')
  await until(() => attempts().lateResults === 1, { what: 'the late answer to be counted' })
  expect(submitter.finished.size).toBe(0)
  held[1].respond('in time')
  await submitter.allFinished()
  expect(submitter.outcomeOf('slow')).toMatchObject({ state: 'completed', body: 'in time' })
})

test('adopted: nobody can say hello, beat or bye under its name', async () => {
  await service()
  await adopt({ name: 'clerk' })
  for (const verb of ['hello', 'beat', 'bye']) {
    const body = JSON.stringify({ instance: 'x', queues: ['work'] })
    const refused = await submitter.nc.request(`sb.from.clerk.${verb}`, body)
    expect(refused.headers?.get('Sb-Code')).toBe('fenced')
  }
  submitter.submit('t1')
  await submitter.allFinished()
  expect(await scheduler.getTask('t1')).toMatchObject({ agent: 'clerk', state: 'completed' })
})

test('adopted: one that is drained takes no more, also after a pause', async () => {
  await adopt()
  submitter.submit('t1')
  await until(() => attempts().dispatchFailed === 1, { what: 'nobody to be there' })
  await scheduler.drainAgent('services-work')
  const { got } = await service()
  const other = await scheduler.agent({ id: 'other', queues: ['work'] }, (task) => task.payload)
  const pauseEndsMs = Date.now() + 2 * LIMITS.adoptedPauseMsMin
  for (let nth = 2; Date.now() < pauseEndsMs; nth++) {
    submitter.submit(`t${nth}`)
    await submitter.allFinished()
  }
  await other.stop()
  expect(got).toEqual([])
  expect(await scheduler.listAgents()).toMatchObject([{ status: 'maintenance' }])
})
