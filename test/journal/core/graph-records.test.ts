/** As records.test.ts, of graphs, stages, second attempts, and agents that claim and decline. */
import { afterAll, expect, test } from 'vitest'
import { digestOf, imageOf } from '../../../src/journal/image.ts'
import { QUEUE_DEFAULTS } from '../../../src/options.ts'
import { BLOCKED, COMPLETED, PARKED, RUNNING } from '../../../src/policy/task-record.ts'
import { EPOCH, Policy } from '../../policy/support.ts'
import { apartFrom, ends, goesOn, graphOf, nodeOf, person } from './graphs.ts'
import { GRAPH_KINDS, type Row, recorded, unseen } from './recorded.ts'

const SMALL = { slots: 32, agentsMax: 32 }
const PREFIX = `${EPOCH.toString(36)}-`

afterAll(() => {
  expect(unseen().filter((kind) => GRAPH_KINDS.includes(kind))).toEqual([])
})

const kinds = (rows: readonly Row[]) => rows.map(([kind]) => kind)

/** A submit that names its parents. */
function after(
  policy: Policy,
  ids: string[],
  onFailure: 'fail' | 'skip' | 'continue' = 'fail',
  id = '',
) {
  const record = Policy.record('q', {})
  record.begin(
    id,
    'q',
    { level: 3, requires: [], timeoutMs: null, retryCount: null, after: { ids, onFailure } },
    record.view,
    0,
    0,
    record.origin,
    null,
    true,
    true,
    0,
  )
  const refusal = policy.core.submit(record, policy.nowMs)
  return { record, code: refusal?.code ?? '' }
}

test('submit: the tasks that it depends on, by the words of the submitter and by number', () => {
  const policy = new Policy(SMALL)
  policy.agent('a')
  const parent = policy.run('q', { id: 'one' })
  policy.submit('r', { id: 'two' })
  const rows = recorded(policy, () => {
    expect(after(policy, ['one', 'r/two'], 'continue').record.state).toBe(BLOCKED)
    expect(after(policy, ['nobody']).code).toBe('parent_unknown')
    policy.succeed(parent)
  })
  const said = { task: 2, after: 'continue one r/two', count: 2, parents: [0, 1] }
  expect(rows[0]).toMatchObject(['SUBMIT', { answer: '', ...said }])
  const refused = { answer: 'parent_unknown', after: 'fail nobody', count: 0, parents: [] }
  expect(rows[1]).toMatchObject(['SUBMIT', refused])
})

test('submit: one that is over at once is not its own parent, though that had its id elsewhere', () => {
  const policy = new Policy({ ...SMALL, keep: { count: 1, ageSeconds: 60, bytes: 1_000 } })
  policy.agent('a')
  policy.fail(policy.run('r', { id: 'same' }), false)
  const rows = recorded(policy, () => {
    expect(after(policy, ['r/same'], 'fail', 'same').record.code).toBe('parent_failed')
    expect(policy.core.find('same', 'r')).toBeUndefined()
  })
  expect(rows[0]).toMatchObject(['SUBMIT', { task: 1, count: 1, parents: [0] }])
})

test('submit: released by its last parent, or failed with it, at once or later', () => {
  const policy = new Policy(SMALL)
  policy.agent('a', { concurrency: 2 })
  const [good, bad] = [policy.run('q', { id: 'good' }), policy.run('q', { id: 'bad' })]
  const rows = recorded(policy, () => {
    after(policy, ['good'])
    after(policy, ['bad'], 'skip')
    policy.succeed(good)
    policy.fail(bad, false)
    after(policy, ['bad'])
  })
  expect(rows.filter(([kind]) => kind === 'NOTED')).toMatchObject([
    ['NOTED', { task: 2, note: 'ready', detail: 'parents' }],
  ])
  const outcome = { attempts: 0, resultBytes: -1 }
  expect(rows.filter(([kind]) => kind === 'OUTCOME')).toMatchObject([
    ['OUTCOME', { task: 0, state: 3 }],
    ['OUTCOME', { task: 1, state: 4, code: 'error' }],
    ['OUTCOME', { task: 3, state: 5, code: 'skipped', ...outcome }],
    ['OUTCOME', { task: 4, state: 4, code: 'parent_failed', ...outcome }],
  ])
  expect(rows.findLast(([kind]) => kind === 'SUBMIT')).toMatchObject(['SUBMIT', { parents: [1] }])
})

test('graph: a record for each of its tasks, then one of the whole, and its end', () => {
  const policy = new Policy(SMALL)
  policy.agent('a')
  const apart = apartFrom('z')
  const nodes = [
    nodeOf('first', { id: 'mine', apart }),
    nodeOf('second', { after: [0], onFailure: 'skip', apart, own: { delayMs: 5 } }),
    nodeOf('third', { after: [0, 1], apart: apartFrom() }),
  ]
  const rows = recorded(policy, () => {
    policy.core.submitGraph(graphOf(nodes, ''), policy.nowMs)
    policy.succeed(policy.place()[0])
    policy.core.cancelSubtree(nodes[1].record, policy.nowMs)
  })
  expect(rows.slice(0, 4)).toMatchObject([
    ['NODE', { task: 0, id: 'mine', node: 'first', isMadeUp: false, apart: 0, agents: 'z' }],
    ['NODE', { task: 1, node: 'second', onFailure: 'skip', apart: 0, count: 1, after: [0] }],
    ['NODE', { task: 2, node: 'third', held: false, apart: 1, agents: '', after: [0, 1] }],
    ['GRAPH', { answer: '', node: '', count: 3, isFlow: true, queue: 'q', isMadeUp: true }],
  ])
  expect(rows[3][1]).toMatchObject({ flow: `${PREFIX}f0` })
  expect(rows).toContainEqual(['CANCEL_TREE', { task: 1, cancelled: 2 }])
  expect(rows).toContainEqual(['FLOW_ENDED', { flow: `${PREFIX}f0`, state: 'cancelled' }])
})

test('graph: of one that is refused the node that may not be, and nothing of it is there', () => {
  const policy = new Policy({ ...SMALL, queue: { tasksMax: 2 } })
  const nodes = ['a', 'b', 'c'].map((name) => nodeOf(name))
  const again = graphOf([nodeOf('d')], 'known')
  policy.core.submitGraph(graphOf([nodeOf('a')], 'known'), policy.nowMs)
  const before = policy.core.counters.accepted
  const rows = recorded(policy, () => {
    policy.core.submitGraph(graphOf(nodes, 'full'), policy.nowMs)
    policy.core.submitGraph(again, policy.nowMs)
  })
  expect(rows.filter(([kind]) => kind === 'GRAPH')).toMatchObject([
    ['GRAPH', { answer: 'queue_full', node: 'b', count: 3, flow: 'full', isMadeUp: false }],
    ['GRAPH', { answer: 'duplicate', node: '', count: 1, flow: 'known' }],
  ])
  expect(policy.core.counters.accepted).toBe(before)
})
test('advance: where a rule sends a task, what its stage came to, and how the next one ends', () => {
  const desk = { ...QUEUE_DEFAULTS, priority: 2 as const }
  const policy = new Policy({ ...SMALL, queues: { desk } })
  policy.agent('a')
  const task = policy.run()
  const rows = recorded(policy, () => {
    policy.core.succeeded(task, policy.nowMs, goesOn('desk', 0, 3))
    policy.core.succeeded(policy.place()[0], policy.nowMs, ends('rejected', 1))
  })
  const gone = { slot: 0, rule: 3, queue: 'desk', level: 0, code: '', message: '' }
  expect(rows.slice(0, 4)).toMatchObject([
    ['ADVANCE', { task: 0, then: 'queue', ...gone }],
    ['ENDED', { how: 'succeeded' }],
    ['ADVANCED', { task: 0, queue: 'q', rule: 3, attempts: 1, resultBytes: -1 }],
    ['NOTED', { task: 0, note: 'moved', detail: 'rule: desk', level: 2 }],
  ])
  expect(kinds(rows).slice(-5)).toEqual(['ADVANCE', 'ENDED', 'ADVANCED', 'DEAD_LETTER', 'OUTCOME'])
  expect(rows.at(-5)).toMatchObject(['ADVANCE', { then: 'dead', code: 'rejected' }])
  expect(rows.at(-1)).toMatchObject(['OUTCOME', { state: 4, code: 'rejected', attempts: 2 }])
})
test('hedge: the twin, and that it won', () => {
  const policy = new Policy(SMALL)
  policy.agent('a')
  const task = policy.run()
  policy.agent('b')
  const twin = Policy.record('q', { bytes: 3 })
  const rows = recorded(policy, () => {
    expect(policy.core.hedge(task, twin, policy.nowMs)).toBe(null)
    const [record] = policy.place()
    expect(record).toBe(twin)
    policy.succeed(twin)
  })
  expect(rows[0]).toEqual(['HEDGE', { task: 0, slot: 0, twin: 1, payloadBytes: 3 }])
  const outcomes = rows.filter(([kind]) => kind === 'OUTCOME').map(([, { task: of }]) => of)
  expect(outcomes).toEqual([0, 1])
  expect(task.state).toBe(COMPLETED)
})

test('resolve: an end that was decided elsewhere, well or not, or a way on', () => {
  const policy = new Policy(SMALL)
  const ask = () => {
    const nodes = [nodeOf('a'), nodeOf('b'), nodeOf('', { after: [0, 1], held: true })]
    policy.core.submitGraph(graphOf(nodes, null), policy.nowMs)
    return nodes[2].record
  }
  const [one, two, three] = [ask(), ask(), ask()]
  const { core, nowMs } = policy
  const rows = recorded(policy, () => {
    expect(core.resolve(one, { ok: true, next: null }, nowMs)).toBe(null)
    const code = 'consensus_required'
    expect(core.resolve(two, { ok: false, code, message: 'one against one' }, nowMs)).toBe(null)
    expect(core.resolve(two, { ok: true, next: null }, nowMs)).toBe('finished')
    expect(core.resolve(three, { ok: true, next: goesOn('desk', 4, 1) }, nowMs)).toBe(null)
  })
  const none = { rule: -1, queue: '', level: 0, code: '' }
  const said = rows.filter(([kind]) => kind === 'RESOLVE')
  expect(said).toMatchObject([
    ['RESOLVE', { task: 2, ok: true, ...none }],
    ['RESOLVE', { task: 5, ok: false, ...none, code: 'consensus_required' }],
    ['RESOLVE', { task: 8, ok: true, rule: 1, queue: 'desk', level: 4 }],
  ])
  expect(said.map(([, { message }]) => message)).toEqual(['', 'one against one', ''])
  const outcomes = rows.filter(([kind]) => kind === 'OUTCOME').map(([, { state }]) => state)
  expect(outcomes.sort()).toEqual([3, 4, 5, 5, 5, 5, 5, 5])
})

test('park, unpark: aside from who must not have it, and back in its lane', () => {
  const policy = new Policy(SMALL)
  policy.agent('a')
  policy.core.submitGraph(graphOf([nodeOf('', { apart: apartFrom('a') })], null), policy.nowMs)
  const rows = recorded(policy, () => {
    const record = policy.offer()!
    policy.core.park(record)
    expect(record.state).toBe(PARKED)
    expect(policy.core.unpark(9)).toBe(1)
    expect(policy.core.unpark(9)).toBe(0)
  })
  expect(rows.slice(1)).toEqual([
    ['PARK', { task: 0, slot: 0 }],
    ['UNPARK', { unparked: 1 }],
  ])
})

test('claim, assign, decline, hand on: what people do with what they are given', () => {
  const policy = new Policy({ ...SMALL, queue: { escalateTo: 'boss' } })
  const clerk = person(policy, 'clerk', { queues: ['q'] })
  person(policy, 'other', { queues: ['q'] })
  const [first, second] = policy.submitMany(2)
  const rows = recorded(policy, () => {
    expect(policy.core.assign(first, clerk, policy.nowMs)).toBe(null)
    expect(policy.core.claim(first, policy.nowMs)).toBe(null)
    expect(policy.core.claim(first, policy.nowMs)).toBe('claimed')
    policy.core.declined(first, policy.nowMs)
    expect(policy.core.assign(second, clerk, policy.nowMs)).toBe(null)
    expect(policy.core.handedOn(second, policy.nowMs)).toBe(null)
  })
  const attempt = { agent: 0, generation: 0 }
  expect(rows).toMatchObject([
    ['ASSIGN', { task: 0, slot: 0, counter: 1, dispatchSeq: 1, ...attempt }],
    ['CLAIM', { task: 0, slot: 0 }],
    ['DECLINE', { task: 0, slot: 0 }],
    ['ENDED', { task: 0, how: 'declined', isCharged: false }],
    ['ASSIGN', { task: 1, slot: 1, counter: 2, dispatchSeq: 2, ...attempt }],
    ['HAND_ON', { task: 1, slot: 1 }],
    ['ENDED', { task: 1, how: 'handed_on' }],
    ['NOTED', { task: 1, note: 'moved', detail: 'escalation: boss' }],
  ])
})

test('what is refused changes nothing and is not written', () => {
  const policy = new Policy(SMALL)
  const clerk = person(policy, 'clerk')
  const done = policy.run()
  policy.succeed(done)
  const running = policy.run()
  const waits = policy.submit()
  const { core, nowMs } = policy
  const before = digestOf(imageOf(core))
  const refused = () => [
    core.hedge(waits, Policy.record('q'), nowMs),
    core.resolve(done, { ok: true, next: null }, nowMs),
    core.resolve(waits, { ok: true, next: null }, nowMs),
    core.claim(waits, nowMs),
    core.assign(running, clerk, nowMs),
    core.assign(waits, clerk, nowMs),
    core.handedOn(running, nowMs),
    core.cancelSubtree(done, nowMs),
  ]
  expect(refused()).toEqual([
    ...[
      'not_running',
      'finished',
      'not_held',
      'not_running',
      'not_waiting',
      'no_room',
      'not_supported',
      0,
    ],
  ])
  expect(digestOf(imageOf(core))).toBe(before)
  const rows = recorded(policy, () => {
    refused()
    core.setConnected(true, nowMs)
  })
  expect(kinds(rows)).toEqual(['CONNECTED'])
  expect(running.state).toBe(RUNNING)
})
