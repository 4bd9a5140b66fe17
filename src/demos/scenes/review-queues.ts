/**
 * Source document 004: the queues of its pipeline, who works there, and where dead letters go. Any thread.
 *
 * Invariant: the same as examples/regulatory-review/signalbox.yaml has them; a test compares the two.
 * What the document has otherwise stands beside it.
 */
import type { QueueOptions, ResultRule, RuleOptions } from '../../options.ts'
import { ruleOf } from '../../rules/shape.ts'
import type { CastAgent } from '../cast.ts'

const SECOND = 1_000

function rules(...given: RuleOptions[]): ResultRule[] {
  return given.map((one) => {
    const rule = ruleOf(one)
    if ('message' in rule) throw new Error(`${rule.key}: ${rule.message}`)
    return rule
  })
}

const people = {
  retryCount: 0,
  escalateOn: ['human_timeout', 'consensus_required'],
  escalateTo: 'supervisor',
  strategy: 'capacity_priority',
} as const

const REJECTED = rules({
  field: 'decision',
  value: 'reject',
  queue: 'expert_review_low',
  priority: 'low',
})

export const REVIEW_QUEUES = {
  data_validation: {
    type: 'fifo',
    priority: 3,
    concurrency: 3,
    ttlMs: 30 * SECOND,
    retryCount: 0,
    timeoutMs: 30 * SECOND,
    deadLetterQueue: 'validation_errors',
    batchSize: 10,
    strategy: 'round_robin',
    rules: rules(
      { field: 'valid', value: false, deadLetter: 'invalid' },
      { field: 'recall_count', is: '>=', value: 2, deadLetter: 'rejected' },
      { queue: 'gap_analysis' },
    ),
  },
  gap_analysis: {
    type: 'fifo',
    priority: 3,
    concurrency: 2,
    ttlMs: 90 * SECOND,
    retryCount: 1,
    timeoutMs: 120 * SECOND,
    deadLetterQueue: 'gap_analysis_errors',
    batchSize: 5,
    retryDelayMs: 30 * SECOND,
    retryOn: ['timeout', 'api_error'],
    strategy: 'round_robin',
    rules: rules(
      { field: 'safety_critical', value: true, queue: 'senior_review', priority: 'critical' },
      { queue: 'predicate_ranking' },
    ),
  },
  predicate_ranking: {
    type: 'fifo',
    priority: 3,
    concurrency: 2,
    ttlMs: 120 * SECOND,
    retryCount: 2,
    timeoutMs: 180 * SECOND,
    deadLetterQueue: 'ranking_errors',
    batchSize: 3,
    retryDelayMs: 60 * SECOND,
    exponentialBackoff: true,
    retryOn: ['timeout', 'memory_error', 'api_error'],
    strategy: 'round_robin',
    rules: rules({ queue: 'confidence_filtering' }),
  },
  confidence_filtering: {
    type: 'fifo',
    priority: 4,
    concurrency: 1,
    ttlMs: 30 * SECOND,
    retryCount: 0,
    timeoutMs: 30 * SECOND,
    deadLetterQueue: 'routing_errors',
    batchSize: 50,
    rules: rules(
      { field: 'confidence', is: 'missing', deadLetter: 'no_confidence' },
      { field: 'confidence', is: '>=', value: 90, queue: 'ra_review_high', priority: 'high' },
      { field: 'confidence', is: '>=', value: 70, queue: 'ra_review_medium', priority: 'normal' },
      { queue: 'expert_review_low', priority: 'low' },
    ),
  },
  // The document's concurrency of 3, 2 and 1 is that of the people at work: an inbox holds more.
  ra_review_high: {
    ...people,
    type: 'priority',
    priority: 4,
    ttlMs: 600 * SECOND,
    timeoutMs: 600 * SECOND,
    deadLetterQueue: 'ra_review_errors',
    slaTargetMs: 600 * SECOND,
    slaAttainment: 0.95,
    rules: REJECTED,
  },
  ra_review_medium: {
    ...people,
    type: 'fifo',
    priority: 3,
    ttlMs: 1_800 * SECOND,
    timeoutMs: 1_800 * SECOND,
    deadLetterQueue: 'ra_review_errors',
    slaTargetMs: 1_800 * SECOND,
    slaAttainment: 0.9,
    rules: REJECTED,
  },
  expert_review_low: {
    ...people,
    type: 'fifo',
    priority: 2,
    ttlMs: 7_200 * SECOND,
    timeoutMs: 7_200 * SECOND,
    deadLetterQueue: 'expert_review_errors',
    slaTargetMs: 7_200 * SECOND,
    slaAttainment: 0.9,
  },
  senior_review: {
    priority: 5,
    timeoutMs: 7_200 * SECOND,
    retryCount: 0,
    slaTargetMs: 300 * SECOND,
    escalateTo: 'supervisor',
  },
  manual_gap_analysis: {
    priority: 3,
    timeoutMs: 14_400 * SECOND,
    retryCount: 0,
    rules: rules({ queue: 'predicate_ranking' }),
  },
  basic_ranking: {
    priority: 3,
    timeoutMs: 60 * SECOND,
    retryCount: 1,
    rules: rules({ queue: 'confidence_filtering' }),
  },
  supervisor: { priority: 4, timeoutMs: 7_200 * SECOND, retryCount: 0 },
} satisfies Record<string, Partial<QueueOptions>>

/** Queue that tasks go on in, by the name of their dead letter. */
export const REVIEW_MOVES: Readonly<Record<string, string>> = {
  gap_analysis_errors: 'manual_gap_analysis',
  ranking_errors: 'basic_ranking',
  routing_errors: 'ra_review_medium',
  ra_review_errors: 'supervisor',
  expert_review_errors: 'supervisor',
}

/** People and the size of their inbox. The lead is there where a scene says so. */
export const REVIEW_PEOPLE = {
  ra1: { queues: ['ra_review_high'], capacity: 12 },
  ra2: { queues: ['ra_review_high'], capacity: 12 },
  ra3: { queues: ['ra_review_high', 'ra_review_medium'], capacity: 12 },
  ra4: { queues: ['ra_review_medium'], capacity: 12 },
  specialist: { queues: ['expert_review_low'], capacity: 1 },
  lead: { queues: ['supervisor', 'senior_review', 'manual_gap_analysis'], capacity: 12 },
} as const

/** The agents before the people: 3 validators, 2 for gaps, 2 for rankings, 1 router. */
export const AUTOMATION: readonly CastAgent[] = [
  ...[1, 2, 3].map((n) => ({ id: `validator-${n}`, queues: ['data_validation'] })),
  ...[1, 2].map((n) => ({ id: `gaps-${n}`, queues: ['gap_analysis'] })),
  ...[1, 2].map((n) => ({ id: `ranking-${n}`, queues: ['predicate_ranking'] })),
  { id: 'router', queues: ['confidence_filtering'] },
]
