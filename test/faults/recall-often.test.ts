/** Tasks called back again and again over a line that loses, doubles and delays: each is begun once. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { connect } from '../../src/client/connect.ts'
import { FRAME_KIND, frameKind } from '../../src/wire/frames.ts'
import { withNats } from '../support/nats.ts'
import { NatsProxy, type Passing } from '../support/nats-proxy.ts'
import { until } from '../support/until.ts'
import { expectNothingLost } from './support/fleet.ts'
import { RecallingScheduler } from './support/recalling.ts'

/** Longer than this process ever stands still; what is lost is noticed after two thirds of it. */
const LEASE_MS = 4_000
const TASKS = 300
const AGENTS = ['one', 'two', 'three']
const AHEAD = 20

const nats = withNats()
let scheduler: RecallingScheduler
let proxy: NatsProxy
let submitter: Client
let fleet: Client

beforeEach(async () => {
  scheduler = new RecallingScheduler({ nats: nats.url, leaseMs: LEASE_MS, routers: 0 })
  await scheduler.start()
  proxy = await NatsProxy.start(nats.server.port)
  submitter = await connect({ servers: nats.url })
  fleet = await connect({ servers: proxy.url })
})
afterEach(async () => {
  proxy.loses = () => false
  proxy.holds = () => false
  proxy.copies = () => false
  await fleet.close()
  await submitter.close()
  await proxy.close()
  await scheduler.stop()
})

/** Work, results, acknowledgements and call-backs; not what keeps a lease. */
function isAboutWork({ subject, body }: Passing): boolean {
  if (subject.endsWith('.control')) return body.includes('recall')
  return subject.endsWith('.frames') && frameKind(body) !== FRAME_KIND.beat
}

const isWork = ({ to, body }: Passing) => to === 'client' && frameKind(body) === FRAME_KIND.work

/** @returns a number of 0 up to `count` for each call, always the same ones. */
function dice(count: number): () => number {
  let state = 12_345
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >>> 8) % count
  }
}

test('faults: called back at every turn over a bad line, each task is begun once and none is lost', async () => {
  const begun: string[] = []
  for (const id of AGENTS) {
    await fleet.agent({ id, queues: ['work'] }, async (task) => {
      begun.push(task.id)
      // Long enough for what waits behind it to be called back.
      await new Promise((resolve) => setTimeout(resolve, 2))
      return task.id
    })
    scheduler.sendAhead(id, AHEAD)
  }
  const roll = dice(12)
  proxy.loses = (message) => isAboutWork(message) && roll() === 0
  // Of work there is no second copy but from its scheduler, which sends none once it has the result.
  proxy.copies = (message) => isAboutWork(message) && !isWork(message) && roll() < 2
  const ids = Array.from({ length: TASKS }, (_, n) => `t${n}`)
  const outcomes = Promise.all(
    ids.map((id) => submitter.run<string>('work', id, { id, timeoutMs: 600_000 })),
  )
  let isDone = false
  outcomes.finally(() => {
    isDone = true
  })
  await until(
    () => {
      for (const victim of AGENTS) {
        scheduler.sendAhead(victim, AHEAD)
        const { tail } = scheduler.agentState(victim).running
        const thief = AGENTS[(AGENTS.indexOf(victim) + 1) % AGENTS.length]
        if (tail !== null) scheduler.recall(tail.id, thief)
      }
      proxy.release()
      return isDone
    },
    { what: 'all to be done', timeoutMs: 25_000 },
  )
  expect(await outcomes).toEqual(ids)
  expect([...begun].sort()).toEqual([...ids].sort())
  expect(proxy.lost.length).toBeGreaterThan(0)
  expect(scheduler.recalls.done).toBeGreaterThan(10)
  const { tasks, attempts } = scheduler.statusNow()
  expect(tasks).toMatchObject({ accepted: TASKS, completed: TASKS, lost: 0 })
  expect(attempts).toMatchObject({ lost: 0, retried: 0 })
  expectNothingLost(scheduler.statusNow())
})
