import { afterEach, beforeEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { expectBooksClosed, LEASE_MS } from './support/fleet.ts'
import { type AgentReport, PlainAgent } from './support/plain-agent.mjs'
import { PlainSubmitter } from './support/plain-submitter.ts'

const BEAT_MS = Math.floor(LEASE_MS / 3)

const nats = withNats()
let scheduler: Scheduler
let submitter: PlainSubmitter
let agent: PlainAgent
let reports: AgentReport[]

beforeEach(async () => {
  scheduler = await new Scheduler({ nats: nats.url, leaseMs: LEASE_MS }).start()
  submitter = new PlainSubmitter(await nats.connect())
  reports = []
  agent = new PlainAgent({
    servers: nats.url,
    id: 'agent',
    holds: true,
    report: (report) => reports.push(report),
  })
  await agent.start()
})
afterEach(async () => {
  await agent.vanish()
  await scheduler.stop()
})

const got = () => reports.filter(({ kind }) => kind === 'got')

test('faults: a result that was lost on the way is missed by two beats, the task done again', async () => {
  submitter.submit('t1')
  await until(() => agent.running.size === 1, { what: 'the agent to be at work' })
  const sentAtMs = Date.now()
  // Done, as the agent sees it: it forgets the token, and nothing ever arrives.
  agent.running.clear()
  await until(() => got().length === 2, { what: 'the task to come again' })
  expect(Date.now() - sentAtMs).toBeLessThan(3 * BEAT_MS + 1_000)
  agent.release()
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  expect(got().map(({ attempt }) => attempt)).toEqual([1, 2])
  expect(scheduler.statusNow().attempts).toMatchObject({ started: 2, lost: 1 })
  // What the agent had in hand from before is late; the book has one result.
  await until(() => reports.filter(({ kind }) => kind === 'answered').length === 2, {
    what: 'both results to be answered',
  })
  const codes = reports.filter(({ kind }) => kind === 'answered').map(({ code }) => code)
  expect(codes.sort()).toEqual(['late_result', null])
  expectBooksClosed(scheduler, reports)
})

test('faults: beats that were held up and arrive together with work end no attempt', async () => {
  const { instance } = agent.options
  for (let n = 0; n < 20; n++) {
    submitter.submit(`t${n}`)
    await until(() => agent.running.size === 1, { what: 'the agent to be at work' })
    // As if sent before the work came, and delivered behind it.
    for (let beat = 0; beat < 3; beat++) {
      expect((await agent.say('beat', { instance, schedulers: {} })).code).toBe(null)
    }
    for (const task of agent.running.values()) agent.finish(task)
    await submitter.allFinished()
  }
  submitter.expectAllCompletedOnce()
  expect(scheduler.statusNow().attempts).toMatchObject({ started: 20, lost: 0, lateResults: 0 })
  expectBooksClosed(scheduler, reports)
})
