import { afterEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { expectBooksClosed, LEASE_MS } from './support/fleet.ts'
import { type AgentReport, PlainAgent } from './support/plain-agent.mjs'
import { Load, PlainSubmitter } from './support/plain-submitter.ts'

const AWAY_MS = 5_000
const AGENTS = 4

const nats = withNats()
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Scene {
  proxy: TcpProxy
  scheduler: Scheduler
  agents: PlainAgent[]
  submitter: PlainSubmitter
  load: Load
  reports: AgentReport[]
}

/** A load that runs, with a proxy before the server on one of the three ways to it. */
async function scene(proxied: 'scheduler' | 'agent' | 'submitter'): Promise<Scene> {
  const proxy = await startTcpProxy(nats.server.port)
  const urlOf = (who: string) => (who === proxied ? proxy.url : nats.url)
  const scheduler = new Scheduler({
    nats: urlOf('scheduler'),
    leaseMs: LEASE_MS,
    routers: 1,
    keep: { count: 100_000 },
  })
  await scheduler.start()
  const reports: AgentReport[] = []
  const agents: PlainAgent[] = []
  for (let n = 0; n < AGENTS; n++) {
    const agent = new PlainAgent({
      servers: n === 0 ? urlOf('agent') : nats.url,
      id: `agent-${n}`,
      concurrency: 16,
      workMs: 5,
      report: (report) => reports.push(report),
    })
    agents.push(await agent.start())
  }
  const connection = await nats.connect({
    servers: urlOf('submitter'),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  })
  const submitter = new PlainSubmitter(connection)
  const load = new Load(submitter, { window: 32 })
  closing.push(async () => {
    for (const agent of agents) await agent.vanish()
    await connection.close()
    await scheduler.stop()
    await proxy.close()
  })
  await until(() => submitter.finished.size > 500, { what: 'the load to run' })
  return { proxy, scheduler, agents, submitter, load, reports }
}

/** Cuts for as long as promised, while the submitter goes on to submit, and heals. */
async function cutFor({ proxy, agents, submitter }: Scene): Promise<void> {
  await until(() => agents.every(({ running }) => running.size > 0), { what: 'all to be at work' })
  proxy.cut()
  const healAtMs = Date.now() + AWAY_MS
  let nth = 0
  await until(
    () => {
      if (nth < 200) submitter.submit(`meanwhile${nth++}`)
      return Date.now() >= healAtMs
    },
    { what: 'the time to heal', timeoutMs: AWAY_MS + 5_000 },
  )
  proxy.heal()
  await until(() => proxy.open > 0, { what: 'a new connection through the proxy' })
}

/** After healing: what has no answer is asked for again, and everything completes, once. */
async function expectAllDone({ scheduler, submitter, load, reports }: Scene): Promise<void> {
  load.stop()
  let askedAtMs = Date.now()
  await until(
    () => {
      // Again and again: the scheduler may need a moment to be back.
      if (Date.now() - askedAtMs >= LEASE_MS) {
        askedAtMs = Date.now()
        submitter.askAgain()
      }
      return submitter.finished.size === submitter.books.size
    },
    { what: 'an outcome of every task' },
  )
  submitter.expectAllCompletedOnce()
  expectBooksClosed(scheduler, reports)
  const { tasks, attempts } = scheduler.statusNow()
  expect(tasks.completed).toBe(submitter.books.size)
  expect(attempts.started).toBe(tasks.completed + attempts.lost)
}

test('faults: a scheduler that is cut off for 5 s loses nothing and finishes nothing twice', async () => {
  const here = await scene('scheduler')
  await cutFor(here)
  await until(() => here.scheduler.statusNow().connected, { what: 'the scheduler to be back' })
  expect(here.scheduler.statusNow().agents.online).toBe(AGENTS)
  await expectAllDone(here)
  // Results that agents sent meanwhile were lost on the way, and their beats told.
  expect(here.scheduler.statusNow().attempts.lost).toBeGreaterThan(0)
})

test('faults: an agent that is cut off for 5 s costs no task and is back after healing', async () => {
  const here = await scene('agent')
  await cutFor(here)
  const joins = () =>
    here.reports.filter(({ kind, agent }) => kind === 'joined' && agent === 'agent-0').length
  await until(() => joins() === 2, { what: 'the agent to say hello again' })
  await expectAllDone(here)
})

test('faults: a submitter that is cut off for 5 s gets every outcome by asking again', async () => {
  const here = await scene('submitter')
  await cutFor(here)
  await expectAllDone(here)
})

/** A scheduler behind a proxy, and connections that are not. */
async function cutScene(): Promise<Pick<Scene, 'proxy' | 'scheduler' | 'submitter'>> {
  const proxy = await startTcpProxy(nats.server.port)
  const scheduler = await new Scheduler({ nats: proxy.url, leaseMs: LEASE_MS }).start()
  closing.push(async () => {
    await scheduler.stop()
    await proxy.close()
  })
  return { proxy, scheduler, submitter: new PlainSubmitter(await nats.connect()) }
}

async function untilConnected(scheduler: Scheduler, connected: boolean): Promise<void> {
  await until(() => scheduler.statusNow().connected === connected, {
    what: connected ? 'the connection to be back' : 'the lost connection to be noticed',
  })
}

test('faults: the outcome of a task that ends while the scheduler is cut off follows', async () => {
  const { proxy, scheduler, submitter } = await cutScene()
  let finish = () => {}
  const here = new Promise<void>((resolve) => {
    finish = resolve
  })
  await scheduler.agent({ queues: ['work'] }, async (task) => {
    await here
    return task.payload
  })
  const answers = submitter.submit('held')
  const queued = submitter.submit('cancelled')
  await until(() => queued.accepted.length === 1, { what: 'both to be accepted' })
  proxy.cut()
  await untilConnected(scheduler, false)
  finish()
  await scheduler.cancelTask('cancelled')
  await until(() => scheduler.statusNow().tasks.completed === 1, { what: 'the task to end' })
  proxy.heal()
  await submitter.allFinished()
  expect(answers.accepted.length).toBe(1)
  expect(submitter.outcomeOf('held')).toMatchObject({ state: 'completed', body: 'payload of held' })
  expect(submitter.outcomeOf('cancelled')).toMatchObject({ state: 'cancelled' })
})

test('faults: an agent that dies while the scheduler is cut off is lost a lease after healing', async () => {
  const { proxy, scheduler, submitter } = await cutScene()
  const agent = new PlainAgent({ servers: nats.url, id: 'mortal', holds: true })
  await agent.start()
  submitter.submit('orphan')
  await until(() => agent.running.size === 1, { what: 'the agent to be at work' })
  proxy.cut()
  await untilConnected(scheduler, false)
  await agent.vanish()
  // Longer than a lease: while nobody can be heard, nobody is silent.
  const healAtMs = Date.now() + LEASE_MS + 300
  await until(() => Date.now() >= healAtMs, { what: 'the time to heal' })
  proxy.heal()
  await untilConnected(scheduler, true)
  const backAtMs = Date.now()
  expect(scheduler.statusNow()).toMatchObject({ agents: { online: 1 }, tasks: { running: 1 } })
  await until(() => scheduler.statusNow().agents.online === 0, { what: 'the agent to be lost' })
  expect(Date.now() - backAtMs).toBeLessThan(LEASE_MS + 1_000)
  expect(scheduler.statusNow().tasks).toMatchObject({ waiting: 1, running: 0, lost: 0 })
})
