import { afterEach, expect, test } from 'vitest'
import { connect } from '../../src/client/connect.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'

const TASKS = process.env.SOAK === '1' ? 4_000 : 800
const FAST_MS = 2
const SLOW_MS = 20

const nats = withNats()
let scheduler: Scheduler
const clients: Awaited<ReturnType<typeof connect>>[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
  await scheduler.stop()
})

async function client() {
  const one = await connect({ servers: nats.url })
  clients.push(one)
  return one
}

/** Three agents and one that takes ten times as long. @returns how often each task was begun, by id. */
async function fleet(begun: Map<string, number>): Promise<void> {
  for (let n = 0; n < 4; n++) {
    const workMs = n === 3 ? SLOW_MS : FAST_MS
    const one = await client()
    await one.agent({ id: `agent-${n}`, queues: ['work'], concurrency: 1 }, async (task) => {
      begun.set(task.id, (begun.get(task.id) ?? 0) + 1)
      await new Promise((resolve) => setTimeout(resolve, workMs))
      return n
    })
  }
}

test.each(['early', 'late'] as const)(
  'faults: with one of four agents ten times slower nothing is lost or run twice, binding %s',
  async (binding) => {
    const queues = { work: { binding, strategy: 'round_robin' } }
    // Nobody is spared, so that all of the slow one's work has to be taken from it.
    const options = { queues, nats: nats.url, agentHealth: false } as const
    scheduler = await new Scheduler(options).start()
    const begun = new Map<string, number>()
    await fleet(begun)
    const submitter = await client()
    const payloads = Array.from({ length: TASKS }, (_, n) => n)
    const totals = await submitter.submitMany('work', payloads, { onOutcome() {} })
    expect(totals).toMatchObject({ completed: TASKS, failed: 0, unknown: 0 })
    expect(begun.size).toBe(TASKS)
    expect([...begun.values()].filter((times) => times > 1)).toEqual([])
    const { tasks, attempts, tasksPerAgent } = scheduler.statusNow()
    expect(tasks).toMatchObject({ accepted: TASKS, completed: TASKS, lost: 0 })
    expect(attempts).toMatchObject({ lost: 0, retried: 0, lateResults: 0 })
    // Each of the others did more than the slow one, although turns were given alike.
    const { 'agent-3': slow, ...fast } = tasksPerAgent
    expect(slow).toBeLessThan(Math.min(...Object.values(fast)))
    if (binding === 'early') {
      const { successful_steals: steals } = await scheduler.metrics()
      expect(steals).toBeGreaterThan(0)
    }
  },
)
