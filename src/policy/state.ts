/**
 * What the policy core holds between events, and what it gives out. Written by the steps of the core
 * (admission, matching, attempts, membership, leases) and by nothing else; main thread.
 */
import type {
  AgentTableWriter,
  ClassTableWriter,
  SlotTableWriter,
} from '../../native-free/index.ts'
import type { ErrorCode } from '../errors.ts'
import type { DedupOptions, KeepOptions, QueueOptions } from '../options.ts'
import { AgeHeap } from './age-lists.ts'
import type { AgentState } from './agents.ts'
import { AttemptPool } from './attempt.ts'
import type { ClassState } from './classes.ts'
import { PastIds } from './dedup.ts'
import { DueHeap } from './due-heap.ts'
import { FreeSlots } from './free-slots.ts'
import type { Flow } from './graphs.ts'
import type { Group } from './groups.ts'
import { HeadHeap } from './head-heap.ts'
import { Kept } from './kept.ts'
import type { Profile } from './profiles.ts'
import type { QueueState } from './queues.ts'
import { RecordList } from './record-list.ts'
import type { Stage } from './stages.ts'
import { idPrefixOf, TaskIndex } from './task-index.ts'
import type { TaskRecord } from './task-record.ts'
import { Timeouts } from './timeouts.ts'

/** How an attempt ended. */
export type AttemptEnd =
  | 'succeeded'
  | 'failed'
  | 'timeout'
  | 'cancelled'
  | 'agent_lost'
  | 'dispatch_failed'
  | 'undelivered'
  | 'heartbeat_timeout'
  | 'deadline_expired'
  | 'preempted'
  | 'recalled'
  | 'declined'
  | 'handed_on'

/**
 * What has happened to a task beside its way: `detail` of each is in words for people and machines.
 *
 * | note      | detail                                                        |
 * | --------- | ------------------------------------------------------------- |
 * | scheduled | `retry` or `delay`; the time stands in `extras.phase`         |
 * | ready     | nothing: its delay is over; or `parents`: they have completed |
 * | boosted   | `age`, `max_age` or `sla`; the level is the record's by now    |
 * | warned    | nothing: 80 % of its SLA are gone                             |
 * | breached  | nothing: all of it                                            |
 * | moved     | `escalation: <queue>`, `dead_letter: <queue>` or `rule: <queue>` |
 */
export type Note = 'scheduled' | 'ready' | 'boosted' | 'warned' | 'breached' | 'moved'

export interface PolicyEffects {
  /** The record has its final outcome; called once for each accepted task. */
  outcome(record: TaskRecord): void
  noted(record: TaskRecord, note: Note, detail: string): void
  /**
   * The task did not come to a good end here: what is known of it is to be kept under `name`. It has its
   * payload still. Before the note of its move, or its outcome.
   */
  deadLetter(record: TaskRecord, name: string): void
  /** A running attempt is asked to stop and hand back what it has. */
  preempt(record: TaskRecord, agent: AgentState): void
  /** A task that was bound to one agent is another's: in its own queue, or running. */
  stolen(record: TaskRecord, from: AgentState, to: AgentState): void
  /** The agent of a running attempt is asked to hand it back, if it has not begun it. */
  recall(record: TaskRecord, agent: AgentState): void
  /** A stage of a task is over, and its result, if there is one, is an input of the next. */
  advanced(record: TaskRecord, stage: Stage): void
  /** All tasks of a flow are final. */
  flowEnded(flow: Flow): void
  queuePaused(name: string, isPaused: boolean): void
  /** A final record is forgotten: what it kept may go. */
  forgotten(record: TaskRecord): void
  /** Neither the running attempt nor its result has arrived: send it again, with the same token. */
  repeat(record: TaskRecord): void
  /** The attempt has ended without a result: tell the agent to stop working on it. */
  revoke(agent: AgentState, counter: number, dispatchSeq: number, reason: ErrorCode): void
  /** An attempt has ended. @param isCharged its credit stays charged until `creditBack`. */
  ended(
    record: TaskRecord,
    counter: number,
    agent: AgentState,
    how: AttemptEnd,
    isCharged: boolean,
  ): void
  /** A task that was bound to the agent is in its lane again: nothing has begun. */
  unbound(record: TaskRecord, agent: AgentState): void
  /** The charged credit of an ended attempt is free again; not told when its agent goes. */
  creditBack(agent: AgentState, counter: number): void
  agentUp(agent: AgentState): void
  agentDown(agent: AgentState, reason: ErrorCode | 'bye'): void
  /** The instance was replaced by a newer one. */
  fenced(agent: AgentState): void
  drain(agent: AgentState): void
}

export interface PolicyOptions {
  epoch: number
  slots: number
  agentsMax: number
  classesMax: number
  leaseMs: number
  keep: KeepOptions
  strictQueues: boolean
  queueDefaults: QueueOptions
  queues: Record<string, QueueOptions>
  /** Tasks bound to one agent, over all queues, at most. */
  agentQueueMax: number
  /** Tasks of this base level and above are never moved from an agent to another; 6 for none. */
  protectFrom: number
  /** Queue that tasks go on in, by the name of their dead letter. */
  deadLetterMoves: Readonly<Record<string, string>>
  dedup: DedupOptions
  /** Strategies with this index or a higher one are users' own, and run on routers only. */
  routersOnlyFrom: number
  /** Index of a strategy's name in what the choosers were built with; -1 when unknown. */
  strategyIndex(name: string): number
}

export class PolicyCounters {
  accepted = 0
  duplicates = 0
  completed = 0
  failed = 0
  cancelled = 0
  dead = 0
  started = 0
  retried = 0
  timedOut = 0
  attemptsLost = 0
  /** Attempts that were sent again, each time. */
  repeated = 0
  dispatchFailed = 0
  lateResults = 0
  placedByRouters = 0
  placedInline = 0
  conflicts = 0
  staleProposals = 0
  overdueOffers = 0
  bounced = 0
  /** Tasks that went into an agent's own queue, each time. */
  bound = 0
  expired = 0
  /** Attempts that were asked to stop; that did. */
  preemptionsAsked = 0
  preempted = 0
  /** Tasks that went from one agent's own queue to another agent. */
  stolen = 0
  /** Attempts that were called back; that came back before they were begun. */
  recallsAsked = 0
  recalled = 0
  boosted = 0
  slaWarnings = 0
  slaBreaches = 0
  moved = 0
  deadLetters = 0
  /** Tasks that went on by a rule. */
  advanced = 0
  /** Second attempts elsewhere; that were the first to succeed. */
  hedged = 0
  hedgesWon = 0
  declined = 0
  flows = 0
}

export abstract class PolicyState {
  readonly options: PolicyOptions
  /** Replaced only while a journal is recorded, by one that writes and passes on. */
  effects: PolicyEffects
  readonly slots: SlotTableWriter
  readonly table: AgentTableWriter
  readonly classTable: ClassTableWriter
  /** Index of the strategy of queues that have none of their own. */
  defaultStrategy: number
  readonly counters = new PolicyCounters()
  readonly queues = new Map<string, QueueState>()
  readonly classes: ClassState[] = []
  readonly classByKey = new Map<string, ClassState>()
  /** Rows by type of task, from 1; they are never given back. */
  readonly rows = new Map<string, number>()
  /** Rows of match fractions by what is required, from 1; as well. */
  readonly matchRows = new Map<string, number>()
  /** Classes whose tasks may be bound. */
  earlyClasses = 0
  /** Classes in which a task waits. */
  readonly active: ClassState[] = []
  readonly profiles = new Map<string, Profile>()
  readonly groups = new Map<string, Group>()
  /** Agents with credit and something bound to them. */
  readonly ready: AgentState[] = []
  /** Groups in which a head waits. */
  readonly groupHeads = new HeadHeap<Group>()
  nextProfileNumber = 0
  readonly agents = new Map<string, AgentState>()
  readonly agentAt: (AgentState | undefined)[]
  readonly freeAgentIndices: number[]
  readonly fencedInstances = new Set<string>()
  readonly agentTotals = new Map<string, { completed: number; failed: number; lost: number }>()
  readonly index: TaskIndex
  readonly timeouts = new Timeouts()
  readonly dues = new DueHeap()
  /** Age lists in which something is due at some time. */
  readonly ages = new AgeHeap()
  readonly kept: Kept
  /** Final, and an input of what is open or part of an open flow: not to be forgotten. */
  readonly pinned = new RecordList()
  /** Tasks that whoever is free must not have, in the order in which they were tried last. */
  readonly parked = new RecordList()
  /** Of these from the first on, at least: not tried since credit has come free. */
  parkedToTry = 0
  /** By id; known as long as one of its tasks is. */
  readonly flows = new Map<string, Flow>()
  nextFlow = 0
  /** Final tasks whose children have not been told yet. */
  readonly settling: TaskRecord[] = []
  isSettling = false
  /** What became of named tasks that are forgotten, by queue and id, the first to finish first. */
  readonly past = new PastIds()
  /** Agents that tasks are escalated to: each serves the queue of its own name besides. */
  readonly supervisors = new Set<string>()
  readonly attempts = new AttemptPool()
  /** By slot: what is offered or runs in it. */
  readonly recordAt: (TaskRecord | null)[]
  readonly freeSlots: FreeSlots
  /** Credit of all accepting agents, and tasks offered, over all classes. */
  totalFree = 0
  totalOffered = 0
  /** Room in the own queues of all accepting agents; tasks in them. */
  totalPlaces = 0
  totalBound = 0
  /** Tasks that wait again because nobody was free for their offer. */
  bouncedWaiting = 0
  /** Nobody's lease ends, nobody's charged credit comes back, before these; policy ms. */
  leaseCheckAtMs = Number.POSITIVE_INFINITY
  creditCheckAtMs = Number.POSITIVE_INFINITY
  leasesSuspended = false
  nextSeq = 0
  /** Attempts given out; part of each token. */
  nextCounter = 1

  constructor(
    slots: SlotTableWriter,
    table: AgentTableWriter,
    classTable: ClassTableWriter,
    options: PolicyOptions,
    effects: PolicyEffects,
  ) {
    this.options = options
    this.effects = effects
    this.slots = slots
    this.table = table
    this.classTable = classTable
    this.defaultStrategy = options.strategyIndex(options.queueDefaults.strategy)
    this.index = new TaskIndex(idPrefixOf(options.epoch))
    this.kept = new Kept(options.keep)
    this.recordAt = new Array(options.slots).fill(null)
    this.agentAt = new Array(options.agentsMax).fill(undefined)
    this.freeAgentIndices = Array.from(
      { length: options.agentsMax },
      (_, i) => options.agentsMax - 1 - i,
    )
    this.freeSlots = new FreeSlots(options.slots)
  }

  /** A task with parents, children or a twin is final, its outcome told: what follows from that. */
  abstract linkedOver(record: TaskRecord, nowMs: number): void
}
