import { expect, test } from 'vitest'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { ids, Policy } from './support.ts'

const PAGE_LENGTH = 1_024

function scanned(policy: Policy, from: number, stepsMax = 1_000_000): [TaskRecord[], number] {
  const records: TaskRecord[] = []
  const { next } = policy.core.index.scan(from, stepsMax, (record) => records.push(record) > 0)
  return [records, next]
}

test('index: a made-up id is the number of its task', () => {
  const policy = new Policy()
  const named = policy.submit('q', { id: 'named' })
  const made = policy.submit('q')
  expect(made.id.endsWith(`-${made.seq}`)).toBe(true)
  expect(policy.core.find(made.id)).toBe(made)
  expect(policy.core.index.at(named.seq)).toBe(named)
})

test('index: a task with a name is not found under the id that its number would make', () => {
  const policy = new Policy()
  const first = policy.submit('q')
  const named = policy.submit('q', { id: 'named' })
  const id = first.id.replace(`-${first.seq}`, `-${named.seq}`)
  expect(policy.core.find(id)).toBe(undefined)
  expect(policy.core.find(id, 'q')).toBe(undefined)
})

test('index: an id that a user was first with is not made up again', () => {
  const policy = new Policy()
  const first = policy.submit('q')
  const id = (seq: number) => first.id.replace(`-${first.seq}`, `-${seq}`)
  const taken = [3, 4].map((seq) => policy.submit('q', { id: id(seq) }))
  const made = policy.submit('q')
  expect(made.id).toBe(id(5))
  expect(taken.map((record) => policy.core.find(record.id))).toEqual(taken)
  expect(policy.submit('other').id).toBe(id(6))
  checkInvariants(policy)
})

test('index: a scan shows every task in the order of admission, from any number on', () => {
  const policy = new Policy()
  const all = Array.from({ length: 2_500 }, (_, i) =>
    policy.submit(`q-${i % 3}`, i % 2 === 0 ? { id: `n-${i}` } : {}),
  )
  for (const from of [0, 1, PAGE_LENGTH - 1, PAGE_LENGTH, 2_499]) {
    expect(ids(scanned(policy, from)[0])).toEqual(ids(all.slice(from)))
  }
  expect(scanned(policy, 2_500)).toEqual([[], Number.POSITIVE_INFINITY])
  expect([...policy.core.index.records()]).toEqual(all)
})

test('index: a scan that ran out of steps goes on where it was', () => {
  const policy = new Policy()
  const all = policy.submitMany(100)
  const [some, next] = scanned(policy, 10, 30)
  expect(ids(some)).toEqual(ids(all.slice(10, 40)))
  expect(next).toBe(40)
  expect(scanned(policy, 10, 0)[1]).toBe(11)
})

test('index: pages without tasks are dropped, and cost a scan one step', () => {
  const policy = new Policy({ keep: { count: 0, ageSeconds: 60, bytes: 1_000 } })
  const old = policy.submit('q', { id: 'old' })
  for (let i = 0; i < 50 * PAGE_LENGTH; i++) policy.cancel(policy.submit())
  const young = policy.submit('q', { id: 'young' })
  const [records, next] = scanned(policy, 1, 2 * PAGE_LENGTH + 60)
  expect(ids(records)).toEqual(['young'])
  expect(next).toBe(Number.POSITIVE_INFINITY)
  policy.cancel(old)
  expect(ids(scanned(policy, 0, PAGE_LENGTH)[0])).toEqual(['young'])
  expect(policy.core.find('young')).toBe(young)
})
