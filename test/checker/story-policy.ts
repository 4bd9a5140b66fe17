/** The options of the scheduler that a story is about. */
export const LEASE_MS = 10_000
const HOW = { match: 'exact', binding: 'late' }
export const POLICY = {
  epoch: 7,
  slots: 1_000,
  leaseMs: LEASE_MS,
  keep: { count: 100, ageSeconds: 60, bytes: 1_000 },
  agentQueueMax: 2,
  protectFrom: 4,
  deadLetterMoves: { lost: 'boss' } as Record<string, string>,
  queueDefaults: { timeoutMs: 500, retryCount: 2, lossLimit: 1, ...HOW },
  queues: {
    promised: {
      ...{ timeoutMs: 9_000, retryCount: 3, lossLimit: 1, ...HOW, retryDelayMs: 100 },
      ...{ exponentialBackoff: true, retryDelayMaxMs: 250, slaTargetMs: 200, ttlMs: 400 },
      ...{ escalateTo: 'boss', escalateOn: ['human_timeout'], concurrency: 2, preemptionsMax: 1 },
      ...{ heartbeatTimeoutMs: 300, deadLetterQueue: 'lost', retryOn: ['oops', 'timeout'] },
      boostAfterMs: { background: 50, low: 50, normal: 50 },
    },
    boss: { timeoutMs: 9_000, retryCount: 0, lossLimit: 1, ...HOW, ttlMs: 100 },
    once: { timeoutMs: 500, retryCount: 0, lossLimit: 0, ...HOW },
    early: { timeoutMs: 500, retryCount: 2, lossLimit: 1, ...HOW, binding: 'early' },
    fit: { timeoutMs: 500, retryCount: 2, lossLimit: 1, ...HOW, match: 'best_fit' },
  },
}
