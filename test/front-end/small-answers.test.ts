import { afterAll, beforeAll, expect, test } from 'vitest'
import { LATENCY_STAGES } from '../../src/api.ts'
import type { Client } from '../../src/client/client.ts'
import { connect } from '../../src/client/connect.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'

const MAX_PAYLOAD = 16 * 1024

const nats = withNats({ configuration: `max_payload: ${MAX_PAYLOAD}\n` })
const names = (what: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${what}-${n}`.padEnd(64, '-'))
const queues = names('queue', 1_000)
const options = () => ({ routers: 0, strictQueues: true, nats: nats.url })
let scheduler: Scheduler
let client: Client

beforeAll(async () => {
  const known = Object.fromEntries([...queues, 'q'].map((queue) => [queue, {}]))
  scheduler = await new Scheduler({ ...options(), name: 'main', queues: known }).start()
  client = await connect({ servers: nats.url })
})

afterAll(async () => {
  await client?.close()
  await scheduler?.stop()
})

test('a small server: a result that has no room in an answer is left out, its task is shown', async () => {
  const controls = '\u0001'.repeat(5_000)
  const agent = await client.agent({ queues: ['q'] }, (task) => Buffer.from(task.payload))
  expect(await client.run('q', 'short', { id: 'short' })).toBe('short')
  await client.run('q', Buffer.from(controls), { id: 'long' }).catch(() => {})
  expect(await client.getTask('short')).toMatchObject({ state: 'completed', result: '"short"' })
  expect((await scheduler.getTask('long')).result).toBe(controls)
  expect(await client.getTask('long')).toMatchObject({ state: 'completed', result: null })
  await agent.stop()
})

test('a small server: a flow whose tasks have no room in an answer says so', async () => {
  const agent = await scheduler.agent({ queues: ['q'] }, () => {})
  const flow = (id: string, count: number) => {
    const tasks = Object.fromEntries(names(id, count).map((name) => [name, { queue: 'q' }]))
    return client.flow({ id, tasks }).then((handle) => handle.done())
  }
  const omitted = { layers: [], tasks: [], tasksOmitted: true, progress: { total: 100, done: 100 } }
  expect(await flow('large', 100)).toMatchObject(omitted)
  expect(await client.getFlow('large')).toMatchObject(omitted)
  const whole = await scheduler.getFlow('large')
  expect([whole.tasks.length, 'tasksOmitted' in whole]).toEqual([100, false])
  const small = await flow('small', 2)
  expect([small.tasks.length, 'tasksOmitted' in small]).toEqual([2, false])
  await agent.stop()
})

test('a small server: status and latency have room, and agents come in more pages', async () => {
  const ids = names('agent', 200)
  const agents = await Promise.all(
    ids.map((id) => scheduler.agent({ id, queues: ['q'] }, () => {})),
  )
  expect((await client.listAgents()).map(({ id }) => id)).toEqual(ids)
  const status = await client.status()
  expect(status.queues.length).toBeGreaterThan(0)
  expect(status.queues.length + status.unlisted.queues).toBe(queues.length + 1)
  expect(Object.keys(await client.latency()).sort()).toEqual([...LATENCY_STAGES].sort())
  await Promise.all(agents.map((agent) => agent.stop()))
})

test('a small server: what does not fit however it is cut is refused with a code', async () => {
  const capabilities = names('can', 256)
  const agent = await scheduler.agent({ id: 'polymath', queues: ['q'], capabilities }, () => {})
  expect((await scheduler.listAgents())[0]).toMatchObject({ id: 'polymath' })
  await expect(client.listAgents()).rejects.toMatchObject({
    code: 'answer_too_large',
    message: expect.stringContaining(`${MAX_PAYLOAD}`),
  })
  await agent.stop()
  expect(scheduler.statusNow().refused).toMatchObject({ answer_too_large: 1 })
})

test('a small server: a scheduler of many queues announces all of them', async () => {
  const announced = new Set<string>()
  const nc = await nats.connect()
  nc.subscribe('sb.event.scheduler_up', {
    callback: (_, msg) => {
      for (const queue of msg.json<{ queues: string[] }>().queues) announced.add(queue)
    },
  })
  await nc.flush()
  const known = Object.fromEntries(queues.map((queue) => [queue, {}]))
  const other = new Scheduler({ ...options(), name: 'other', queues: known })
  await other.start()
  await nc.flush()
  expect(announced.size).toBe(queues.length)
  expect(queues.filter((queue) => !announced.has(queue))).toEqual([])
  await other.stop()
})

test('a small server: many who ask for latency at once are all answered', async () => {
  const reports = await Promise.all(Array.from({ length: 200 }, () => client.latency()))
  for (const report of reports) expect(Object.keys(report).length).toBe(LATENCY_STAGES.length)
})
