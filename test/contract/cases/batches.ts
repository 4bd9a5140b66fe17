/** Handlers that take several tasks at once, and queues that give them out so. */
import { expect } from 'vitest'
import type { AgentTask, BatchHandler } from '../../../src/agent-task.ts'
import type { Signalbox } from '../../../src/api.ts'
import { TaskError } from '../../../src/errors.ts'
import { until } from '../../support/until.ts'
import { type Case, expectRefused, gate } from '../ground.ts'

/** The outcomes of that many tasks, by their index, each as its result or its code. */
async function outcomesOf(box: Signalbox, queue: string, count: number): Promise<unknown[]> {
  const outcomes: unknown[] = []
  const payloads = Array.from({ length: count }, (_, i) => i)
  for await (const outcome of box.runMany(queue, payloads, { retryCount: 0 })) {
    outcomes[outcome.index] = outcome.code ?? outcome.json()
  }
  return outcomes
}

export const batchCases: Case[] = [
  {
    title: 'a handler that takes batches gets what is in hand, and each task its own result',
    async check({ box, fleet }) {
      const sizes: number[] = []
      const first = gate()
      const handler: BatchHandler = async (tasks) => {
        sizes.push(tasks.length)
        if (sizes.length === 1) await first.passed
        return tasks.map((task) => `${task.queue} ${task.json<number>()}`)
      }
      await fleet.agent({ queues: ['work'], batch: 5, concurrency: 5 }, handler)
      const alone = await box.submit('work', 'alone')
      await until(() => sizes.length === 1, { what: 'the first to run' })
      const many = outcomesOf(box, 'work', 20)
      first.open()
      await expect(alone.result()).resolves.toBe('work alone')
      expect(await many).toEqual(Array.from({ length: 20 }, (_, i) => `work ${i}`))
      expect(sizes[0]).toBe(1)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(5)
      expect(sizes.reduce((sum, size) => sum + size)).toBe(21)
    },
  },
  {
    title: 'a batch is of one queue',
    async check({ box, fleet }) {
      const queues: string[][] = []
      const handler: BatchHandler = (tasks) => {
        queues.push(tasks.map(({ queue }) => queue))
        return tasks.map(() => 'done')
      }
      await fleet.agent({ queues: ['a', 'b'], batch: 64, concurrency: 64 }, handler)
      await Promise.all(Array.from({ length: 40 }, (_, i) => box.run(i % 4 < 2 ? 'a' : 'b', i)))
      expect(queues.every((each) => new Set(each).size === 1)).toBe(true)
      expect(queues.flat().length).toBe(40)
    },
  },
  {
    title: 'of a batch one task may fail for itself, and what is thrown fails all',
    async check({ box, fleet }) {
      const handler: BatchHandler = (tasks) => {
        if (tasks[0].queue === 'broken') throw new TaskError('jammed', 'Paper everywhere.')
        if (tasks[0].queue === 'short') return []
        return tasks.map((task) =>
          task.json<number>() % 2 === 0 ? 'even' : TaskError.permanent('It is odd.', 'odd'),
        )
      }
      await fleet.agent({ queues: ['*'], batch: 4, concurrency: 4 }, handler)
      expect(await outcomesOf(box, 'work', 4)).toEqual(['even', 'odd', 'even', 'odd'])
      expect(await outcomesOf(box, 'broken', 3)).toEqual(['jammed', 'jammed', 'jammed'])
      expect(await outcomesOf(box, 'short', 3)).toEqual(['error', 'error', 'error'])
    },
  },
  {
    title: 'a queue with a batch size gives that many to one agent together',
    options: { queues: { work: { batchSize: 3 } } },
    async check({ box, fleet }) {
      const calls: [string, number][] = []
      const release = gate()
      const handlerOf =
        (agent: string): BatchHandler =>
        async (tasks) => {
          calls.push([agent, tasks.length])
          await release.passed
          return tasks.map(() => agent)
        }
      for (const id of ['a', 'b']) {
        await fleet.agent({ id, queues: ['work'], batch: 3, concurrency: 3 }, handlerOf(id))
      }
      const done = outcomesOf(box, 'work', 6)
      await until(() => calls.length === 2, { what: 'both to have their batch' })
      expect(calls.map(([, size]) => size)).toEqual([3, 3])
      expect(new Set(calls.map(([agent]) => agent)).size).toBe(2)
      release.open()
      expect((await done).sort()).toEqual(['a', 'a', 'a', 'b', 'b', 'b'])
    },
  },
  {
    title: 'a task of a batch is cancelled for itself',
    async check({ box, fleet }) {
      const tasks: AgentTask[] = []
      const release = gate()
      await fleet.agent({ queues: ['work'], batch: 2, concurrency: 2 }, async (given) => {
        tasks.push(...given)
        await release.passed
        return given.map(({ id }) => id)
      })
      const [one, two] = await Promise.all(
        ['one', 'two'].map((id) => box.submit('work', 0, { id })),
      )
      await until(() => tasks.length === 2, { what: 'both to run' })
      const signals = tasks.map(({ signal }) => signal)
      const cancelled = tasks.findIndex(({ id }) => id === one.id)
      await box.cancelTask(one.id)
      await until(() => signals[cancelled].aborted, { what: 'the handler to be told' })
      expect(signals[1 - cancelled].aborted).toBe(false)
      release.open()
      await expect(two.result()).resolves.toBe('two')
      await expect(one.result()).rejects.toMatchObject({ code: 'cancelled' })
    },
  },
  {
    title: 'a batch that is none is a bad_option',
    async check({ fleet }) {
      for (const batch of [0, -1, 65, 1.5, Number.NaN, '5', null]) {
        const options = { queues: ['work'], batch: batch as number }
        await expectRefused(
          fleet.agent(options, () => []),
          'bad_option',
        )
      }
      const options = { queues: ['work'], preemptible: 'yes' } as never
      await expectRefused(
        fleet.agent(options, () => 0),
        'bad_option',
      )
    },
  },
]
