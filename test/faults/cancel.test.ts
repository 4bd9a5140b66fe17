import { afterEach, beforeEach, expect, test } from 'vitest'
import { Scheduler, type SchedulerOptions } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { type ApiAnswer, callApi } from './support/api.ts'
import { expectBooksClosed, LEASE_MS } from './support/fleet.ts'
import { type AgentReport, PlainAgent, type PlainAgentOptions } from './support/plain-agent.mjs'
import { PlainSubmitter } from './support/plain-submitter.ts'

const BURST = 64
const BURSTS = 20
/** More than two ways to the server and back, less than an offer may take. */
const STILL_MS = 3

const nats = withNats()
let scheduler: Scheduler
let submitter: PlainSubmitter
let reports: AgentReport[]
const agents: PlainAgent[] = []

beforeEach(async () => {
  reports = []
  submitter = new PlainSubmitter(await nats.connect())
})
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop()
  await scheduler.stop()
})

async function startScheduler(options: SchedulerOptions = {}): Promise<void> {
  scheduler = new Scheduler({ nats: nats.url, leaseMs: LEASE_MS, ...options })
  await scheduler.start()
}

async function startAgent(options: Partial<PlainAgentOptions> = {}): Promise<PlainAgent> {
  const report = (one: AgentReport) => reports.push(one)
  const agent = new PlainAgent({ servers: nats.url, id: 'agent', report, ...options })
  agents.push(agent)
  return agent.start()
}

const cancel = (id: string) => callApi(submitter.nc, 'cancel', { id })

async function accepted(...ids: string[]): Promise<void> {
  await until(() => ids.every((id) => submitter.books.get(id)![0].accepted.length === 1), {
    what: `${ids.join(', ')} to be accepted`,
  })
}

test('cancel: a waiting task ends cancelled, is never run, and the next one is', async () => {
  await startScheduler()
  submitter.submit('waits')
  submitter.submit('next')
  await accepted('waits', 'next')
  expect(await cancel('waits')).toMatchObject({ code: null, body: { state: 'cancelled' } })
  await startAgent()
  await submitter.allFinished()
  expect(submitter.outcomeOf('waits')).toMatchObject({
    state: 'cancelled',
    code: 'cancelled',
    attempts: 0,
  })
  expect(submitter.outcomeOf('next').state).toBe('completed')
  expect(reports.filter(({ kind }) => kind === 'got').map(({ id }) => id)).toEqual(['next'])
  expectBooksClosed(scheduler, reports)
})

test('cancel: a running task ends at once, its agent is told, its late result is refused', async () => {
  await startScheduler()
  const agent = await startAgent({ holds: true })
  submitter.submit('runs')
  submitter.submit('next')
  await until(() => agent.running.size === 1, { what: 'the agent to be at work' })
  const [token] = agent.running.keys()
  expect(await cancel('runs')).toMatchObject({ code: null, body: { state: 'cancelled' } })
  await until(() => submitter.finished.has('runs'), { what: 'the outcome' })
  expect(submitter.outcomeOf('runs')).toMatchObject({ state: 'cancelled', attempts: 1 })
  await until(() => reports.some((one) => one.kind === 'cancel'), { what: 'the agent to be told' })
  expect(reports.find(({ kind }) => kind === 'cancel')).toMatchObject({ token })
  // The credit of the cancelled attempt is still charged: the agent may be working on it.
  expect(scheduler.statusNow().tasks).toMatchObject({ running: 0, waiting: 1 })
  agent.release()
  await submitter.allFinished()
  expect(submitter.outcomeOf('next').state).toBe('completed')
  const answers = reports.filter(({ kind }) => kind === 'answered')
  expect(answers.map(({ id, code }) => [id, code])).toEqual([
    ['runs', 'late_result'],
    ['next', null],
  ])
  expect(scheduler.statusNow().attempts).toMatchObject({ started: 2, lateResults: 1 })
  expectBooksClosed(scheduler, reports)
})

test('cancel: the credit of a cancelled attempt returns by beats when no result ever comes', async () => {
  await startScheduler()
  const agent = await startAgent({ holds: true })
  submitter.submit('dropped')
  await until(() => agent.running.size === 1, { what: 'the agent to be at work' })
  await cancel('dropped')
  submitter.submit('next')
  agent.running.clear()
  await until(() => agent.running.size === 1, { what: 'the next task to come' })
  expect(reports.filter(({ kind }) => kind === 'got').at(-1)).toMatchObject({ id: 'next' })
})

test('cancel: a finished task answers 409 finished, an unknown one 404 task_unknown', async () => {
  await startScheduler()
  await startAgent()
  submitter.submit('done')
  await submitter.allFinished()
  expect(await cancel('done')).toMatchObject({ status: 409, code: 'finished' })
  expect(await cancel('never-seen')).toMatchObject({ status: 404, code: 'task_unknown' })
  const elsewhere = await callApi(submitter.nc, 'cancel', { id: 'done', queue: 'other' })
  expect(elsewhere).toMatchObject({ status: 404, code: 'task_unknown' })
  submitter.submit('once')
  await until(() => submitter.finished.has('once'), { what: 'the outcome' })
  expect(submitter.outcomeOf('done').state).toBe('completed')
  expectBooksClosed(scheduler, reports)
})

/** Resolves in the turn of the loop in which tasks are in routers' hands. */
async function untilOffered(): Promise<void> {
  for (let turn = 0; turn < 10_000 && scheduler.statusNow().tasks.offered === 0; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Holds the thread of front end and test, so that what others send meanwhile arrives together. */
function standStill(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

test('cancel: tasks in the hands of routers end once, cancelled or completed as was answered', async () => {
  await startScheduler({ placement: 'routers', routers: 2, keep: { count: 100_000 } })
  for (let n = 0; n < 4; n++) await startAgent({ id: `agent-${n}`, concurrency: 100 })
  const answers = new Map<string, Promise<ApiAnswer>>()
  for (let burst = 0; burst < BURSTS; burst++) {
    const ids = Array.from({ length: BURST }, (_, n) => `b${burst}-${n}`)
    for (const id of ids) submitter.submit(id)
    await untilOffered()
    for (const id of ids) answers.set(id, cancel(id))
    await Promise.resolve()
    standStill(STILL_MS)
    await Promise.all(answers.values())
  }
  await submitter.allFinished()
  const states = { completed: 0, cancelled: 0 }
  for (const [id, answer] of answers) {
    const { code } = await answer
    const { state } = submitter.outcomeOf(id)
    states[state as keyof typeof states]++
    expect([id, state]).toEqual([id, code === null ? 'cancelled' : 'completed'])
    if (code !== null) expect(code).toMatch(/^(finished|task_unknown)$/)
  }
  const { tasks, proposals } = scheduler.statusNow()
  expect(tasks).toMatchObject({ ...states, accepted: answers.size })
  // Proposed by a router although the front end had cancelled it meanwhile.
  expect(proposals.stale).toBeGreaterThan(0)
  expectBooksClosed(scheduler, reports)
  // What was cancelled on its way to an agent still comes there: held, it would keep its credit.
  const got = () => reports.filter(({ kind }) => kind === 'got').length
  await until(() => got() === scheduler.statusNow().attempts.started, {
    what: 'all attempts to arrive',
  })
  // No credit was lost on the way: the fleet still takes as many at a time as it could.
  for (const agent of agents) agent.options.holds = true
  for (let n = 0; n < 400; n++) submitter.submit(`last-${n}`)
  await until(() => scheduler.statusNow().tasks.running === 400, { what: 'all credit to be used' })
  for (const agent of agents) agent.release()
  await submitter.allFinished()
})
