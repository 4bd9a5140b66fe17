/** Records are used again: as if they were new, and not before nobody can name them. */
import { expect, test } from 'vitest'
import { Records } from '../../src/front-end/records.ts'
import { NOBODY, TaskRecord } from '../../src/policy/task-record.ts'
import { withFakeRouter } from './fake-router.ts'

type Fields = Record<string, unknown>
type Given = ConstructorParameters<typeof TaskRecord>

/** What is null whenever a task is forgotten, because it is in no list and out with nobody. */
const NULL_ANYWAY = ['attempt', 'next', 'prev', 'ageNext', 'agePrev']

const BYTES = new Uint8Array(8)
const OPTIONS = { level: 4, requires: ['gpu'], timeoutMs: 5, retryCount: null }
const GIVEN: Given = ['a', 'q', OPTIONS, BYTES, 2, 3, NOBODY, '_INBOX.x', true, false, 42]
const OTHERS: Given = ['', 'r', { ...OPTIONS, level: 1 }, BYTES, 0, 8, NOBODY, null, false, true, 7]

/** Anything but what the field holds. */
function otherThan(value: unknown): unknown {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'string') return `${value}.`
  return { of: 'another task' }
}

test('records: a used one is like a new one in every field', () => {
  const records = new Records()
  const used = records.take(...OTHERS)
  let changed = 0
  for (const [field, value] of Object.entries(used)) {
    if (NULL_ANYWAY.includes(field)) continue
    ;(used as unknown as Fields)[field] = otherThan(value)
    changed++
  }
  expect(changed).toBeGreaterThan(30)
  records.forget(used)
  records.reclaim()
  expect(records.take(...GIVEN)).toBe(used)
  expect(Object.entries(used)).toEqual(Object.entries(new TaskRecord(...GIVEN)))
})

test('records: what is forgotten is not used again before the end of the turn', () => {
  const records = new Records()
  const first = records.take(...GIVEN)
  records.forget(first)
  expect(records.take(...GIVEN)).not.toBe(first)
  expect(first.queueName).toBe('q')
  records.reclaim()
  expect(records.take(...GIVEN)).toBe(first)
})

test('records: a free one holds nothing of its task', () => {
  const records = new Records()
  const first = records.take(...GIVEN)
  first.message = 'paper jam'
  first.waiters = [{ origin: NOBODY, replyTo: 'x' }]
  records.forget(first)
  records.reclaim()
  expect([first.givenId, first.message, first.replyTo, first.waiters]).toEqual(['', '', null, null])
  expect(first.view.length).toBe(0)
})

test('records: after a burst no more are kept than are worth it', () => {
  const records = new Records()
  const burst = Array.from({ length: 20_000 }, () => records.take(...GIVEN))
  for (const record of burst) records.forget(record)
  records.reclaim()
  const known = new Set(burst)
  let used = 0
  while (known.has(records.take(...GIVEN))) used++
  expect(used).toBeGreaterThan(1_000)
  expect(used).toBeLessThan(20_000)
})

test('records: a steady load is served with as many as are kept and a few', async () => {
  const { core, context, local, frontEnd } = withFakeRouter()
  context.options.placement = 'inline'
  ;(core.options.keep as { count: number }).count = 10
  const seen = new Set<TaskRecord>()
  const submit = core.submit.bind(core)
  core.submit = (record, nowMs) => {
    seen.add(record)
    return submit(record, nowMs)
  }
  local.agents.join({ id: 'a', queues: ['q'], concurrency: 4 }, (task) => task.json())
  for (let i = 0; i < 300; i++) {
    expect(await local.submissions.run('q', i)).toBe(i)
  }
  frontEnd.stop()
  expect(core.counters.completed).toBe(300)
  expect(seen.size).toBeLessThan(20)
})

test('records: what is refused is used again', async () => {
  const { core, context, local, frontEnd } = withFakeRouter()
  ;(core.options.queueDefaults as { tasksMax: number }).tasksMax = 1
  const taken = new Set<TaskRecord>()
  const take = context.records.take.bind(context.records)
  context.records.take = (...given) => {
    const record = take(...given)
    taken.add(record)
    return record
  }
  local.submissions.run('q', 'first').catch(() => {})
  for (let i = 0; i < 50; i++) {
    await expect(local.submissions.run('q', i)).rejects.toMatchObject({ code: 'queue_full' })
  }
  frontEnd.stop()
  expect(taken.size).toBeLessThan(5)
})
