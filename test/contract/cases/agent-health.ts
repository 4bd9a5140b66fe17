/** Agents that do not do well, and agents that rest. */
import { expect } from 'vitest'
import type { Signalbox } from '../../../src/api.ts'
import type { AgentView } from '../../../src/task.ts'
import { until } from '../../support/until.ts'
import { type Case, expectRefused } from '../ground.ts'

async function viewOf(box: Signalbox, id: string): Promise<AgentView> {
  const view = (await box.listAgents()).find((agent) => agent.id === id)
  if (view === undefined) throw new Error(`there is no agent ${id}`)
  return view
}

/** Has tasks run, a few at a time, until the agent is so. */
async function runUntil(box: Signalbox, id: string, condition: string): Promise<AgentView> {
  const is = async () => {
    await Promise.allSettled(Array.from({ length: 8 }, () => box.run('work')))
    return (await viewOf(box, id)).condition === condition
  }
  await until(is, { what: `agent ${id} to be ${condition}` })
  return viewOf(box, id)
}

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export const agentHealthCases: Case[] = [
  {
    title: 'an agent that fails everything is spared beside a good one, and is back by its trial',
    options: {
      agentHealth: { intervalMs: 20, resultsMin: 5, quarantineMs: 400, quarantineMaxMs: 400 },
      queueDefaults: { retryCount: 50, retryDelayMs: 0 },
    },
    async check({ box, fleet }) {
      let isWell = false
      let runs = 0
      await fleet.agent({ id: 'bad', queues: ['work'], concurrency: 2, prefetch: 0 }, () => {
        runs++
        if (!isWell) throw new Error('out of order')
        return 'bad'
      })
      await fleet.agent({ id: 'good', queues: ['work'], concurrency: 2, prefetch: 0 }, () => 'good')
      const spared = await runUntil(box, 'bad', 'failing')
      expect(spared).toMatchObject({ status: 'maintenance', running: 0 })
      expect(spared.reason).toMatch(/of its last \d+ results failed; of those of its peers 0 %/)
      const before = runs
      const results = await Promise.all(Array.from({ length: 40 }, () => box.run('work')))
      expect(new Set(results)).toEqual(new Set(['good']))
      // A trial may have fallen into that time, and takes one task.
      expect(runs - before).toBeLessThanOrEqual(1)
      expect((await viewOf(box, 'good')).condition).toBe('fit')
      isWell = true
      expect(await runUntil(box, 'bad', 'fit')).toMatchObject({ status: 'available', reason: null })
      await until(async () => (await box.run('work')) === 'bad', { what: 'work for it' })
    },
  },
  {
    title: 'an agent that is much slower than its peers has one task at a time until it is not',
    options: {
      agentHealth: { intervalMs: 20, resultsMin: 5 },
      learning: { windowSize: 10 },
    },
    async check({ box, fleet }) {
      let takesMs = 150
      let running = 0
      let most = 0
      await fleet.agent({ id: 'slow', queues: ['work'], concurrency: 4, prefetch: 0 }, async () => {
        most = Math.max(most, ++running)
        if (takesMs > 0) await after(takesMs)
        running--
      })
      for (const id of ['a', 'b', 'c']) {
        await fleet.agent({ id, queues: ['work'], prefetch: 0 }, () => id)
      }
      const slow = await runUntil(box, 'slow', 'slow')
      expect(slow.reason).toMatch(/^Its tasks take \d.* ms; those of its 3 peers \d/)
      await until(() => running === 0, { what: 'what it runs to end' })
      most = 0
      await Promise.all(Array.from({ length: 12 }, () => box.run('work')))
      expect(most).toBeLessThanOrEqual(1)
      takesMs = 0
      await runUntil(box, 'slow', 'fit')
    },
  },
  {
    title: 'an agent that fails everything gets its work as long as it is the only one',
    options: { agentHealth: { intervalMs: 20, resultsMin: 5 }, queueDefaults: { retryCount: 0 } },
    async check({ box, fleet }) {
      await fleet.agent({ id: 'lone', queues: ['work'] }, () => {
        throw new Error('out of order')
      })
      for (let i = 0; i < 20; i++) await expect(box.run('work')).rejects.toThrow('out of order')
      expect(await viewOf(box, 'lone')).toMatchObject({ condition: 'fit', failed: 20 })
    },
  },
  {
    title:
      'an agent in maintenance ends what it runs, gets nothing new, and no task is lost or doubled',
    async check({ box, fleet }) {
      const runs = new Map<string, number>()
      const by = { one: 0, two: 0 }
      for (const id of ['one', 'two'] as const) {
        await fleet.agent({ id, queues: ['work'], concurrency: 4 }, async (task) => {
          by[id]++
          runs.set(task.id, (runs.get(task.id) ?? 0) + 1)
          await after(1)
        })
      }
      const done = Array.from({ length: 400 }, (_, i) => box.run('work', i, { id: `task-${i}` }))
      await until(() => by.one >= 20, { what: 'work at both' })
      await box.maintainAgent('one')
      const rests = async () => {
        const { running, status, condition } = await viewOf(box, 'one')
        expect([status, condition]).toEqual(['maintenance', 'maintenance'])
        return running === 0
      }
      await until(rests, { what: 'what it runs to end' })
      const before = by.one
      await Promise.all(done)
      expect(by.one).toBe(before)
      expect([...runs.values()].filter((count) => count !== 1)).toEqual([])
      expect(runs.size).toBe(400)
      expect(await viewOf(box, 'two')).toMatchObject({ condition: 'fit', reason: null })
      await box.maintainAgent('one', false)
      expect(await viewOf(box, 'one')).toMatchObject({ condition: 'fit', status: 'available' })
      const works = async () => {
        await Promise.all(Array.from({ length: 16 }, () => box.run('work')))
        return by.one > before
      }
      await until(works, { what: 'work for it again' })
    },
  },
  {
    title: 'maintenance outlives the agent, so that its next instance gets nothing either',
    async check({ box, fleet }) {
      const first = await fleet.agent({ id: 'one', queues: ['work'] }, () => 'first')
      await box.maintainAgent('one')
      await first.stop()
      await fleet.agent({ id: 'one', queues: ['work'] }, () => 'second')
      const task = await box.submit('work')
      expect(await viewOf(box, 'one')).toMatchObject({ condition: 'maintenance', running: 0 })
      expect((await box.getTask(task.id)).state).toBe('pending')
      await box.maintainAgent('one', false)
      await expect(task.result()).resolves.toBe('second')
    },
  },
  {
    title: 'maintenance of an agent that nobody knows is refused',
    async check({ box }) {
      await expectRefused(box.maintainAgent('nobody'), 'agent_unknown')
      await expectRefused(box.maintainAgent('no.body'), 'bad_token')
      await expectRefused(box.maintainAgent('nobody', 'yes' as never), 'bad_option')
    },
  },
]
