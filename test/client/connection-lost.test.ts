import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, connect } from '../../src/index.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { expectEnded, expectRefused, gate, holdingAgent } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const nats = withNats()
const cleanups: (() => Promise<void>)[] = []
let scheduler: Scheduler
let steady: Client
let proxy: TcpProxy

beforeAll(async () => {
  scheduler = new Scheduler({ nats: nats.url, routers: 0 })
  await scheduler.start()
  steady = await connect({ servers: nats.url })
  proxy = await startTcpProxy(nats.server.port)
})

afterAll(async () => {
  for (const cleanup of cleanups) await cleanup()
  await steady.close()
  await scheduler.stop()
  await proxy.close()
})

/** A client whose connection goes through the proxy. */
async function shaky(timeoutMs = 5_000): Promise<Client> {
  const client = await connect({ servers: proxy.url, timeoutMs })
  cleanups.push(() => client.close())
  return client
}

/** Cuts the proxy and waits until the client has noticed. */
async function cut(client: Client): Promise<void> {
  proxy.cut()
  const noticed = () =>
    client.status().then(
      () => false,
      (error) => error.code === 'disconnected',
    )
  await until(noticed, { what: 'the client to notice' })
}

test('lost: while the connection is away everything is refused at once', async () => {
  const client = await shaky()
  await cut(client)
  await expectRefused(client.run('away'), 'disconnected')
  await expectRefused(client.submit('away'), 'disconnected')
  await expectRefused(
    client.agent({ queues: ['away'] }, () => 0),
    'disconnected',
  )
  proxy.heal()
  await until(() => client.status().catch(() => false), { what: 'the client to be back' })
  expect((await steady.status()).queues.map(({ queue }) => queue)).not.toContain('away')
})

test('lost: the outcome of an accepted task that passed by is asked for again', async () => {
  const client = await shaky()
  const agent = await holdingAgent(steady, { queues: ['missed'], concurrency: 3 })
  const good = await client.submit('missed', 'good')
  const bad = await client.submit('missed', 'bad', { retryCount: 0 })
  const run = client.run('missed', 'run', { id: 'with-an-id' })
  run.catch(() => {})
  const running = await client.submit('missed', 'still running')
  await until(() => agent.given.length === 3, { what: 'three tasks to run' })
  await cut(client)
  agent.release('result')
  agent.release(Promise.reject(new Error('broken')))
  agent.release('of the run')
  const ended = async () => (await steady.status()).tasks.running === 1
  await until(ended, { what: 'three outcomes to pass by' })
  proxy.heal()
  await expect(good.result()).resolves.toBe('result')
  await expectEnded(bad.result(), 'error')
  await expect(run).resolves.toBe('of the run')
  agent.release('later')
  await expect(running.result()).resolves.toBe('later')
  await agent.agent.stop()
})

test('lost: a task that is forgotten by then fails with task_unknown', async () => {
  const forgetful = new Scheduler({
    nats: { servers: nats.url, prefix: 'forgetful' },
    keep: { count: 0 },
    routers: 0,
  })
  await forgetful.start()
  const client = await connect({ servers: proxy.url, prefix: 'forgetful' })
  const end = gate<string>()
  await forgetful.agent({ queues: ['work'] }, () => end.passed)
  const task = await client.submit('work')
  await cut(client)
  end.open('done')
  const ended = async () => (await forgetful.status()).tasks.completed === 1
  await until(ended, { what: 'the outcome to pass by' })
  proxy.heal()
  await expectRefused(task.result(), 'task_unknown')
  await client.close()
  await forgetful.stop()
})

test('lost: a run without an id fails after the time-out, one sent since does not', async () => {
  const client = await shaky(300)
  const agent = await holdingAgent(steady, { queues: ['anonymous'], concurrency: 2 })
  const before = expectRefused(client.run('anonymous', 'before'), 'disconnected')
  await until(() => agent.given.length === 1, { what: 'the task to run' })
  await cut(client)
  proxy.heal()
  await until(() => client.status().catch(() => false), { what: 'the client to be back' })
  const since = client.run('anonymous', 'since')
  const error = await before
  expect(error.message).toContain('with an id')
  agent.release()
  await until(() => agent.given.length === 2, { what: 'the next task to run' })
  agent.release('answer')
  await expect(since).resolves.toBe('answer')
  await agent.agent.stop()
})

test('lost: results that are ready while the connection is away leave when it is back', async () => {
  const client = await shaky()
  const agent = await holdingAgent(client, { id: 'shaky', queues: ['held'], concurrency: 2 })
  const tasks = [await steady.submit('held'), await steady.submit('held')]
  await until(() => agent.given.length === 2, { what: 'both tasks to run' })
  await cut(client)
  agent.release('one')
  agent.release('two')
  proxy.heal()
  expect(await Promise.all(tasks.map((task) => task.result()))).toEqual(['one', 'two'])
  const attempts = await Promise.all(
    tasks.map(async ({ id }) => (await steady.getTask(id)).attempts),
  )
  expect(attempts).toEqual([1, 1])
  await agent.agent.stop()
})

test('lost: an agent that stops while the connection is away ends when it is back', async () => {
  const client = await shaky()
  const agent = await holdingAgent(client, { id: 'leaver', queues: ['leave'] })
  const task = await steady.submit('leave')
  await until(() => agent.given.length === 1, { what: 'the task to run' })
  await cut(client)
  const stopped = agent.agent.stop()
  agent.release('done')
  proxy.heal()
  await expect(task.result()).resolves.toBe('done')
  await stopped
  const left = async () => (await steady.listAgents()).every(({ id }) => id !== 'leaver')
  await until(left, { what: 'the agent to leave' })
})

test('lost: a client that closes while the connection is away does not hang', async () => {
  const client = await connect({ servers: proxy.url })
  const agent = await holdingAgent(client, { id: 'stuck', queues: ['stuck'] })
  await steady.submit('stuck')
  await until(() => agent.given.length === 1, { what: 'the task to run' })
  await cut(client)
  const { signal } = agent.given[0]
  await client.close()
  await expectRefused(agent.agent.closed, 'disconnected')
  expect(signal.aborted).toBe(true)
  proxy.heal()
})

test('lost: the NATS server restarts, and submitters, agents and scheduler find together', async () => {
  const fleet = await connect({ servers: nats.url })
  const agent = await holdingAgent(fleet, { id: 'survivor', queues: ['restart'] })
  const task = await steady.submit('restart')
  await until(() => agent.given.length === 1, { what: 'the task to run' })
  await nats.server.kill()
  await nats.server.restart()
  await until(() => steady.status().catch(() => false), { what: 'the scheduler to answer' })
  agent.release('survived')
  await expect(task.result()).resolves.toBe('survived')
  const { tasks } = await steady.status()
  expect(tasks.lost).toBe(0)
  await fleet.close()
})
