/** As records.test.ts, of what queues and tasks promise. */
import { afterAll, expect, test } from 'vitest'
import { QUEUE_DEFAULTS } from '../../../src/options.ts'
import { Policy } from '../../policy/support.ts'
import { PROMISE_KINDS, recorded, unseen } from './recorded.ts'

const SMALL = { slots: 32, agentsMax: 32 }

afterAll(() => {
  expect(unseen().filter((kind) => PROMISE_KINDS.includes(kind))).toEqual([])
})

test('submit: what the task promises for itself, and the level that its queue has for it', () => {
  const policy = new Policy({ ...SMALL, queue: { priority: 2 } })
  const own = { ttlMs: 500, deadlineMs: 0, retryDelayMs: 20, delayMs: 40 }
  const rows = recorded(policy, () => {
    policy.submit('q', { level: 0, own })
    policy.pass(40)
  })
  expect(rows[0]).toMatchObject(['SUBMIT', { level: 2, givenLevel: 0, own: '500|0||20|40' }])
  expect(rows.slice(1)).toEqual([
    ['NOTED', { task: 0, note: 'scheduled', detail: 'delay', level: 2, dueMs: 0, untilMs: 1_040 }],
    ['TICK', { hasMore: false }],
    ['NOTED', { task: 0, note: 'ready', detail: '', level: 2, dueMs: 0, untilMs: 0 }],
  ])
})

test('submit: an id that is known although its task is forgotten', () => {
  const keep = { count: 0, ageSeconds: 60, bytes: 0 }
  const policy = new Policy({ ...SMALL, keep, dedup: { windowSeconds: 60, count: 10 } })
  policy.agent('a')
  policy.succeed(policy.run('q', { id: 'mine' }))
  const rows = recorded(policy, () => {
    expect(policy.refusal('q', { id: 'mine' })).toBe('duplicate')
  })
  expect(rows).toMatchObject([['SUBMIT', { answer: 'duplicate', isMadeUp: false, id: 'mine' }]])
})

test('noted: warned, raised and overdue as time passes, moved, and expired with its letter', () => {
  const queue = { ...QUEUE_DEFAULTS, slaTargetMs: 100, ttlMs: 150, escalateTo: 'boss' }
  const boss = { ...QUEUE_DEFAULTS, deadLetterQueue: 'lost', deadlineMs: 9 }
  const policy = new Policy({ ...SMALL, queues: { q: queue, boss } })
  policy.submit('q', { level: 1, own: { deadlineMs: 300 } })
  const rows = recorded(policy, () => {
    policy.pass(80)
    policy.pass(20)
    policy.pass(200)
  })
  const noted = { task: 0, untilMs: 0, level: 2, dueMs: 1_080, detail: '' }
  const outcome = { task: 0, state: 9, code: 'deadline_expired', attempts: 0, resultBytes: -1 }
  expect(rows.filter(([kind]) => kind !== 'TICK')).toEqual([
    ['NOTED', { ...noted, note: 'warned', level: 1, dueMs: 1_100 }],
    ['NOTED', { ...noted, note: 'boosted', detail: 'sla' }],
    ['NOTED', { ...noted, note: 'breached' }],
    ['NOTED', { ...noted, note: 'moved', detail: 'escalation: boss' }],
    ['DEAD_LETTER', { task: 0, name: 'lost', code: 'deadline_expired' }],
    ['OUTCOME', outcome],
  ])
})

test('pause, resume, configure: of a queue that is there', () => {
  const policy = new Policy({ ...SMALL, queue: { binding: 'early' } })
  policy.agent('a')
  policy.run()
  policy.submit()
  policy.place()
  const options = { ...QUEUE_DEFAULTS, ttlMs: 70 }
  const rows = recorded(policy, () => {
    expect(policy.core.pauseQueue('q')).toBe(null)
    expect(policy.core.pauseQueue('q')).toBe(null)
    expect(policy.core.configureQueue('q', options)).toBe(null)
    expect(policy.core.resumeQueue('q')).toBe(null)
    expect(policy.core.pauseQueue('nowhere')).toBe('queue_unknown')
  })
  expect(rows).toEqual([
    ['PAUSE', { answer: '', queue: 'q' }],
    ['UNBOUND', { task: 1, agent: 0 }],
    ['PAUSED', { queue: 'q', isPaused: true }],
    ['PAUSE', { answer: '', queue: 'q' }],
    ['CONFIGURE', { answer: '', queue: 'q', options: JSON.stringify(options) }],
    ['RESUME', { answer: '', queue: 'q' }],
    ['PAUSED', { queue: 'q', isPaused: false }],
    ['PAUSE', { answer: 'queue_unknown', queue: 'nowhere' }],
  ])
})

test('interrupt, yield: who was asked, and what was handed back', () => {
  const policy = new Policy(SMALL)
  policy.agent('a', { preemptible: true })
  const low = policy.run('q', { level: 1 })
  policy.submit('q', { level: 5 })
  const checkpoint = Buffer.from('page 7')
  const rows = recorded(policy, () => {
    expect(policy.yield(low, checkpoint)).not.toBe(null)
    expect(policy.interrupt()).toBe(1)
    expect(policy.interrupt()).toBe(0)
    expect(policy.yield(low, checkpoint)).toBe(null)
  })
  const nowhere = { agent: -1, newSlot: -1, generation: 0, counter: 0, dispatchSeq: 0 }
  const kept = { hasCheckpoint: true, checkpoint: new Uint8Array(checkpoint) }
  expect(rows).toEqual([
    ['INTERRUPT', { asked: 1 }],
    ['PREEMPT', { task: 0, counter: 1, agent: 0 }],
    ['YIELD', { task: 0, slot: 0, ...nowhere, ...kept }],
    ['ENDED', { task: 0, counter: 1, agent: 0, how: 'preempted', isCharged: false }],
  ])
  expect(Buffer.from(low.extras!.checkpoint!).toString()).toBe('page 7')
})
