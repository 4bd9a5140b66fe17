import { expect, test } from 'vitest'
import type { KeepOptions } from '../../src/options.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { toQueue } from './graph-support.ts'
import { checkInvariants } from './invariants.ts'
import { Policy } from './support.ts'

function keeping(keep: Partial<KeepOptions>): Policy {
  const policy = new Policy({ keep: { count: 100, ageSeconds: 60, bytes: 1_000, ...keep } })
  policy.agent('a', { leased: false })
  return policy
}

function finish(policy: Policy, id: string, resultBytes = 0): void {
  finishAs(policy, policy.run('q', { id }), resultBytes)
}

function finishAs(policy: Policy, record: TaskRecord, resultBytes: number): void {
  policy.effects.resultBytes = resultBytes
  policy.succeed(record)
}

const forgotten = (policy: Policy) => policy.effects.forgot.map((record) => record.id)

test('kept: the oldest finished task goes when there are more than may be', () => {
  const policy = keeping({ count: 2 })
  for (const id of ['a', 'b', 'c']) finish(policy, id)
  expect(forgotten(policy)).toEqual(['a'])
  expect(policy.core.find('a')).toBe(undefined)
  expect(policy.core.find('b')?.id).toBe('b')
  checkInvariants(policy)
})

test('kept: an id may be used again once its task is forgotten', () => {
  const policy = keeping({ count: 1 })
  finish(policy, 'a')
  expect(policy.refusal('q', { id: 'a' })).toBe('duplicate')
  finish(policy, 'b')
  expect(policy.refusal('q', { id: 'a' })).toBe(null)
})

test('kept: the oldest go until the results fit into the bytes', () => {
  const policy = keeping({ bytes: 100 })
  finish(policy, 'a', 40)
  finish(policy, 'b', 40)
  finish(policy, 'c', 20)
  expect(forgotten(policy)).toEqual([])
  finish(policy, 'd', 60)
  expect(forgotten(policy)).toEqual(['a', 'b'])
  finish(policy, 'e', 101)
  expect(forgotten(policy)).toEqual(['a', 'b', 'c', 'd', 'e'])
  finish(policy, 'f', 100)
  expect(policy.core.find('f')?.id).toBe('f')
})

test('kept: results of stages count with the task, while it is kept, and no longer', () => {
  const policy = keeping({ bytes: 100 })
  const staged = policy.run('q', { id: 'staged' })
  for (const [queue, bytes] of [
    ['r', 50],
    ['s', 30],
  ] as const) {
    staged.resultBytes = bytes
    policy.core.succeeded(staged, policy.nowMs, toQueue(queue))
    policy.place()
  }
  policy.effects.resultBytes = 20
  policy.succeed(staged)
  expect(forgotten(policy)).toEqual([])
  finish(policy, 'one', 1)
  expect(forgotten(policy)).toEqual(['staged'])
  finish(policy, 'two', 99)
  expect(forgotten(policy)).toEqual(['staged'])
  checkInvariants(policy)
})

test('kept: what is needed again counts no more, its stages neither, until it is kept again', () => {
  const policy = keeping({ bytes: 100 })
  policy.agent('b', { leased: false })
  const staged = policy.run('q', { id: 'staged' })
  staged.resultBytes = 80
  policy.core.succeeded(staged, policy.nowMs, toQueue('r'))
  policy.place()
  finishAs(policy, staged, 20)
  const child = policy.run('q', { id: 'child', after: ['staged'] })
  finish(policy, 'one', 100)
  expect(forgotten(policy)).toEqual([])
  finishAs(policy, child, 0)
  expect(forgotten(policy)).toEqual(['one'])
  expect(policy.core.find('staged')).toBe(staged)
})

test('kept: a finished task goes at its age, not before, and the timer knows when', () => {
  const policy = keeping({ ageSeconds: 60 })
  finish(policy, 'a')
  policy.pass(10)
  finish(policy, 'b')
  expect(policy.core.nextTickMs()).toBe(1_000 + 60_000)
  policy.pass(59_989)
  expect(forgotten(policy)).toEqual([])
  policy.pass(1)
  expect(forgotten(policy)).toEqual(['a'])
  policy.pass(10)
  expect(forgotten(policy)).toEqual(['a', 'b'])
  expect(policy.core.nextTickMs()).toBe(Number.POSITIVE_INFINITY)
})

test('kept: nothing is kept when nothing may be', () => {
  const policy = keeping({ count: 0 })
  finish(policy, 'a')
  expect(policy.effects.outcomes.length).toBe(1)
  expect(forgotten(policy)).toEqual(['a'])
  checkInvariants(policy)
})

test('kept: open tasks are never forgotten, however long they wait', () => {
  const policy = keeping({ count: 1, ageSeconds: 1 })
  const waiting = policy.submit('q', { id: 'waits', requires: ['nobody'] })
  for (const id of ['a', 'b', 'c']) finish(policy, id)
  policy.pass(10_000_000)
  expect(policy.core.find('waits')).toBe(waiting)
})

test('kept: tasks of every end are kept, with made-up ids too', () => {
  const policy = keeping({ count: 2_500 })
  for (let i = 0; i < 4_000; i++) {
    const record = policy.submit()
    if (i % 3 === 0) policy.cancel(record)
    else {
      policy.place()
      if (i % 3 === 1) policy.succeed(record)
      else policy.fail(record, false)
    }
  }
  expect(policy.effects.forgot.length).toBe(1_500)
  const found = policy.effects.outcomes.filter((record) => policy.core.find(record.id) === record)
  expect(found).toEqual(policy.effects.outcomes.slice(1_500))
})
