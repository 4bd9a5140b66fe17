/**
 * Submitters that speak frames, as the path sees them: one `Origin` for each subject that answers go
 * to. What a turn has to say to one of them goes out in as few messages as it fits into.
 * Main thread.
 *
 *             first answer               full, or end of turn
 *   silent ────────────────► open frame ─────────────────────► sent, silent
 *                            │        ▲
 *                            └────────┘ further answers
 *
 * Invariant: a client with answers that are not sent stands in `#open`, and a turn is due or running
 * that sends them: nothing waits for a timer, and an answer alone goes out as fast as many.
 *
 * Rejected: a frame of every client's answers in one message for all (each would read the others'),
 * and a timer that waits for more (it holds back who has one task at a time).
 */
import { statusOf } from '../../errors.ts'
import type { ClassState } from '../../policy/classes.ts'
import {
  BLOCKED,
  COMPLETED,
  type Origin,
  PARKED,
  stateName,
  type TaskRecord,
  WAITING,
} from '../../policy/task-record.ts'
import { ANSWER, ANSWER_FLAG, ANSWER_STATES, AnswerWriter } from '../../wire/frames.ts'
import { headerText } from '../../wire/headers.ts'
import { answerSubject } from '../../wire/subjects.ts'
import { resultSource, resultStart } from '../complete.ts'
import type { FrontEndContext } from '../context.ts'
import type { Outlet } from './outlet.ts'

/** Clients known by their subject; forgotten all at once when there are more. */
const CLIENTS_MAX = 10_000
/** Frames open at a time; beyond, all are sent before the next is begun. Bounds memory: 16 MiB. */
const OPEN_MAX = 256
const EMPTY = new Uint8Array(0)

export class FrameClients {
  readonly context: FrontEndContext
  readonly #outlet: Outlet
  readonly #bySubject = new Map<string, FrameClient>()
  readonly #open: FrameClient[] = []
  /** Writers that nobody uses at the moment. */
  readonly #writers: AnswerWriter[] = []
  #inTurn = false
  /** What tasks of a class wait for: the same for all that are admitted in one turn. */
  #waitingClass: ClassState | null = null
  #waitingFor = ''

  constructor(context: FrontEndContext, outlet: Outlet) {
    this.context = context
    this.#outlet = outlet
  }

  /** @param replyTo where its answers go; empty for one who wants none. */
  of(replyTo: string): FrameClient {
    const subject = answerSubject(replyTo)
    const known = this.#bySubject.get(subject)
    if (known !== undefined) return known
    // Those that are forgotten live on in the tasks that they wait for.
    if (this.#bySubject.size >= CLIENTS_MAX) this.#bySubject.clear()
    const client = new FrameClient(this, subject)
    this.#bySubject.set(subject, client)
    return client
  }

  /** A frame for a client that has none open. Outside of turns it asks for one, which sends it. */
  open(client: FrameClient): AnswerWriter {
    if (this.#open.length >= OPEN_MAX) this.#sendOpen()
    if (this.#open.length === 0 && !this.#inTurn) this.context.inbox.wake()
    this.#open.push(client)
    return this.#writers.pop() ?? this.#newWriter()
  }

  #newWriter(): AnswerWriter {
    const writer = new AnswerWriter(this.#outlet.pool, this.#outlet.frameBytesMax)
    writer.begin(this.context.core.options.epoch)
    return writer
  }

  send(subject: string, frame: Uint8Array): void {
    this.#outlet.send(subject, frame)
  }

  /** In words, empty when it does not wait. Looks at every agent, so it is done once for a class. */
  waitingFor(record: TaskRecord): string {
    // Each of these for others.
    if (record.state === BLOCKED || record.state === PARKED) {
      return this.context.core.waitingFor(record) ?? ''
    }
    if (record.state !== WAITING) return ''
    if (record.cls !== this.#waitingClass) {
      this.#waitingClass = record.cls
      this.#waitingFor = this.context.core.waitingFor(record) ?? ''
    }
    return this.#waitingFor
  }

  startTurn(): void {
    this.#inTurn = true
    this.#waitingClass = null
  }

  /** End of the turn: all that is open goes out. */
  flush(): void {
    this.#inTurn = false
    if (this.#open.length > 0) this.#sendOpen()
  }

  #sendOpen(): void {
    for (const client of this.#open) this.#writers.push(client.close())
    this.#open.length = 0
  }
}

/** A task's `replyTo` is its number in the frame that brought it. */
export class FrameClient implements Origin {
  readonly #clients: FrameClients
  readonly #subject: string
  #writer: AnswerWriter | null = null

  constructor(clients: FrameClients, subject: string) {
    this.#clients = clients
    this.#subject = subject
  }

  accepted(record: TaskRecord, replyTo: unknown, duplicate: boolean): void {
    const waitingFor = this.#clients.waitingFor(record)
    const { id } = record
    const flags = duplicate ? ANSWER_FLAG.duplicate : 0
    this.#add(replyTo, ANSWER.accepted, stateOf(record), flags, id, 0, '', waitingFor, 0)
  }

  outcome(record: TaskRecord, replyTo: unknown): void {
    const { attempts } = record
    const state = stateOf(record)
    if (record.state !== COMPLETED) {
      const { id, code, message, retryable } = record
      const flags = retryable ? ANSWER_FLAG.retryable : 0
      const status = statusOf(code!)
      const text = headerText(message)
      this.#add(replyTo, ANSWER.outcome, state, flags, id, status, code!, text, attempts)
      return
    }
    const { context } = this.#clients
    const bytes = resultSource(context, record)
    const start = resultStart(context, record)
    const { resultBytes } = record
    this.#add(replyTo, ANSWER.outcome, state, 0, '', 0, '', '', attempts, bytes, start, resultBytes)
  }

  refused(
    replyTo: unknown,
    code: string,
    message: string,
    status: number,
    retryable: boolean,
  ): void {
    const flags = retryable ? ANSWER_FLAG.retryable : 0
    this.#add(replyTo, ANSWER.refused, 0, flags, '', status, code, headerText(message), 0)
  }

  #add(
    replyTo: unknown,
    what: number,
    state: number,
    flags: number,
    id: string,
    status: number,
    code: string,
    message: string,
    attempts: number,
    bytes: Uint8Array = EMPTY,
    start = 0,
    length = 0,
  ): void {
    if (this.#subject === '') return
    const number = replyTo as number
    this.#writer ??= this.#clients.open(this)
    const writer = this.#writer
    // Ends: an empty frame takes an item of any size.
    while (
      !writer.add(
        number,
        what,
        state,
        flags,
        id,
        status,
        code,
        message,
        attempts,
        bytes,
        start,
        length,
      )
    ) {
      this.#send(writer)
    }
    if (writer.isFull) this.#send(writer)
  }

  #send(writer: AnswerWriter): void {
    this.#clients.send(this.#subject, writer.finish())
  }

  /** Sends what is open. @returns its writer, which is nobody's now. */
  close(): AnswerWriter {
    const writer = this.#writer!
    this.#writer = null
    if (writer.count > 0) this.#send(writer)
    return writer
  }
}

/** By a record's state: as frames say it. */
const STATES = ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const).map((state) =>
  ANSWER_STATES.indexOf(stateName(state)),
)

function stateOf(record: TaskRecord): number {
  return STATES[record.state]
}
