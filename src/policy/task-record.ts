/**
 * The record of one task, from receipt until it is forgotten. Front-end heap, one writer.
 *
 *   WAITING ──offer──► OFFERED ──commit──► RUNNING ──► COMPLETED | FAILED | DEAD
 *      ▲                  │                   │
 *      └──── bounce ──────┴──── retry, loss ──┘        any open state ──► CANCELLED
 *
 * A record stands in exactly one list at a time, linked through `next` and `prev`: its lane while
 * WAITING, its lane's offers while OFFERED, its agent's running list while RUNNING, the kept list
 * when final. One class with all fields set in the constructor keeps one hidden shape.
 *
 * A million of them may wait, and each field is a word of eight bytes in each. So what is true only
 * of a task that is out is in its `Attempt`, what is yes or no shares a field, what follows from
 * another field is a getter (the queue, an id that was made up), and all numbers are small integers
 * that need no object of their own.
 */
import type { TaskState } from '../task.ts'
import type { Attempt } from './attempt.ts'
import type { ClassState } from './classes.ts'
import type { QueueState } from './queues.ts'

export const WAITING = 0
export const OFFERED = 1
export const RUNNING = 2
export const COMPLETED = 3
export const FAILED = 4
export const CANCELLED = 5
export const DEAD = 6
export type RecordState = 0 | 1 | 2 | 3 | 4 | 5 | 6

const STATE_NAMES: readonly TaskState[] = [
  'pending',
  'pending',
  'processing',
  'completed',
  'failed',
  'cancelled',
  'dead',
]
export function stateName(state: RecordState): TaskState {
  return STATE_NAMES[state]
}

/** Who gets the answers about a task; the front end's transports implement it. */
export interface Origin {
  accepted(record: TaskRecord, replyTo: unknown, duplicate: boolean): void
  /** Also called for each later submitter of the same id, with its own `replyTo`. */
  outcome(record: TaskRecord, replyTo: unknown): void
  refused(replyTo: unknown, code: string, message: string, status: number, retryable: boolean): void
}

export interface Waiter {
  origin: Origin
  replyTo: unknown
}

/** Who submitted a record that is nobody's. */
export const NOBODY: Origin = { accepted() {}, outcome() {}, refused() {} }

const NO_BYTES = new Uint8Array(0)
const NOTHING: readonly string[] = []

/** Of `bits`: the level below, then one for each that is yes or no. */
const LEVEL = 7
const BOUNCED = 8
const RETRYABLE = 16
/** Of `wants`. */
const ACCEPTED = 1
const OUTCOME = 2

export interface RecordOptions {
  level: number
  requires: readonly string[]
  /** null for the queue's. */
  timeoutMs: number | null
  retryCount: number | null
}

export class TaskRecord {
  /** As a user gave it; '' when the id is made up. */
  givenId = ''
  queueName = ''
  requires: readonly string[] = NOTHING
  /** Set at admission. */
  cls: ClassState | null = null
  state: RecordState = WAITING
  private bits = 0
  /** Order of admission over all queues; part of a made-up id. */
  seq = 0
  /** Place in its lane's order; the window rule counts in it. */
  position = 0

  /** Running time-out and retry limit; -1 until admission puts the queue's there. */
  timeoutMs = -1
  retryCount = -1
  attempts = 0
  failures = 0
  losses = 0

  /** Set while OFFERED or RUNNING. */
  attempt: Attempt | null = null
  /** Who has it or had it last. */
  agentId: string | null = null
  /** What the agent last told of how far it is. */
  progress: string | null = null

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
  startedAtMs = 0
  finishedAtMs = 0

  next: TaskRecord | null = null
  prev: TaskRecord | null = null

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
    this.bits = options.level
    this.requires = options.requires
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
    this.requires = NOTHING
    this.cls = null
    this.state = WAITING
    this.bits = 0
    this.seq = 0
    this.position = 0
    this.timeoutMs = -1
    this.retryCount = -1
    this.attempts = 0
    this.failures = 0
    this.losses = 0
    this.agentId = null
    this.progress = null
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

  get queue(): QueueState | null {
    return this.cls === null ? null : this.cls.queue
  }

  get level(): number {
    return this.bits & LEVEL
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

export function isFinal(state: RecordState): boolean {
  return state >= COMPLETED
}
