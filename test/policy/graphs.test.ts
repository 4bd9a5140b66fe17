/** Flows: tasks that are admitted together or not at all, and end as their last ones do. */
import { describe, expect, test } from 'vitest'
import { Flow } from '../../src/policy/graphs.ts'
import { BLOCKED, RUNNING, WAITING } from '../../src/policy/task-record.ts'
import { type FlowSpec, nodeOf, offerFlow, submitFlow } from './graph-support.ts'
import { checkInvariants } from './invariants.ts'
import { ids, Policy } from './support.ts'

const DIAMOND: FlowSpec = {
  t1: {},
  t2: { needs: ['t1'] },
  t3: { needs: ['t1'] },
  t4: { needs: ['t2', 't3'] },
}

function finish(policy: Policy): void {
  for (let placed = policy.place(); placed.length > 0; placed = policy.place()) {
    for (const record of placed) policy.succeed(record)
    checkInvariants(policy)
  }
}

describe('flow: admitted', () => {
  test('whole: its roots wait for agents, all else for those before', () => {
    const policy = new Policy()
    policy.agent('a', { concurrency: 4 })
    const flow = submitFlow(policy, DIAMOND)
    expect(flow.nodes.map((node) => node!.state)).toEqual([WAITING, BLOCKED, BLOCKED, BLOCKED])
    expect(policy.core.counters.accepted).toBe(4)
    expect(policy.core.counters.flows).toBe(1)
    const order: string[][] = []
    for (let placed = policy.place(); placed.length > 0; placed = policy.place()) {
      order.push(placed.map((record) => record.extras!.links!.node))
      for (const record of placed) policy.succeed(record)
      checkInvariants(policy)
    }
    expect(order).toEqual([['t1'], ['t2', 't3'], ['t4']])
    expect(flow.state).toBe('completed')
    expect(policy.effects.flowEnds).toEqual([flow])
  })

  test('or not at all: a queue that has no room for the last one has none for any', () => {
    const policy = new Policy({ queue: { tasksMax: 3 } })
    const refusal = offerFlow(policy, DIAMOND)
    expect(refusal).toMatchObject({ code: 'queue_full', node: 't4' })
    expect(policy.core.counters.accepted).toBe(0)
    expect(policy.core.flows.size).toBe(0)
    expect([...policy.core.index.records()]).toEqual([])
    checkInvariants(policy)
  })

  test('not at all: nor when all its bytes are too many, in one queue of two', () => {
    const policy = new Policy({ queue: { bytesMax: 100 } })
    const tasks = { a: { bytes: 60 }, b: { bytes: 60, queue: 'r' }, c: { bytes: 60 } }
    expect(offerFlow(policy, tasks)).toMatchObject({ code: 'queue_full', node: 'c' })
    expect(policy.core.queues.get('r')!.openBytes).toBe(0)
  })

  test('not at all: an id that is taken, twice the same, or of the made-up form', () => {
    const policy = new Policy()
    policy.submit('q', { id: 'there' })
    expect(offerFlow(policy, { a: {}, b: { id: 'there' } })).toMatchObject({
      code: 'bad_flow',
      node: 'b',
      message:
        'There is a task "there" in queue "q" already (pending): give this one another id, or none.',
    })
    expect(policy.core.counters.duplicates).toBe(0)
    const twice = offerFlow(policy, { a: { id: 'x' }, b: { id: 'x' } })
    expect(twice).toMatchObject({ code: 'bad_option', node: 'b' })
    const made = offerFlow(policy, { a: {}, b: { id: `${policy.core.index.prefix}1` } })
    expect(made).toMatchObject({ code: 'bad_option', node: 'b' })
    expect(offerFlow(policy, { a: { id: 'x' }, b: { id: 'x', queue: 'r' } })).toBeInstanceOf(Flow)
    checkInvariants(policy)
  })

  test('not at all: a task in it that names parents by itself', () => {
    const policy = new Policy()
    policy.submit('q', { id: 'p' })
    expect(offerFlow(policy, { a: { after: ['p'] } })).toMatchObject({ code: 'not_supported' })
  })

  test('once: its id is its first one’s, while it is known and for the window after', () => {
    const policy = new Policy({
      keep: { count: 2, ageSeconds: 3_600, bytes: 1_000 },
      dedup: { windowSeconds: 60, count: 10 },
    })
    policy.agent('a', { concurrency: 4 })
    const flow = submitFlow(policy, DIAMOND, 'mine')
    expect(offerFlow(policy, DIAMOND, 'mine')).toMatchObject({ code: 'duplicate', flow })
    finish(policy)
    expect(policy.core.flows.get('mine')).toBe(flow)
    for (let i = 0; i < 2; i++) policy.succeed(policy.run())
    expect(policy.core.flows.size).toBe(0)
    const past = offerFlow(policy, DIAMOND, 'mine')
    expect(past).toMatchObject({ code: 'duplicate', past: { state: 3 } })
    expect(policy.core.counters.duplicates).toBe(2)
    policy.pass(61_000)
    expect(offerFlow(policy, DIAMOND, 'mine')).toBeInstanceOf(Flow)
  })

  test('with an id that nobody has when it has none, and a task may not be mistaken for it', () => {
    const policy = new Policy()
    const [one, two] = [submitFlow(policy, DIAMOND), submitFlow(policy, DIAMOND)]
    expect(one.id).not.toBe(two.id)
    expect(policy.core.find(one.id)).toBeUndefined()
  })
})

describe('flow: ends', () => {
  test.each([
    ['completed', [], 'fail'],
    ['failed', ['t2'], 'fail'],
    ['completed', ['t2'], 'skip'],
    ['completed', ['t2'], 'continue'],
    ['failed', ['t4'], 'continue'],
  ] as const)('as %s when %j fail, and those below %s', (state, failing, onFailure) => {
    const policy = new Policy({ queue: { retryCount: 0 } })
    policy.agent('a', { concurrency: 4 })
    const tasks = Object.fromEntries(
      Object.entries(DIAMOND).map(([name, node]) => [name, { ...node, onFailure }]),
    )
    const flow = submitFlow(policy, tasks)
    for (let placed = policy.place(); placed.length > 0; placed = policy.place()) {
      for (const record of placed) {
        const { node } = record.extras!.links!
        if ((failing as readonly string[]).includes(node)) policy.fail(record)
        else policy.succeed(record)
      }
      checkInvariants(policy)
    }
    expect(flow.state).toBe(state)
    expect(flow.finishedAtMs).toBe(policy.nowMs)
    expect(policy.effects.flowEnds).toHaveLength(1)
  })

  test('as cancelled when its root is, with all below', () => {
    const policy = new Policy()
    const flow = submitFlow(policy, DIAMOND)
    expect(policy.core.cancelSubtree(nodeOf(flow, 't1'), policy.nowMs)).toBe(4)
    expect(flow.state).toBe('cancelled')
    checkInvariants(policy)
  })

  test('at its last task’s end: until then all of it is known, whatever is kept', () => {
    const policy = new Policy({ keep: { count: 0, ageSeconds: 60, bytes: 1 } })
    policy.agent('a', { concurrency: 4 })
    const flow = submitFlow(policy, DIAMOND)
    policy.succeed(policy.place()[0])
    for (const record of policy.place()) policy.succeed(record)
    expect(flow.known).toBe(4)
    expect(policy.core.pinned.length).toBe(3)
    finish(policy)
    expect(flow.nodes).toEqual([null, null, null, null])
    expect(policy.core.flows.size).toBe(0)
    expect(policy.effects.forgot).toHaveLength(4)
  })

  test('one of its tasks that somebody outside depends on is known until that has ended', () => {
    const policy = new Policy({ keep: { count: 0, ageSeconds: 60, bytes: 1 } })
    policy.agent('a', { concurrency: 1 })
    const flow = submitFlow(policy, { one: { id: 'one' } }, 'f')
    const outside = policy.submit('q', { after: ['one'] })
    policy.succeed(policy.place()[0])
    expect(flow.state).toBe('completed')
    expect(ids([nodeOf(flow, 'one')])).toEqual(['one'])
    checkInvariants(policy)
    policy.succeed(policy.place()[0])
    expect(outside.state).not.toBe(RUNNING)
    expect(policy.core.flows.size).toBe(0)
    expect(policy.core.pinned.length).toBe(0)
  })
})
