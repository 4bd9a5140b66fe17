/** Strategies, shadows and bindings that are switched under load: no task is lost, none is done twice. */
import { afterEach, expect, test } from 'vitest'
import { InProcessTransport } from '../../src/front-end/in-process/transport.ts'
import { FrontEnd } from '../../src/front-end/turn.ts'
import { BINDINGS, type SchedulerOptions } from '../../src/options.ts'
import { strategyNames } from '../../src/routing/registry.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'

const TASKS = 4_000
const SWITCH_MS = 2
const QUEUES = ['late', 'early', 'fit']
const AGENTS = 12
const LIMITS: SchedulerOptions = {
  slots: 1_024,
  agentsMax: 64,
  agentQueueMax: 4,
  queueDefaults: { retryCount: 0 },
  queues: { early: { binding: 'early' }, fit: { match: 'best_fit', binding: 'early' } },
}

const stops: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** What each task's runs were, and how its agents do them. */
class Fleet {
  readonly runs = new Uint8Array(TASKS)

  readonly work = async (task: { json<T>(): T }): Promise<number> => {
    const number = task.json<number>()
    this.runs[number]++
    // Some agents are slower than others, so that queues of their own fill up.
    if (number % 3 !== 0) await new Promise((resolve) => setImmediate(resolve))
    return number
  }

  optionsOf(i: number) {
    const capabilities = i % 2 === 0 ? ['gpu'] : []
    return { id: `a${i}`, queues: QUEUES, capabilities, concurrency: 1 + (i % 4) }
  }
}

function submitOptions(i: number) {
  return { requires: i % 5 === 0 ? ['gpu'] : [], priority: ((i % 5) + 1) as 1 | 2 | 3 | 4 | 5 }
}

/** Does one switch after the other until `outcomes` are there. @returns how many it did. */
async function switching(outcomes: Promise<unknown>[], one: (i: number) => void): Promise<number> {
  let count = 0
  const timer = setInterval(() => one(count++), SWITCH_MS)
  try {
    const results = await Promise.all(outcomes)
    expect(results).toEqual(Array.from({ length: TASKS }, (_, i) => i))
  } finally {
    clearInterval(timer)
  }
  return count
}

test.each([0, 2])(
  'switching: through every strategy under load, each task is done once, with %i routers',
  async (routers) => {
    const scheduler = new Scheduler({ ...LIMITS, routers })
    stops.push(() => scheduler.stop())
    const fleet = new Fleet()
    for (let i = 0; i < AGENTS; i++) await scheduler.agent(fleet.optionsOf(i), fleet.work)
    await scheduler.start()
    const names = strategyNames()
    const outcomes = Array.from({ length: TASKS }, (_, i) =>
      scheduler.run<number>(QUEUES[i % 3], i, submitOptions(i)),
    )
    const failures: unknown[] = []
    const count = await switching(outcomes, (i) => {
      const queue = [undefined, ...QUEUES][i % 4]
      const name = names[Math.floor(i / 4) % names.length]
      scheduler.setStrategy(name, queue).catch((error) => failures.push(error))
    })
    expect(
      failures.filter((error) => (error as { code?: string }).code !== 'queue_unknown'),
    ).toEqual([])
    expect(count).toBeGreaterThan(0)
    expect([...fleet.runs].every((runs) => runs === 1)).toBe(true)
    const { tasks, attempts } = scheduler.statusNow()
    expect(tasks).toMatchObject({ accepted: TASKS, completed: TASKS, bound: 0, lost: 0 })
    expect(attempts).toMatchObject({ started: TASKS, retried: 0, lost: 0 })
  },
)

test('switching: to and fro between early and late under load, each task is done once', async () => {
  const frontEnd = new FrontEnd(frontEndOptions({ ...LIMITS, routers: 0 }), () => {})
  const { context } = frontEnd
  const local = new InProcessTransport(context)
  context.transports.push(local)
  stops.push(async () => {
    await local.stop()
    frontEnd.stop()
  })
  const fleet = new Fleet()
  for (let i = 0; i < AGENTS; i++) local.agents.join(fleet.optionsOf(i), fleet.work)
  const outcomes = Array.from({ length: TASKS }, (_, i) =>
    local.submissions.run<number>(QUEUES[i % 3], i, submitOptions(i)),
  )
  const { core } = context
  let wasBound = 0
  await switching(outcomes, (i) => {
    wasBound = Math.max(wasBound, core.totalBound)
    core.setBinding(QUEUES[i % 3], BINDINGS[Math.floor(i / 3) % 2])
    core.setShadow(QUEUES[i % 3], (i % 5) - 1)
    context.inbox.wake()
  })
  expect([...fleet.runs].every((runs) => runs === 1)).toBe(true)
  const { accepted, completed, started, bound } = core.counters
  expect([accepted, completed, started]).toEqual([TASKS, TASKS, TASKS])
  expect([core.totalBound, core.ready.length]).toEqual([0, 0])
  expect([bound, wasBound].every((count) => count > 0)).toBe(true)
})
