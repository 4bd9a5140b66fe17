/** Ids of tasks that are forgotten, while their window lasts. */
import { expect, test } from 'vitest'
import { CANCELLED, COMPLETED, FAILED } from '../../src/policy/task-record.ts'
import { Policy, type PolicyGiven } from './support.ts'

/** Nothing is kept, so that what finishes is forgotten at once. */
function forgetful(given: PolicyGiven = {}): Policy {
  const policy = new Policy({
    keep: { count: 0, ageSeconds: 3_600, bytes: 0 },
    dedup: { windowSeconds: 120, count: 100 },
    ...given,
  })
  policy.agent('a', { leased: false })
  return policy
}

function again(policy: Policy, id: string, queue = 'q') {
  return policy.core.submit(Policy.record(queue, { id }), policy.nowMs)
}

test('dedup: within the window a second submit hears what became of the first', () => {
  const policy = forgetful({ queue: { retryCount: 0 } })
  policy.succeed(policy.run('q', { id: 'good' }))
  policy.fail(policy.run('q', { id: 'bad' }), true, 'api_error')
  policy.cancel(policy.submit('q', { id: 'ugly' }))
  expect(policy.core.find('good', 'q')).toBe(undefined)
  const answers = ['good', 'bad', 'ugly'].map((id) => again(policy, id))
  expect(answers.map((answer) => answer?.code)).toEqual(new Array(3).fill('duplicate'))
  expect(answers.map((answer) => answer?.first)).toEqual(new Array(3).fill(undefined))
  expect(answers.map((answer) => answer?.past)).toMatchObject([
    { state: COMPLETED, code: null },
    { state: FAILED, code: 'api_error' },
    { state: CANCELLED, code: 'cancelled' },
  ])
  expect(policy.core.counters).toMatchObject({ accepted: 3, duplicates: 3 })
})

test('dedup: the window ends to the ms, counted from the end of the task', () => {
  const policy = forgetful()
  policy.succeed(policy.run('q', { id: 'one' }))
  policy.pass(119_999)
  expect(again(policy, 'one')?.code).toBe('duplicate')
  policy.pass(1)
  expect(again(policy, 'one')).toBe(null)
})

test('dedup: an id is known in its own queue only, and a made-up one not at all', () => {
  const policy = forgetful()
  policy.succeed(policy.run('q', { id: 'one' }))
  policy.succeed(policy.run('q'))
  expect(again(policy, 'one', 'r')).toBe(null)
  expect(policy.core.past.byKey.size).toBe(1)
})

test('dedup: there are no more ids than may be, the first to finish go first', () => {
  const policy = forgetful({ dedup: { windowSeconds: 120, count: 3 } })
  for (let i = 0; i < 5; i++) policy.succeed(policy.run('q', { id: `id-${i}` }))
  expect([...policy.core.past.byKey.keys()]).toEqual(['q/id-2', 'q/id-3', 'q/id-4'])
})

test('dedup: ids whose window is over go when others come', () => {
  const policy = forgetful()
  for (let i = 0; i < 50; i++) policy.succeed(policy.run('q', { id: `old-${i}` }))
  policy.pass(121_000)
  for (let i = 0; i < 20; i++) policy.succeed(policy.run('q', { id: `new-${i}` }))
  expect([...policy.core.past.byKey.keys()]).toEqual(
    Array.from({ length: 20 }, (_, i) => `q/new-${i}`),
  )
})

test('dedup: a window of 0 remembers nothing', () => {
  const policy = forgetful({ dedup: { windowSeconds: 0, count: 100 } })
  policy.succeed(policy.run('q', { id: 'one' }))
  expect(again(policy, 'one')).toBe(null)
})

test('dedup: an id that comes again after its window is known by its later task', () => {
  const policy = forgetful({ dedup: { windowSeconds: 1, count: 2 } })
  for (const id of ['first', 'again', 'again']) {
    policy.succeed(policy.run('q', { id }))
    policy.nowMs += 1_000
  }
  expect([...policy.core.past.byKey.keys()]).toEqual(['q/again'])
  for (const id of ['x', 'y', 'z']) policy.succeed(policy.run('q', { id }))
  expect([...policy.core.past.byKey.keys()]).toEqual(['q/y', 'q/z'])
})

test('dedup: what was kept for longer than the window is not remembered once it is forgotten', () => {
  const policy = forgetful({ keep: { count: 1, ageSeconds: 3_600, bytes: 1_000 } })
  policy.succeed(policy.run('q', { id: 'one' }))
  policy.pass(200_000)
  policy.succeed(policy.run('q', { id: 'two' }))
  expect(policy.core.find('one', 'q')).toBe(undefined)
  expect(again(policy, 'one')).toBe(null)
})

test('dedup: no id is made up that a user had until lately, and from then on it may be', () => {
  const policy = forgetful()
  const { prefix } = policy.core.index
  // The first task has number 0, so this is the id that number 2 would make.
  policy.succeed(policy.run('q', { id: `${prefix}2` }))
  const tasks = Array.from({ length: 2 }, () => policy.submit('q'))
  expect(tasks.map(({ id }) => id)).toEqual([`${prefix}1`, `${prefix}3`])
  expect(again(policy, `${prefix}2`)?.code).toBe('duplicate')
  for (const task of tasks) policy.cancel(task)
  policy.succeed(policy.run('q', { id: `${prefix}7` }))
  policy.pass(121_000)
  expect(policy.submit('q').id).toBe(`${prefix}5`)
  expect(policy.submit('q').id).toBe(`${prefix}6`)
  expect(policy.submit('q').id).toBe(`${prefix}7`)
})
