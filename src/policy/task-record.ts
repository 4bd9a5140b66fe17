/**
 * The record of one task, from receipt until it is forgotten. Front-end heap, one writer.
 *
 *   BLOCKED ──parents──┐
 *  SCHEDULED ──time──► WAITING ──offer──► OFFERED ──commit──► RUNNING ──► COMPLETED | FAILED | DEAD
 *      ▲                ▲   ▲                │ └─bind─► BOUND ──┘│
 *      │                │   └──── bounce ────┘            │      │    any open state ──► CANCELLED
 *      │                └─────────────────────── unbind ──┴──────┤                  └──► EXPIRED
 *      └──────────────────────── retry after a delay ────────────┘ retry, loss, interruption
 *
 * A record stands in exactly one list at a time, linked through `next` and `prev`: its lane while
 * WAITING (unless it stands in that lane's heap), its lane's offers while OFFERED, its agent's own
 * queue while BOUND, its agent's running list while RUNNING, the parked while PARKED, the kept or the
 * pinned when final, none while SCHEDULED or BLOCKED. From the beginning of a wait to its end it stands in an age list besides, linked through
 * `ageNext` and `agePrev`. One class with all fields set in the constructor keeps one hidden shape.
 *
 * A million of them may wait, and each field is a word of eight bytes in each. So what is true only
 * of a task that is out is in its `Attempt`, what is yes or no shares a field, what follows from
 * another field is a getter (the queue, an id that was made up), and all numbers are small integers
 * that need no object of their own.
 */
import { hashKey } from '../routing/key-hash.ts'
import type { OwnPromises, TaskAfter, TaskRouting, TaskVotes } from '../task.ts'
import type { Attempt } from './attempt.ts'
import type { ClassState } from './classes.ts'
import { Extras } from './extras.ts'
import { NOBODY, type Origin, type Waiter } from './origin.ts'
import type { QueueState } from './queues.ts'
import { type RecordState, WAITING } from './record-state.ts'

export type { OwnPromises } from '../task.ts'
export * from './origin.ts'
export * from './record-state.ts'

const NO_BYTES = new Uint8Array(0)
const NOTHING: readonly string[] = []

/** Of `bits`: the level it is served at, its own level, then one for each that is yes or no. */
const LEVEL = 7
const BASE_SHIFT = 3
const BASE = LEVEL << BASE_SHIFT
const BOUNCED = 64
const RETRYABLE = 128
/** Of this wait: told that 80 % of its SLA are gone; all of it. */
const WARNED = 256
const BREACHED = 512
/** Its SLA was judged: it counts as kept or missed once. */
const JUDGED = 1024
/** The level that it is to be served at once it is back in a lane; 0 for the one it has. */
const PENDING_SHIFT = 11
const PENDING = LEVEL << PENDING_SHIFT
/** Of `wants`. */
const ACCEPTED = 1
const OUTCOME = 2

export interface RecordOptions {
  /** 1 to 5; 0 for the queue's. */
  level: number
  requires: readonly string[]
  /** null for the queue's. */
  timeoutMs: number | null
  retryCount: number | null
  /** What it says of who may have it and who chooses; without, all is the queue's. Never changed. */
  routing?: TaskRouting | null
  /** Tasks of a key go to the same agent when the strategy cares. */
  key?: string | null
  /** What it promises or delays for itself; without, all is the queue's. Never changed. */
  own?: OwnPromises | null
  /** Tasks that it depends on. Never changed. */
  after?: TaskAfter | null
  /** Several agents decide it. Never changed. */
  votes?: TaskVotes | null
}

/** Before admission, of a task that says more than what it requires; later its class says it. */
class Asked {
  readonly requires: readonly string[]
  readonly routing: TaskRouting

  constructor(requires: readonly string[], routing: TaskRouting) {
    this.requires = requires
    this.routing = routing
  }
}

/** Cheaper than `instanceof`: it is asked twice a task. */
function isTerms(asked: readonly string[] | Asked): asked is readonly string[] {
  return Array.isArray(asked)
}

export class TaskRecord {
  /** As a user gave it; '' when the id is made up. */
  givenId = ''
  queueName = ''
  private asked: readonly string[] | Asked = NOTHING
  /** Set at admission. */
  cls: ClassState | null = null
  state: RecordState = WAITING
  private bits = 0
  /** 32 bits, signed; 0 without a key. */
  keyHash = 0
  /** Order of admission over all queues; part of a made-up id. */
  seq = 0
  /** How many its lane had sent before it; the window rule counts in it. -1 before its first offer. */
  position = -1
  /** By when it is to be placed, policy ms: the earliest is first in its level. 0 for no such time. */
  dueMs = 0
  /** Place in its lane's heap; -1 outside. */
  heapAt = -1

  /** Running time-out and retry limit; -1 until admission puts the queue's there. */
  timeoutMs = -1
  retryCount = -1
  attempts = 0
  failures = 0
  losses = 0

  /** Set while OFFERED or RUNNING, and at no other time. */
  attempt: Attempt | null = null
  /** Who has it, is to have it, or had it last. */
  agentId: string | null = null
  /** What the agent last told of how far it is. */
  progress: string | null = null

  /** What only few tasks have; see there. */
  extras: Extras | null = null

  /** Why it did not complete; code null on success. */
  code: string | null = null
  message = ''

  /**
   * The front end's: the range of a message that holds the payload, later the result, until the
   * bytes are in the arena; and their references there.
   */
  view: Uint8Array = NO_BYTES
  viewStart = 0
  payload = -1
  payloadBytes = 0
  result = -1
  /** Of a task that completed; -1 without, or when there was no memory to keep it. */
  resultBytes = -1

  origin: Origin = NOBODY
  /** Where the origin answers; let go of once the outcome is told. */
  replyTo: unknown = null
  private wants = 0
  waiters: Waiter[] | null = null

  /** Latency stamps, µs, wrapping. */
  receivedUs = 0
  admittedUs = 0
  /** Policy time, ms. */
  acceptedAtMs = 0
  /** When its current wait began, or its last one. */
  readyAtMs = 0
  startedAtMs = 0
  finishedAtMs = 0

  next: TaskRecord | null = null
  prev: TaskRecord | null = null
  ageNext: TaskRecord | null = null
  agePrev: TaskRecord | null = null

  constructor(
    id: string,
    queueName: string,
    options: RecordOptions,
    view: Uint8Array,
    viewStart: number,
    payloadBytes: number,
    origin: Origin,
    replyTo: unknown,
    wantsAccepted: boolean,
    wantsOutcome: boolean,
    receivedUs: number,
  ) {
    this.begin(
      id,
      queueName,
      options,
      view,
      viewStart,
      payloadBytes,
      origin,
      replyTo,
      wantsAccepted,
      wantsOutcome,
      receivedUs,
    )
  }

  /** As the constructor, for a record that was cleared. */
  begin(
    id: string,
    queueName: string,
    options: RecordOptions,
    view: Uint8Array,
    viewStart: number,
    payloadBytes: number,
    origin: Origin,
    replyTo: unknown,
    wantsAccepted: boolean,
    wantsOutcome: boolean,
    receivedUs: number,
  ): void {
    this.givenId = id
    this.queueName = queueName
    this.bits = options.level | (options.level << BASE_SHIFT)
    const { requires, routing, key, own, after, votes } = options
    const isPlain = own == null && after == null && votes == null
    this.extras = isPlain ? null : new Extras(own ?? undefined, after ?? null, votes ?? null)
    this.asked = routing == null ? requires : new Asked(requires, routing)
    this.keyHash = key == null ? 0 : hashKey(key)
    this.timeoutMs = options.timeoutMs ?? -1
    this.retryCount = options.retryCount ?? -1
    this.view = view
    this.viewStart = viewStart
    this.payloadBytes = payloadBytes
    this.origin = origin
    this.replyTo = replyTo
    this.wants = (wantsAccepted ? ACCEPTED : 0) | (wantsOutcome ? OUTCOME : 0)
    this.receivedUs = receivedUs
  }

  /** The task is forgotten: all is as a new record has it, and nothing is held for its sake. */
  clear(): void {
    this.givenId = ''
    this.queueName = ''
    this.asked = NOTHING
    this.keyHash = 0
    this.cls = null
    this.state = WAITING
    this.bits = 0
    this.seq = 0
    this.position = -1
    this.dueMs = 0
    this.heapAt = -1
    this.timeoutMs = -1
    this.retryCount = -1
    this.attempts = 0
    this.failures = 0
    this.losses = 0
    this.agentId = null
    this.progress = null
    this.extras = null
    this.code = null
    this.message = ''
    this.dropView()
    this.payload = -1
    this.payloadBytes = 0
    this.result = -1
    this.resultBytes = -1
    this.origin = NOBODY
    this.replyTo = null
    this.wants = 0
    this.waiters = null
    this.receivedUs = 0
    this.admittedUs = 0
    this.acceptedAtMs = 0
    this.readyAtMs = 0
    this.startedAtMs = 0
    this.finishedAtMs = 0
  }

  /** '' before admission when nobody gave one. *Cost* a new text each time when it is made up. */
  get id(): string {
    if (this.givenId !== '' || this.cls === null) return this.givenId
    return this.cls.queue.idPrefix + this.seq
  }

  get isNamed(): boolean {
    return this.givenId !== ''
  }

  /** Terms that an agent must meet, sorted. */
  get requires(): readonly string[] {
    if (this.cls !== null) return this.cls.requires
    const { asked } = this
    return isTerms(asked) ? asked : asked.requires
  }

  /** What was said besides, until it is admitted; null for nothing. */
  get routing(): TaskRouting | null {
    const { asked } = this
    return isTerms(asked) ? null : asked.routing
  }

  /** Admission: from now on the class says what was asked for. */
  enter(cls: ClassState): void {
    this.cls = cls
    cls.entered++
    this.asked = NOTHING
  }

  /** What learning goes by; '' before admission. */
  get type(): string {
    return this.cls === null ? '' : this.cls.type
  }

  /** Where it was submitted: its id, its bounds and its counts are there, wherever it is served. */
  get queue(): QueueState | null {
    if (this.extras?.home) return this.extras.home
    return this.cls === null ? null : this.cls.queue
  }

  /** When it was to be tried first: promises count from here. */
  get firstReadyMs(): number {
    const { extras } = this
    if (extras === null) return this.acceptedAtMs
    return extras.releasedAtMs > 0 ? extras.releasedAtMs : this.acceptedAtMs + extras.own.delayMs
  }

  /** What it is served at now: which lane it stands in. Changed only while it stands in none. */
  get level(): number {
    return this.bits & LEVEL
  }

  set level(level: number) {
    this.bits = (this.bits & ~LEVEL) | level
  }

  /** What was asked for: exactness and interruption go by it. */
  get baseLevel(): number {
    return (this.bits & BASE) >> BASE_SHIFT
  }

  set baseLevel(level: number) {
    this.bits = (this.bits & ~BASE) | (level << BASE_SHIFT)
  }

  get warned(): boolean {
    return (this.bits & WARNED) !== 0
  }

  set warned(is: boolean) {
    this.bits = is ? this.bits | WARNED : this.bits & ~WARNED
  }

  get breached(): boolean {
    return (this.bits & BREACHED) !== 0
  }

  set breached(is: boolean) {
    this.bits = is ? this.bits | BREACHED : this.bits & ~BREACHED
  }

  get judged(): boolean {
    return (this.bits & JUDGED) !== 0
  }

  set judged(is: boolean) {
    this.bits = is ? this.bits | JUDGED : this.bits & ~JUDGED
  }

  /** A boost that came while it was offered or bound: the level that it has in its next lane; else 0. */
  get pendingLevel(): number {
    return (this.bits & PENDING) >> PENDING_SHIFT
  }

  set pendingLevel(level: number) {
    this.bits = (this.bits & ~PENDING) | (level << PENDING_SHIFT)
  }

  /** Set while it waits again because nobody was free for its offer. */
  get bounced(): boolean {
    return (this.bits & BOUNCED) !== 0
  }

  set bounced(is: boolean) {
    this.bits = is ? this.bits | BOUNCED : this.bits & ~BOUNCED
  }

  /** Whether it may be tried again after what `code` says. */
  get retryable(): boolean {
    return (this.bits & RETRYABLE) !== 0
  }

  set retryable(is: boolean) {
    this.bits = is ? this.bits | RETRYABLE : this.bits & ~RETRYABLE
  }

  get wantsAccepted(): boolean {
    return (this.wants & ACCEPTED) !== 0
  }

  get wantsOutcome(): boolean {
    return (this.wants & OUTCOME) !== 0
  }

  /** The bytes are in the arena now: let go of the socket's chunk. */
  dropView(): void {
    this.view = NO_BYTES
    this.viewStart = 0
  }
}
