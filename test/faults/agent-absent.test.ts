import { afterEach, beforeEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { expectBooksClosed, LEASE_MS } from './support/fleet.ts'
import { type AgentReport, PlainAgent, type PlainAgentOptions } from './support/plain-agent.mjs'
import { PlainSubmitter } from './support/plain-submitter.ts'

const nats = withNats()
let scheduler: Scheduler
let submitter: PlainSubmitter
let reports: AgentReport[]
const agents: PlainAgent[] = []

/** Order is exact where the front end places. */
const startScheduler = () =>
  new Scheduler({ nats: nats.url, leaseMs: LEASE_MS, placement: 'inline' }).start()

beforeEach(async () => {
  scheduler = await startScheduler()
  submitter = new PlainSubmitter(await nats.connect())
  reports = []
})
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.vanish()
  await scheduler.stop()
})

async function startAgent(options: Partial<PlainAgentOptions> & { id: string }) {
  const report = (one: AgentReport) => reports.push(one)
  const agent = new PlainAgent({ servers: nats.url, report, ...options })
  agents.push(agent)
  return agent.start()
}

test('faults: work for an agent that has gone since its hello comes back and goes to another', async () => {
  const gone = await startAgent({ id: 'gone', concurrency: 4, beats: false })
  gone.work.unsubscribe()
  await gone.nc.flush()
  submitter.submit('t1')
  await until(() => scheduler.statusNow().attempts.dispatchFailed === 1, {
    what: 'the dispatch to fail',
  })
  expect(scheduler.statusNow()).toMatchObject({ tasks: { waiting: 1 }, agents: { offline: 1 } })
  await startAgent({ id: 'there' })
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  const got = reports.filter(({ kind }) => kind === 'got')
  expect(got).toMatchObject([{ agent: 'there', id: 't1', attempt: 2 }])
  expect(scheduler.statusNow().attempts).toMatchObject({ started: 2, lost: 1, dispatchFailed: 1 })
  expectBooksClosed(scheduler, reports)
})

test('faults: an agent that nobody can reach any more takes nothing from those who work', async () => {
  await startAgent({ id: 'there', concurrency: 4 })
  const gone = await startAgent({ id: 'gone', concurrency: 4, beats: false })
  gone.work.unsubscribe()
  await gone.nc.flush()
  let nth = 0
  await until(
    () => {
      submitter.submit(`t${nth++}`)
      return scheduler.statusNow().attempts.dispatchFailed > 0
    },
    { what: 'the agent to be tried' },
  )
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  const { started, lost, dispatchFailed } = scheduler.statusNow().attempts
  expect(lost).toBe(dispatchFailed)
  expect(started).toBe(nth + lost)
  // Those that were on their way together; after the first answer it is tried no more.
  expect(dispatchFailed).toBeLessThanOrEqual(4)
  expectBooksClosed(scheduler, reports)
})

test('faults: a task that no agent can be reached for is dead after its loss limit', async () => {
  const deaf = await startAgent({ id: 'deaf' })
  deaf.work.unsubscribe()
  submitter.submit('t1')
  const beats = async () => {
    await deaf.beat()
    return submitter.finished.size === 1
  }
  await until(beats, { what: 'the task to be given up' })
  expect(submitter.outcomeOf('t1')).toMatchObject({
    state: 'dead',
    code: 'dispatch_failed',
    attempts: 11,
  })
  expectBooksClosed(scheduler, reports)
})

test('faults: tasks that come before any agent wait for one and say so', async () => {
  const answers = Array.from({ length: 300 }, (_, n) => submitter.submit(`early${n}`))
  const call = submitter.nc.request('sb.call.work', 'called', { timeout: 10_000 })
  await until(() => answers.every(({ accepted }) => accepted.length === 1), {
    what: 'every task to be accepted',
  })
  expect(answers[0].accepted[0]).toEqual({
    id: 'early0',
    queue: 'work',
    state: 'pending',
    waitingFor: 'no agent serves work',
  })
  await startAgent({ id: 'other', queues: ['other'] })
  expect(scheduler.statusNow().tasks).toMatchObject({ waiting: 301, running: 0 })
  await startAgent({ id: 'slow', queues: ['work'], concurrency: 10 })
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  const reply = await call
  expect(reply.string()).toBe('called')
  expect(reply.headers).toBeUndefined()
  const got = reports.filter(({ kind }) => kind === 'got')
  expect(new Set(got.map(({ agent }) => agent))).toEqual(new Set(['slow']))
  expect(got.slice(0, 300).map(({ id }) => id)).toEqual(answers.map((_, n) => `early${n}`))
  expectBooksClosed(scheduler, reports)
})

test('faults: agents that said hello before the scheduler came are served once it is there', async () => {
  await scheduler.stop()
  const early = startAgent({ id: 'early' })
  const refused = submitter.submit('too-early')
  await until(() => refused.refused.length === 1, { what: 'the answer that nobody is there' })
  expect(refused.refused).toEqual(['no_responders'])
  scheduler = await startScheduler()
  await early
  submitter.askAgain()
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
})
