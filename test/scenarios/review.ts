/** The queues of source document 004 with its numbers, and its pipeline in virtual time. */
import { QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'
import { Clockwork, HOUR, SECOND, type WorkOf } from './clockwork.ts'

export const FOREVER: WorkOf = () => null
export const succeedAfter =
  (afterMs: number): WorkOf =>
  () => ({ afterMs })

export function queuesOf(
  given: Record<string, Partial<QueueOptions>>,
): Record<string, QueueOptions> {
  const entries = Object.entries(given)
  return Object.fromEntries(
    entries.map(([name, options]) => [name, { ...QUEUE_DEFAULTS, ...options }]),
  )
}

export const REVIEW = {
  ra_review_high: {
    priority: 4,
    concurrency: 3,
    ttlMs: 600 * SECOND,
    retryCount: 0,
    timeoutMs: 600 * SECOND,
    deadLetterQueue: 'ra_review_errors',
    slaTargetMs: 600 * SECOND,
    slaAttainment: 0.95,
    escalateOn: ['human_timeout', 'consensus_required'],
    escalateTo: 'supervisor',
  },
  ra_review_medium: {
    type: 'fifo',
    priority: 3,
    concurrency: 2,
    ttlMs: 1_800 * SECOND,
    retryCount: 0,
    timeoutMs: 1_800 * SECOND,
    deadLetterQueue: 'ra_review_errors',
    slaTargetMs: 1_800 * SECOND,
    slaAttainment: 0.9,
    escalateTo: 'supervisor',
  },
  expert_review_low: {
    type: 'fifo',
    priority: 2,
    concurrency: 1,
    ttlMs: 7_200 * SECOND,
    retryCount: 0,
    timeoutMs: 7_200 * SECOND,
    deadLetterQueue: 'expert_review_errors',
    slaTargetMs: 7_200 * SECOND,
    slaAttainment: 0.9,
    escalateTo: 'supervisor',
  },
  supervisor: { timeoutMs: HOUR },
} satisfies Record<string, Partial<QueueOptions>>

export const ANALYSIS = {
  gap_analysis: {
    type: 'fifo',
    concurrency: 2,
    ttlMs: 90 * SECOND,
    retryCount: 1,
    timeoutMs: 120 * SECOND,
    deadLetterQueue: 'gap_analysis_errors',
    batchSize: 5,
    retryDelayMs: 30 * SECOND,
    retryOn: ['timeout', 'api_error'],
  },
  predicate_ranking: {
    type: 'fifo',
    concurrency: 2,
    ttlMs: 120 * SECOND,
    retryCount: 2,
    timeoutMs: 180 * SECOND,
    deadLetterQueue: 'ranking_errors',
    batchSize: 3,
    retryDelayMs: 60 * SECOND,
    exponentialBackoff: true,
    retryOn: ['timeout', 'memory_error', 'api_error'],
  },
  data_validation: {
    type: 'fifo',
    concurrency: 3,
    ttlMs: 30 * SECOND,
    retryCount: 0,
    timeoutMs: 30 * SECOND,
    deadLetterQueue: 'validation_errors',
  },
  confidence_filtering: {
    type: 'fifo',
    priority: 4,
    concurrency: 1,
    ttlMs: 30 * SECOND,
    retryCount: 0,
    timeoutMs: 30 * SECOND,
    deadLetterQueue: 'routing_errors',
  },
  manual_gap_analysis: { timeoutMs: HOUR },
  basic_ranking: { timeoutMs: HOUR },
  ...REVIEW,
} satisfies Record<string, Partial<QueueOptions>>

export const ROUTES = {
  gap_analysis_errors: 'manual_gap_analysis',
  ranking_errors: 'basic_ranking',
  routing_errors: 'ra_review_medium',
  ra_review_errors: 'supervisor',
}

/** Works by queue; what is not named completes at once. */
export function pipeline(works: Record<string, WorkOf>): Clockwork {
  const clock = new Clockwork({ queues: queuesOf(ANALYSIS), deadLetterMoves: ROUTES }, (record) =>
    (works[record.cls!.queue.name] ?? succeedAfter(SECOND))(record),
  )
  clock.policy.agent('any', { concurrency: 10, leased: false })
  return clock
}

export const failing =
  (code: string, permanent = false): WorkOf =>
  () => ({ afterMs: 10 * SECOND, code, permanent })

export const startsOf = (clock: Clockwork, id: string) =>
  clock.starts.get(id)?.map((atMs) => atMs / SECOND)
