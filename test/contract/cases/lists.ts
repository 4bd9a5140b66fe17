/** Tasks in lists: their order, what is shown of them, filters, and pages. */
import { expect } from 'vitest'
import type { ListTasksOptions, TaskRow } from '../../../src/task.ts'
import { until } from '../../support/until.ts'
import { type Case, expectRefused, type Ground, holdingAgent } from '../ground.ts'

const idsOf = (tasks: TaskRow[]) => tasks.map(({ id }) => id)

/** Every page from the first to the last. */
async function allPages({ box }: Ground, options: ListTasksOptions): Promise<string[][]> {
  const pages: string[][] = []
  let cursor: string | null | undefined
  do {
    const page = await box.listTasks(cursor ? { ...options, cursor } : options)
    pages.push(idsOf(page.tasks))
    cursor = page.cursor
  } while (cursor !== null && pages.length < 100)
  return pages
}

/** Six tasks: `a` runs, `b` and `d` wait, `c`, `e` and `f` have ended in the order e, c, f. */
async function sixTasks({ box, fleet }: Ground): Promise<void> {
  const { given } = await holdingAgent(fleet, { id: 'holder', queues: ['hold'] })
  await fleet.agent({ id: 'quick', queues: ['quick'] }, () => 'done')
  await box.submit('hold', 'payload', { id: 'a' })
  await until(() => given.length === 1, { what: 'the task to run' })
  await box.submit('hold', 0, { id: 'b', priority: 'high', requires: ['ocr'] })
  await box.submit('hold', 0, { id: 'c' })
  await box.submit('idle', 0, { id: 'd' })
  await box.run('quick', 0, { id: 'e' })
  await box.cancelTask('c')
  await box.run('quick', 0, { id: 'f' })
}

export const listCases: Case[] = [
  {
    title: 'a list is open tasks as they came, then ended ones from the newest',
    async check(ground) {
      await sixTasks(ground)
      const { tasks, cursor } = await ground.box.listTasks()
      expect(idsOf(tasks)).toEqual(['a', 'b', 'd', 'f', 'c', 'e'])
      expect(cursor).toBe(null)
    },
  },
  {
    title: 'a task in a list is what a look at it shows, without its result',
    async check(ground) {
      await sixTasks(ground)
      const { tasks } = await ground.box.listTasks()
      for (const row of tasks) {
        const { result, ...seen } = await ground.box.getTask(row.id)
        expect(result).toBe(row.queue === 'quick' ? '"done"' : null)
        const times = { acceptedAt: 0, startedAt: 0, finishedAt: 0 }
        expect({ ...row, ...times }).toEqual({ ...seen, ...times })
        expect(Math.abs(row.acceptedAt - seen.acceptedAt)).toBeLessThan(1_000)
      }
      expect(tasks.map(({ waitingFor }) => waitingFor)).toEqual([
        null,
        'no agent offers ocr',
        'no agent serves idle',
        null,
        null,
        null,
      ])
    },
  },
  {
    title: 'a list can be of one queue, of one state, and of both',
    async check(ground) {
      await sixTasks(ground)
      const list = async (options: ListTasksOptions) =>
        idsOf((await ground.box.listTasks(options)).tasks)
      expect(await list({ queue: 'hold' })).toEqual(['a', 'b', 'c'])
      expect(await list({ state: 'pending' })).toEqual(['b', 'd'])
      expect(await list({ state: 'processing' })).toEqual(['a'])
      expect(await list({ state: 'completed' })).toEqual(['f', 'e'])
      expect(await list({ state: 'cancelled' })).toEqual(['c'])
      expect(await list({ state: 'dead' })).toEqual([])
      expect(await list({ queue: 'hold', state: 'pending' })).toEqual(['b'])
      expect(await list({ queue: 'idle', state: 'completed' })).toEqual([])
    },
  },
  {
    title: 'pages of any size hold the same tasks in the same order',
    async check(ground) {
      await sixTasks(ground)
      for (let limit = 1; limit <= 7; limit++) {
        const pages = await allPages(ground, { limit })
        expect(pages.flat(), `${limit} a page`).toEqual(['a', 'b', 'd', 'f', 'c', 'e'])
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true)
      }
      expect((await allPages(ground, { limit: 1, queue: 'hold' })).flat()).toEqual(['a', 'b', 'c'])
      expect((await allPages(ground, { limit: 1, state: 'completed' })).flat()).toEqual(['f', 'e'])
    },
  },
  {
    title: 'a list goes on although the tasks around its cursor end and are forgotten',
    options: { keep: { count: 2 } },
    async check({ box }) {
      for (const id of ['a', 'b', 'c', 'd', 'e']) await box.submit('idle', 0, { id })
      const first = await box.listTasks({ limit: 2 })
      expect(idsOf(first.tasks)).toEqual(['a', 'b'])
      for (const id of ['b', 'c']) await box.cancelTask(id)
      const second = await box.listTasks({ limit: 3, cursor: first.cursor! })
      expect(idsOf(second.tasks)).toEqual(['d', 'e', 'c'])
      for (const id of ['d', 'e']) await box.cancelTask(id)
      const third = await box.listTasks({ cursor: second.cursor! })
      expect(third).toEqual({ tasks: [], cursor: null })
    },
  },
  {
    title: 'a list holds 100 tasks unless more are asked for, and 1,000 at most',
    async check({ box }) {
      await Promise.all(Array.from({ length: 1_001 }, () => box.submit('idle')))
      expect((await box.listTasks()).tasks).toHaveLength(100)
      const most = await box.listTasks({ limit: 1_000 })
      expect(new Set(idsOf(most.tasks)).size).toBe(1_000)
      const rest = await box.listTasks({ limit: 1_000, cursor: most.cursor! })
      expect(rest.tasks).toHaveLength(1)
      expect(rest.cursor).toBe(null)
      await expectRefused(box.listTasks({ limit: 1_001 }), 'bad_option')
    },
  },
  {
    title: 'what is no list is refused',
    async check({ box }) {
      await box.submit('idle')
      await expectRefused(box.listTasks({ limit: 0 }), 'bad_option')
      await expectRefused(box.listTasks({ limit: 1.5 }), 'bad_option')
      await expectRefused(box.listTasks({ state: 'asleep' as never }), 'bad_option')
      await expectRefused(box.listTasks({ cursor: 'next' }), 'bad_option')
      await expectRefused(box.listTasks({ queue: 'a.b' }), 'bad_token')
      await expectRefused(box.listTasks({ queue: 'nowhere' }), 'queue_unknown')
      await expectRefused(box.listTasks({ agent: 'a' } as never), 'not_supported')
    },
  },
  {
    title: 'a cursor of an earlier start is refused',
    async check({ box }) {
      await box.submit('idle')
      await box.submit('idle')
      const { cursor } = await box.listTasks({ limit: 1 })
      const [scheduler, , place] = cursor!.split('.')
      const error = await expectRefused(
        box.listTasks({ cursor: `${scheduler}.1.${place}` }),
        'bad_option',
      )
      expect(error.message).toContain('list from the beginning')
    },
  },
]
