/**
 * What a scheduler measures of itself, as numbers: what metrics are made of. Shapes, and which queues
 * are named.
 *
 * Invariant: bounded, whatever there is. Of queues at most `NAMED_QUEUES_MAX` are named and the others
 * are one row, and which ones are named never changes once there are as many: a counter that moved
 * from `other` to a name of its own would look like one that was reset.
 */
import type { LatencyStage, RouterStatus } from '../api.ts'
import type { AgentCondition } from '../balance-views.ts'
import type { HealthState } from '../promise-views.ts'
import type { AgentStatusName } from '../task.ts'

export const NAMED_QUEUES_MAX = 256
/** Kinds of work with scaling advice that are shown: what they require is the submitters' choice. */
export const POOLS_MAX = 256
/** No queue has this name: it has a character that names cannot have. */
export const OTHER_QUEUES = '(other)'

/** Upper bounds of the latency buckets, µs: three a decade, 50 µs to 60 s. */
export const BUCKET_BOUNDS_US: readonly number[] = [
  50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
  1_000_000, 2_500_000, 5_000_000, 10_000_000, 60_000_000,
]

export interface StageBuckets {
  /** By bound of `BUCKET_BOUNDS_US`: how many took at most as long. */
  cumulative: number[]
  count: number
  sumUs: number
}
export type LatencyBuckets = Record<LatencyStage, StageBuckets>

export interface ClockFigures {
  kept: number
  missed: number
}

export interface QueueFigures {
  queue: string
  waiting: number
  scheduled: number
  /** In agents' own queues. */
  bound: number
  running: number
  payloadBytes: number
  paused: boolean
  /** Null when none waits. */
  oldestMs: number | null
  /** Attempts that have ended. */
  ended: number
  /** Of several queues the worst. */
  health: HealthState
  assigned: ClockFigures
  completed: ClockFigures
}

/** Names as in the policy's counters. */
export interface CounterFigures {
  accepted: number
  duplicates: number
  completed: number
  failed: number
  cancelled: number
  dead: number
  expired: number
  started: number
  retried: number
  repeated: number
  lateResults: number
  placedByRouters: number
  placedInline: number
  conflicts: number
  staleProposals: number
  overdueOffers: number
  bounced: number
  preemptionsAsked: number
  stolen: number
  recallsAsked: number
  recalled: number
  boosted: number
  slaWarnings: number
  slaBreaches: number
  moved: number
  deadLetters: number
  hedged: number
  hedgesWon: number
}

/** Tasks that several agents decide together. */
export interface TogetherFigures {
  /** Asked so far; votes on them that came; and how they ended, where votes ended them. */
  questions: number
  votes: number
  decided: number
  undecided: number
}

/** How evenly the agents are loaded, and what is done about it. */
export interface BalanceFigures {
  stealAttempts: number
  cycles: number
  busy: number
  idle: number
  /** Coefficient of variation of the load ratios. */
  variation: number
}

/** What scaling advice says of a kind of work. */
export interface PoolFigures {
  queue: string
  /** Joined by commas; empty for anybody who serves the queue. */
  requires: string
  agents: number
  desired: number
}

/** Decisions of people that are alike. */
export interface DecisionFigures {
  queue: string
  /** `70-90`, or `none` for tasks that said no confidence. */
  band: string
  decision: string
  count: number
}

export interface SchedulerFigures {
  scheduler: string
  uptimeMs: number
  connected: boolean
  draining: boolean
  counters: CounterFigures
  /** Attempts by how they ended. */
  attempts: Readonly<Record<string, number>>
  agents: Record<AgentStatusName, number>
  /** Attempts that all agents that take work can run at a time. */
  places: number
  /** Registered agents by how they do. */
  conditions: Record<AgentCondition, number>
  balance: BalanceFigures
  together: TogetherFigures
  /** At most `POOLS_MAX`, those with most agents or most need. */
  pools: readonly PoolFigures[]
  refused: Readonly<Record<string, number>>
  routers: readonly RouterStatus[]
  /** Null when no decisions are recorded. */
  ledger: { entries: number; lost: number; hasFailed: boolean } | null
  isJournalRecording: boolean
  /** Kept now; gone because there were too many. */
  deadLetters: { kept: number; dropped: number }
  queues: readonly QueueFigures[]
  /** What people decided, by queue and how sure it was said to be; none without. */
  decisions: readonly DecisionFigures[]
}

/** Which queues are named; one for each scheduler that is looked at. */
export class NamedQueues {
  readonly #names = new Set<string>()
  readonly #max: number

  constructor(max: number = NAMED_QUEUES_MAX) {
    this.#max = max
  }

  /** Gives the names that are left to the busiest of those that have none. */
  choose(queues: Iterable<{ name: string; open: number }>): ReadonlySet<string> {
    const left = this.#max - this.#names.size
    if (left <= 0) return this.#names
    const nameless = [...queues].filter(({ name }) => !this.#names.has(name))
    if (nameless.length > left) nameless.sort((a, b) => b.open - a.open)
    for (const { name } of nameless.slice(0, left)) this.#names.add(name)
    return this.#names
  }
}
