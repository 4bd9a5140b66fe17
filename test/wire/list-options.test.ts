import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import type { ListTasksOptions, TaskRow } from '../../src/task.ts'
import {
  checkListOptions,
  fillPage,
  formatCursor,
  parseCursor,
} from '../../src/wire/list-options.ts'

test.each([
  { scheduler: 'main', epoch: 1_763_714_560_000, isKept: false, seq: 0 },
  { scheduler: 'a-b_C', epoch: 1, isKept: false, seq: 123_456_789 },
  { scheduler: 'main', epoch: 1, isKept: true, seq: -1 },
  { scheduler: 'main', epoch: 1, isKept: true, seq: 7 },
])('cursor: %j comes back as it was', (cursor) => {
  expect(parseCursor(formatCursor(cursor))).toEqual(cursor)
})

test.each([
  '',
  'main',
  'main.1',
  'main.1.o',
  'main.1.x5',
  'main.1.k-1',
  'main.1.o5 ',
  'main.1.o5\n',
  'ma.in.1.o5',
  'main.1e3.o5',
  'main.1.o1234567890123456',
  `${'m'.repeat(65)}.1.o5`,
  5,
  {},
  ['main.1.o5'],
])('cursor: %j is refused', (cursor) => {
  expect(() => parseCursor(cursor)).toThrow(SignalboxError)
})

test('list options: nothing said is all tasks from the beginning, 100 a page', () => {
  const all = { queue: null, state: null, limit: 100, cursor: null }
  expect(checkListOptions({})).toEqual(all)
  expect(checkListOptions({ cursor: null })).toEqual(all)
})

test('list options: a page is filled from as many short ones as it takes', async () => {
  const asked: ListTasksOptions[] = []
  const row = (id: string) => ({ id }) as TaskRow
  const pages = [
    { tasks: [row('a')], cursor: '1' },
    { tasks: [], cursor: '2' },
    { tasks: [row('b'), row('c')], cursor: '3' },
  ]
  const page = await fillPage({ queue: 'q', limit: 3 }, async (options) => {
    asked.push(options)
    return pages[asked.length - 1]
  })
  expect(page).toEqual({ tasks: [row('a'), row('b'), row('c')], cursor: '3' })
  expect(asked).toEqual([
    { queue: 'q', limit: 3 },
    { queue: 'q', limit: 2, cursor: '1' },
    { queue: 'q', limit: 2, cursor: '2' },
  ])
})
