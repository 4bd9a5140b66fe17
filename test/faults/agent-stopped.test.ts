import { afterEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { expectBooksClosed, LEASE_MS, withAgentProcesses } from './support/fleet.ts'
import { PlainSubmitter } from './support/plain-submitter.ts'

const TASKS = 4

const nats = withNats()
const startAgent = withAgentProcesses()
let scheduler: Scheduler
afterEach(() => scheduler.stop())

test('faults: an agent that stood still past its lease reports late and is refused, then works again', async () => {
  scheduler = await new Scheduler({ nats: nats.url, leaseMs: LEASE_MS }).start()
  const submitter = new PlainSubmitter(await nats.connect())
  const sleeper = startAgent({ servers: nats.url, id: 'sleeper', concurrency: TASKS, workMs: 600 })
  await sleeper.joined()
  for (let n = 0; n < TASKS; n++) submitter.submit(`t${n}`)
  await until(() => sleeper.got().length === TASKS, { what: 'the agent to be at work' })
  sleeper.signal('SIGSTOP')
  const other = startAgent({ servers: nats.url, id: 'other', concurrency: TASKS, workMs: 1 })
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  expect(other.got().map(({ attempt }) => attempt)).toEqual(Array(TASKS).fill(2))
  expect((await scheduler.listAgents()).map(({ id }) => id)).toEqual(['other'])

  sleeper.signal('SIGCONT')
  await until(() => sleeper.answers().length === TASKS, { what: 'its results to be answered' })
  expect(sleeper.answers().map(({ code }) => code)).toEqual(Array(TASKS).fill('late_result'))
  await sleeper.joined(2)
  expect(scheduler.statusNow()).toMatchObject({
    agents: { online: 2 },
    attempts: { lost: TASKS, lateResults: TASKS },
    tasks: { completed: TASKS },
  })

  await other.kill()
  submitter.submit('again')
  await submitter.allFinished()
  submitter.expectAllCompletedOnce()
  expect(sleeper.got().some(({ id }) => id === 'again')).toBe(true)
  await until(() => sleeper.unanswered().length === 0, { what: 'its result to be answered' })
  expectBooksClosed(scheduler, [...sleeper.reports, ...other.reports])
})
