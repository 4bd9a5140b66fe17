/**
 * Keys of a queue, in the file and in TypeScript: those of source document 004, and ours.
 *
 * Runs in any thread. Invariant: every key of `QueueOptions` is here, once.
 */
import {
  BINDINGS,
  COMPARISONS,
  DECIDE_POLICIES,
  LIMITS,
  MATCHES,
  QUEUE_DEFAULTS,
  QUEUE_TYPES,
  RETRY_JITTERS,
  SLA_CLOCKS,
} from '../options.ts'
import { PRIORITIES } from '../task.ts'
import { type Key, KeyMaker, key } from './key.ts'

const COUNT_MAX = 2 ** 31 - 1
const BYTES_MAX = 2 ** 50

const of = new KeyMaker(QUEUE_DEFAULTS)

const SLA_LEVELS: readonly Key[] = Object.keys(PRIORITIES)
  .reverse()
  .map((level) =>
    key('seconds', level, level, `Of its ${level} tasks; 0 for no promise.`, {
      max: LIMITS.delayMsMax,
    }),
  )

const BOOST_LEVELS: readonly Key[] = (['background', 'low', 'normal'] as const).map((level) =>
  key('seconds', level, level, `Of a task that is served as ${level}; 0 for never.`, {
    max: LIMITS.delayMsMax,
    default: QUEUE_DEFAULTS.boostAfterMs[level],
  }),
)

/** Of each rule on results: docs/rules.md. */
export const RULE_KEYS: readonly Key[] = [
  key(
    'text',
    'field',
    'field',
    'Field of the result, `gaps.0.level`; without one it always fits.',
    {
      also: ['path', 'key', 'when', 'if'],
    },
  ),
  key('choice', 'is', 'is', 'How the field is compared, in quotes; `in` or `==` by default.', {
    values: COMPARISONS,
    also: ['op', 'operator', 'comparison'],
  }),
  key('values', 'value', 'value', 'What it is compared with; values of another type never fit.', {
    max: LIMITS.ruleValuesMax,
    also: ['values', 'than', 'to'],
  }),
  key('name', 'queue', 'queue', 'Queue in which the task goes on.', {
    also: ['then', 'route', 'destination', 'destination_queue', 'next'],
  }),
  key('priority', 'priority', 'priority', 'Its priority there; that queue’s by default.', {
    min: 1,
    max: 5,
    values: Object.keys(PRIORITIES),
  }),
  key('name', 'dead_letter', 'deadLetter', 'Or it ends as a dead letter, with this code.', {
    also: ['dead', 'reject', 'fail'],
  }),
  key('boolean', 'done', 'done', 'Or the result is the outcome, whatever rules follow.', {
    also: ['end', 'stop'],
  }),
  key('whole', 'times', 'times', 'How often a task may follow it; without, as often as it fits.', {
    min: 1,
    max: LIMITS.stagesMax,
    also: ['max_times', 'at_most'],
  }),
]

/** In the order in which they are shown. */
export const QUEUE_KEYS: readonly Key[] = [
  of.choice('type', 'type', QUEUE_TYPES, '`priority`: the higher first; `fifo`: as they came.'),
  of.priority('priority', 'priority', 'Of tasks that name none; of all in a `fifo` queue.'),
  of.whole(
    'concurrency',
    'concurrency',
    [0, LIMITS.concurrencyMax],
    'Its tasks that run at a time, over all agents; 0 for as many as agents have room.',
    { also: ['max_concurrent', 'max_concurrency', 'parallelism', 'agents', 'workers'] },
  ),
  of.whole(
    'batch_size',
    'batchSize',
    [1, LIMITS.batchSizeMax],
    'Tasks that an agent that takes batches may get at once.',
  ),
  of.seconds('ttl_seconds', 'ttlMs', 'How long a task may wait for an agent; 0 for ever.', {
    also: ['ttl', 'schedule_to_start', 'max_wait_seconds'],
  }),
  of.seconds('processing_timeout', 'timeoutMs', 'How long an attempt may run.', {
    min: 1,
    max: LIMITS.timeoutMsMax,
    also: ['timeout', 'timeout_seconds', 'processing_timeout_seconds', 'start_to_close'],
  }),
  of.seconds(
    'heartbeat_timeout_seconds',
    'heartbeatTimeoutMs',
    'How long an attempt may go without progress or a beat; 0 for ever.',
    { also: ['heartbeat', 'heartbeat_timeout'] },
  ),
  of.seconds(
    'deadline_seconds',
    'deadlineMs',
    'How long a task may take in all, from its acceptance; 0 for ever.',
    { also: ['deadline', 'schedule_to_close'] },
  ),
  of.whole(
    'retry_count',
    'retryCount',
    [0, LIMITS.retryCountMax],
    'How often an attempt that failed or timed out is repeated.',
    { also: ['retry', 'retries', 'max_retries', 'max_attempts', 'retries_max'] },
  ),
  of.seconds('retry_delay_seconds', 'retryDelayMs', 'Before an attempt is repeated.', {
    also: ['retry_delay', 'backoff', 'backoff_seconds'],
  }),
  of.boolean('exponential_backoff', 'exponentialBackoff', 'Each delay is twice the one before.'),
  of.seconds('retry_delay_max_seconds', 'retryDelayMaxMs', 'No delay is longer.', {
    also: ['max_retry_delay', 'retry_delay_max', 'max_backoff'],
  }),
  of.choice(
    'retry_jitter',
    'retryJitter',
    RETRY_JITTERS,
    '`full`: anything from 0 to the delay, so that what failed together comes back apart.',
    { also: ['jitter'] },
  ),
  of.names(
    'retry_on',
    'retryOn',
    LIMITS.errorKindsMax,
    'Error codes that are retried; null for all that are not permanent.',
    { none: null },
  ),
  of.names(
    'escalate_on',
    'escalateOn',
    LIMITS.errorKindsMax,
    'Error codes with which a task is escalated at once.',
  ),
  of.name(
    'escalate_to',
    'escalateTo',
    'Queue for tasks that breach their SLA or fail with one of `escalate_on`.',
    { none: '', also: ['escalation_queue', 'supervisor'] },
  ),
  of.name('escalate_to_agent', 'escalateToAgent', 'The same, for one agent.', { none: '' }),
  of.name(
    'dead_letter_queue',
    'deadLetterQueue',
    'Name of its dead letters; the queue’s own name by default.',
    { none: '', also: ['dlq', 'dead_letter', 'dead_letters'] },
  ),
  of.seconds(
    'sla_target_seconds',
    'slaTargetMs',
    'The promise: how long a task waits for an agent at most; 0 for none.',
    { also: ['sla', 'sla_target', 'sla_seconds'] },
  ),
  of.group('sla_targets', 'slaTargetsMs', SLA_LEVELS, 'The promise by priority, in seconds.', {
    also: ['sla_targets_seconds'],
  }),
  of.choice(
    'sla_clock',
    'slaClock',
    SLA_CLOCKS,
    'Whether an assignment or a completion in time keeps the promise.',
  ),
  of.percent(
    'sla_attainment_percent',
    'slaAttainment',
    'Share of tasks for which the promise is to be kept.',
    { also: ['sla_attainment', 'attainment', 'attainment_percent'] },
  ),
  of.seconds(
    'max_age_seconds',
    'maxAgeMs',
    'A task that has waited for so long goes up a level and says so; 0 for never.',
    { also: ['max_age'] },
  ),
  of.seconds(
    'max_time',
    'maxTimeMs',
    'The queue is slow when attempts take 1.2 times as long in the mean; 0 for none.',
    { also: ['max_time_seconds'] },
  ),
  of.group(
    'boost_after_seconds',
    'boostAfterMs',
    BOOST_LEVELS,
    'A task goes up a level, at most to high, when it has waited for so long at its level.',
    { also: ['boost_after', 'ageing', 'aging'] },
  ),
  of.boolean('preempt', 'preempt', 'Its critical tasks may interrupt lower ones.', {
    also: ['preemption'],
  }),
  of.whole(
    'preemptions_max',
    'preemptionsMax',
    [0, 100],
    'How often one of its tasks may be interrupted.',
  ),
  of.whole(
    'backlog_alert',
    'backlogAlert',
    [0, COUNT_MAX],
    'Waiting tasks above which a growing backlog is told of.',
  ),
  of.whole('loss_limit', 'lossLimit', [0, LIMITS.retryCountMax], 'Agents a task may be lost with.'),
  of.whole('tasks_max', 'tasksMax', [1, COUNT_MAX], 'Open tasks, waiting and running.', {
    also: ['max_tasks', 'max_size', 'capacity', 'max_length'],
  }),
  of.whole('bytes_max', 'bytesMax', [1, BYTES_MAX], 'Payload bytes of open tasks.', {
    also: ['max_bytes'],
  }),
  of.strategy('strategy', 'strategy', 'Who chooses the agents: docs/routing.md.', {
    also: ['routing_strategy', 'algorithm', 'load_balancer'],
  }),
  of.choice(
    'binding',
    'binding',
    BINDINGS,
    '`late`: tasks wait in their lane for an agent; `early`: at a busy one.',
  ),
  of.choice(
    'match',
    'match',
    MATCHES,
    'What an agent must have of what a task requires; always `exact` from priority high.',
    { also: ['capability_matching', 'matching'] },
  ),
  of.strategy('shadow', 'shadow', 'A second strategy that decides beside it, without acting.', {
    none: '',
  }),
  of.boolean('explain', 'explain', 'Keeps candidates and scores of each decision.'),
  of.rules(
    'rules',
    'rules',
    RULE_KEYS,
    'What results lead to, the first that fits: docs/rules.md.',
  ),
  of.text('confidence_field', 'confidenceField', 'Field of results that says how sure they are.', {
    none: '',
  }),
  of.whole(
    'voters',
    'voters',
    [1, LIMITS.votersMax],
    'Agents that do each task and decide it together: docs/together.md.',
    { also: ['votes', 'quorum', 'consensus', 'replicas'] },
  ),
  of.choice(
    'decide',
    'decide',
    DECIDE_POLICIES,
    'What decides: the first result, what more than half say, or what all say.',
    { also: ['decision', 'consensus_policy', 'vote'] },
  ),
  of.text('decide_by', 'decideBy', 'Field of the results that is compared; all of them without.', {
    none: '',
    also: ['decide_field', 'vote_by'],
  }),
  of.percent(
    'hedge_percentile',
    'hedgePercentile',
    'A task that runs longer than this share of its type is begun elsewhere besides; 0 for never.',
    { also: ['hedge', 'hedging', 'speculative', 'hedge_after_percentile'] },
  ),
  of.percent('hedge_budget_percent', 'hedgeBudget', 'Work that this may add, of all work.', {
    also: ['hedge_budget', 'hedge_budget_percentage'],
  }),
]
