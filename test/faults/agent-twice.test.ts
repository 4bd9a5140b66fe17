import { afterEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { expectBooksClosed, LEASE_MS } from './support/fleet.ts'
import { type AgentReport, PlainAgent } from './support/plain-agent.mjs'
import { PlainSubmitter } from './support/plain-submitter.ts'

const TASKS = 4

const nats = withNats()
let scheduler: Scheduler
const agents: PlainAgent[] = []
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.vanish()
  await scheduler.stop()
})

/** An agent of the id that both claim, with reports of its own. */
function twin(holds: boolean): { agent: PlainAgent; reports: AgentReport[] } {
  const reports: AgentReport[] = []
  const report = (one: AgentReport) => reports.push(one)
  const agent = new PlainAgent({
    servers: nats.url,
    id: 'twin',
    concurrency: TASKS,
    holds,
    report,
  })
  agents.push(agent)
  return { agent, reports }
}

test('agents: of two with the same id the newer takes over and the older is fenced for ever', async () => {
  scheduler = await new Scheduler({ nats: nats.url, leaseMs: LEASE_MS }).start()
  const submitter = new PlainSubmitter(await nats.connect())
  const older = twin(true)
  await older.agent.start()
  for (let n = 0; n < TASKS; n++) submitter.submit(`t${n}`)
  await until(() => older.agent.running.size === TASKS, { what: 'the older to be at work' })
  const newer = twin(false)
  await newer.agent.start()
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  await until(() => older.reports.some(({ kind }) => kind === 'fenced'), {
    what: 'the older to be told',
  })
  older.agent.release()
  const answers = () => older.reports.filter(({ kind }) => kind === 'answered')
  await until(() => answers().length === TASKS, { what: 'its results to be answered' })
  expect(new Set(answers().map(({ code }) => code))).toEqual(new Set(['late_result']))

  const { instance } = older.agent.options
  const hello = { instance, queues: ['*'], concurrency: TASKS, beats: true }
  expect((await older.agent.say('hello', hello)).code).toBe('fenced')
  expect((await older.agent.say('beat', { instance, schedulers: {} })).code).toBe('fenced')
  expect((await older.agent.say('bye', { instance })).code).toBe('fenced')
  expect(await scheduler.listAgents()).toMatchObject([
    { id: 'twin', instance: newer.agent.options.instance, completed: TASKS },
  ])
  submitter.submit('after')
  await submitter.allFinished()
  const got = newer.reports.filter(({ kind }) => kind === 'got')
  expect(got.map(({ attempt }) => attempt)).toEqual([2, 2, 2, 2, 1])
  expect(scheduler.statusNow().attempts).toMatchObject({ lost: TASKS, lateResults: TASKS })
  expectBooksClosed(scheduler, [...older.reports, ...newer.reports])
})

test('agents: a hello of the same instance is a beat and costs no task', async () => {
  scheduler = await new Scheduler({ nats: nats.url, leaseMs: LEASE_MS }).start()
  const submitter = new PlainSubmitter(await nats.connect())
  const { agent, reports } = twin(true)
  await agent.start()
  submitter.submit('kept')
  await until(() => agent.running.size === 1, { what: 'the agent to be at work' })
  await agent.hello()
  agent.release()
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  expect(scheduler.statusNow().attempts).toMatchObject({ started: 1, lost: 0 })
  expectBooksClosed(scheduler, reports)
})
