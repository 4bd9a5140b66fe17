import { expect, test } from 'vitest'
import { checkInvariants } from './invariants.ts'
import { Policy } from './support.ts'

test('admission: a task gets its queue’s time-out and retries unless it names its own', () => {
  const policy = new Policy({ queue: { timeoutMs: 500, retryCount: 7 } })
  const plain = policy.submit()
  const own = policy.submit('q', { timeoutMs: 20, retryCount: 0 })
  expect([plain.timeoutMs, plain.retryCount]).toEqual([500, 7])
  expect([own.timeoutMs, own.retryCount]).toEqual([20, 0])
})

test('admission: a queue refuses beyond its tasks, running ones included, and takes again after', () => {
  const policy = new Policy({ queue: { tasksMax: 3 } })
  policy.agent('a')
  const running = policy.run()
  policy.submitMany(2)
  expect(policy.refusal('q')).toBe('queue_full')
  expect(policy.refusal('other')).toBe(null)
  policy.succeed(running)
  expect(policy.refusal('q')).toBe(null)
  expect(policy.refusal('q')).toBe('queue_full')
  checkInvariants(policy)
})

test('admission: a queue refuses beyond its bytes, and a smaller task still fits', () => {
  const policy = new Policy({ queue: { bytesMax: 1_000 } })
  const first = policy.submit('q', { bytes: 600 })
  expect(policy.refusal('q', { bytes: 401 })).toBe('queue_full')
  expect(policy.refusal('q', { bytes: 400 })).toBe(null)
  expect(policy.refusal('q', { bytes: 1 })).toBe('queue_full')
  policy.cancel(first)
  expect(policy.refusal('q', { bytes: 600 })).toBe(null)
  checkInvariants(policy)
})

test('admission: the refusal of a full queue says how full it is', () => {
  const policy = new Policy({ queue: { tasksMax: 1 } })
  policy.submit()
  const refusal = policy.core.submit(Policy.record('q'), policy.nowMs)
  expect(refusal?.message).toMatch(/^Queue "q" is full: 1 of 1 tasks, 0 of \d+ bytes\. /)
})

test('admission: a known id adds nothing and shows the first task, open or finished', () => {
  const policy = new Policy()
  policy.agent('a')
  const first = policy.submit('q', { id: 'order-17' })
  const second = policy.core.submit(Policy.record('q', { id: 'order-17' }), policy.nowMs)
  expect(second?.code).toBe('duplicate')
  expect(second?.first).toBe(first)
  policy.place()
  policy.succeed(first)
  const third = policy.core.submit(Policy.record('q', { id: 'order-17' }), policy.nowMs)
  expect(third?.first).toBe(first)
  expect(policy.core.counters.duplicates).toBe(2)
  expect(policy.core.counters.accepted).toBe(1)
  checkInvariants(policy)
})

test('admission: ids are unique in a queue, not over all', () => {
  const policy = new Policy()
  const here = policy.submit('q', { id: 'x' })
  const there = policy.submit('r', { id: 'x' })
  expect(policy.core.find('x', 'q')).toBe(here)
  expect(policy.core.find('x', 'r')).toBe(there)
})

test('admission: a known id does not count against a full queue', () => {
  const policy = new Policy({ queue: { tasksMax: 1 } })
  policy.submit('q', { id: 'x' })
  expect(policy.refusal('q', { id: 'x' })).toBe('duplicate')
})

test('admission: 5,000 made-up ids are unique and each finds its task', () => {
  const policy = new Policy()
  const records = policy.submitMany(5_000)
  expect(new Set(records.map((record) => record.id)).size).toBe(5_000)
  expect(records.every((record) => policy.core.find(record.id) === record)).toBe(true)
  expect(records.every((record) => policy.core.find(record.id, 'other') === undefined)).toBe(true)
})

test('admission: a made-up id steps aside for a user who was there first', () => {
  const policy = new Policy()
  const made = policy.submit().id
  const [prefix, number] = made.split('-')
  const ids = [1, 2, 3].map((step) => `${prefix}-${Number(number) + step}`)
  const named = ids.map((id) => policy.submit('q', { id }))
  const later = policy.submitMany(3)
  expect(new Set([made, ...ids, ...later.map((record) => record.id)]).size).toBe(7)
  for (const record of [...named, ...later]) expect(policy.core.find(record.id)).toBe(record)
  checkInvariants(policy)
})

test('admission: strict queues refuse what is not configured', () => {
  const options = new Policy().core.options
  const policy = new Policy({ strictQueues: true, queues: { known: options.queueDefaults } })
  expect(policy.refusal('known')).toBe(null)
  expect(policy.refusal('unknown')).toBe('queue_unknown')
  for (const name of ['__proto__', 'constructor', 'toString']) {
    expect(policy.refusal(name)).toBe('queue_unknown')
  }
})

test('admission: a class more than there may be is refused, known ones go on', () => {
  const policy = new Policy({ classesMax: 2 })
  expect(policy.refusal('q')).toBe(null)
  expect(policy.refusal('q', { requires: ['ocr'] })).toBe(null)
  expect(policy.refusal('q', { requires: ['gpu'] })).toBe('too_many_classes')
  expect(policy.refusal('q', { requires: ['ocr'] })).toBe(null)
  checkInvariants(policy)
})

test('admission: agents that were there before a class serve it as those that come after', () => {
  const policy = new Policy()
  policy.agent('before', { queues: ['q'], capabilities: ['ocr'] })
  policy.agent('other', { queues: ['r'], capabilities: ['ocr'] })
  const first = policy.submit('q', { requires: ['ocr'] })
  policy.agent('after', { queues: ['*'], capabilities: ['gpu', 'ocr'], concurrency: 4 })
  checkInvariants(policy)
  expect(first.cls?.free).toBe(5)
})
