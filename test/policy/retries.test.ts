/** Which attempts are repeated, and when: the retry tables of the source documents, in virtual time. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import { hasCode, isRetried, retryDelayMs } from '../../src/policy/retries.ts'
import {
  COMPLETED,
  FAILED,
  SCHEDULED,
  type TaskRecord,
  WAITING,
} from '../../src/policy/task-record.ts'
import { Policy } from './support.ts'

function rule(given: Partial<QueueOptions> = {}): QueueOptions {
  return { ...QUEUE_DEFAULTS, ...given }
}

/** Fails each attempt with the code. @returns after how many ms each next one could start. */
function waits(policy: Policy, record: TaskRecord, code: string): number[] {
  const found: number[] = []
  // Ends: failures are counted.
  for (;;) {
    policy.fail(record, true, code)
    if (record.state === FAILED) return found
    const failedMs = policy.nowMs
    while (record.state === SCHEDULED) {
      policy.nowMs = policy.core.nextTickMs()
      policy.core.tick(policy.nowMs)
    }
    expect(record.state).toBe(WAITING)
    found.push(policy.nowMs - failedMs)
    policy.place()
  }
}

/** Source document 004, the retry table; delays in seconds. */
const TABLE = [
  {
    queue: 'gap_analysis',
    options: { retryCount: 1, retryDelayMs: 30_000, retryOn: ['timeout', 'api_error'] },
    delays: { timeout: [30_000], api_error: [30_000], memory_error: [] },
  },
  {
    queue: 'predicate_ranking',
    options: {
      retryCount: 2,
      retryDelayMs: 60_000,
      exponentialBackoff: true,
      retryOn: ['timeout', 'memory_error', 'api_error'],
    },
    delays: {
      timeout: [60_000, 120_000],
      memory_error: [60_000, 120_000],
      api_error: [60_000, 120_000],
      other: [],
    },
  },
  {
    queue: 'ra_review',
    options: { retryCount: 0, escalateOn: ['human_timeout', 'consensus_required'] },
    delays: { timeout: [], anything: [] },
  },
] as const

describe.each(TABLE)('retries of [004]: $queue', ({ queue, options, delays }) => {
  test.each(Object.entries(delays))('%s is repeated after %j ms', (code, expected) => {
    const policy = new Policy({ queues: { [queue]: rule(options as Partial<QueueOptions>) } })
    policy.agent('a', { leased: false })
    const record = policy.run(queue)
    expect(waits(policy, record, code)).toEqual(expected)
    expect(record.attempts).toBe(expected.length + 1)
    expect(record.code).toBe(code)
  })
})

test('retries: base · 2^retry_count of [004] is 60, 120, 240 s, and stops at the maximal number', () => {
  const backoff = { retryCount: 3, retryDelayMs: 60_000, exponentialBackoff: true }
  const policy = new Policy({ queue: backoff })
  policy.agent('a', { leased: false })
  const record = policy.run()
  expect(waits(policy, record, 'api_error')).toEqual([60_000, 120_000, 240_000])
  expect(record.state).toBe(FAILED)
  expect(policy.core.counters.retried).toBe(3)
})

test('retries: no delay is longer than its queue allows', () => {
  const given = rule({ retryDelayMs: 60_000, exponentialBackoff: true, retryDelayMaxMs: 100_000 })
  const delays = [1, 2, 3, 101].map((failures) => {
    return retryDelayMs(given, null, 1, { seq: 0, failures })
  })
  expect(delays).toEqual([60_000, 100_000, 100_000, 100_000])
})

test('retries: a task’s own delay goes before its queue’s', () => {
  const policy = new Policy({ queue: { retryDelayMs: 5_000, retryCount: 1 } })
  policy.agent('a')
  const record = policy.run('q', { own: { retryDelayMs: 70 } })
  expect(waits(policy, record, 'error')).toEqual([70])
})

test('retries: without a delay the task waits again at once', () => {
  const policy = new Policy()
  policy.agent('a')
  const record = policy.run()
  policy.fail(record)
  expect(record.state).toBe(WAITING)
  expect(policy.effects.notes.map(({ note }) => note)).not.toContain('scheduled')
})

test('retries: what is permanent fails at once and leaves its dead letter', () => {
  const policy = new Policy({ queue: { retryCount: 5, retryDelayMs: 1_000 } })
  policy.agent('a')
  const record = policy.run()
  policy.fail(record, false, 'permanent')
  expect(record.state).toBe(FAILED)
  expect(record.attempts).toBe(1)
  expect(policy.effects.deadLetters).toEqual([{ record, name: 'q', queue: 'q' }])
})

test('retries: full jitter is even from 0 to the delay, and the same each time', () => {
  const given = rule({ retryDelayMs: 1_000, retryJitter: 'full' })
  const delays = Array.from({ length: 20_000 }, (_, seq) => {
    return retryDelayMs(given, null, 7, { seq, failures: 1 })
  })
  const again = delays.map((_, seq) => retryDelayMs(given, null, 7, { seq, failures: 1 }))
  expect(again).toEqual(delays)
  expect(Math.min(...delays)).toBe(0)
  expect(Math.max(...delays)).toBe(1_000)
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length
  // 20,000 even numbers: the mean's standard error is 2 ms.
  expect(Math.abs(mean - 500)).toBeLessThan(12)
  const tenths = new Array<number>(10).fill(0)
  for (const delay of delays) tenths[Math.min(9, Math.floor(delay / 100))]++
  for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(250)
})

test('retries: jitter never leaves its bounds, and other tasks, failures and starts have other delays', () => {
  const numbers = fc.record({
    epoch: fc.maxSafeNat(),
    seq: fc.maxSafeNat(),
    failures: fc.integer({ min: 1, max: 100 }),
    retryDelayMs: fc.integer({ min: 1, max: 3_600_000 }),
    exponentialBackoff: fc.boolean(),
  })
  fc.assert(
    fc.property(numbers, ({ epoch, seq, failures, ...given }) => {
      const plain = retryDelayMs(rule(given), null, epoch, { seq, failures })
      const jittered = retryDelayMs(rule({ ...given, retryJitter: 'full' }), null, epoch, {
        seq,
        failures,
      })
      expect(Number.isInteger(jittered)).toBe(true)
      expect(jittered).toBeGreaterThanOrEqual(0)
      expect(jittered).toBeLessThanOrEqual(plain)
    }),
  )
  const given = rule({ retryDelayMs: 1_000_000, retryJitter: 'full' })
  const delay = (epoch: number, seq: number, failures: number) =>
    retryDelayMs(given, null, epoch, { seq, failures })
  const all = [delay(1, 1, 1), delay(2, 1, 1), delay(1, 2, 1), delay(1, 1, 2), delay(2 ** 40, 1, 1)]
  expect(new Set(all).size).toBe(all.length)
})

test('retries: a human’s time-out is a time-out, and not the other way round', () => {
  expect(hasCode(['human_timeout'], 'timeout')).toBe(true)
  expect(hasCode(['human_timeout'], 'human_timeout')).toBe(true)
  expect(hasCode(['timeout'], 'human_timeout')).toBe(false)
  expect(hasCode([], 'timeout')).toBe(false)
  const failing = { seq: 0, failures: 1, retryCount: 1, retryable: true, code: 'timeout' }
  expect(isRetried({ retryOn: ['human_timeout'] }, failing)).toBe(true)
  expect(isRetried({ retryOn: ['api_error'] }, failing)).toBe(false)
  expect(isRetried({ retryOn: null }, failing)).toBe(true)
  expect(isRetried({ retryOn: null }, { ...failing, retryable: false })).toBe(false)
  expect(isRetried({ retryOn: null }, { ...failing, failures: 2 })).toBe(false)
})

test('retries: a lost agent is no failure: the task waits again at once, whatever is retried', () => {
  const policy = new Policy({ queue: { retryCount: 0, retryDelayMs: 60_000, retryOn: [] } })
  const agent = policy.agent('a')
  const record = policy.run()
  policy.bye(agent)
  expect(record.state).toBe(WAITING)
  policy.agent('b')
  policy.place()
  policy.succeed(record)
  expect(record.state).toBe(COMPLETED)
})

test('retries: the flow of [004]: 90 s for an agent, a time-out is repeated once, then by hand', () => {
  const policy = new Policy({
    queues: {
      gap_analysis: rule({
        timeoutMs: 90_000,
        retryCount: 1,
        retryDelayMs: 30_000,
        retryOn: ['timeout', 'api_error'],
        deadLetterQueue: 'gap_analysis_errors',
      }),
    },
    deadLetterMoves: { gap_analysis_errors: 'manual_gap_analysis' },
  })
  policy.agent('a', { leased: false, queues: ['gap_analysis'], concurrency: 2 })
  const record = policy.run('gap_analysis')
  policy.pass(90_000)
  expect(record).toMatchObject({ state: SCHEDULED, code: 'timeout', failures: 1 })
  policy.pass(30_000)
  expect(policy.place()).toEqual([record])
  policy.pass(90_000)
  expect(record.cls!.queue.name).toBe('manual_gap_analysis')
  expect(record).toMatchObject({ state: WAITING, attempts: 2 })
  expect(policy.effects.deadLetters.map(({ name }) => name)).toEqual(['gap_analysis_errors'])
})
