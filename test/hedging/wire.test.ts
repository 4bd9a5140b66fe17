/** Second attempts on the wire: the task's id, the next attempt, the same bytes, plain and in frames. */
import type { Msg, NatsConnection } from 'nats'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { encodeJson } from '../../src/wire/json.ts'
import { FrameAgent, type Work } from '../front-end/frame-agent.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'

const SLOW = '"slow"'

const nats = withNats()
let scheduler: Scheduler
let nc: NatsConnection

beforeEach(async () => {
  scheduler = await new Scheduler({
    nats: nats.url,
    routers: 0,
    slots: 1_024,
    agentsMax: 64,
    queueDefaults: { hedgePercentile: 0.9, hedgeBudget: 1 },
  }).start()
  nc = await nats.connect()
})

afterEach(async () => {
  await scheduler.stop()
  await nc.close()
})

/** What an agent was sent of the slow task. */
interface Sent {
  agent: string
  id: string
  attempt: number
  payload: string
  answer(text: string): void
}

/** A plain agent that answers at once unless the task is slow. */
async function plainAgent(id: string, slow: Sent[]): Promise<void> {
  const work = (msg: Msg) => {
    const payload = msg.string()
    if (payload !== SLOW) {
      msg.respond('"fast"')
      return
    }
    slow.push({
      agent: id,
      id: msg.headers!.get('Sb-Id'),
      attempt: Number(msg.headers!.get('Sb-Attempt')),
      payload,
      answer: (text) => void msg.respond(text),
    })
  }
  nc.subscribe(`sb.agent.${id}.one.work`, { callback: (_, msg) => work(msg) })
  const hello = { instance: 'one', queues: ['q'], concurrency: 1 }
  await nc.request(`sb.from.${id}.hello`, encodeJson(hello))
}

async function framedAgent(id: string, slow: Sent[]): Promise<void> {
  const agent = new FrameAgent(nc, id, { queues: ['q'], concurrency: 1 })
  agent.onWork = (work: Work) => {
    if (work.payload !== SLOW) {
      agent.finish([work], { payload: '"fast"' })
      return
    }
    const { id: task, attempt, payload } = work
    const answer = (text: string) => agent.finish([work], { payload: text })
    slow.push({ agent: id, id: task, attempt, payload, answer })
  }
  await agent.join()
}

test.each([
  ['plain', plainAgent, undefined],
  ['plain', plainAgent, 'named'],
  ['framed', framedAgent, undefined],
  ['framed', framedAgent, 'named'],
] as const)(
  'hedging: %s agents get the second attempt as the same task (%#)',
  async (_, join, id) => {
    const slow: Sent[] = []
    for (const name of ['a', 'b']) await join(name, slow)
    for (let n = 0; n < 40; n++) expect(await scheduler.run('q', 'fast')).toBe('fast')
    // A fast run may have had a second attempt too, on a machine that was busy.
    const { lateResults } = scheduler.statusNow().attempts
    const task = await scheduler.submit('q', 'slow', { id })
    await until(() => slow.length === 2, { what: 'the second attempt' })
    expect(slow).toMatchObject([
      { id: task.id, attempt: 1, payload: SLOW },
      { id: task.id, attempt: 2, payload: SLOW },
    ])
    expect(slow[1].agent).not.toBe(slow[0].agent)
    slow[1].answer('"second"')
    expect(await task.result()).toBe('second')
    // Late: refused, and its place is free again.
    slow[0].answer('"first"')
    const isLate = () => scheduler.statusNow().attempts.lateResults > lateResults
    await until(isLate, { what: 'the late result' })
    expect(scheduler.statusNow().tasks).toMatchObject({ running: 0, lost: 0 })
    expect(await scheduler.run('q', 'fast')).toBe('fast')
  },
)
