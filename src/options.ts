/** Every limit and default of Signalbox, with its unit in its name and its reason beside it. */
import {
  AGENT_HEALTH_DEFAULTS,
  type AgentHealthOptions,
  METRICS_DEFAULTS,
  type MetricsOptions,
  SCALING_DEFAULTS,
  type ScalingOptions,
  STEALING_DEFAULTS,
  type StealingOptions,
} from './balance-options.ts'
import type { PersonOptions } from './people-views.ts'
import type { GivenQueueOptions } from './queue-options.ts'
import type { RoutingOptions } from './strategy-options.ts'

export * from './balance-options.ts'
export * from './queue-options.ts'

export const LIMITS = {
  /** `^[A-Za-z0-9_-]{1,64}$`: ids, queues, agents, capabilities. */
  tokenLengthMax: 64,
  headerBytesMax: 8 * 1024,
  headerCountMax: 32,
  payloadBytesDefault: 256 * 1024,
  /** Hello, beat, bye and control bodies. */
  controlBytesMax: 256 * 1024,
  jsonDepthMax: 32,
  jsonKeysMax: 1_000,
  jsonStringLengthMax: 65_536,
  requiresMax: 32,
  /** Of a number in a term: so many are read, held and written without changing. */
  termDigitsMax: 15,
  capabilitiesMax: 256,
  labelsMax: 64,
  specializationsMax: 256,
  queuesPerAgentMax: 256,
  concurrencyMax: 65_535,
  /** Tasks that an agent holds beyond its concurrency, so that the next is there when one ends. */
  prefetchMax: 1_024,
  retryCountMax: 100,
  timeoutMsMax: 30 * 24 * 3600 * 1000,
  errorMessageBytesMax: 4 * 1024,
  progressBytesMax: 1024,
  /** Submits received but not admitted: beyond either, 429 at receipt. */
  submitsWaitingMax: 65_536,
  submitsWaitingBytesMax: 64 * 1024 * 1024,
  timersPerTurn: 1_024,
  admitsPerTurn: 256,
  /** Fewer than this many later tasks of its lane overtake a task. */
  laneWindow: 256,
  /** From this many placeable heads in a turn, `auto` lets the routers place where costs do not tell. */
  burstHeads: 8,
  /** An offered task that is not committed by then is placed inline. */
  offerMs: 5,
  /** The same for one that only routers may place: it is offered to them again. */
  routerOnlyOfferMs: 250,
  /** Queues that come into being on first use. */
  queuesMax: 10_000,
  fencedInstancesMax: 10_000,
  /** Two may be lost. */
  beatsPerLease: 3,
  /** Tasks of one page of a list, and how many when none is said. */
  listTasksMax: 1_000,
  listTasksDefault: 100,
  /** Work of one page, about a millisecond: a number looked at is one step (30 ns when it misses). */
  listStepsMax: 32_768,
  /** Agents of one page, about 250 bytes each; and how many when none is said. */
  listAgentsMax: 1_000,
  /** What a status names of each, the busiest; the others are counted. */
  statusQueuesMax: 256,
  statusAgentsMax: 1_024,
  offlineAgentsKept: 1_000,
  /** The most that `agentsMax` may be. */
  agentsMax: 131_072,
  subjectLengthMax: 255,
  /** Tasks that a submitter has in flight, by default and at most; some 60 bytes of table each. */
  windowDefault: 65_536,
  windowMax: 1_048_576,
  /** Modules of users' strategies. */
  ownStrategiesMax: 16,
  windowSizeMax: 10_000,
  agentQueueMax: 4_096,
  /** An adopted agent that nobody answers for is tried again after so long, doubled each time. */
  adoptedPauseMsMin: 250,
  adoptedPauseMsMax: 10_000,
  /** Any time-out, delay or age that a queue or a task may name. */
  delayMsMax: 30 * 24 * 3600 * 1000,
  /**
   * A high task with neither deadline nor SLA is due by then: source document 004 processes high ones
   * within ten minutes. Without it, what waiting has raised to high would always go before it.
   */
  highDueMs: 10 * 60 * 1000,
  /** Tasks of a message or a call of an agent's handler. */
  batchSizeMax: 64,
  /** What an interrupted task hands to its next attempt; it goes in a header. */
  checkpointBytesMax: 4 * 1024,
  /** Queues that a task may move through: dead-letter routes and escalations. */
  movesMax: 8,
  /** Error codes of a queue's `retryOn` and `escalateOn`. */
  errorKindsMax: 32,
  deadLettersMax: 1_000_000,
  dedupIdsMax: 10_000_000,
  /** Tasks of a flow, edges between them, and tasks that one submit names as its parents. */
  flowTasksDefault: 1_000,
  flowTasksMax: 10_000,
  flowEdgesMax: 100_000,
  parentsMax: 1_000,
  /** Queues that a task may go through by rules. */
  stagesMax: 64,
  rulesPerQueueMax: 64,
  /** Names in the path of a rule's field, and values of a list. */
  ruleDepthMax: 8,
  ruleValuesMax: 256,
  votersMax: 16,
  peopleMax: 10_000,
  capacityDefault: 12,
  commentBytesMax: 4 * 1024,
  commentsMax: 100,
} as const

export type Placement = 'auto' | 'routers' | 'inline'

/**
 * What becomes of a task whose last attempt failed, which expired or which lost too many agents, once
 * its dead letter is written. `keep`: nothing, somebody replays or purges it. `file`: a line of JSON in
 * a file besides. `queue`: it goes on in another queue (by hand, by a simpler way, by a supervisor).
 */
export type DeadLetterRoute =
  | { route: 'keep' }
  | { route: 'file'; file: string }
  | { route: 'queue'; queue: string }

/** Bounds of the dead letters that are held in memory; the oldest go first, and that is told. */
export interface DeadLetterKeepOptions {
  count: number
  bytes: number
}

/** How long the ids of finished tasks are known although the tasks are forgotten. */
export interface DedupOptions {
  windowSeconds: number
  /** The oldest go first. */
  count: number
}

/** The record of every decision: docs/ledger.md. */
export interface LedgerOptions {
  /** Folder of its files; only the last stretch is kept, in memory, without. */
  directory?: string
  /** Memory for the last stretch. Default 16 MiB. */
  bytesMax?: number
  /** A new file is begun beyond. Default 64 MiB. */
  fileBytesMax?: number
  /** The oldest files are deleted beyond; 0 for never. Default 16. */
  filesMax?: number
}

/** What agents' results teach: docs/routing.md. */
export interface LearningOptions {
  /** Without it strategies go by what agents declared. Default true. */
  enabled: boolean
  /** Results of an agent, and of an agent and type, that count. 1 to 10,000; default 100. */
  windowSize: number
}

export interface KeepOptions {
  /** Finished tasks kept for look-up. */
  count: number
  ageSeconds: number
  /** Bytes of kept results, those of stages included; the oldest tasks go first. */
  bytes: number
}

/** What the policy core takes and gives, recorded: docs/journal.md. */
export interface JournalOptions {
  /** Written there from the start; without it the last stretch is kept in memory. */
  file?: string
  /** Bytes of memory: of what waits to be written to the file, or of what is kept. Default 32 MiB. */
  bytesMax?: number
}

export interface SchedulerOptions {
  /** Token in subjects; random by default. */
  name?: string
  /** Queues with their options. */
  queues?: Record<string, GivenQueueOptions>
  /** Defaults of every queue. */
  queueDefaults?: GivenQueueOptions
  /** Unknown queues are refused (`serve`) instead of created on first use (`dev`, embedded). */
  strictQueues?: boolean
  placement?: Placement
  /** Router threads; 0 for none. Default 2, embedded 0. */
  routers?: number
  /** Default strategy of queues that name none. */
  strategy?: string
  /**
   * Strategies of your own by name: paths of modules whose default export makes one. They run on
   * routers only.
   */
  strategies?: Record<string, string>
  /** Weights and numbers of the strategies that come with Signalbox. */
  routing?: RoutingOptions
  learning?: Partial<LearningOptions>
  /** Tasks bound early that wait for one agent, at most. 1 to 4,096; default 16. */
  agentQueueMax?: number
  /** An agent that is silent for so long is lost. */
  leaseMs?: number
  keep?: Partial<KeepOptions>
  payloadBytesMax?: number
  /** Bytes of payloads and kept results held in all. */
  arenaBytesMax?: number
  agentsMax?: number
  slots?: number
  /** Seed of the strategies' random numbers. */
  seed?: number
  /** Tasks that the calls of this process may have in flight. Default 65,536. */
  window?: number
  /** What a call does when as many are: waits its turn (the default), or throws. */
  whenFull?: 'wait' | 'refuse'
  /** Record a journal, to replay and check. Off by default. */
  journal?: JournalOptions
  /** What becomes of dead letters, by their name (`deadLetterQueue`); `keep` for those not named. */
  deadLetters?: Record<string, DeadLetterRoute>
  deadLettersKeep?: Partial<DeadLetterKeepOptions>
  dedup?: Partial<DedupOptions>
  /** How tasks move between agents: docs/balance.md. `false` for not at all. */
  stealing?: Partial<StealingOptions> | false
  /** When more agents are advised, or fewer: docs/scaling.md. `false` for never. */
  scaling?: Partial<ScalingOptions> | false
  /** What becomes of agents that do not do well: docs/agent-health.md. `false` for nothing. */
  agentHealth?: Partial<AgentHealthOptions> | false
  metrics?: Partial<MetricsOptions>
  /** People who take tasks, by name: docs/people.md. */
  people?: Record<string, PersonOptions>
  /** Tasks of a flow, at most. Default 1,000. */
  flowTasksMax?: number
  /** `false` records no decisions. On, in memory, by default. */
  ledger?: LedgerOptions | false
  /** Join a fleet over NATS: address, or options of the connection. */
  nats?: string | NatsOptions
}

export interface NatsOptions {
  /** Servers as `host:port` or URLs; default 127.0.0.1:4222. */
  servers?: string | string[]
  user?: string
  password?: string
  token?: string
  /** Subject prefix, default `sb`. */
  prefix?: string
  /** Replies go only below these prefixes, default `_INBOX.`. */
  inboxPrefixes?: string[]
  /** Serve every queue by wildcard (`dev`), instead of the configured ones only. */
  wildcard?: boolean
  /** How long the first connect may take. Default 5,000. */
  connectTimeoutMs?: number
  /** Services that answer requests and know nothing of us, to be used as agents. */
  agents?: readonly AdoptedAgentOptions[]
}

/** A service that answers requests on a subject: an agent that says no hello. */
export interface AdoptedAgentOptions {
  /** Where it, or its queue group, answers requests. */
  subject: string
  /** Tasks at a time, for all that answer there together. Default 1. */
  concurrency?: number
  /** The agent's name; the subject with `-` for `.` by default. */
  name?: string
  /** Queues it serves, `['*']` for all; the subject's last token by default. */
  queues?: readonly string[]
  capabilities?: readonly string[]
  labels?: Record<string, number>
  specializations?: Record<string, number>
}

/** As above, checked and complete. */
export type AdoptedAgent = Readonly<Required<AdoptedAgentOptions>>

export const SCHEDULER_DEFAULTS = {
  placement: 'auto' as Placement,
  leaseMs: 10_000,
  keep: { count: 10_000, ageSeconds: 3_600, bytes: 64 * 1024 * 1024 } satisfies KeepOptions,
  arenaBytesMax: 2 * 1024 * 1024 * 1024,
  agentsMax: 16_384,
  slots: 65_536,
  classes: 1_024,
  agentQueueMax: 16,
  learning: { enabled: true, windowSize: 100 } satisfies LearningOptions,
  stealing: STEALING_DEFAULTS,
  scaling: SCALING_DEFAULTS,
  agentHealth: AGENT_HEALTH_DEFAULTS,
  metrics: METRICS_DEFAULTS,
  journalBytesMax: 32 * 1024 * 1024,
  deadLettersKeep: { count: 10_000, bytes: 64 * 1024 * 1024 } satisfies DeadLetterKeepOptions,
  dedup: { windowSeconds: 120, count: 100_000 } satisfies DedupOptions,
  ledger: {
    bytesMax: 16 * 1024 * 1024,
    fileBytesMax: 64 * 1024 * 1024,
    filesMax: 16,
  },
  prefix: 'sb',
  inboxPrefixes: ['_INBOX.'],
  natsServer: '127.0.0.1:4222',
  connectTimeoutMs: 5_000,
}
