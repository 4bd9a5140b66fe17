/** Tasks that depend on others: what they wait for, and what becomes of them when those end. */
import { describe, expect, test } from 'vitest'
import { isPinned } from '../../src/policy/dependencies.ts'
import {
  BLOCKED,
  CANCELLED,
  COMPLETED,
  EXPIRED,
  FAILED,
  RUNNING,
  SCHEDULED,
  type TaskRecord,
  WAITING,
} from '../../src/policy/task-record.ts'
import { nodeOf, submitFlow } from './graph-support.ts'
import { checkInvariants } from './invariants.ts'
import { ids, Policy } from './support.ts'

function family(spec: object = {}, given: object = {}) {
  const policy = new Policy({ queue: { retryCount: 0, ...given } })
  policy.agent('a', { concurrency: 4 })
  const parent = policy.submit('q', { id: 'parent' })
  const child = policy.submit('q', { id: 'child', after: ['parent'], ...spec })
  return { policy, parent, child }
}

function succeed(policy: Policy, record: TaskRecord): void {
  if (record.state !== RUNNING) policy.place()
  policy.succeed(record)
  checkInvariants(policy)
}

describe('dependencies: a task', () => {
  test('is in no lane before its parent has completed, and waits for an agent from then on', () => {
    const { policy, parent, child } = family()
    expect(child.state).toBe(BLOCKED)
    expect(ids(policy.place())).toEqual(['parent'])
    expect(policy.core.queues.get('q')!.blocked).toBe(1)
    policy.pass(500)
    succeed(policy, parent)
    expect(child.state).toBe(WAITING)
    expect(child.readyAtMs).toBe(policy.nowMs)
    expect(ids(policy.place())).toEqual(['child'])
    expect(policy.effects.notes).toEqual([{ record: child, note: 'ready', detail: 'parents' }])
  })

  test('of several waits for the last, in whatever order they end', () => {
    const policy = new Policy()
    policy.agent('a', { concurrency: 4 })
    const [x, y, z] = ['x', 'y', 'z'].map((id) => policy.submit('q', { id }))
    const child = policy.submit('q', { after: ['x', 'y', 'z'] })
    policy.place()
    for (const parent of [y, x]) {
      succeed(policy, parent)
      expect(child.state).toBe(BLOCKED)
    }
    succeed(policy, z)
    expect(child.state).toBe(WAITING)
  })

  test('may name a parent of another queue, and one twice counts once', () => {
    const policy = new Policy()
    policy.agent('a')
    const parent = policy.submit('other', { id: 'p' })
    const child = policy.submit('q', { after: ['other/p', 'p', 'other/p'] })
    expect(child.extras!.links!.parents).toEqual([parent])
    expect(child.extras!.links!.names).toEqual(['p'])
    succeed(policy, parent)
    expect(child.state).toBe(WAITING)
  })

  test('has inputs by the ids of its parents, with the queue where two have the same', () => {
    const policy = new Policy()
    policy.submit('q', { id: 'p' })
    policy.submit('r', { id: 'p' })
    policy.submit('r', { id: 'other' })
    const child = policy.submit('q', { after: ['q/p', 'r/p', 'other'] })
    expect(child.extras!.links!.names).toEqual(['q/p', 'r/p', 'other'])
  })

  test('of a parent that has completed already does not wait at all', () => {
    const { policy, parent, child } = family()
    policy.cancel(child)
    succeed(policy, parent)
    const late = policy.submit('q', { after: ['parent'] })
    expect(late.state).toBe(WAITING)
    expect(isPinned(parent)).toBe(true)
    checkInvariants(policy)
  })

  test('is refused when its parent is neither open nor kept, and nothing has changed', () => {
    const policy = new Policy()
    const refusal = policy.core.submit(Policy.record('q', { after: ['nobody'] }), policy.nowMs)
    expect(refusal?.code).toBe('parent_unknown')
    expect(refusal?.message).toContain('"nobody"')
    expect(policy.core.counters.accepted).toBe(0)
    expect(policy.refusal('q', { id: 'me', after: ['me'] })).toBe('parent_unknown')
    expect(policy.refusal('q', { after: ['nowhere/x'] })).toBe('parent_unknown')
  })

  test('takes a forgotten parent as completed while its id is known to have, and no other', () => {
    const policy = new Policy({
      keep: { count: 0, ageSeconds: 3_600, bytes: 1_000 },
      dedup: { windowSeconds: 60, count: 10 },
    })
    policy.agent('a')
    policy.succeed(policy.run('q', { id: 'well' }))
    policy.fail(policy.run('q', { id: 'ill', retryCount: 0 }))
    const child = policy.submit('q', { after: ['well'] })
    expect(child.state).toBe(WAITING)
    expect(policy.refusal('q', { after: ['ill'] })).toBe('parent_unknown')
    policy.succeed(policy.place()[0])
    policy.pass(61_000)
    expect(policy.refusal('q', { after: ['well'] })).toBe('parent_unknown')
  })

  test('that comes again while it is blocked is the first one', () => {
    const { policy, child } = family()
    const again = policy.core.submit(
      Policy.record('q', { id: 'child', after: ['parent'] }),
      policy.nowMs,
    )
    expect(again?.code).toBe('duplicate')
    expect(again?.first).toBe(child)
    checkInvariants(policy)
  })
})

describe('dependencies: when a parent does not complete', () => {
  test('its child fails, without a letter of its own, and says why', () => {
    const { policy, parent, child } = family()
    policy.place()
    policy.fail(parent, false, 'broken')
    expect(child.state).toBe(FAILED)
    expect(child.code).toBe('parent_failed')
    expect(child.message).toBe('Task "parent", which it depends on, did not complete (broken).')
    expect(policy.effects.deadLetters.map(({ record }) => record.id)).toEqual(['parent'])
    checkInvariants(policy)
  })

  test.each(['fail', 'skip', 'continue'] as const)(
    'and it says %s, so it is',
    (onParentFailure) => {
      const { policy, parent, child } = family({ onParentFailure })
      policy.place()
      policy.fail(parent, false)
      const ends = { fail: [FAILED, 'parent_failed'], skip: [CANCELLED, 'skipped'] }
      const expected = onParentFailure === 'continue' ? [WAITING, null] : ends[onParentFailure]
      expect([child.state, child.code]).toEqual(expected)
      checkInvariants(policy)
    },
  )

  test.each(['fail', 'skip'] as const)('and had ended so before, %s is done at once', (how) => {
    const { policy, parent, child } = family()
    policy.place()
    policy.fail(parent, false)
    const late = policy.submit('q', { after: ['parent'], onParentFailure: how })
    expect(late.code).toBe(how === 'fail' ? 'parent_failed' : 'skipped')
    expect(policy.effects.outcomes).toEqual([parent, child, late])
    checkInvariants(policy)
  })

  test('the sentence has the name of a task of the same flow, and the id of any other', () => {
    const policy = new Policy({ queue: { retryCount: 0 } })
    policy.agent('a', { concurrency: 4 })
    const flow = submitFlow(policy, { bad: {}, next: { needs: ['bad'] } })
    const bad = nodeOf(flow, 'bad')
    const outside = policy.submit('q', { id: 'outside', after: [bad.id] })
    policy.place()
    policy.fail(bad, false, 'broken')
    expect(nodeOf(flow, 'next').message).toBe(
      'Task "bad" of the same flow, which it depends on, did not complete (broken).',
    )
    expect(outside.message).toBe(
      `Task "${bad.id}", which it depends on, did not complete (broken).`,
    )
  })

  test('a chain of ten thousand fails to its end, and nothing is called in itself', () => {
    const policy = new Policy({ keep: { count: 20_000, ageSeconds: 60, bytes: 1 } })
    policy.agent('a')
    const first = policy.submit('q', { id: 't0', retryCount: 0 })
    for (let i = 1; i < 10_000; i++) policy.submit('q', { id: `t${i}`, after: [`t${i - 1}`] })
    policy.place()
    policy.fail(first)
    expect(policy.core.counters.failed).toBe(10_000)
    expect(policy.core.queues.get('q')!.blocked).toBe(0)
    expect(policy.core.pinned.length).toBe(0)
  })

  test('a retry of it is no end', () => {
    const { policy, parent, child } = family({}, { retryCount: 1 })
    policy.place()
    policy.fail(parent)
    expect(child.state).toBe(BLOCKED)
    succeed(policy, parent)
    expect(child.state).toBe(WAITING)
  })
})

describe('dependencies: clocks', () => {
  test('a promise counts from the release, and so does a time to live', () => {
    const { policy, parent, child } = family({}, { slaTargetMs: 100, ttlMs: 200, timeoutMs: 9_000 })
    policy.place()
    policy.pass(5_000)
    expect(policy.core.counters.slaBreaches).toBe(0)
    policy.succeed(parent)
    policy.pass(79)
    expect(child.warned).toBe(false)
    policy.pass(1)
    expect(child.warned).toBe(true)
    policy.pass(20)
    expect(child.breached).toBe(true)
    policy.pass(100)
    expect(child.code).toBe('ttl_expired')
    const queue = policy.core.queues.get('q')!
    expect([queue.slaKept, queue.slaMissed]).toEqual([1, 1])
  })

  test('a delay counts from the release, and the promise behind it', () => {
    const { policy, parent, child } = family({ own: { delayMs: 300 } }, { slaTargetMs: 100 })
    policy.place()
    policy.pass(1_000)
    policy.succeed(parent)
    expect(child.state).toBe(SCHEDULED)
    policy.pass(300)
    expect(child.state).toBe(WAITING)
    expect(child.firstReadyMs).toBe(policy.nowMs)
    policy.place()
    expect(policy.core.queues.get('q')!.slaMissed).toBe(0)
  })

  test('a deadline counts from acceptance, also while it is blocked, and breaks no promise then', () => {
    const { policy, child } = family({ own: { deadlineMs: 400 } }, { slaTargetMs: 100 })
    policy.place()
    policy.pass(400)
    expect([child.state, child.code]).toEqual([EXPIRED, 'deadline_expired'])
    const queue = policy.core.queues.get('q')!
    expect([queue.slaMissed, queue.slaCompletedMissed]).toEqual([0, 0])
    checkInvariants(policy)
  })
})

describe('dependencies: results are kept', () => {
  test('while a task that depends on them is open, and no longer', () => {
    const policy = new Policy({ keep: { count: 1, ageSeconds: 3_600, bytes: 1_000 } })
    policy.agent('a', { concurrency: 4 })
    const parent = policy.run('q', { id: 'parent' })
    const child = policy.submit('q', { after: ['parent'] })
    policy.succeed(parent)
    policy.place()
    for (let i = 0; i < 3; i++) policy.succeed(policy.run())
    expect(policy.core.find('parent', 'q')).toBe(parent)
    policy.succeed(child)
    expect(policy.core.pinned.length).toBe(0)
    expect(policy.effects.forgot.at(-1)).toBe(parent)
    expect(policy.core.find(child.id, 'q')).toBe(child)
  })

  test('and counted again as kept, so that the bound of bytes holds', () => {
    const policy = new Policy({ keep: { count: 100, ageSeconds: 3_600, bytes: 100 } })
    policy.agent('a', { concurrency: 4 })
    policy.effects.resultBytes = 60
    const parent = policy.run('q', { id: 'parent' })
    const child = policy.submit('q', { after: ['parent'] })
    policy.succeed(parent)
    policy.place()
    policy.succeed(policy.run())
    expect(policy.effects.forgot).toEqual([])
    policy.succeed(child)
    expect(policy.effects.forgot).toHaveLength(2)
    checkInvariants(policy)
  })

  test('children that ended leave their parent, whose record they may be again', () => {
    const policy = new Policy({ keep: { count: 0, ageSeconds: 60, bytes: 1 } })
    const parent = policy.submit('q', { id: 'parent' })
    const children = Array.from({ length: 50 }, () => policy.submit('q', { after: ['parent'] }))
    for (const i of [7, 0, 49, 25]) policy.cancel(children[i])
    checkInvariants(policy)
    expect(parent.extras!.links!.children).toHaveLength(46)
    for (const child of children) policy.cancel(child)
    expect(parent.extras!.links!.children).toEqual([])
  })
})

describe('dependencies: cancel', () => {
  test('of a subtree takes all that depends on it, from below, and tells how many', () => {
    const policy = new Policy()
    policy.agent('a', { concurrency: 4 })
    const root = policy.run('q', { id: 'root' })
    policy.submit('q', { id: 'b', after: ['root'] })
    // Further up in the graph than it looks: a child of the root, and of another child of it.
    policy.submit('q', { id: 'c', after: ['root', 'b'] })
    policy.submit('q', { id: 'd', after: ['c'], onParentFailure: 'continue' })
    const other = policy.submit('q', { id: 'other' })
    expect(policy.core.cancelSubtree(root, policy.nowMs)).toBe(4)
    expect(ids(policy.effects.outcomes)).toEqual(['d', 'c', 'b', 'root'])
    expect(policy.effects.outcomes.map(({ state }) => state)).toEqual(Array(4).fill(CANCELLED))
    expect(other.state).toBe(WAITING)
    expect(policy.core.cancelSubtree(root, policy.nowMs)).toBe(0)
    checkInvariants(policy)
  })

  test('of a subtree whose root has completed takes what is open below', () => {
    const { policy, parent, child } = family()
    succeed(policy, parent)
    policy.place()
    expect(policy.core.cancelSubtree(parent, policy.nowMs)).toBe(1)
    expect([parent.state, child.state]).toEqual([COMPLETED, CANCELLED])
    checkInvariants(policy)
  })
})

describe('dependencies: words', () => {
  test('a blocked task says which tasks it waits for, and in which state they are', () => {
    const policy = new Policy()
    policy.agent('a')
    policy.submit('q', { id: 'x' })
    policy.submit('q', { id: 'y' })
    const child = policy.submit('q', { after: ['x', 'y'] })
    policy.place()
    expect(policy.core.waitingFor(child)).toBe(
      'what it depends on: "x" (processing), "y" (pending)',
    )
  })
})
