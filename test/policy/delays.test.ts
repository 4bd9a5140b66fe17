/** Tasks that are not to be tried yet. */
import { expect, test } from 'vitest'
import { CANCELLED, RUNNING, SCHEDULED, WAITING } from '../../src/policy/task-record.ts'
import { Policy } from './support.ts'

function notesOf(policy: Policy): string[] {
  return policy.effects.notes.map(({ note, detail }) => `${note} ${detail}`.trim())
}

test('delays: a delayed task is not offered before its time, and then begins to wait', () => {
  const policy = new Policy()
  policy.agent('a')
  const record = policy.submit('q', { own: { delayMs: 500 } })
  expect(record.state).toBe(SCHEDULED)
  expect(policy.core.queues.get('q')).toMatchObject({ open: 1, scheduled: 1, waiting: 0 })
  expect(policy.core.nextTickMs()).toBe(policy.nowMs + 500)
  policy.pass(499)
  expect(policy.offer()).toBe(null)
  policy.pass(1)
  expect(record.state).toBe(WAITING)
  expect(record.readyAtMs).toBe(policy.nowMs)
  expect(policy.core.queues.get('q')).toMatchObject({ open: 1, scheduled: 0, waiting: 1 })
  expect(policy.place()).toEqual([record])
  expect(notesOf(policy)).toEqual(['scheduled delay', 'ready'])
})

test('delays: an older task that becomes ready goes before younger ones of its level', () => {
  const policy = new Policy()
  const delayed = policy.submit('q', { own: { delayMs: 100 } })
  const younger = policy.submitMany(3)
  policy.pass(100)
  policy.agent('a', { concurrency: 4 })
  expect(policy.place().map(({ seq }) => seq)).toEqual([delayed, ...younger].map(({ seq }) => seq))
})

test('delays: between two attempts the task is scheduled, and its place is free', () => {
  const policy = new Policy({ queue: { retryDelayMs: 1_000 } })
  policy.agent('a')
  const record = policy.run()
  policy.fail(record)
  expect(record.state).toBe(SCHEDULED)
  expect(record.attempt).toBe(null)
  const other = policy.run()
  policy.succeed(other)
  policy.pass(1_000)
  expect(policy.place()).toEqual([record])
  expect(record.state).toBe(RUNNING)
  expect(notesOf(policy)).toEqual(['scheduled retry', 'ready'])
})

test('delays: what is scheduled can be cancelled, and nothing of it is left', () => {
  const policy = new Policy()
  const record = policy.submit('q', { own: { delayMs: 500 } })
  expect(policy.cancel(record)).toBe(null)
  expect(record.state).toBe(CANCELLED)
  expect(policy.core.dues.size).toBe(0)
  expect(policy.core.queues.get('q')).toMatchObject({ open: 0, scheduled: 0 })
  policy.pass(1_000)
  expect(record.state).toBe(CANCELLED)
  expect(policy.effects.deadLetters).toEqual([])
})

test('delays: many are ready in the order of their times, of equal times the first accepted first', () => {
  const policy = new Policy()
  const delays = [300, 100, 200, 100, 300, 100]
  const records = delays.map((delayMs) => policy.submit('q', { own: { delayMs } }))
  policy.pass(300)
  const ready = policy.effects.notes.filter(({ note }) => note === 'ready')
  const order = [1, 3, 5, 2, 0, 4].map((i) => records[i])
  expect(ready.map(({ record }) => record.seq)).toEqual(order.map(({ seq }) => seq))
})

test('delays: no more timers are taken in a turn than a turn may take', () => {
  const policy = new Policy({ queue: { tasksMax: 10_000 } })
  for (let i = 0; i < 3_000; i++) policy.submit('q', { own: { delayMs: 5 } })
  policy.nowMs += 5
  expect(policy.core.tick(policy.nowMs)).toBe(true)
  expect(policy.core.queues.get('q')!.scheduled).toBe(3_000 - 1_024)
  while (policy.core.tick(policy.nowMs));
  expect(policy.core.queues.get('q')!.scheduled).toBe(0)
})
