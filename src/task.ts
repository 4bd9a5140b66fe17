/** What a task is to its users: states, priorities, and the options of a submit. */
import type { AgentCondition } from './balance-views.ts'

export const TASK_STATES = [
  'pending',
  'blocked',
  'scheduled',
  'assigned',
  'processing',
  'completed',
  'failed',
  'expired',
  'cancelled',
  'dead',
] as const
export type TaskState = (typeof TASK_STATES)[number]

/** Five levels; 5 is served first. */
export const PRIORITIES = {
  background: 1,
  low: 2,
  normal: 3,
  high: 4,
  critical: 5,
} as const
export type PriorityName = keyof typeof PRIORITIES
export type PriorityLevel = 1 | 2 | 3 | 4 | 5
export const PRIORITY_DEFAULT: PriorityLevel = 3

/**
 * `exact`: all of it. `fallback`: all of it, or anybody who serves the queue while no such agent has
 * room. `best_fit`: anybody who serves the queue; how much of it an agent has goes into its score.
 */
export const MATCHES = ['exact', 'best_fit', 'fallback'] as const
export type Match = (typeof MATCHES)[number]

/**
 * `first`: the first result is the outcome. `majority`: what more than half say. `all`: what all say.
 * Otherwise the task fails as `consensus_required`, which may escalate it.
 */
export const DECIDE_POLICIES = ['first', 'majority', 'all'] as const
export type DecidePolicy = (typeof DECIDE_POLICIES)[number]

/**
 * @param value a level 1 to 5, its digits, or a name in any case.
 * @returns the level, or undefined when it is none.
 */
export function priorityLevel(value: unknown): PriorityLevel | undefined {
  if (typeof value === 'number') {
    return Number.isInteger(value) && value >= 1 && value <= 5
      ? (value as PriorityLevel)
      : undefined
  }
  if (typeof value !== 'string') return undefined
  if (/^[1-5]$/.test(value)) return Number(value) as PriorityLevel
  const name = value.toLowerCase()
  return Object.hasOwn(PRIORITIES, name) ? PRIORITIES[name as PriorityName] : undefined
}

/** A level, or 0 where nothing was said of it: the queue's. */
export type SaidLevel = PriorityLevel | 0

/**
 * @param urgency 1, the most urgent, to 10: two of them are a level.
 * @returns the level that a task of this urgency has, or undefined when it is none.
 */
export function priorityOfUrgency(urgency: number): PriorityLevel | undefined {
  if (!Number.isInteger(urgency) || urgency < 1 || urgency > 10) return undefined
  return (6 - Math.ceil(urgency / 2)) as PriorityLevel
}

/** What one task promises of itself, or delays, checked; null stands for the queue's. */
export interface OwnPromises {
  readonly ttlMs: number | null
  readonly deadlineMs: number | null
  readonly slaTargetMs: number | null
  readonly retryDelayMs: number | null
  /** From acceptance; 0 for at once. */
  readonly delayMs: number
}

/**
 * What a task that does not complete does to one that depends on it: `fail` fails it too, `skip` ends it
 * without a failure, `continue` lets it run without that result.
 */
export const PARENT_FAILURES = ['fail', 'skip', 'continue'] as const
export type ParentFailure = (typeof PARENT_FAILURES)[number]

/** Which tasks one depends on, checked. */
export interface TaskAfter {
  /** `id`, of its own queue or else of any, or `queue/id`. */
  readonly ids: readonly string[]
  readonly onFailure: ParentFailure
}

/** What a task says of how several agents decide it, checked; null stands for the queue's. */
export interface TaskVotes {
  /** 1 for one alone, where the queue has more. */
  readonly voters: number | null
  readonly decide: DecidePolicy | null
  /** Field of results that is compared; '' for the whole. */
  readonly by: string | null
}

/** Options of a submit; any other key is answered `not_supported`. */
export interface SubmitOptions {
  /** Unique in its queue; a second submit with it gets the first one's state. Default: made up. */
  id?: string
  priority?: PriorityName | PriorityLevel
  /** What kind of work it is, for strategies that learn by it: a token; the queue's name by default. */
  type?: string
  /** Capabilities and labels that the agent must have: `ocr`, `gpu>=24`. */
  requires?: string[]
  /** As `requires`, but only liked: agents that meet all of it are taken first while one has room. */
  prefers?: string[]
  /** What an agent must have of `requires`; the queue's by default, always `exact` from priority 4. */
  match?: Match
  /** Who chooses the agent; the queue's strategy by default. */
  strategy?: string
  /** Tasks with one key go to one agent where the strategy is `affinity`: a token. */
  key?: string
  /** Running time-out in ms; the queue's by default. */
  timeoutMs?: number
  /** How often a failed or timed-out attempt is repeated; the queue's by default. */
  retryCount?: number
  /** Before an attempt is repeated, in ms; the queue's by default. */
  retryDelayMs?: number
  /** How long it may wait for an agent before it is `expired`, in ms; the queue's by default. */
  ttlMs?: number
  /** How long it may take in all, in ms; of two the earlier end is served first. The queue's by default. */
  deadlineMs?: number
  /** How long it may wait for an agent by promise, in ms; the queue's by default. */
  slaTargetMs?: number
  /** Begin to look for an agent so many ms after acceptance. */
  delayMs?: number
  /** The same as a time: ms since 1970, or a Date. Not both. */
  at?: number | Date
  /** Tasks that must complete first: `id` of its own queue or else of any, or `queue/id`; at most 1,000. */
  dependsOn?: string[]
  /** What one of those that does not complete does to it. Default `fail`. */
  onParentFailure?: ParentFailure
  /** So many different agents do it, and decide together; the queue's by default. 1 to 16. */
  voters?: number
  /** How they decide; the queue's by default. */
  decide?: DecidePolicy
  /** Field of their results that is compared, as `decision` or `review.verdict`; '' for the whole. */
  decideBy?: string
}

/** What one task says of how it is to be placed, checked; null stands for the queue's. */
export interface TaskRouting {
  readonly type: string | null
  readonly strategy: string | null
  readonly match: Match | null
  /** Canonical terms. */
  readonly prefers: readonly string[]
}

/** Options of many tasks; each is for every one of them. */
export interface SubmitManyOptions extends Omit<SubmitOptions, 'id'> {
  /** The id of each task; made up by default. */
  idOf?(payload: unknown, index: number): string
  /** Payloads taken from the source whose tasks are not over yet, at most. Default 1,024. */
  window?: number
}

/** What the API shows of one task. */
export interface TaskView {
  id: string
  queue: string
  state: TaskState
  priority: PriorityLevel
  type: string
  requires: string[]
  prefers: string[]
  match: Match
  strategy: string
  attempts: number
  /** Who has it, or had it last. */
  agent: string | null
  waitingFor: string | null
  code: string | null
  message: string | null
  payloadBytes: number
  resultBytes: number | null
  /** UTF-8 text of the result when it was kept and is at most 64 KiB, else null. */
  result: string | null
  progress: string | null
  /** Who serves it now: its queue, or the one that it moved to. */
  servedBy: string
  /** Queues that it was moved away from, the first one first. */
  failedDestinations: string[]
  /** Level that it is served at now: its priority, or what waiting has made of it. */
  effectivePriority: PriorityLevel
  /** null when it has no promise or does not wait any more. */
  sla: 'kept' | 'warning' | 'breached' | null
  /** Times it was interrupted. */
  preemptions: number
  /** Name of its dead letter; null without one. */
  deadLetter: string | null
  /** Wall-clock, ms since 1970: until when it is not to be tried, must be assigned by promise, must end. */
  scheduledFor: number | null
  slaDueAt: number | null
  deadlineAt: number | null
  /** Ids of tasks that it depends on. */
  dependsOn: string[]
  /** The flow that it came with, and its name there; null outside of one. */
  flow: string | null
  node: string | null
  /** Queues that it has left by a rule on its result, the first one first. */
  stages: StageView[]
  /** Of a second attempt elsewhere: the task. */
  standsFor: string | null
  /** Ids of the tasks by which several agents decide it. */
  votes: string[]
  /** Of a person's task: whether it was claimed; null for all others. */
  claimed: boolean | null
  /** Wall-clock times in ms since 1970, null where the step has not happened. */
  acceptedAt: number
  startedAt: number | null
  finishedAt: number | null
}

/** A stage that a task has left by a rule. */
export interface StageView {
  sourceQueue: string
  destinationQueue: string
  agent: string
  /** The rule's place among those of its queue, from 0. */
  rule: number
  attempts: number
  failedDestinations: string[]
  priority: PriorityLevel
  /** Wall-clock; null, both of them, where several have decided it: it was never tried by itself. */
  readyAt: number | null
  startedAt: number | null
  finishedAt: number
  resultBytes: number | null
}

/** A task in a list: all but its result, which `getTask` shows. */
export type TaskRow = Omit<TaskView, 'result'>

/** Which tasks a list shows; any other key is answered `not_supported`. */
export interface ListTasksOptions {
  /** Of this queue only. */
  queue?: string
  /** In this state only. */
  state?: TaskState
  /** At most so many, 1 to 1,000; 100 by default. */
  limit?: number
  /** Go on behind an earlier page, with the same queue and state. */
  cursor?: string
}

export interface TaskPage {
  /** Open tasks in the order of their acceptance, then finished ones, the newest first. */
  tasks: TaskRow[]
  /** Give it to go on; null when there is nothing more. */
  cursor: string | null
}

/** How much a list of agents shows; any other key is answered `not_supported`. */
export interface ListAgentsOptions {
  /** At most so many, 1 to 131,072; all by default. */
  limit?: number
}

export interface AgentPage {
  agents: AgentView[]
  /** Give it to go on; null when there is nothing more. */
  cursor: string | null
}

/** What the API shows of one agent; statuses as in the first source document. */
export type AgentStatusName = 'offline' | 'available' | 'busy' | 'overloaded' | 'maintenance'
export interface AgentView {
  id: string
  instance: string
  status: AgentStatusName
  queues: string[]
  capabilities: string[]
  /** Numbers by name, which tasks may compare. */
  labels: Record<string, number>
  /** How good it says it is at a type of task, 0 to 1. */
  specializations: Record<string, number>
  /** Mean time from dispatch to result over its last results, µs; null before the first. */
  latencyMeanUs: number | null
  /** 0 to 1 over its last results, to which ten of an agent with 0.9 are added. */
  successRate: number
  /** By type of task, 0 to 1: what it declared, and more and more what its results taught. */
  skills: Record<string, number>
  concurrency: number
  /** Tasks that it may have beyond its concurrency now, so that its hands are not idle. */
  prefetch: number
  /** It keeps results until they are acknowledged, so what is lost on the way is only repeated. */
  keeps: boolean
  running: number
  completed: number
  failed: number
  lost: number
  /** ms since it was last heard of. */
  silentMs: number
  /** Why it is given less than it could do, or nothing: docs/agent-health.md. */
  condition: AgentCondition
  /** The same in a sentence; null when it is fit. */
  reason: string | null
  /** Tasks that it has asked for and was not given yet; missing unless it pulls. */
  granted?: number
  /** Where an adopted agent answers requests; missing for all others. */
  subject?: string
  /** Of a person: when they work, in words, and how many of those running they have claimed. */
  hours?: string
  claimed?: number
}
