import { afterEach, expect, test } from 'vitest'
import type { AgentTask } from '../../src/agent-task.ts'
import { SignalboxError } from '../../src/errors.ts'
import type { FlowOptions } from '../../src/flow-views.ts'
import { type Client, connect } from '../../src/index.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { type Gate, gate } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { NatsProxy } from '../support/nats-proxy.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const LEASE_MS = 1_000
const PAIR: FlowOptions = {
  id: 'pair',
  tasks: { first: { queue: 'first' }, second: { queue: 'second', after: ['first'] } },
}

const nats = withNats()
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function startScheduler(name = 'main'): Promise<Scheduler> {
  const scheduler = await new Scheduler({ nats: nats.url, name, leaseMs: LEASE_MS }).start()
  closing.push(() => scheduler.stop())
  return scheduler
}

async function join(servers: string, timeoutMs = 5_000): Promise<Client> {
  const client = await connect({ servers, timeoutMs })
  closing.push(() => client.close())
  return client
}

interface Away {
  client: Client
  /** Loses single messages. */
  messages: NatsProxy
  /** Cuts the line as a whole. */
  line: TcpProxy
}

/** A client behind two proxies. */
async function behindProxies(timeoutMs?: number): Promise<Away> {
  const messages = await NatsProxy.start(nats.server.port)
  closing.push(() => messages.close())
  const line = await startTcpProxy(Number(new URL(messages.url).port))
  closing.push(() => line.close())
  return { client: await join(line.url, timeoutMs), messages, line }
}

const accepted = (scheduler: Scheduler): number => scheduler.statusNow().tasks.accepted

test('faults: a task that others wait for, and one that reads its input, survive their agents', async () => {
  const scheduler = await startScheduler()
  const box = await join(nats.url)
  const held = gate<string>()
  const doomed = await behindProxies()
  const begun: string[] = []
  await doomed.client.agent({ id: 'doomed', queues: ['first'] }, (task) => {
    begun.push(`doomed ${task.node} ${task.attempt}`)
    return held.passed
  })
  const flow = await box.flow(PAIR)
  await until(() => begun.length === 1, { what: 'the first to begin' })
  // Without a word, as when its process is killed.
  doomed.line.cut()
  expect((await scheduler.getFlow('pair')).tasks[1].state).toBe('blocked')
  const heir = await join(nats.url)
  await heir.agent({ id: 'heir', queues: ['first'] }, (task) => ({ by: 'heir', at: task.attempt }))
  await until(async () => (await scheduler.getFlow('pair')).tasks[0].state === 'completed', {
    what: 'the first to be done elsewhere',
    timeoutMs: 5 * LEASE_MS,
  })

  const reader = await behindProxies()
  const read = gate<unknown>()
  await reader.client.agent({ id: 'reader', queues: ['second'] }, async (task) => {
    read.open(await task.input('first'))
    return held.passed
  })
  expect(await read.passed).toEqual({ by: 'heir', at: 2 })
  reader.line.cut()
  const last = await join(nats.url)
  await last.agent({ id: 'last', queues: ['second'] }, async (task) => {
    begun.push(`last ${task.node} ${task.attempt}`)
    return task.input('first')
  })
  const view = await flow.done()
  expect(view).toMatchObject({ state: 'completed', progress: { states: { completed: 2 } } })
  expect(begun).toEqual(['doomed first 1', 'last second 2'])
  const { result } = await scheduler.getTask(view.tasks[1].id!)
  expect(JSON.parse(result!)).toEqual({ by: 'heir', at: 2 })
  const { tasks, attempts } = scheduler.statusNow()
  expect(tasks).toMatchObject({ accepted: 2, completed: 2, lost: 0 })
  expect(attempts).toMatchObject({ started: 4, lost: 2 })
})

test('faults: an input that is asked for after its attempt timed out is refused, a new one reads it', async () => {
  await startScheduler()
  const box = await join(nats.url)
  const late = gate<unknown>()
  const timedOut = gate()
  const agent = await join(nats.url)
  await agent.agent({ queues: ['first', 'second'], concurrency: 2 }, (task) => {
    if (task.queue === 'first') return 'there'
    return task.attempt === 1 ? afterAbort(task, timedOut, late) : task.input('first')
  })
  const flow = await box.flow({
    ...PAIR,
    tasks: { ...PAIR.tasks, second: { queue: 'second', after: ['first'], timeoutMs: 100 } },
  })
  const { tasks } = await flow.done()
  expect(tasks[1]).toMatchObject({ state: 'completed', attempts: 2 })
  expect((await box.getTask(tasks[1].id!)).result).toBe('"there"')
  expect(await late.passed).toMatchObject({ code: 'late_result', retryable: false })
})

/** What an attempt that was given up hears when it asks for its input. */
async function afterAbort(task: AgentTask, timedOut: Gate, late: Gate<unknown>): Promise<void> {
  task.signal.addEventListener('abort', () => timedOut.open())
  await timedOut.passed
  await task.input('first').then(late.open, late.open)
}

test('faults: a flow whose acceptance was lost is submitted again under its id, and is one flow', async () => {
  const scheduler = await startScheduler()
  const { client, messages } = await behindProxies(500)
  messages.loses = ({ to, body }) => to === 'client' && body.includes('"flow":"pair"')
  const error = await client.flow(PAIR).catch((reason) => reason)
  expect(error).toBeInstanceOf(SignalboxError)
  expect(error).toMatchObject({ code: 'no_scheduler', message: expect.stringContaining('"pair"') })
  expect(accepted(scheduler)).toBe(2)
  messages.loses = () => false
  const again = await client.flow(PAIR)
  expect(again).toMatchObject({ id: 'pair', isDuplicate: true })
  expect(accepted(scheduler)).toBe(2)
  await scheduler.agent({ queues: ['first', 'second'] }, () => 'done')
  expect(await again.done()).toMatchObject({ state: 'completed' })
  expect(scheduler.statusNow().tasks).toMatchObject({ completed: 2, lost: 0 })
})

test('faults: a flow whose acceptance was lost with the connection is sent again by the client', async () => {
  const scheduler = await startScheduler()
  const { client, messages, line } = await behindProxies()
  let isLost = false
  messages.loses = ({ to, body }) => {
    if (to === 'client' && body.includes('"flow":')) isLost = true
    return isLost && to === 'client'
  }
  // No id of the user's: it has one all the same.
  const submitted = client.flow({ tasks: PAIR.tasks })
  await until(() => isLost, { what: 'the acceptance to be lost' })
  line.cut()
  messages.loses = () => false
  line.heal()
  const flow = await submitted
  expect(flow).toMatchObject({ queue: 'first', isDuplicate: false })
  expect(accepted(scheduler)).toBe(2)
  await scheduler.agent({ queues: ['first', 'second'] }, () => 'done')
  expect(await flow.done()).toMatchObject({ id: flow.id, state: 'completed' })
  expect(scheduler.statusNow().tasks).toMatchObject({ accepted: 2, completed: 2, lost: 0 })
})

test('faults: the end of a flow that passed by while the connection was away is asked for again', async () => {
  const scheduler = await startScheduler()
  const { client, line } = await behindProxies()
  const flow = await client.flow(PAIR)
  line.cut()
  const local = await scheduler.flow(PAIR)
  await scheduler.agent({ queues: ['first', 'second'] }, () => 'done')
  await local.done()
  line.heal()
  expect(await flow.done()).toMatchObject({ id: 'pair', state: 'completed' })
  expect(accepted(scheduler)).toBe(2)
})

test('faults: a flow that went with its scheduler is said to be unknown when the next one is up', async () => {
  const first = await new Scheduler({ nats: nats.url, name: 'main', leaseMs: LEASE_MS }).start()
  const client = await join(nats.url)
  const flow = await client.flow(PAIR)
  await first.stop()
  await startScheduler()
  await expect(flow.done()).rejects.toMatchObject({ code: 'flow_unknown' })
})

test('faults: an input is read through a connection that was away for a moment', async () => {
  const scheduler = await startScheduler()
  const { client, line } = await behindProxies()
  const begun = gate()
  const goOn = gate()
  await client.agent({ queues: ['second'] }, async (task) => {
    begun.open()
    await goOn.passed
    return task.input('first')
  })
  await scheduler.agent({ queues: ['first'] }, () => ({ page: 7 }))
  const flow = await scheduler.flow(PAIR)
  await begun.passed
  line.cut()
  goOn.open()
  line.heal()
  const { tasks } = await flow.done()
  expect(tasks[1]).toMatchObject({ state: 'completed', attempts: 1 })
  expect((await scheduler.getTask(tasks[1].id!)).result).toBe('{"page":7}')
})
