import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, connect } from '../../src/index.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { expectRefused, holdingAgent } from '../contract/ground.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

const nats = withNats()
const schedulers: Scheduler[] = []
let client: Client

beforeAll(async () => {
  for (const queue of ['apples', 'pears']) {
    const scheduler = new Scheduler({
      name: `of-${queue}`,
      nats: nats.url,
      strictQueues: true,
      queues: { [queue]: {} },
      routers: 0,
    })
    schedulers.push(await scheduler.start())
  }
  client = await connect({ servers: nats.url })
})

afterAll(async () => {
  await client.close()
  for (const scheduler of schedulers) await scheduler.stop()
})

const bothKnowTheAgent = () =>
  schedulers.every((scheduler) => scheduler.statusNow().agents.online === 1)

test('two schedulers: each queue’s tasks go to its own, an agent serves both', async () => {
  const agent = await client.agent({ id: 'picker', queues: ['*'] }, (task) => task.queue)
  await until(bothKnowTheAgent, { what: 'both to know the agent' })
  await expect(client.run('apples')).resolves.toBe('apples')
  await expect(client.run('pears')).resolves.toBe('pears')
  expect(schedulers.map((scheduler) => scheduler.statusNow().tasks.completed)).toEqual([1, 1])
  await agent.stop()
  expect(schedulers.map((scheduler) => scheduler.statusNow().agents.online)).toEqual([0, 0])
})

test('two schedulers: a task is found with whichever knows it, and unknown when none does', async () => {
  for (const queue of ['apples', 'pears']) {
    const task = await client.submit(queue, 0, { id: `one-of-${queue}` })
    await expect(client.getTask(task.id)).resolves.toMatchObject({ queue })
    await expect(client.cancelTask(task.id)).resolves.toMatchObject({ state: 'cancelled' })
    await expectRefused(client.cancelTask(task.id), 'finished')
  }
  await expectRefused(client.getTask('nobody'), 'task_unknown')
  await expectRefused(client.drainAgent('nobody'), 'agent_unknown')
})

test('two schedulers: a queue is listed by the one that has it, and each page comes from there', async () => {
  for (let i = 0; i < 3; i++) await client.submit('pears', i, { id: `pear-${i}` })
  for (const queue of ['apples', 'pears']) {
    const { tasks } = await client.listTasks({ queue })
    expect(tasks.every((task) => task.queue === queue)).toBe(true)
  }
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const page = await client.listTasks({
      state: 'pending',
      queue: 'pears',
      limit: 1,
      ...(cursor && { cursor }),
    })
    ids.push(...page.tasks.map(({ id }) => id))
    cursor = page.cursor
  } while (cursor !== null)
  expect(ids).toEqual(['pear-0', 'pear-1', 'pear-2'])
  for (const id of ids) await client.cancelTask(id)
  await expectRefused(client.listTasks({ queue: 'plums' }), 'queue_unknown')
})

test('two schedulers: an agent that one drains takes no more of either, and leaves both', async () => {
  const { agent, given, release } = await holdingAgent(client, { id: 'picker', queues: ['*'] })
  await until(bothKnowTheAgent, { what: 'both to know the agent' })
  const task = await client.submit('apples')
  await until(() => given.length === 1, { what: 'the task to run' })
  await client.drainAgent('picker')
  await until(() => schedulers[1].statusNow().agents.draining === 1, { what: 'the other to know' })
  release('done')
  await expect(task.result()).resolves.toBe('done')
  await agent.closed
  expect(schedulers.map((scheduler) => scheduler.statusNow().agents.draining)).toEqual([0, 0])
})

test('two schedulers: an agent in maintenance gets nothing of either, and work of both again', async () => {
  const agent = await client.agent({ id: 'picker', queues: ['*'] }, (task) => task.queue)
  await until(bothKnowTheAgent, { what: 'both to know the agent' })
  const conditions = async () => {
    const views = await Promise.all(schedulers.map((scheduler) => scheduler.listAgents()))
    return views.flat().map(({ condition }) => condition)
  }
  const are = async (condition: string) => {
    const found = await conditions()
    return found.length === 2 && found.every((each) => each === condition)
  }
  await client.maintainAgent('picker')
  await until(() => are('maintenance'), { what: 'both to spare it' })
  const tasks = await Promise.all([client.submit('apples'), client.submit('pears')])
  expect(schedulers.map((scheduler) => scheduler.statusNow().tasks.running)).toEqual([0, 0])
  await client.maintainAgent('picker', false)
  await expect(Promise.all(tasks.map((task) => task.result()))).resolves.toEqual([
    'apples',
    'pears',
  ])
  await until(() => are('fit'), { what: 'both to use it' })
  await agent.stop()
})

test('two schedulers: agents are listed once each, page after page from the same one', async () => {
  const nc = await nats.connect()
  const asked: string[] = []
  nc.subscribe('sb.api.agents.*', { callback: (_, { subject }) => asked.push(subject) })
  let answers = 0
  nc.subscribe('_INBOX.crowd', { callback: () => answers++ })
  const ids = Array.from({ length: 1_500 }, (_, n) => `picker-${String(n).padStart(4, '0')}`)
  const hello = JSON.stringify({ instance: 'only', queues: ['apples'], concurrency: 1 })
  for (const id of ids) nc.publish(`sb.from.${id}.hello`, hello, { reply: '_INBOX.crowd' })
  await until(() => answers === ids.length * schedulers.length, {
    what: 'all hellos to be answered',
  })
  const agents = await client.listAgents()
  expect(agents.map(({ id }) => id).sort()).toEqual(ids)
  await nc.flush()
  expect(asked[0]).toBe('sb.api.agents.any')
  expect(asked.length).toBeGreaterThan(1)
  expect(new Set(asked.slice(1)).size).toBe(1)
  expect(asked[1]).toMatch(/^sb\.api\.agents\.of-(apples|pears)$/)
  asked.length = 0
  expect((await client.listAgents({ limit: 3 })).length).toBe(3)
  await nc.flush()
  expect(asked).toEqual(['sb.api.agents.any'])
  for (const id of ids) nc.publish(`sb.from.${id}.bye`, '{"instance":"only"}')
  const left = () => schedulers.every((scheduler) => scheduler.statusNow().agents.online === 0)
  await until(left, { what: 'all to have left' })
})

test('two schedulers: a status call is answered by one of them', async () => {
  const { scheduler } = await client.status()
  expect(schedulers.map(({ name }) => name)).toContain(scheduler)
})
