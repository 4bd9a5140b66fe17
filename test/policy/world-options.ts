/** What happens in a `World` of the model-based tests: its queues, and what comes to them. */
import { QUEUE_DEFAULTS, type QueueOptions } from '../../src/options.ts'

export const QUEUES = ['q', 'r', 's']
export const CAPABILITIES = [[], ['gpu'], ['ocr'], ['gpu', 'ocr']]
export const REQUIRES = [...CAPABILITIES, ['memory>=16'], ['gpu', 'memory>=16']]
export const LABELS: Record<string, number>[] = [{}, { memory: 8 }, { memory: 16, zone: 2 }]
export const STRATEGIES = ['least_loaded', 'random', 'round_robin']
export const CLASSES_MAX = 64
export const QUEUE = {
  timeoutMs: 700,
  retryCount: 1,
  lossLimit: 1,
  tasksMax: 40,
  preemptionsMax: 2,
  maxAgeMs: 600,
  escalateOn: ['hard', 'consensus_required'],
}
/** Where dead letters go: in a circle, which must end. */
export const MOVES = { errors: 's', s: 'by_hand', by_hand: 'q' }
export const OPTIONS: Record<string, QueueOptions> = {
  q: {
    ...QUEUE_DEFAULTS,
    ...QUEUE,
    slaTargetMs: 900,
    slaTargetsMs: { critical: 200 },
    escalateTo: 's',
    ttlMs: 1_500,
  },
  r: {
    ...QUEUE_DEFAULTS,
    ...QUEUE,
    binding: 'early',
    strategy: 'random',
    retryDelayMs: 120,
    exponentialBackoff: true,
    retryDelayMaxMs: 400,
    retryJitter: 'full',
    heartbeatTimeoutMs: 500,
    deadlineMs: 4_000,
    deadLetterQueue: 'errors',
    escalateToAgent: 'a1',
  },
  s: {
    ...QUEUE_DEFAULTS,
    ...QUEUE,
    binding: 'early',
    match: 'fallback',
    shadow: 'round_robin',
    concurrency: 5,
    slaTargetMs: 800,
    slaClock: 'completed',
    retryOn: ['error', 'human_timeout'],
    escalateTo: 'r',
    boostAfterMs: { background: 100, low: 200, normal: 300 },
  },
}
/** What a queue may be configured to be, in turn. */
export const CHANGES: Partial<QueueOptions>[] = [
  {},
  { ttlMs: 300, slaTargetMs: 100 },
  { ttlMs: 0, concurrency: 2 },
  { boostAfterMs: { background: 50, low: 0, normal: 90 }, maxAgeMs: 0, preempt: false },
  { type: 'fifo', priority: 4, retryDelayMs: 60, slaClock: 'completed' },
]
export const SERVES = [['*'], ['q'], ['q', 'r'], ['s']]
