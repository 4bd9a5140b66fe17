import { expect, test } from 'vitest'
import { listTasks } from '../../src/front-end/calls/control.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import { LIMITS } from '../../src/options.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { Random } from '../../src/routing/generator.ts'
import type { ListTasksOptions, TaskPage } from '../../src/task.ts'
import { parseCursor } from '../../src/wire/list-options.ts'
import { Policy, type TaskSpec } from '../policy/support.ts'
import { contextOf, NOW_MS } from './large-fleet.ts'

function submit({ core }: FrontEndContext, queue: string, spec: TaskSpec = {}): TaskRecord {
  const record = Policy.record(queue, spec)
  expect(core.submit(record, NOW_MS)).toBe(null)
  return record
}

/** Every page; `meanwhile` runs between two of them. */
function pagesOf(
  context: FrontEndContext,
  options: ListTasksOptions,
  meanwhile = () => {},
): TaskPage[] {
  const pages = [listTasks(context, options)]
  for (let { cursor } = pages[0]; cursor !== null; ) {
    expect(pages.length).toBeLessThan(10_000)
    meanwhile()
    const page = listTasks(context, { ...options, cursor })
    pages.push(page)
    cursor = page.cursor
  }
  return pages
}

const idsOf = (pages: TaskPage[]) => pages.flatMap(({ tasks }) => tasks.map(({ id }) => id))

test('list: a page looks at a bounded number of tasks, however many do not fit', () => {
  const context = contextOf()
  const count = 3 * LIMITS.listStepsMax
  for (let i = 0; i < count; i++) submit(context, 'busy')
  for (const id of ['x', 'y', 'z']) submit(context, 'rare', { id })
  const pages = pagesOf(context, { queue: 'rare' })
  expect(idsOf(pages)).toEqual(['x', 'y', 'z'])
  const places = pages.slice(0, -1).map(({ cursor }) => parseCursor(cursor).seq)
  expect(places).toHaveLength(3)
  for (const [i, place] of places.entries()) {
    expect(place - (places[i - 1] ?? 0)).toBeLessThanOrEqual(LIMITS.listStepsMax)
  }
})

test('list: kept tasks that do not fit are passed over in bounded pages too', () => {
  const count = 2 * LIMITS.listStepsMax
  const context = contextOf({ keep: { count: count + 1 } })
  const first = submit(context, 'rare', { id: 'first' })
  context.core.cancel(first, NOW_MS)
  for (let i = 0; i < count; i++) context.core.cancel(submit(context, 'busy'), NOW_MS)
  const pages = pagesOf(context, { queue: 'rare', state: 'cancelled' })
  expect(idsOf(pages)).toEqual(['first'])
  expect(pages.length).toBe(3)
})

test('list: numbers whose tasks are forgotten cost next to nothing', () => {
  const context = contextOf({ keep: { count: 10 } })
  const forget = () => {
    for (let i = 0; i < 50_000; i++) context.core.cancel(submit(context, 'busy'), NOW_MS)
  }
  forget()
  submit(context, 'slow', { id: 'old' })
  forget()
  submit(context, 'slow', { id: 'young' })
  const [page, ...more] = pagesOf(context, { queue: 'slow' })
  expect(more).toEqual([])
  expect(idsOf([page])).toEqual(['old', 'young'])
})

test('list: a page has a bounded number of bytes, whatever the messages hold', () => {
  const context = contextOf()
  for (let i = 0; i < 100; i++) {
    const record = submit(context, 'q', { requires: [`c-${i}`] })
    context.core.cancel(record, NOW_MS)
    record.message = '\u001f'.repeat(LIMITS.errorMessageBytesMax)
    record.progress = 'é'.repeat(512)
  }
  const pages = pagesOf(context, {})
  expect(new Set(idsOf(pages)).size).toBe(100)
  for (const { tasks } of pages) {
    expect(Buffer.byteLength(JSON.stringify(tasks))).toBeLessThanOrEqual(LIMITS.controlBytesMax)
  }
  expect(pages.length).toBeLessThan(15)
})

test('list: a row that is larger than a page may be has a page of its own', () => {
  const context = contextOf()
  context.limitPayload(1)
  for (const id of ['a', 'b', 'c']) submit(context, 'q', { id })
  const pages = pagesOf(context, {})
  expect(pages.map(({ tasks }) => tasks.length).filter((count) => count > 0)).toEqual([1, 1, 1])
  expect(idsOf(pages)).toEqual(['a', 'b', 'c'])
})

test('list: asking many agents what tasks wait for ends a page early', () => {
  const context = contextOf({ agentsMax: 2_048 })
  const can = { capabilities: [], labels: {}, specializations: {} }
  const spec = { queues: ['*'], ...can, concurrency: 1, beats: false }
  const silent = {
    keeps: false,
    pull: false,
    leased: false,
    preemptible: false,
    recalls: false,
    claims: false,
    declines: false,
  }
  for (let i = 0; i < 2_000; i++) {
    context.core.hello({ ...spec, ...silent, id: `a-${i}`, instance: 'i', link: null }, NOW_MS)
  }
  for (let i = 0; i < 100; i++) submit(context, 'q', { requires: [`c-${i}`] })
  for (let i = 0; i < 100; i++) submit(context, 'q', { requires: ['c-0'] })
  const pages = pagesOf(context, {})
  expect(idsOf(pages)).toHaveLength(200)
  const classesAPage = pages.map(
    ({ tasks }) => new Set(tasks.map(({ requires }) => requires[0])).size,
  )
  expect(Math.max(...classesAPage)).toBeLessThanOrEqual(Math.ceil(LIMITS.listStepsMax / 2_000))
})

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  'list: what is there all the time is seen, whatever comes and goes between pages (seed %i)',
  (seed) => {
    const random = new Random(seed)
    const context = contextOf({ keep: { count: 30 } })
    const open = new Set<TaskRecord>()
    const seen: string[][] = []
    const stays = Array.from({ length: 40 }, (_, i) => {
      const record = submit(context, 'q', i % 2 === 0 ? { id: `stays-${i}` } : {})
      if (random.nextInt(2) === 0) open.add(submit(context, 'q'))
      return record.id
    })
    const meanwhile = () => {
      for (let i = random.nextInt(8); i > 0; i--) open.add(submit(context, 'q'))
      for (const record of open) {
        if (random.nextInt(3) > 0) continue
        open.delete(record)
        context.core.cancel(record, NOW_MS)
      }
    }
    const pages = pagesOf(context, { limit: 1 + random.nextInt(9) }, meanwhile)
    for (const { tasks } of pages) {
      seen.push(tasks.filter(({ state }) => state === 'pending').map(({ id }) => id))
    }
    expect(seen.flat().filter((id) => stays.includes(id))).toEqual(stays)
    expect(new Set(seen.flat()).size).toBe(seen.flat().length)
  },
)

test('list: a cursor of another scheduler is refused', () => {
  const context = contextOf()
  for (let i = 0; i < 2; i++) submit(context, 'q')
  const { cursor } = listTasks(context, { limit: 1 })
  const foreign = cursor!.replace('main', 'other')
  expect(() => listTasks(context, { cursor: foreign })).toThrow('list from the beginning')
})
