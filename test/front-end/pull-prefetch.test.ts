/** How much work an agent gets: what it asked for, or what keeps its hands full. */
import { expect, test } from 'vitest'
import { encodeJson } from '../../src/wire/json.ts'
import { until } from '../support/until.ts'
import type { FrameAgent } from './frame-agent.ts'
import { withFrameGround } from './frame-ground.ts'

const ground = withFrameGround()

const running = () => ground.tasks().running
const pull = (agent: FrameAgent, body: object) => agent.ask('pull', encodeJson(body))

test('pull: an agent gets exactly as much as it asked for, and a result asks for nothing', async () => {
  await ground.submit(20)
  const agent = await ground.joined({ pull: true, concurrency: 10 })
  const { instance } = agent.hello
  const { scheduler: name } = agent
  expect((await pull(agent, { instance, n: 3 })).body).toEqual({ scheduler: name, granted: 3 })
  await until(() => agent.works.length === 3, { what: 'three works' })
  expect(await ground.viewOf(agent)).toMatchObject({ running: 3, granted: 0, prefetch: 0 })
  agent.finish(agent.works)
  await until(() => ground.tasks().completed === 3, { what: 'three to be done' })
  // A beat is answered after whatever their credit could have brought.
  await agent.beat()
  expect(agent.works.length).toBe(3)
  expect(running()).toBe(0)
  await pull(agent, { instance, n: 1, scheduler: name })
  await pull(agent, { instance, n: 1 })
  await until(() => agent.works.length === 5, { what: 'two works more' })
  await agent.beat()
  expect(agent.works.length).toBe(5)
})

test('pull: what was asked for before there is work is kept, and told', async () => {
  const agent = await ground.joined({ pull: true })
  const { instance } = agent.hello
  expect((await pull(agent, { instance, n: 2 })).body).toMatchObject({ granted: 2 })
  expect((await pull(agent, { instance, n: 3 })).body).toMatchObject({ granted: 5 })
  expect(await ground.viewOf(agent)).toMatchObject({ granted: 5 })
  await agent.sayHello()
  await ground.submit(7)
  await until(() => agent.works.length === 5, { what: 'five works' })
  await agent.beat()
  expect(agent.works.length).toBe(5)
  expect(ground.tasks()).toMatchObject({ running: 5, waiting: 2 })
})

test('pull: who does not pull, has a bad number or another instance is refused', async () => {
  const pushed = await ground.joined({ concurrency: 2 })
  const { instance } = pushed.hello
  expect((await pull(pushed, { instance, n: 1 })).code).toBe('bad_option')
  const agent = await ground.joined({ pull: true })
  expect((await pull(agent, { instance: agent.hello.instance, n: 0 })).code).toBe('bad_option')
  expect((await pull(agent, { instance: agent.hello.instance, n: 1.5 })).code).toBe('bad_option')
  expect((await pull(agent, { instance: 'another', n: 1 })).code).toBe('agent_unknown')
  expect((await pull(agent, { n: 1 })).code).toBe('bad_token')
  expect(await ground.viewOf(pushed)).not.toHaveProperty('granted')
})

test('pull: what is meant for another scheduler is left to it', async () => {
  const agent = await ground.joined({ pull: true })
  const { instance } = agent.hello
  let answers = 0
  ground.nc.subscribe('_INBOX.elsewhere', { callback: () => answers++ })
  const body = encodeJson({ instance, n: 4, scheduler: 'elsewhere' })
  ground.nc.publish(`sb.from.${agent.id}.pull`, body, { reply: '_INBOX.elsewhere' })
  await agent.beat()
  expect(answers).toBe(0)
  expect(await ground.viewOf(agent)).toMatchObject({ granted: 0 })
})

test('prefetch: grows while hands stand empty for a trip, and shrinks by not filling up again', async () => {
  const agent = await ground.joined({ concurrency: 1, prefetch: 8 })
  expect(await ground.viewOf(agent)).toMatchObject({ concurrency: 1, prefetch: 0 })
  // It works for a microsecond at a time: next to that any trip is long.
  agent.onWork = (work) => {
    if (agent.works.length <= 3) agent.finish([work], { heldUs: 1, workUs: 1 })
  }
  await ground.submit(100)
  await until(() => agent.works.length === 12 && running() === 9, { what: 'all it may hold' })
  expect(await ground.viewOf(agent)).toMatchObject({ prefetch: 8, running: 9 })
  expect(ground.tasks().waiting).toBe(88)
  // Now each task is held for longer than any trip takes, and was worked on all the time.
  const heldMs = 150
  const held = agent.works.slice(-9)
  const heldSince = held[0].receivedUs
  await until(() => performance.now() * 1_000 - heldSince > heldMs * 1_000, {
    what: 'the works to be old enough',
  })
  agent.finish([held[0]], { heldUs: heldMs * 1_000, workUs: heldMs * 1_000 })
  await until(() => running() === 8, { what: 'one to be done, and none to come' })
  const { prefetch } = await ground.viewOf(agent)
  expect(prefetch).toBeLessThanOrEqual(6)
  // Nothing is taken back, and nothing comes until less is in hand than it may hold.
  const before = agent.works.length
  await agent.beat(held.slice(1).map(({ counter }) => counter))
  agent.finish(held.slice(1, 8 - prefetch))
  await until(() => running() === prefetch + 1, { what: 'the works to be fewer' })
  await agent.beat(held.slice(8 - prefetch).map(({ counter }) => counter))
  expect(agent.works.length).toBe(before)
})

test('prefetch: an agent that says none, or pulls, gets none', async () => {
  const agent = await ground.joined({ concurrency: 2 })
  await ground.submit(100)
  agent.onWork = (work) => agent.finish([work], { heldUs: 1, workUs: 1 })
  await until(() => ground.tasks().completed === 100, { what: 'all to be done' })
  expect(await ground.viewOf(agent)).toMatchObject({ prefetch: 0 })
  const one = await ground.joined({ pull: true, prefetch: 8 })
  await pull(one, { instance: one.hello.instance, n: 1 })
  one.onWork = (work) => one.finish([work], { heldUs: 1, workUs: 1 })
  agent.onWork = () => {}
  await ground.submit(10)
  await until(() => one.works.length === 1 && running() === 2, { what: 'what it asked for' })
  expect(await ground.viewOf(one)).toMatchObject({ prefetch: 0 })
})
