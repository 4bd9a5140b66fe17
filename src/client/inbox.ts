/**
 * A client's own reply inbox: one wildcard subscription. The last token of a reply subject says whose
 * it is:
 *
 *   <number>         a waiter's: a control call, an agent's hello
 *   t<number>        a task's, sent in the plain form
 *   frame-<number>   a submit frame's; answers to tasks of any frame come with 0
 *
 * Invariant: a waiter is called until it says that it is done, and never after.
 *
 * Rejected: `nc.request()`, which builds an Error with a stack for every call (26,000 calls a
 * second; this way 140,000 to 207,000 on the same machine).
 */
import type { Msg } from 'nats'
import { SignalboxError } from '../errors.ts'
import { randomToken } from '../wire/tokens.ts'
import { disconnected, type Link } from './link.ts'
import { TASK_REPLY } from './submitter/plain-form.ts'

export interface Waiter {
  /** Where its request went: a publish that the server refuses fails the waiter. */
  readonly subject: string
  /** @returns whether no further answer is expected. */
  answer(msg: Msg): boolean
  /** No answer will come. */
  fail(error: SignalboxError): void
}

/** Told what comes back for tasks. */
export interface TaskInbox {
  onFrame(frame: number, msg: Msg): void
  onPlain(number: number, msg: Msg): void
}

const TASK = TASK_REPLY.charCodeAt(0)
const FRAME = 'f'.charCodeAt(0)
const FRAME_LENGTH = 'frame-'.length

export class Inbox {
  /** Reply subjects but for their last token. */
  readonly prefix: string
  readonly #link: Link
  #tasks: TaskInbox | undefined
  readonly #waiters = new Map<number, Waiter>()
  #next = 1

  constructor(link: Link, inboxPrefix: string) {
    this.#link = link
    this.prefix = `${inboxPrefix}.${randomToken(16)}.`
    link.listen({
      onDenied: (subject, error) => this.#failWhere((waiter) => waiter.subject === subject, error),
      onClosed: () => this.#failWhere(() => true, disconnected('the client was closed')),
    })
  }

  giveTasksTo(tasks: TaskInbox): void {
    this.#tasks = tasks
  }

  /** @throws permission_denied when this user may not subscribe to its own inbox. */
  async open(): Promise<void> {
    let denied: unknown = null
    this.#link.nc.subscribe(`${this.prefix}*`, {
      callback: (error, msg) => {
        if (error === null) this.#onMessage(msg)
        else denied = error
      },
    })
    await this.#link.nc.flush()
    if (denied === null) return
    throw new SignalboxError(
      'permission_denied',
      `The NATS server does not let this user subscribe to ${this.prefix}*: ` +
        'allow it, or give the inboxPrefix that this user may use.',
      { cause: denied },
    )
  }

  /** @returns the number of the waiter; `replyTo` makes a subject of it. */
  add(waiter: Waiter): number {
    const number = this.#next++
    this.#waiters.set(number, waiter)
    return number
  }

  replyTo(number: number): string {
    return this.prefix + number
  }

  remove(number: number): void {
    this.#waiters.delete(number)
  }

  waiters(): IterableIterator<[number, Waiter]> {
    return this.#waiters.entries()
  }

  /** Takes the waiter out and fails it, if it still waits. */
  fail(number: number, error: SignalboxError): void {
    const waiter = this.#waiters.get(number)
    if (waiter === undefined) return
    this.#waiters.delete(number)
    waiter.fail(error)
  }

  #onMessage(msg: Msg): void {
    const { subject } = msg
    const at = this.prefix.length
    const kind = subject.charCodeAt(at)
    if (kind === FRAME) this.#tasks?.onFrame(Number(subject.slice(at + FRAME_LENGTH)), msg)
    else if (kind === TASK) this.#tasks?.onPlain(Number(subject.slice(at + 1)), msg)
    else this.#onAnswer(Number(subject.slice(at)), msg)
  }

  #onAnswer(number: number, msg: Msg): void {
    const waiter = this.#waiters.get(number)
    if (waiter === undefined) return
    try {
      if (waiter.answer(msg)) this.#waiters.delete(number)
    } catch (cause) {
      // What is thrown into the NATS client ends its reader, and with it every other answer.
      const message = `The answer on ${waiter.subject} could not be read.`
      this.fail(number, new SignalboxError('bad_body', message, { cause }))
    }
  }

  #failWhere(matches: (waiter: Waiter) => boolean, error: SignalboxError): void {
    for (const [number, waiter] of this.#waiters) {
      if (matches(waiter)) this.fail(number, error)
    }
  }
}
