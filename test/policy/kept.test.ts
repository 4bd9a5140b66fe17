import { expect, test } from 'vitest'
import type { KeepOptions } from '../../src/options.ts'
import { checkInvariants } from './invariants.ts'
import { Policy } from './support.ts'

function keeping(keep: Partial<KeepOptions>): Policy {
  const policy = new Policy({ keep: { count: 100, ageSeconds: 60, bytes: 1_000, ...keep } })
  policy.agent('a', { leased: false })
  return policy
}

function finish(policy: Policy, id: string, resultBytes = 0): void {
  const record = policy.run('q', { id })
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
