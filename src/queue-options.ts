/**
 * What a queue may be configured to, and what it is without. docs/configuration.md has the same keys as
 * the file says them.
 */
import {
  type DecidePolicy,
  type Match,
  PRIORITY_DEFAULT,
  type PriorityLevel,
  type PriorityName,
} from './task.ts'

/** What a queue says for all its tasks, and a task for itself. */
export { DECIDE_POLICIES, type DecidePolicy, MATCHES, type Match } from './task.ts'

export interface QueueOptions {
  /** Running time-out of an attempt. */
  timeoutMs: number
  /** How often an attempt that failed or timed out is repeated. */
  retryCount: number
  /** How many times agents may be lost with the task before it is dead. */
  lossLimit: number
  /** Open tasks (waiting and running). */
  tasksMax: number
  /** Payload bytes of open tasks. */
  bytesMax: number
  /** Who chooses the agents: a name of docs/routing.md, or one of the option `strategies`. */
  strategy: string
  /**
   * `late` keeps a task in its lane until an agent is free; `early` gives it to a busy one at once, to
   * wait in that agent's own queue in the scheduler.
   */
  binding: Binding
  /** What an agent must have of `requires`; tasks of priority 4 and 5 are always `exact`. */
  match: Match
  /** A second strategy that decides beside the first and changes nothing; '' for none. */
  shadow: string
  /** Keep the candidates and scores of each decision for `explainTask`. */
  explain: boolean

  /**
   * `priority`: the higher priority first. `fifo`: each task has the queue's priority, so they go in
   * order of arrival.
   */
  type: QueueType
  /** Of its tasks that name none; of all when it is `fifo`. */
  priority: PriorityLevel
  /** Its tasks that run at a time, over all agents; 0 for as many as there is credit. */
  concurrency: number
  /** Tasks that an agent that takes batches may get at once. */
  batchSize: number

  /** How long a task may wait for an agent before it is `expired`; 0 for ever. */
  ttlMs: number
  /** How long an attempt may go without progress or a beat that names it; 0 for ever. */
  heartbeatTimeoutMs: number
  /** How long a task may take in all, from acceptance, before it is `expired`; 0 for ever. */
  deadlineMs: number

  /** Before an attempt is repeated. */
  retryDelayMs: number
  /** Each further delay is twice the one before. */
  exponentialBackoff: boolean
  retryDelayMaxMs: number
  /** `full`: anything from 0 to the delay, so that what failed together does not come back so. */
  retryJitter: RetryJitter
  /** Error codes that are retried; null for all that are not permanent. */
  retryOn: readonly string[] | null
  /** Error codes with which a task goes to `escalateTo` at once. */
  escalateOn: readonly string[]
  /** Queue for tasks that breach their SLA or fail with one of `escalateOn`; '' for none. */
  escalateTo: string
  /** The same for one agent: it serves a queue of its own name besides. '' for none. */
  escalateToAgent: string
  /** Name of the dead letters of its tasks; '' for the queue's own name. */
  deadLetterQueue: string

  /** How long a task may wait for an agent by promise; 0 for none. */
  slaTargetMs: number
  /** The same by priority, where it differs. */
  slaTargetsMs: Readonly<Partial<Record<PriorityName, number>>>
  /** Whether the promise is kept by an assignment or by a completion in time. */
  slaClock: SlaClock
  /** Share of tasks that is to keep it, 0 to 1. */
  slaAttainment: number
  /** A task that has waited for so long goes one level up, and says so; 0 for never. */
  maxAgeMs: number
  /** Mean running time beyond 1.2 times of which the queue is slow; 0 for none. */
  maxTimeMs: number
  /** A task goes one level up, at most to high, when it has waited for so long at its level; 0 for never. */
  boostAfterMs: BoostTable
  /** Its critical tasks may interrupt lower ones of agents that let themselves be interrupted. */
  preempt: boolean
  /** How often one of its tasks may be interrupted. */
  preemptionsMax: number
  /** Waiting tasks above which a growing backlog is told of. */
  backlogAlert: number

  /** What its results lead to, the first that fits; with none a result is the outcome. docs/rules.md. */
  rules: readonly ResultRule[]
  /** Field of its results that says how sure they are, 0 to 100; '' for none. */
  confidenceField: string
  /** So many different agents do each of its tasks and decide together; 1 for one alone. */
  voters: number
  decide: DecidePolicy
  /** Field of their results that is compared; '' for the whole. */
  decideBy: string
  /**
   * A task that runs longer than this share of its type, 0.5 to 0.999, is begun elsewhere besides, and
   * the first outcome wins; 0 for never. Only for tasks that may run twice.
   */
  hedgePercentile: number
  /** Work that this may add, as a share of all work, 0 to 1. */
  hedgeBudget: number
}

export const COMPARISONS = [
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'not_in',
  'contains',
  'exists',
  'missing',
] as const
export type Comparison = (typeof COMPARISONS)[number]
export type RuleValue = string | number | boolean | null

/** One rule on results: data, nothing is evaluated. */
export interface ResultRule {
  /** Path in the result, as `confidence` or `gaps.0.level`; '' fits any result. */
  readonly field: string
  readonly is: Comparison
  /** What it is compared with; a list for `in` and `not_in`; null for `exists` and `missing`. */
  readonly value: RuleValue | readonly RuleValue[]
  readonly then: 'queue' | 'dead' | 'done'
  /** Where the task goes on; '' unless `then` is `queue`. */
  readonly queue: string
  /** Its priority there; 0 for that queue's. */
  readonly priority: PriorityLevel | 0
  /** Code of the dead letter; '' unless `then` is `dead`. */
  readonly code: string
  /** How often a task may follow it; 0 for as often as it fits. */
  readonly times: number
}

/** What a rule makes of a result. */
export type NextStage =
  | {
      readonly then: 'queue'
      readonly queue: string
      /** 0 for that queue's. */
      readonly level: number
      /** Index among the rules of the queue that it leaves. */
      readonly rule: number
    }
  | {
      readonly then: 'dead'
      readonly code: string
      readonly message: string
      readonly rule: number
    }

/** A rule as people write it: one of `queue`, `deadLetter` and `done`; without `field` it always fits. */
export interface RuleOptions {
  readonly field?: string
  /** `in` for a list and `==` for anything else by default. */
  readonly is?: Comparison
  readonly value?: RuleValue | readonly RuleValue[]
  readonly queue?: string
  /** Its priority there; that queue's by default. */
  readonly priority?: PriorityName | PriorityLevel
  /** Code of the dead letter. */
  readonly deadLetter?: string
  readonly done?: boolean
  /** How often a task may follow it; as often as it fits by default. */
  readonly times?: number
}

/** Options of a queue as people write them. */
export interface GivenQueueOptions extends Partial<Omit<QueueOptions, 'rules'>> {
  readonly rules?: readonly (RuleOptions | ResultRule)[]
}

export const QUEUE_TYPES = ['priority', 'fifo'] as const
export type QueueType = (typeof QUEUE_TYPES)[number]
export const RETRY_JITTERS = ['none', 'full'] as const
export type RetryJitter = (typeof RETRY_JITTERS)[number]
export const SLA_CLOCKS = ['assigned', 'completed'] as const
export type SlaClock = (typeof SLA_CLOCKS)[number]
/** Levels that age; from high on a task stays where it is. */
export interface BoostTable {
  readonly background: number
  readonly low: number
  readonly normal: number
}

const HOUR_MS = 3_600_000

export const BINDINGS = ['late', 'early'] as const
export type Binding = (typeof BINDINGS)[number]

export const QUEUE_DEFAULTS: QueueOptions = {
  timeoutMs: 30_000,
  retryCount: 2,
  lossLimit: 10,
  tasksMax: 1_000_000,
  bytesMax: 1024 * 1024 * 1024,
  strategy: 'least_loaded',
  binding: 'late',
  match: 'exact',
  shadow: '',
  explain: false,
  type: 'priority',
  priority: PRIORITY_DEFAULT,
  concurrency: 0,
  batchSize: 1,
  ttlMs: 0,
  heartbeatTimeoutMs: 0,
  deadlineMs: 0,
  retryDelayMs: 0,
  exponentialBackoff: false,
  retryDelayMaxMs: HOUR_MS,
  retryJitter: 'none',
  retryOn: null,
  escalateOn: [],
  escalateTo: '',
  escalateToAgent: '',
  deadLetterQueue: '',
  slaTargetMs: 0,
  slaTargetsMs: {},
  slaClock: 'assigned',
  slaAttainment: 0.95,
  maxAgeMs: 0,
  maxTimeMs: 0,
  boostAfterMs: { background: 4 * HOUR_MS, low: 2 * HOUR_MS, normal: HOUR_MS },
  preempt: true,
  preemptionsMax: 3,
  backlogAlert: 1_000,
  rules: [],
  confidenceField: 'confidence',
  voters: 1,
  decide: 'majority',
  decideBy: '',
  hedgePercentile: 0,
  hedgeBudget: 0.05,
}
