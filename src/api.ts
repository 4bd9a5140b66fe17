/**
 * What every way in offers alike (over NATS, embedded), and the shapes that status calls answer.
 * The contract suite runs against this interface.
 */
import type {
  AgentHandle,
  AgentOptions,
  BatchAgentOptions,
  BatchHandler,
  Handler,
} from './agent-task.ts'
import type {
  AgentProfile,
  AgentUtilization,
  RebalanceReport,
  ScalingAdvice,
  SchedulerMetrics,
} from './balance-views.ts'
import type { TaskExplanation } from './explanation.ts'
import type { FlowHandle, FlowOptions, FlowPage, FlowView, ListFlowsOptions } from './flow-views.ts'
import type { LedgerPage, LedgerTailOptions } from './ledger-views.ts'
import type { Placement } from './options.ts'
import type {
  CalibrationView,
  ClaimOptions,
  CommentOptions,
  DecideOptions,
  DecisionView,
  InboxOptions,
  InboxRow,
  InboxView,
  TaskComment,
} from './people-views.ts'
import type {
  DeadLetterPage,
  DeadLetterView,
  HistoryEntry,
  ListDeadLettersOptions,
  PurgeOptions,
  PurgeResult,
  QueueRow,
  QueueView,
  ReplayOptions,
  ReplayResult,
} from './promise-views.ts'
import type { ShadowReport, StrategyView } from './strategy-views.ts'
import type {
  AgentView,
  ListAgentsOptions,
  ListTasksOptions,
  SubmitManyOptions,
  SubmitOptions,
  TaskPage,
  TaskView,
} from './task.ts'

/** An accepted task in its submitter's hands. */
export interface TaskHandle {
  readonly id: string
  readonly queue: string
  /** State when it was accepted. */
  readonly state: string
  /** What it waited for when it was accepted, in words; null when it could be placed at once. */
  readonly waitingFor: string | null
  /** @throws TaskError when it did not complete. */
  result<T = unknown>(): Promise<T>
  /** As `result`, undecoded. */
  bytes(): Promise<Uint8Array>
}

/**
 * How a task of many ended. `refused`: it was not accepted; submit it again if `retryable`.
 * `unknown`: nothing more will be heard of it, as after a lost connection; it may have been done.
 */
export type OutcomeState =
  | 'completed'
  | 'failed'
  | 'expired'
  | 'cancelled'
  | 'dead'
  | 'refused'
  | 'unknown'

/** What became of one task of `runMany` or `submitMany`. */
export interface Outcome {
  /** Which payload of the source it was, from 0. */
  readonly index: number
  readonly state: OutcomeState
  /** Why it did not complete; null when it did. */
  readonly code: string | null
  readonly message: string
  readonly retryable: boolean
  /** How often the task was started. */
  readonly attempts: number
  /** The result; no bytes when it did not complete. */
  readonly bytes: Uint8Array
  /** The result's JSON value, `undefined` for no bytes. @throws SyntaxError when it is none. */
  json<T = unknown>(): T
}

/** What became of all tasks of a `submitMany`; without `onOutcome` none is followed to its end. */
export interface SubmitTotals {
  submitted: number
  accepted: number
  completed: number
  /** Failed, expired, cancelled or dead. */
  failed: number
  refused: number
  /** Nothing was heard of them any more. */
  unknown: number
  /** How often each code was the reason. */
  codes: Record<string, number>
}

export interface Signalbox {
  /** Submits and waits for the outcome. @throws TaskError, SignalboxError when it was refused. */
  run<T = unknown>(queue: string, payload?: unknown, options?: SubmitOptions): Promise<T>
  /** Submits; resolves when the task is accepted. @throws SignalboxError when it was refused. */
  submit(queue: string, payload?: unknown, options?: SubmitOptions): Promise<TaskHandle>
  /**
   * Submits a task for each payload and gives the outcomes as they come, in no order: `index` says
   * which is whose. Payloads are taken as far as there is room in the two windows, this call's and
   * the submitter's; a slow loop stops the source. Leaving the loop takes no more; what is in flight
   * goes on. What the source throws is thrown after the outcomes of what was in flight.
   * @throws bad_token, bad_option, bad_priority, not_supported, at once.
   */
  runMany(
    queue: string,
    payloads: Iterable<unknown> | AsyncIterable<unknown>,
    options?: SubmitManyOptions,
  ): AsyncIterableIterator<Outcome>
  /**
   * Submits a task for each payload. Resolves when all are accepted or refused; with `onOutcome`,
   * which is told each outcome, when all are final. Rejects with what the source or `onOutcome`
   * threw, after what was in flight.
   */
  submitMany(
    queue: string,
    payloads: Iterable<unknown> | AsyncIterable<unknown>,
    options?: SubmitManyOptions & { onOutcome?(outcome: Outcome): void },
  ): Promise<SubmitTotals>
  /** With `batch`, the handler takes several tasks of one queue at once. */
  agent(options: BatchAgentOptions, handler: BatchHandler): Promise<AgentHandle>
  agent(options: AgentOptions, handler: Handler): Promise<AgentHandle>
  /** @throws task_unknown. */
  getTask(id: string, queue?: string): Promise<TaskView>
  /** @returns the task after it. @throws task_unknown, finished. */
  cancelTask(id: string, queue?: string): Promise<TaskView>
  /**
   * Open tasks, then finished ones that are still kept, a page at a time: with fewer than `limit`
   * only when there are no more. What finishes while pages are read may be in two of them.
   * @throws queue_unknown, bad_option, not_supported.
   */
  listTasks(options?: ListTasksOptions): Promise<TaskPage>
  /** Those that are registered, in no order; all of them unless `limit` says how many at most. */
  listAgents(options?: ListAgentsOptions): Promise<AgentView[]>
  /** Asks an agent to finish what it runs and take no more. @throws agent_unknown. */
  drainAgent(id: string): Promise<void>
  /**
   * Why a task is where it is: for one that was placed who won and why, for one that waits what it
   * waits for. @throws task_unknown.
   */
  explainTask(id: string, queue?: string): Promise<TaskExplanation>
  /** All strategies that can be chosen, and where they are. */
  listStrategies(): Promise<StrategyView[]>
  /**
   * Switches while tasks run; none is lost, none is placed twice.
   * @param queue that queue; without it the default, for every queue that has none of its own.
   * @throws bad_option, queue_unknown.
   */
  setStrategy(strategy: string, queue?: string): Promise<void>
  /**
   * Lets a second strategy decide beside a queue's first, on routers, without acting.
   * @param strategy null ends it. @throws bad_option, queue_unknown.
   */
  setShadow(queue: string, strategy: string | null): Promise<void>
  /** How the shadow compares since it was set. @throws bad_option without one, queue_unknown. */
  shadowReport(queue: string): Promise<ShadowReport>
  /**
   * Every queue with its health, what waits and runs in it, and how its SLA is kept: of all schedulers,
   * a row for each that has it.
   */
  listQueues(): Promise<QueueRow[]>
  /**
   * One queue: its health with reasons, attainment, how waiting makes its tasks go first (ms), whether
   * those who work can keep its promise, and the options that it has now. @throws queue_unknown.
   */
  getQueue(name: string): Promise<QueueView>
  /**
   * Nothing of the queue is given out any more, with every scheduler that has it; what runs goes on, and
   * so do its clocks. @throws queue_unknown.
   */
  pauseQueue(name: string): Promise<void>
  /** The reverse of `pauseQueue`. @throws queue_unknown. */
  resumeQueue(name: string): Promise<void>
  /**
   * Tasks that were given up, the newest first, a page at a time; of several schedulers those of one
   * after the other. @throws dead_letter_unknown, queue_unknown, bad_option, not_supported.
   */
  listDeadLetters(options?: ListDeadLettersOptions): Promise<DeadLetterPage>
  /**
   * The newest dead letter of a task's id, with its payload as text when that is at most 64 KiB.
   * @throws dead_letter_unknown.
   */
  getDeadLetter(name: string, id: string): Promise<DeadLetterView>
  /**
   * Submits the tasks of dead letters again, under ids that are made up, and marks the letters
   * `replayed: <id>`. Of many, those that went on in another queue or were replayed already are passed
   * over; what is refused stays as it was, and at `queue_full` and the like it stops there.
   * @throws dead_letter_unknown, bad_option; with `id` also what its submit is refused with.
   */
  replayDeadLetters(options: ReplayOptions): Promise<ReplayResult>
  /** Deletes dead letters. @throws dead_letter_unknown, not_supported. */
  purgeDeadLetters(options: PurgeOptions): Promise<PurgeResult>
  /**
   * What happened to a task, the oldest first, as far back as the ledger still knows.
   * @throws task_unknown; not_supported when no ledger is kept.
   */
  taskHistory(id: string, queue?: string): Promise<HistoryEntry[]>
  /**
   * The newest decisions of a scheduler, or those behind an earlier page, the oldest first.
   * @throws bad_option, not_supported, also when no ledger is kept; ledger_failed.
   */
  ledgerTail(options?: LedgerTailOptions): Promise<LedgerPage>
  /** How loaded an agent is, or each of them, in no order. @throws agent_unknown. */
  getUtilization(agent?: string): Promise<AgentUtilization[]>
  /** One agent: what it runs, its last hundred results, its last hour. @throws agent_unknown. */
  agentProfile(agent: string): Promise<AgentProfile>
  metrics(): Promise<SchedulerMetrics>
  /**
   * How many agents each kind of work needs, and why: of one queue, or of all.
   * @throws queue_unknown; not_supported when the scheduler gives no advice.
   */
  scalingAdvice(queue?: string): Promise<ScalingAdvice[]>
  /** Moves waiting tasks between agents until no legal move is left. @throws not_supported. */
  rebalance(): Promise<RebalanceReport>
  /**
   * Gives an agent nothing new while it is maintained; what it has it ends, and what waits for it goes
   * elsewhere. `false` ends it. @throws agent_unknown.
   */
  maintainAgent(agent: string, isOn?: boolean): Promise<void>
  /**
   * Submits a graph of tasks; resolves when all of it is accepted.
   * @throws bad_flow, with the cycle where there is one; and as `submit`, naming the task.
   */
  flow(options: FlowOptions): Promise<FlowHandle>
  /** @throws flow_unknown. */
  getFlow(id: string): Promise<FlowView>
  listFlows(options?: ListFlowsOptions): Promise<FlowPage>
  /** Cancels what is open of a flow; with `node` only that task and all that depend on it. */
  cancelFlow(id: string, node?: string): Promise<FlowView>
  /** A result that a task may read, by the name of the input. @throws task_unknown, input_unknown. */
  taskInput(id: string, name: string, queue?: string): Promise<Uint8Array>
  /** Tasks of people: assigned, claimed, or waiting where they may take them. */
  listInbox(options?: InboxOptions): Promise<InboxRow[]>
  /** All that somebody sees before they decide. @throws task_unknown. */
  inboxTask(id: string, queue?: string): Promise<InboxView>
  /** Somebody begins a task of their inbox, or takes one that waits. @throws claimed, person_unknown. */
  claimTask(id: string, options: ClaimOptions): Promise<InboxView>
  /** @throws not_claimed, person_unknown. */
  decideTask(id: string, options: DecideOptions): Promise<DecisionView>
  commentTask(id: string, options: CommentOptions): Promise<TaskComment>
  /** How often people accept what was said with which confidence. @throws queue_unknown. */
  queueCalibration(queue: string): Promise<CalibrationView>
  status(): Promise<SchedulerStatus>
  latency(): Promise<LatencyReport>
  close(): Promise<void>
}

export interface RouterStatus {
  router: number
  alive: boolean
  decisions: number
  stale: number
  steals: number
  sleeps: number
  restarts: number
}

export interface QueueStatus {
  queue: string
  waiting: number
  /** In the own queues of agents; 0 unless it binds early. */
  bound: number
  running: number
  bytes: number
  /** What the oldest waiting task waits for; null when none waits. */
  waitingFor: string | null
}

export interface SchedulerStatus {
  scheduler: string
  epoch: number
  uptimeMs: number
  placement: Placement
  draining: boolean
  connected: boolean
  tasks: {
    accepted: number
    duplicates: number
    completed: number
    failed: number
    cancelled: number
    dead: number
    expired: number
    /** Delayed, or between two attempts. */
    scheduled: number
    /** Waiting for other tasks. */
    blocked: number
    waiting: number
    /** In routers' hands. */
    offered: number
    /** In the own queues of agents, of queues that bind early. */
    bound: number
    running: number
    /** accepted, less those that are over, scheduled, blocked, waiting, offered, bound or running: always 0. */
    lost: number
  }
  attempts: {
    started: number
    retried: number
    timedOut: number
    lost: number
    dispatchFailed: number
    /** Attempts that were sent again to an agent that keeps, because it did not know of them. */
    repeated: number
    lateResults: number
  }
  placedBy: { routers: number; inline: number }
  /** Tasks that went from an agent's own queue to another agent; attempts handed back unbegun. */
  moves: { stolen: number; recalled: number }
  /** Second attempts at tasks that took long, and how many of them came first. */
  hedges: { started: number; won: number }
  proposals: { conflicts: number; stale: number; overdue: number; bounced: number }
  /** Count of each refusal by its code. */
  refused: Record<string, number>
  /** Tasks completed by each agent, also those that have left; the busiest 1,024 where there are more. */
  tasksPerAgent: Record<string, number>
  agents: { online: number; offline: number; draining: number }
  /** All of them, or the busiest 256. */
  queues: QueueStatus[]
  /** Users' strategies that are off, and why: the default chooses in their place. */
  strategiesOff: Record<string, string>
  /** What `queues` and `tasksPerAgent` leave out, added up; zeros when they are whole. */
  unlisted: {
    queues: number
    waiting: number
    running: number
    agents: number
    /** By those agents. */
    completed: number
  }
  routers: RouterStatus[]
}

/** Stages of a task's latency; each is a histogram. */
export const LATENCY_STAGES = [
  'admit',
  'propose',
  'commit',
  'dispatch',
  'work',
  'deliver',
  'assignment',
  'total',
] as const
/**
 * admit: received → admitted; propose: admitted → proposed (waiting for an agent included);
 * commit: proposed → committed; dispatch: committed → dispatched; work: dispatched → result;
 * deliver: result → delivered; assignment: received → committed; total: received → delivered.
 */
export type LatencyStage = (typeof LATENCY_STAGES)[number]

export interface LatencySummary {
  count: number
  meanUs: number
  p50Us: number
  p90Us: number
  p99Us: number
  p999Us: number
  maxUs: number
  /** HdrHistogram's compressed V2 encoding in base64; empty when no answer has room for it. */
  encoded: string
}
export type LatencyReport = Record<LatencyStage, LatencySummary>
