/** Attempts that are handed back in frames, and tasks that were moved; the agents are codec and plain client. */
import { expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { received, withFrameGround } from './frame-ground.ts'

const ground = withFrameGround()

const newest = { frames: 3, preemptible: true, concurrency: 1, queues: ['work'] }

test('frames: an attempt that was asked to stop yields, and its checkpoint comes with the next', async () => {
  const { scheduler } = ground
  const agent = await ground.joined(newest)
  const low = await scheduler.submit('work', 'low', { priority: 2 })
  await received(agent, 1)
  const urgent = await scheduler.submit('work', 'urgent', { priority: 5 })
  await until(() => agent.controls.length === 1, { what: 'the agent to be asked' })
  const [first] = agent.works
  expect(agent.controls[0]).toEqual({
    type: 'preempt',
    scheduler: agent.scheduler,
    token: agent.tokenOf(first),
  })
  agent.finish([first], { yields: true, payload: 'page 7' })
  await received(agent, 2)
  expect(agent.works[1]).toMatchObject({ payload: '"urgent"', attempt: 1, checkpoint: null })
  agent.finish([agent.works[1]], { payload: '1' })
  expect(await urgent.result()).toBe(1)
  await received(agent, 3)
  expect(agent.works[2]).toMatchObject({ id: low.id, attempt: 2, checkpoint: 'page 7' })
  agent.finish([agent.works[2]], { payload: '2' })
  expect(await low.result()).toBe(2)
  expect(ground.attempts()).toMatchObject({ started: 3, lost: 0, retried: 0 })
})

test('frames: one that was not asked goes on, and takes nothing from the others of its frame', async () => {
  const agent = await ground.joined({ ...newest, concurrency: 2, keeps: true })
  const [one, two] = await ground.submit(2)
  await received(agent, 2)
  agent.finish([agent.works[0]], { yields: true, payload: 'page 7' })
  agent.finish([agent.works[1]], { payload: '2' })
  expect(await two.result()).toBe(2)
  expect(ground.scheduler.statusNow().refused).toEqual({ preempted: 1 })
  expect((await ground.scheduler.getTask(one.id)).state).toBe('processing')
  agent.finish([agent.works[0]], { payload: '1' })
  expect(await one.result()).toBe(1)
})

test('frames: a checkpoint of 4,096 bytes is taken, one more byte fails the task', async () => {
  const { scheduler } = ground
  const agent = await ground.joined(newest)
  const low = await scheduler.submit('work', 'low')
  await received(agent, 1)
  const urgent = [
    await scheduler.submit('work', 'a', { priority: 5 }),
    await scheduler.submit('work', 'b', { priority: 5 }),
  ]
  await until(() => agent.controls.length === 1, { what: 'the agent to be asked' })
  agent.finish([agent.works[0]], { yields: true, payload: 'x'.repeat(4_096) })
  for (const n of [1, 2]) {
    await received(agent, n + 1)
    agent.finish([agent.works[n]], { payload: '1' })
  }
  await Promise.all(urgent.map((task) => task.result()))
  await received(agent, 4)
  expect(agent.works[3].checkpoint).toBe('x'.repeat(4_096))
  const last = await scheduler.submit('work', 'c', { priority: 5 })
  await until(() => agent.controls.length === 2, { what: 'the agent to be asked again' })
  agent.finish([agent.works[3]], { yields: true, payload: 'x'.repeat(4_097) })
  await expect(low.result()).rejects.toMatchObject({ code: 'payload_too_large', attempts: 2 })
  await received(agent, 5)
  agent.finish([agent.works[4]], { payload: '1' })
  await last.result()
})

test('frames: an attempt yields once; that of an agent which left yields no more', async () => {
  const { scheduler } = ground
  const agent = await ground.joined(newest)
  const low = await scheduler.submit('work', 'low')
  await received(agent, 1)
  const urgent = await scheduler.submit('work', 'urgent', { priority: 5 })
  await until(() => agent.controls.length === 1, { what: 'the agent to be asked' })
  const twice = [agent.works[0], agent.works[0]]
  agent.finish(twice, { yields: true, payload: 'page 7' })
  await received(agent, 2)
  expect(ground.attempts().lateResults).toBe(1)
  agent.finish([agent.works[1]], { payload: '1' })
  await urgent.result()
  await received(agent, 3)
  agent.finish([agent.works[2]], { payload: '1' })
  await low.result()
  expect((await scheduler.getTask(low.id)).preemptions).toBe(1)
})

test('frames: agents of version 2 are told nothing that they do not know', async () => {
  const { scheduler } = ground
  const agent = await ground.joined({ ...newest, frames: 2 })
  const low = await scheduler.submit('work', 'low')
  await received(agent, 1)
  const urgent = await scheduler.submit('work', 'urgent', { priority: 5 })
  await until(() => agent.controls.length === 1, { what: 'the agent to be asked' })
  agent.finish([agent.works[0]], { yields: true, payload: 'page 7' })
  await received(agent, 2)
  agent.finish([agent.works[1]], { payload: '1' })
  await urgent.result()
  await received(agent, 3)
  expect(agent.works[2]).toMatchObject({ id: low.id, attempt: 2, checkpoint: null })
  agent.finish([agent.works[2]], { payload: '1' })
  await low.result()
})
