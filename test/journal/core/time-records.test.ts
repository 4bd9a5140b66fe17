/** As records.test.ts, of time: what is due, and when nobody can be heard. */
import { afterAll, expect, test } from 'vitest'
import { Policy } from '../../policy/support.ts'
import { recorded, TIME_KINDS, unseen } from './recorded.ts'

const SMALL = { slots: 32, agentsMax: 32 }

afterAll(() => {
  expect(unseen().filter((kind) => TIME_KINDS.includes(kind))).toEqual([])
})

test('tick, connected: only what is due is an event', () => {
  const policy = new Policy({ ...SMALL, leaseMs: 1_000 })
  policy.agent('a', { beats: false })
  policy.run('q', { timeoutMs: 100, retryCount: 0 })
  const rows = recorded(policy, () => {
    policy.pass(99)
    policy.pass(1)
    policy.core.setConnected(false, policy.nowMs)
    policy.pass(1_100)
    policy.core.setConnected(true, policy.nowMs)
    policy.pass(0)
  })
  expect(rows).toEqual([
    ['TICK', { hasMore: false }],
    ['ENDED', { task: 0, counter: 1, agent: 0, how: 'timeout', isCharged: true }],
    ['REVOKE', { agent: 0, counter: 1, dispatchSeq: 1, reason: 'timeout' }],
    ['DEAD_LETTER', { task: 0, name: 'q', code: 'timeout' }],
    ['OUTCOME', { task: 0, state: 4, code: 'timeout', attempts: 1, resultBytes: -1 }],
    ['CONNECTED', { connected: false }],
    ['TICK', { hasMore: false }],
    ['CREDIT_BACK', { agent: 0, counter: 1 }],
    ['CONNECTED', { connected: true }],
    ['TICK', { hasMore: false }],
  ])
})
