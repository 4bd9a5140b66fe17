/** Times of single tasks and attempts: each is taken in the first tick at or after it, never before. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import { isFinal, RUNNING, SCHEDULED, type TaskRecord } from '../../src/policy/task-record.ts'
import { QUICKLY } from '../support/shrinking.ts'
import { Policy, seedsOr } from './support.ts'

const SOAK_MS = 15 * 60_000
const KINDS = ['delay', 'deadline', 'timeout', 'heartbeat', 'retry'] as const

const tasks = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), ms: fc.integer({ min: 1, max: 300 }) }),
  { minLength: 1, maxLength: 40, size: 'max' },
)
const steps = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 30, maxLength: 40 })

interface Timed {
  readonly record: TaskRecord
  readonly dueMs: number
  /** Whether what is to happen then has. */
  isOver(): boolean
}

function begin(policy: Policy, kind: (typeof KINDS)[number], ms: number): Timed {
  const dueMs = policy.nowMs + ms
  if (kind === 'delay') {
    const record = policy.submit('idle', { own: { delayMs: ms } })
    return { record, dueMs, isOver: () => record.state !== SCHEDULED }
  }
  if (kind === 'deadline') {
    const record = policy.submit('idle', { own: { deadlineMs: ms } })
    return { record, dueMs, isOver: () => isFinal(record.state) }
  }
  if (kind === 'timeout') {
    const record = policy.run('q', { timeoutMs: ms })
    return { record, dueMs, isOver: () => record.state !== RUNNING }
  }
  if (kind === 'heartbeat') {
    const record = policy.run('beating')
    return { record, dueMs: policy.nowMs + 150, isOver: () => record.state !== RUNNING }
  }
  const record = policy.run('q', { retryCount: 1, own: { retryDelayMs: ms } })
  policy.fail(record)
  return { record, dueMs, isOver: () => record.state !== SCHEDULED }
}

test(
  'timers: whatever is armed, each comes in the first tick at its time, and its tick is known',
  () => {
    fc.assert(
      fc.property(tasks, steps, (given, waits) => {
        const policy = new Policy({
          queue: { retryCount: 0 },
          queues: { beating: { ...QUEUE_DEFAULTS, retryCount: 0, heartbeatTimeoutMs: 150 } },
        })
        policy.agent('a', { leased: false, queues: ['q', 'beating'], concurrency: 100 })
        const all = given.map(({ kind, ms }) => begin(policy, kind, ms))
        for (const ms of waits) {
          const nextMs = Math.min(...all.filter((one) => !one.isOver()).map(({ dueMs }) => dueMs))
          expect(policy.core.nextTickMs()).toBeLessThanOrEqual(nextMs)
          policy.pass(ms)
          for (const { dueMs, isOver, record } of all) {
            expect(isOver(), `${record.id} is due at ${dueMs}`).toBe(dueMs <= policy.nowMs)
          }
        }
      }),
      { ...QUICKLY, numRuns: seedsOr(500) },
    )
  },
  SOAK_MS,
)
