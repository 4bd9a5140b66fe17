/** Attempts handed back in plain form by an agent that does it wrong: each is answered, none is lost. */
import type { Msg, NatsConnection } from 'nats'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { ask } from './support/ask.ts'

const nats = withNats()
let scheduler: Scheduler
let nc: NatsConnection
let works: Msg[]
let controls: Record<string, unknown>[]
/** From now on each task is answered as it comes. */
let isReleased: boolean

beforeEach(async () => {
  nc = await nats.connect()
  scheduler = new Scheduler({ nats: nats.url, name: 'sched', routers: 0 })
  await scheduler.start()
  works = []
  controls = []
  isReleased = false
  nc.subscribe('sb.agent.scribe.one.work', {
    callback: (_, msg) => {
      works.push(msg)
      if (isReleased) msg.respond('"done"')
    },
  })
  nc.subscribe('sb.agent.scribe.one.control', { callback: (_, msg) => controls.push(msg.json()) })
  const hello = { instance: 'one', queues: ['work'], concurrency: 1, preemptible: true }
  await nc.request('sb.from.scribe.hello', JSON.stringify(hello))
})

/** Whatever was refused before: the agent still gets tasks and finishes each once. */
afterEach(async () => {
  isReleased = true
  for (const work of works) work.respond('"done"')
  expect(await scheduler.run('work', 'last')).toBe('done')
  expect(scheduler.statusNow().tasks).toMatchObject({ lost: 0, running: 0, waiting: 0 })
  await scheduler.stop()
  // Its agent would be in the next test as well.
  await nc.close()
})

const answerTo = (work: Msg, body: Uint8Array | string, ...headers: string[]) =>
  ask(nc, work.reply!, body, headers)

async function started(): Promise<Msg> {
  await scheduler.submit('work', 'low', { id: 'low' })
  await until(() => works.length === 1, { what: 'the work' })
  return works[0]
}

/** A critical task waits, and the agent was asked. */
async function asked(): Promise<void> {
  await scheduler.submit('work', 'urgent', { priority: 5 })
  await until(() => controls.length === 1, { what: 'the agent to be asked' })
}

test('yield: of an attempt that was not asked is 409 preempted, and it goes on', async () => {
  const work = await started()
  for (const body of ['', 'page 7']) {
    const answer = await answerTo(work, body, 'Sb-Yield: 1')
    expect(answer).toMatchObject({ code: 'preempted', status: 409, body: '' })
  }
  expect(scheduler.statusNow().refused).toEqual({ preempted: 2 })
  expect((await scheduler.getTask('low')).state).toBe('processing')
})

test.each<[string, string[]]>([
  ['a yield of 2', ['Sb-Yield: 2']],
  ['a yield of yes', ['Sb-Yield: yes']],
  ['a yield that fails too', ['Sb-Yield: 1', 'Nats-Service-Error-Code: 500']],
])('yield: %s is 400 bad_header, and the attempt goes on', async (_, headers) => {
  const work = await started()
  await asked()
  expect(await answerTo(work, 'page 7', ...headers)).toMatchObject({ code: 'bad_header' })
  expect((await scheduler.getTask('low')).state).toBe('processing')
  expect(await answerTo(work, 'page 7', 'Sb-Yield: 1')).toMatchObject({ code: null })
  await until(() => works.length === 2, { what: 'the critical task' })
  works[1].respond('done')
  await until(() => works.length === 3, { what: 'the task again' })
  expect(works[2].headers!.get('Sb-Checkpoint')).toBe(Buffer.from('page 7').toString('base64'))
})

test('yield: a checkpoint of 4,097 bytes fails the task for good', async () => {
  const work = await started()
  await asked()
  await answerTo(work, new Uint8Array(4_097), 'Sb-Yield: 1')
  expect(await scheduler.getTask('low')).toMatchObject({
    state: 'failed',
    code: 'payload_too_large',
    preemptions: 0,
  })
  await until(() => works.length === 2, { what: 'the critical task' })
})

test('yield: a second one, and a result after it, are late', async () => {
  const work = await started()
  await asked()
  expect(await answerTo(work, 'page 7', 'Sb-Yield: 1')).toMatchObject({ code: null })
  expect(await answerTo(work, 'page 8', 'Sb-Yield: 1')).toMatchObject({ code: 'late_result' })
  expect(await answerTo(work, 'done', 'X-Other: 1')).toMatchObject({ code: 'late_result' })
  await until(() => works.length === 2, { what: 'the critical task' })
  works[1].respond('done')
  await until(() => works.length === 3, { what: 'the task again' })
  expect(works[2].headers!.get('Sb-Checkpoint')).toBe(Buffer.from('page 7').toString('base64'))
})

test('yield: for a task that never was is 404 result_unknown', async () => {
  const work = await started()
  const other = work.reply!.replace(/\d+-\d+-\d+$/, '1-1-1')
  const answer = await ask(nc, other, 'page 7', ['Sb-Yield: 1'])
  expect(answer).toMatchObject({ code: 'result_unknown', status: 404 })
})
