/**
 * Work as it reaches an agent, and results as they leave it: the hot path of an agent's process.
 *
 * A handler that returns at once never enters the tables: it could be neither cancelled nor
 * reported before it is done.
 */
import type { Msg, MsgHdrs } from 'nats'
import { AgentTask, type AttemptResult, type Handler, runHandler } from '../agent-task.ts'
import { TaskError } from '../errors.ts'
import { errorHeaders } from '../wire/headers.ts'
import { ownBytes } from './answers.ts'
import type { Link } from './link.ts'
import { readWorkHeaders } from './work-headers.ts'
import { type SchedulerWork, WorkInHand } from './work-in-hand.ts'

const EMPTY = new Uint8Array(0)
const RESULT = '.result.'
const PROGRESS = '.progress.'

/** One attempt and where its result goes. */
interface Attempt {
  readonly scheduler: SchedulerWork
  readonly token: string
  readonly reply: string
  readonly task: AgentTask
}

export class AgentWork {
  readonly inHand = new WorkInHand()
  readonly #link: Link
  readonly #handler: Handler
  /** Where the scheduler's name begins in `<prefix>.from.<id>.<scheduler>.result.<slot>.<token>`. */
  readonly #nameStart: number
  /** Results that were ready while the connection was away; no more than the credit given out. */
  readonly #held: [Attempt, AttemptResult][] = []
  #onIdle: (() => void) | null = null
  #stopped = false

  constructor(link: Link, id: string, handler: Handler) {
    this.#link = link
    this.#handler = handler
    this.#nameStart = `${link.subjects.prefix}.from.${id}.`.length
  }

  readonly onWork = (msg: Msg): void => {
    const reply = msg.reply ?? ''
    const name = reply.slice(this.#nameStart, reply.indexOf('.', this.#nameStart))
    const token = reply.slice(reply.lastIndexOf('.') + 1)
    const scheduler = this.inHand.senderOf(name, token)
    if (scheduler === null || this.#stopped) return
    scheduler.seen = token
    const { id, queue, attempt: count } = readWorkHeaders(msg)
    const progress = (bytes: Uint8Array) => this.#progress(reply, bytes)
    const task = new AgentTask(id, queue, count, ownBytes(msg.data), progress)
    const attempt: Attempt = { scheduler, token, reply, task }
    const result = runHandler(this.#handler, task)
    if (result instanceof Promise) {
      this.inHand.begin(scheduler, token, task)
      result.then((settled) => this.#finish(attempt, settled))
    } else this.#finish(attempt, result)
  }

  #progress(reply: string, bytes: Uint8Array): void {
    if (this.#stopped || !this.#link.connected) return
    const at = reply.lastIndexOf(RESULT)
    const subject = reply.slice(0, at) + PROGRESS + reply.slice(at + RESULT.length)
    this.#link.nc.publish(subject, bytes)
  }

  #finish(attempt: Attempt, result: AttemptResult): void {
    if (this.#stopped) return
    const { scheduler, token } = attempt
    if (!this.#link.connected) {
      if (!scheduler.running.has(token)) this.inHand.begin(scheduler, token, attempt.task)
      this.#held.push([attempt, result])
      return
    }
    this.#publish(attempt.reply, result)
    this.inHand.end(scheduler, token)
    if (this.inHand.count === 0) this.#onIdle?.()
  }

  #publish(reply: string, result: AttemptResult): void {
    try {
      if (result.code === null) this.#link.nc.publish(reply, result.bytes)
      else this.#publishFailure(reply, result.code, result.message, result.retryable)
    } catch (error) {
      if ((error as { code?: string }).code !== 'MAX_PAYLOAD_EXCEEDED') return
      const message = `The result is ${result.bytes.length} bytes, more than the NATS server takes.`
      this.#publishFailure(reply, 'payload_too_large', message, false)
    }
  }

  #publishFailure(reply: string, code: string, message: string, retryable: boolean): void {
    const headers = errorHeaders(500, message, code, retryable) as unknown as MsgHdrs
    this.#link.nc.publish(reply, EMPTY, { headers })
  }

  /** The connection is back: what was ready leaves. */
  publishHeld(): void {
    for (const [attempt, result] of this.#held.splice(0)) this.#finish(attempt, result)
  }

  cancel(scheduler: string, token: string, reason: string): void {
    const message = `The scheduler has given the attempt up: ${reason}.`
    this.inHand.find(scheduler, token)?.abort(new TaskError(reason, message))
  }

  /** @returns when nothing is in hand; at once if nothing is. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.inHand.count === 0) resolve()
      else this.#onIdle = resolve
    })
  }

  /** What is running is told to stop, and its results go nowhere. */
  abandon(reason: TaskError): void {
    this.#stopped = true
    this.#held.length = 0
    this.inHand.abortAll(reason)
  }
}
