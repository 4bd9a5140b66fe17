/** Agents that keep: what is lost on its way is sent again, and results are acknowledged. */
import { headers } from 'nats'
import { expect, test } from 'vitest'
import { encodeJson } from '../../src/wire/json.ts'
import { until } from '../support/until.ts'
import { beatUntil, counters, received, results, withFrameGround } from './frame-ground.ts'

const LEASE_MS = 600
/** What the server says where nobody listens. */
const nobody = headers(503, 'No Responders')

const ground = withFrameGround(LEASE_MS)

test('keeps: work that was lost on its way is repeated with its token to an agent that keeps', async () => {
  const tasks = await ground.submit(3)
  const agent = await ground.joined({ keeps: true, concurrency: 3 })
  await received(agent, 3)
  const [first, , third] = counters(agent)
  // As if the second one had never come.
  await beatUntil(
    agent,
    () => [first, third],
    () => agent.works.length === 4,
    'the second one to come again',
  )
  const { slot, counter, seq, id, attempt, payload } = agent.works[1]
  expect(agent.works[3]).toMatchObject({ slot, counter, seq, id, attempt, payload, together: 1 })
  agent.finish([agent.works[0], agent.works[3], agent.works[2]], { payload: '1' })
  expect(await results(tasks)).toEqual([1, 1, 1])
  expect(ground.attempts()).toMatchObject({ started: 3, lost: 0, repeated: 1, lateResults: 0 })
  await until(() => agent.acknowledged.length === 3, { what: 'three acknowledgements' })
  expect(agent.acknowledged).toEqual([first, counters(agent)[1], third])
})

test('keeps: work that was lost in a row is repeated in one frame; nobody there is a failed dispatch', async () => {
  await ground.submit(6)
  const agent = await ground.joined({ keeps: true, concurrency: 6 })
  await received(agent, 6)
  const [first, , , fourth] = counters(agent)
  await beatUntil(
    agent,
    () => [first, fourth],
    () => agent.works.length === 10,
    'four to come again',
  )
  const again = agent.works.slice(6)
  expect(again.map(({ counter }) => counter)).toEqual([1, 2, 4, 5].map((n) => counters(agent)[n]))
  expect(again.map(({ together }) => together)).toEqual([2, 2, 2, 2])
  ground.nc.publish(again[0].reply, undefined, { headers: nobody })
  await until(() => ground.attempts().dispatchFailed === 2, {
    what: 'the first two to have failed',
  })
  expect(ground.tasks()).toMatchObject({ waiting: 2, running: 4 })
})

test('keeps: a result that was lost is asked for again, acknowledged, and taken once', async () => {
  const [task] = await ground.submit(1)
  const agent = await ground.joined({ keeps: true })
  await received(agent, 1)
  // It was sent, and its credit is back, as the agent sees it.
  await beatUntil(
    agent,
    () => [],
    () => agent.works.length === 2,
    'the work to come again',
  )
  expect(agent.acknowledged).toEqual([])
  agent.finish([agent.works[1]], { payload: '"kept"' })
  agent.finish([agent.works[1]], { payload: '"kept"' })
  expect(await task.result()).toBe('kept')
  await until(() => agent.acknowledged.length === 2, { what: 'both to be acknowledged' })
  expect(new Set(agent.acknowledged)).toEqual(new Set([agent.works[0].counter]))
  expect(ground.attempts()).toMatchObject({ started: 1, lost: 0, repeated: 1, lateResults: 1 })
  expect(ground.tasks()).toMatchObject({ completed: 1, lost: 0 })
})

test('keeps: results kept for a predecessor are unknown, and not acknowledged as ours', async () => {
  const agent = await ground.joined({ keeps: true })
  await ground.submit(1)
  await received(agent, 1)
  agent.finish(agent.works, {}, agent.epoch - 1)
  await until(() => ground.scheduler.statusNow().refused.result_unknown === 1, {
    what: 'the older one to be counted',
  })
  agent.finish(agent.works)
  await until(() => agent.acknowledged.length === 1, { what: 'the acknowledgement' })
  expect(ground.tasks().completed).toBe(1)
})

test('keeps: an agent in plain form gets its work again with its token, and acknowledgements', async () => {
  const agent = ground.agent({ frames: 0, keeps: true })
  const got: string[] = []
  const replies: string[] = []
  ground.nc.subscribe(`sb.agent.${agent.id}.${agent.hello.instance}.work`, {
    callback: (_, msg) => {
      got.push(`${msg.headers!.get('Sb-Attempt')} ${msg.json()}`)
      replies.push(msg.reply!)
    },
  })
  await agent.join()
  const [task] = await ground.submit(1)
  await until(() => got.length === 1, { what: 'the work' })
  const { instance } = agent.hello
  await until(
    async () => {
      const beat = { instance, schedulers: { [agent.scheduler]: { seen: null, running: [] } } }
      expect((await agent.ask('beat', encodeJson(beat))).code).toBe(null)
      return got.length === 2
    },
    { what: 'the work to come again' },
  )
  expect(got).toEqual(['1 p0', '1 p0'])
  expect(replies[1]).toBe(replies[0])
  for (const reply of replies) ground.nc.publish(reply, encodeJson('done'))
  expect(await task.result()).toBe('done')
  await until(() => agent.controls.length > 0, { what: 'acknowledgements' })
  const token = replies[0].split('.').at(-1)!
  const tokens = agent.controls.flatMap((control) =>
    control.type === 'acknowledge' ? control.tokens : [],
  )
  expect(tokens).toEqual([token, token])
  expect(ground.attempts()).toMatchObject({ started: 1, lost: 0, repeated: 1, lateResults: 1 })
})

test('keeps: what is heard within a few milliseconds is acknowledged in one message, each time anew', async () => {
  const agent = await ground.joined({ keeps: true })
  await ground.submit(64)
  await received(agent, 64)
  agent.finish(agent.works)
  await until(() => agent.acknowledged.length === 64, { what: 'the acknowledgements' })
  expect(agent.ackFrames).toBe(1)
  expect(agent.acknowledged).toEqual(counters(agent))
  // Kept results that are told again, 65 times over, need more than one frame.
  const again = agent.resultFrame(agent.works)
  for (let n = 0; n < 65; n++) agent.send(again)
  await until(() => agent.acknowledged.length === 66 * 64, { what: 'all the others' })
  expect(agent.ackFrames).toBeGreaterThanOrEqual(3)
  expect(ground.tasks()).toMatchObject({ completed: 64, lost: 0 })
  expect(ground.attempts().lateResults).toBe(65 * 64)
})
