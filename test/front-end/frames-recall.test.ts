/** Attempts that are called back from agents in frames; the agents are codec and plain client. */
import type { NatsConnection } from 'nats'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeJson } from '../../src/wire/json.ts'
import type { Hello } from '../../src/wire/messages.ts'
import { RecallingScheduler } from '../faults/support/recalling.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { FrameAgent } from './frame-agent.ts'
import { received } from './frame-ground.ts'

const nats = withNats()
let scheduler: RecallingScheduler
let nc: NatsConnection

beforeEach(async () => {
  const small = { routers: 0, slots: 1_024, agentsMax: 64 }
  scheduler = new RecallingScheduler({ nats: nats.url, ...small })
  await scheduler.start()
  nc = await nats.connect()
})
afterEach(async () => {
  expect(scheduler.statusNow().tasks.lost).toBe(0)
  await scheduler.stop()
  await nc.close()
})

async function joined(id: string, more: Partial<Hello> = {}): Promise<FrameAgent> {
  const newest = { frames: 3, queues: ['work'], concurrency: 1, prefetch: 1_024 }
  const agent = new FrameAgent(nc, id, { ...newest, keeps: true, recalls: true, ...more })
  await agent.join()
  return agent
}

/** The victim has `count` tasks, `t0` and so on, of which it works on one; the thief has none. */
async function sentAhead(count: number): Promise<[victim: FrameAgent, thief: FrameAgent]> {
  const victim = await joined('victim')
  scheduler.sendAhead('victim', count)
  for (let n = 0; n < count; n++) await scheduler.submit('work', n, { id: `t${n}` })
  await received(victim, count)
  return [victim, await joined('thief', { concurrency: 1_000 })]
}

test.each<[string, Partial<Hello>, boolean]>([
  ['that says so is', {}, true],
  ['that does not say so is not', { recalls: undefined }, false],
  ['that says something else is not', { recalls: 'yes' as never }, false],
  ['in frames that have no hand-back is not', { frames: 2 }, false],
  ['in plain form, which has a header for it, is', { frames: 0 }, true],
  ['that pulls, and asked for all that it has, is not', { pull: true, prefetch: 0 }, false],
])('recall: an agent %s called back', async (_, more, expected) => {
  await joined('a', more)
  expect(scheduler.agentState('a').recalls).toBe(expected)
})

test('recall: those of a turn that are one agent’s go out in one message, 100 at most', async () => {
  const [victim, thief] = await sentAhead(151)
  for (let n = 1; n <= 150; n++) expect(scheduler.recall(`t${n}`, 'thief')).toBe(null)
  await until(() => victim.controls.length === 2, { what: 'both messages' })
  const tokens = victim.controls.map((control) => (control as { tokens: string[] }).tokens)
  expect(tokens.map(({ length }) => length)).toEqual([100, 50])
  expect(tokens.flat()).toEqual(victim.works.slice(1).map((work) => victim.tokenOf(work)))
  expect(victim.controls[0]).toMatchObject({ type: 'recall', scheduler: scheduler.name })
  for (let n = 1; n <= 150; n++) victim.finish([victim.works[n]], { yields: true, payload: '' })
  await received(thief, 150)
  expect(new Set(thief.works.map(({ id, attempt }) => `${id} ${attempt}`)).size).toBe(150)
  expect(thief.works.every(({ attempt, checkpoint }) => attempt === 2 && checkpoint === null)).toBe(
    true,
  )
  expect(scheduler.recalls).toEqual({ asked: 150, done: 150 })
  expect(scheduler.statusNow().attempts).toMatchObject({ lost: 0, retried: 0, lateResults: 0 })
})

test('recall: a hand-back says nothing of how long work takes', async () => {
  const [victim] = await sentAhead(6)
  for (let n = 1; n < 6; n++) scheduler.recall(`t${n}`, 'thief')
  await until(() => victim.controls.length === 1, { what: 'the call-back' })
  const back = { yields: true, payload: '', heldUs: 0, workUs: 0 }
  victim.finish(victim.works.slice(1), back)
  await until(() => scheduler.recalls.done === 5, { what: 'all to be handed back' })
  expect(scheduler.agentState('victim').prefetch).toBe(6)
})

test('recall: what is handed back with a checkpoint was begun, and goes on', async () => {
  const [victim, thief] = await sentAhead(2)
  scheduler.recall('t1', 'thief')
  await until(() => victim.controls.length === 1, { what: 'the call-back' })
  victim.finish([victim.works[1]], { yields: true, payload: 'page 7' })
  await until(() => scheduler.statusNow().refused.preempted === 1, { what: 'the refusal' })
  expect((await scheduler.getTask('t1')).state).toBe('processing')
  victim.finish(victim.works, { payload: '1' })
  await until(() => scheduler.statusNow().tasks.completed === 2, { what: 'both to be done' })
  expect([thief.works.length, scheduler.recalls.done]).toEqual([0, 0])
})

test('recall: a result is taken as ever, and the hand-back after it is late', async () => {
  const [victim, thief] = await sentAhead(2)
  scheduler.recall('t1', 'thief')
  await until(() => victim.controls.length === 1, { what: 'the call-back' })
  victim.finish([victim.works[1]], { payload: '"done"' })
  victim.finish([victim.works[1]], { yields: true, payload: '' })
  await until(() => scheduler.statusNow().attempts.lateResults === 1, { what: 'the late one' })
  expect(await scheduler.getTask('t1')).toMatchObject({ state: 'completed', attempts: 1 })
  expect([thief.works.length, scheduler.recalls.done]).toEqual([0, 0])
  const { counter } = victim.works[1]
  await until(() => victim.acknowledged.filter((each) => each === counter).length === 2, {
    what: 'both to be acknowledged',
  })
})

/** A beat in plain form of what the agent says. */
const beat = (agent: FrameAgent, load: number, running: string[], name = scheduler.name) =>
  agent.ask(
    'beat',
    encodeJson({
      instance: agent.hello.instance,
      schedulers: { [name]: { seen: null, running } },
      load,
    }),
  )

test('beat: what an agent has in hand and the beat does not name as ours is other work', async () => {
  const [victim] = await sentAhead(3)
  const agent = scheduler.agentState('victim')
  const tokens = victim.works.map((work) => victim.tokenOf(work))
  const foreignAfter = async (load: number, running: string[], name?: string) => {
    expect((await beat(victim, load, running, name)).code).toBe(null)
    return agent.foreign
  }
  expect(await foreignAfter(5, tokens)).toBe(2)
  expect(await foreignAfter(3, tokens)).toBe(0)
  expect(await foreignAfter(1, tokens)).toBe(0)
  expect(await foreignAfter(65_535, [])).toBe(65_535)
  // The same one twice, of an older epoch and of nobody.
  expect(await foreignAfter(5, [tokens[0], tokens[0], '1-1-1', 'x', 7 as never])).toBe(4)
  expect(await foreignAfter(5, tokens, 'elsewhere')).toBe(5)
  expect((await victim.beat(victim.works.map(({ counter }) => counter))).code).toBe(null)
  expect(agent.foreign).toBe(0)
  expect(scheduler.statusNow().attempts.lost).toBe(0)
})

test('beat: a load takes as much room, and gives it back', async () => {
  const agent = await joined('a', { concurrency: 4 })
  await beat(agent, 3, [])
  for (let n = 0; n < 6; n++) await scheduler.submit('work', n)
  await received(agent, 1)
  await beat(agent, 4, [agent.tokenOf(agent.works[0])])
  expect(agent.works.length).toBe(1)
  const token = agent.tokenOf(agent.works[0])
  await beat(agent, 2, [token])
  await received(agent, 3)
  await beat(
    agent,
    4,
    agent.works.map((work) => agent.tokenOf(work)),
  )
  expect(agent.works.length).toBe(3)
})
