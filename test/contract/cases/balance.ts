/** What waits for one agent goes to another one: by itself, on request, or not at all. */
import { expect } from 'vitest'
import type { AgentTask } from '../../../src/agent-task.ts'
import type { Signalbox } from '../../../src/api.ts'
import { until } from '../../support/until.ts'
import { type Case, expectRefused, type Ground, holdingAgent } from '../ground.ts'

const EARLY = { work: { binding: 'early' } } as const
const BOUND = 6

const boundIn = async (box: Signalbox) => (await box.getQueue('work')).bound

/** A busy agent, for which so many tasks wait. */
async function busyAgent({ box, fleet }: Ground, count: number, priority: 3 | 4 = 3) {
  const busy = await holdingAgent(fleet, { id: 'busy', queues: ['work'], prefetch: 0 })
  const first = await box.submit('work')
  await until(() => busy.given.length === 1, { what: 'the agent to be busy' })
  const tasks = await Promise.all(
    Array.from({ length: count }, (_, n) => box.submit('work', '', { id: `t${n}`, priority })),
  )
  await until(async () => (await boundIn(box)) === count, { what: 'the tasks to be bound' })
  return { busy, first, tasks }
}

/** An agent that has nothing to do, and says which tasks it was given. */
async function quickAgent({ fleet }: Ground, id = 'quick') {
  const given: AgentTask[] = []
  await fleet.agent({ id, queues: ['work'], prefetch: 0 }, (task) => {
    given.push(task)
    return id
  })
  return given
}

export const balanceCases: Case[] = [
  {
    title: 'an agent that has nothing to do takes what waits for another one, the newest first',
    options: { queues: EARLY },
    async check(ground) {
      const { busy, first, tasks } = await busyAgent(ground, BOUND)
      const given = await quickAgent(ground)
      const results = await Promise.all(tasks.map((task) => task.result()))
      expect(results).toEqual(tasks.map(() => 'quick'))
      expect(given.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id).reverse())
      expect(busy.given.length).toBe(1)
      busy.release('held')
      expect(await first.result()).toBe('held')
      const { attempts } = await ground.box.status()
      expect(attempts).toMatchObject({ lost: 0, retried: 0, lateResults: 0 })
    },
  },
  {
    title: 'a task of high priority stays with the agent that it was given to',
    options: { queues: EARLY },
    async check(ground) {
      const { busy, tasks } = await busyAgent(ground, 2, 4)
      const low = await ground.box.submit('work')
      const given = await quickAgent(ground)
      expect(await low.result()).toBe('quick')
      expect(await boundIn(ground.box)).toBe(2)
      for (const n of [0, 1, 2]) {
        await until(() => busy.given.length > n, { what: `task ${n} to be begun` })
        busy.release('held')
      }
      expect(await Promise.all(tasks.map((task) => task.result()))).toEqual(['held', 'held'])
      expect(given.length).toBe(1)
    },
  },
  {
    title: 'on request what waits at agents is evened out, and it is said what was moved',
    options: { queues: EARLY, stealing: { mode: 'push' } },
    async check(ground) {
      const { busy, tasks } = await busyAgent(ground, BOUND)
      const other = await holdingAgent(ground.fleet, { id: 'other', queues: ['work'], prefetch: 0 })
      const report = await ground.box.rebalance()
      const ids = tasks.map(({ id }) => id)
      expect(report.moved).toEqual(
        [5, 4, 3].map((n) => ({ task: ids[n], queue: 'work', from: 'busy', to: 'other' })),
      )
      expect(report.variationBefore).toBeCloseTo(1, 10)
      expect(report.variationAfter).toBeCloseTo(1 / 7, 10)
      expect(report).toMatchObject({ recalled: 0, reason: expect.stringContaining('No further') })
      for (const { given, release } of [busy, other]) {
        for (const n of given === busy.given ? [0, 1, 2, 3] : [0, 1, 2]) {
          await until(() => given.length > n, { what: `task ${n} to be begun` })
          release(n)
        }
      }
      expect(await Promise.all(tasks.map((task) => task.result()))).toHaveLength(BOUND)
      expect((await ground.box.rebalance()).reason).toContain('Nothing waits')
    },
  },
  {
    title: 'with stealing off what is given to an agent stays there, and balance is not to be had',
    options: { queues: EARLY, stealing: false },
    async check(ground) {
      const { busy, tasks } = await busyAgent(ground, 2)
      const given = await quickAgent(ground)
      const error = await expectRefused(ground.box.rebalance(), 'not_supported')
      expect(error.message).toContain('stealing.mode')
      expect(await boundIn(ground.box)).toBe(2)
      for (const n of [0, 1, 2]) {
        await until(() => busy.given.length > n, { what: `task ${n} to be begun` })
        busy.release('held')
      }
      expect(await Promise.all(tasks.map((task) => task.result()))).toEqual(['held', 'held'])
      expect(given.length).toBe(0)
    },
  },
]
