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
 */
import type { TaskState } from '../task.ts'
import type { AgentState } from './agents.ts'
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

const NO_BYTES = new Uint8Array(0)

export class TaskRecord {
  id: string
  /** A user gave the id; set at admission. */
  isNamed = false
  readonly queueName: string
  readonly level: number
  readonly requires: readonly string[]
  queue: QueueState | null = null
  cls: ClassState | null = null
  state: RecordState = WAITING
  /** Order of admission over all queues; part of a made-up id. */
  seq = 0
  /** Place in its lane's order; the window rule counts in it. */
  position = 0
  /** Set while it waits again because nobody was free for its offer. */
  bounced = false

  /** Running time-out and retry limit; -1 until admission puts the queue's there. */
  timeoutMs: number
  retryCount: number
  attempts = 0
  failures = 0
  losses = 0

  /** Set while OFFERED or RUNNING. */
  slot = -1
  generation = 0
  offeredAtMs = 0

  /** Who has it or had it last. */
  agentId: string | null = null
  /** Set while RUNNING; the attempt's token is (epoch, counter, dispatchSeq). */
  agent: AgentState | null = null
  counter = 0
  dispatchSeq = 0
  /** Consecutive beats since dispatch that lacked the token. */
  beatsMissed = 0

  /** Why it did not complete; code null on success. */
  code: string | null = null
  message = ''
  retryable = false

  /**
   * The front end's: the range of a message that holds the payload, later the result, until the
   * bytes are in the arena; and their references there.
   */
  view: Uint8Array
  viewStart: number
  payload = -1
  readonly payloadBytes: number
  result = -1
  /** Of a task that completed; -1 without, or when there was no memory to keep it. */
  resultBytes = -1
  progress: string | null = null

  readonly origin: Origin
  readonly replyTo: unknown
  readonly wantsAccepted: boolean
  readonly wantsOutcome: boolean
  waiters: Waiter[] | null = null

  /** Latency stamps, µs, wrapping. */
  receivedUs: number
  admittedUs = 0
  proposedUs = 0
  committedUs = 0
  dispatchedUs = 0
  resultUs = 0
  /** Policy time, ms. */
  acceptedAtMs = 0
  startedAtMs = 0
  finishedAtMs = 0

  next: TaskRecord | null = null
  prev: TaskRecord | null = null
  timerNext: TaskRecord | null = null
  timerPrev: TaskRecord | null = null
  /** When the running time-out is due; 0 while disarmed. */
  timerDueMs = 0

  constructor(
    id: string,
    queueName: string,
    options: {
      level: number
      requires: readonly string[]
      timeoutMs: number | null
      retryCount: number | null
    },
    view: Uint8Array,
    viewStart: number,
    payloadBytes: number,
    origin: Origin,
    replyTo: unknown,
    wantsAccepted: boolean,
    wantsOutcome: boolean,
    receivedUs: number,
  ) {
    this.id = id
    this.queueName = queueName
    this.level = options.level
    this.requires = options.requires
    this.timeoutMs = options.timeoutMs ?? -1
    this.retryCount = options.retryCount ?? -1
    this.view = view
    this.viewStart = viewStart
    this.payloadBytes = payloadBytes
    this.origin = origin
    this.replyTo = replyTo
    this.wantsAccepted = wantsAccepted
    this.wantsOutcome = wantsOutcome
    this.receivedUs = receivedUs
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
