import { afterAll, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { expectBooksClosed } from './support/fleet.ts'
import { type AgentReport, PlainAgent } from './support/plain-agent.mjs'
import { Load, PlainSubmitter } from './support/plain-submitter.ts'

const TERMINATIONS = process.env.SOAK === '1' ? 100 : 20
const ROUTERS = 2
const STALL_MAX_MS = 1_000

const nats = withNats()
const agents: PlainAgent[] = []
afterAll(async () => {
  for (const agent of agents) await agent.vanish()
})

test('faults: a router that is terminated under load loses no task, places none twice and stalls nobody', {
  timeout: 30_000 + TERMINATIONS * 1_000,
}, async () => {
  const scheduler = new Scheduler({
    nats: nats.url,
    leaseMs: 30_000,
    routers: ROUTERS,
    placement: 'routers',
    keep: { count: 1_000 },
  })
  await scheduler.start()
  const reports: AgentReport[] = []
  const report = (one: AgentReport) => reports.push(one)
  for (let n = 0; n < 8; n++) {
    const agent = new PlainAgent({ servers: nats.url, id: `agent-${n}`, concurrency: 64, report })
    agents.push(await agent.start())
  }
  const submitter = new PlainSubmitter(await nats.connect())
  let lastMs = Date.now()
  let stallMs = 0
  submitter.onOutcome(() => {
    stallMs = Math.max(stallMs, Date.now() - lastMs)
    lastMs = Date.now()
  })
  const load = new Load(submitter, { window: 256 })
  for (let n = 0; n < TERMINATIONS; n++) {
    const before = submitter.finished.size
    await until(() => submitter.finished.size > before + 256, { what: 'the load to go on' })
    await scheduler.terminateRouter(n % ROUTERS)
  }
  load.stop()
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  await until(() => reports.filter(isAnswer).length === reports.filter(isGot).length, {
    what: 'every result to be answered',
  })
  expectBooksClosed(scheduler, reports)
  const { routers, placedBy, attempts, tasks } = scheduler.statusNow()
  expect(attempts).toMatchObject({ started: tasks.accepted, lost: 0, retried: 0, lateResults: 0 })
  expect(reports.filter(isGot).length).toBe(tasks.accepted)
  expect(routers.reduce((sum, { restarts }) => sum + restarts, 0)).toBe(TERMINATIONS)
  expect(placedBy.routers).toBeGreaterThan(0)
  expect(stallMs).toBeLessThan(STALL_MAX_MS)
  await scheduler.stop()
})

const isGot = ({ kind }: AgentReport) => kind === 'got'
const isAnswer = ({ kind }: AgentReport) => kind === 'answered'
