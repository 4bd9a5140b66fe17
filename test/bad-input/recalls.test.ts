/** Attempts that are called back from an agent in plain form that answers as it likes. */
import type { Msg, NatsConnection } from 'nats'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RecallingScheduler } from '../faults/support/recalling.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { type Answer, ask } from './support/ask.ts'

const YIELD = ['Sb-Yield: 1']
const HELLO = { instance: 'one', queues: ['work'], concurrency: 1, recalls: true }

const nats = withNats()
let scheduler: RecallingScheduler
let nc: NatsConnection
let works: Msg[]
let controls: Record<string, unknown>[]
/** Tasks that the other agent was given. */
let elsewhere: string[]
/** From now on each task is answered as it comes. */
let isReleased: boolean

beforeEach(async () => {
  nc = await nats.connect()
  scheduler = new RecallingScheduler({ nats: nats.url, name: 'sched', routers: 0 })
  await scheduler.start()
  works = []
  controls = []
  elsewhere = []
  isReleased = false
  nc.subscribe('sb.agent.scribe.one.work', {
    callback: (_, msg) => {
      works.push(msg)
      if (isReleased) msg.respond('"done"')
    },
  })
  nc.subscribe('sb.agent.scribe.one.control', { callback: (_, msg) => controls.push(msg.json()) })
  await nc.request('sb.from.scribe.hello', JSON.stringify(HELLO))
  scheduler.sendAhead('scribe', 1)
  for (const id of ['begun', 'waits']) await scheduler.submit('work', id, { id })
  await until(() => works.length === 2, { what: 'the work' })
  await scheduler.agent({ id: 'other', queues: ['work'] }, (task) => {
    elsewhere.push(task.id)
    return 'elsewhere'
  })
})

/** Whatever was refused before: both agents still get tasks and finish each once. */
afterEach(async () => {
  isReleased = true
  for (const work of works) work.respond('"done"')
  await Promise.all([1, 2, 3, 4].map((n) => scheduler.run('work', n)))
  await until(() => scheduler.statusNow().tasks.running === 0, { what: 'all to be done' })
  expect(scheduler.statusNow().tasks).toMatchObject({ accepted: 6, lost: 0, waiting: 0 })
  await scheduler.stop()
  // Its agent would be in the next test as well.
  await nc.close()
})

const answerTo = (work: Msg, body: Uint8Array | string, ...headers: string[]): Promise<Answer> =>
  ask(nc, work.reply!, body, headers)

async function calledBack(id = 'waits'): Promise<void> {
  expect(scheduler.recall(id, 'other')).toBe(null)
  await until(() => controls.length === 1, { what: 'the call-back' })
}

test('recall: in plain form it names the token, and a yield without a body gives the task away', async () => {
  await calledBack()
  const token = works[1].reply!.split('.').at(-1)
  expect(controls).toEqual([{ type: 'recall', scheduler: 'sched', tokens: [token] }])
  expect(await answerTo(works[1], '', ...YIELD)).toMatchObject({ code: null, body: '' })
  await until(() => elsewhere.length === 1, { what: 'the task to begin elsewhere' })
  expect(await scheduler.getTask('waits')).toMatchObject({ attempts: 2, agent: 'other' })
})

test('recall: a yield of what nobody called back is 409 preempted, and it goes on', async () => {
  await calledBack()
  for (const body of ['', 'page 7']) {
    const answer = await answerTo(works[0], body, ...YIELD)
    expect(answer).toMatchObject({ code: 'preempted', status: 409 })
  }
  expect(await scheduler.getTask('begun')).toMatchObject({ state: 'processing', attempts: 1 })
  expect(scheduler.recalls).toEqual({ asked: 1, done: 0 })
})

test('recall: a yield with a checkpoint is of something that was begun: 409 preempted', async () => {
  await calledBack()
  const answer = await answerTo(works[1], 'page 7', ...YIELD)
  expect(answer).toMatchObject({ code: 'preempted', status: 409 })
  expect(await answerTo(works[1], '"done"', 'X-Other: 1')).toMatchObject({ code: null })
  expect(await scheduler.getTask('waits')).toMatchObject({ state: 'completed', attempts: 1 })
})

test('recall: a second yield, and a result after one, are late', async () => {
  await calledBack()
  expect(await answerTo(works[1], '', ...YIELD)).toMatchObject({ code: null })
  expect(await answerTo(works[1], '', ...YIELD)).toMatchObject({ code: 'late_result' })
  expect(await answerTo(works[1], '"mine"', 'X-Other: 1')).toMatchObject({ code: 'late_result' })
  await until(() => elsewhere.length === 1, { what: 'the task to begin elsewhere' })
  await until(async () => (await scheduler.getTask('waits')).state === 'completed', {
    what: 'the task to be done',
  })
  expect(elsewhere).toEqual(['waits'])
})

test('recall: a failure is one, whoever called the attempt back', async () => {
  await calledBack()
  const failure = ['Nats-Service-Error-Code: 500', 'Sb-Code: broken', 'Sb-Retryable: 0']
  expect(await answerTo(works[1], '', ...failure)).toMatchObject({ code: null })
  expect(await scheduler.getTask('waits')).toMatchObject({ state: 'failed', code: 'broken' })
  expect(elsewhere).toEqual([])
})

test('recall: a yield that fails too, or of 2, is 400 bad_header', async () => {
  await calledBack()
  for (const headers of [['Sb-Yield: 2'], [...YIELD, 'Nats-Service-Error-Code: 500']]) {
    expect(await answerTo(works[1], '', ...headers)).toMatchObject({ code: 'bad_header' })
  }
  expect((await scheduler.getTask('waits')).state).toBe('processing')
})

test('recall: a yield of another agent, or of an attempt that never was, is refused', async () => {
  await calledBack()
  const reply = works[1].reply!
  for (const [subject, code] of [
    [reply.replace('.scribe.', '.other.'), 'late_result'],
    [reply.replace(/\d+-\d+-\d+$/, '1-1-1'), 'result_unknown'],
  ]) {
    expect(await ask(nc, subject, '', YIELD)).toMatchObject({ code })
  }
  expect((await scheduler.getTask('waits')).state).toBe('processing')
})

test('recall: of an agent that left the hand-back is late, and its tasks run elsewhere', async () => {
  await calledBack()
  await ask(nc, 'sb.from.scribe.bye', JSON.stringify({ instance: 'one' }))
  expect(await answerTo(works[1], '', ...YIELD)).toMatchObject({ code: 'late_result' })
  await until(() => elsewhere.length === 2, { what: 'both to begin elsewhere' })
  expect(scheduler.recalls).toEqual({ asked: 1, done: 0 })
  expect([...elsewhere].sort()).toEqual(['begun', 'waits'])
})

test('recall: an agent that says anew that it hands nothing back is not asked', async () => {
  await nc.request('sb.from.scribe.hello', JSON.stringify({ ...HELLO, recalls: false }))
  scheduler.sendAhead('scribe', 1)
  expect(scheduler.recall('waits', 'other')).toBe('not_allowed')
})

test.each([[-1], [65_536], [1.5], ['5'], [true], [[]], [{}], [[5]], [1e300]])(
  'beat: a load of %j is 400 bad_option, and takes no room',
  async (load) => {
    const before = scheduler.agentState('scribe').foreign
    const body = JSON.stringify({ instance: 'one', schedulers: {}, load })
    const answer = await ask(nc, 'sb.from.scribe.beat', body)
    expect(answer).toMatchObject({ status: 400, code: 'bad_option' })
    expect(answer.message).toContain('"load"')
    expect(scheduler.agentState('scribe').foreign).toBe(before)
  },
)

test('beat: a load of one that never said hello is 404 agent_unknown', async () => {
  const body = JSON.stringify({ instance: 'one', schedulers: {}, load: 5 })
  expect(await ask(nc, 'sb.from.nobody.beat', body)).toMatchObject({ code: 'agent_unknown' })
})
