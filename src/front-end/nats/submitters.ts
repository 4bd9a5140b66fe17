/**
 * Submitters on NATS: subscriptions on `task` and `call`, and the answers. Steps 1, 2 and the end of
 * 8 as they look on this transport.
 *
 * A publish without a reply subject is served but promised nothing: there is nobody to tell.
 */
import type { Msg, NatsConnection } from 'nats'
import { nowUs } from '../../clock.ts'
import { SignalboxError, statusOf } from '../../errors.ts'
import { COMPLETED, type Origin, stateName, type TaskRecord } from '../../policy/task-record.ts'
import { encodeHeaders, errorHeaders, HEADER } from '../../wire/headers.ts'
import { encodeJson } from '../../wire/json.ts'
import type { Accepted } from '../../wire/messages.ts'
import { resultBytes } from '../complete.ts'
import type { FrontEndContext } from '../context.ts'
import { decode, parseSubmitSubject, type SubmitAddress } from '../decode.ts'
import { receive, refuse } from '../receive.ts'
import { headersOf, throwOutside } from './incoming.ts'
import type { Outlet } from './outlet.ts'
import { QueueSubscriptions } from './queue-subscriptions.ts'

/** Subjects seen, so that a subject is parsed once; emptied when full. */
const ADDRESSES_MAX = 10_000
const EMPTY = new Uint8Array(0)

export interface SubmitterOptions {
  prefix: string
  /** `['*']` for every queue. */
  queues: readonly string[]
}

export class NatsSubmitters implements Origin {
  readonly #context: FrontEndContext
  readonly #outlet: Outlet
  readonly #options: SubmitterOptions
  readonly #addresses = new Map<string, SubmitAddress>()
  readonly #subscriptions: QueueSubscriptions

  constructor(
    context: FrontEndContext,
    nc: NatsConnection,
    outlet: Outlet,
    options: SubmitterOptions,
  ) {
    this.#context = context
    this.#subscriptions = new QueueSubscriptions(nc, (msg) => this.#onMessage(msg))
    this.#outlet = outlet
    this.#options = options
  }

  /** Owners listen per queue; the wildcard is for `dev`, where one scheduler has every queue. */
  subscribe(queues = this.#options.queues): void {
    const { prefix } = this.#options
    for (const verb of ['task', 'call']) {
      for (const queue of queues) {
        this.#subscriptions.listen(`${prefix}.${verb}.${queue}`)
        this.#subscriptions.listen(`${prefix}.${verb}.${queue}.*`)
      }
    }
  }

  /** No more; what is on its way already is still heard, and answered `stopping`. */
  unsubscribe(): void {
    this.#subscriptions.drain()
  }

  #onMessage(msg: Msg): void {
    const replyTo = msg.reply ?? ''
    try {
      if (replyTo !== '' && !this.#outlet.mayAnswer(replyTo)) {
        this.#context.count('bad_subject')
        return
      }
      const record = decode(
        this.#context.records,
        this.#addressOf(msg.subject),
        headersOf(msg),
        msg.data,
        this,
        replyTo,
        nowUs(),
      )
      receive(this.#context, record)
    } catch (error) {
      if (!(error instanceof SignalboxError)) {
        throwOutside(error)
        return
      }
      refuse(this.#context, this, replyTo, error.code, error.message)
    }
  }

  #addressOf(subject: string): SubmitAddress {
    const known = this.#addresses.get(subject)
    if (known !== undefined) return known
    const address = parseSubmitSubject(subject, this.#options.prefix.length + 1)
    if (this.#addresses.size >= ADDRESSES_MAX) this.#addresses.clear()
    this.#addresses.set(subject, address)
    return address
  }

  accepted(record: TaskRecord, replyTo: unknown, duplicate: boolean): void {
    if (replyTo === '') return
    const body: Accepted = {
      id: record.id,
      queue: record.queueName,
      state: stateName(record.state),
      waitingFor: this.#context.core.waitingFor(record),
    }
    if (duplicate) body.duplicate = true
    this.#outlet.send(replyTo as string, encodeJson(body))
  }

  outcome(record: TaskRecord, replyTo: unknown): void {
    if (replyTo === '') return
    const state = stateName(record.state)
    if (record.state !== COMPLETED) {
      const headers = errorHeaders(
        statusOf(record.code!),
        record.message,
        record.code!,
        record.retryable,
        `${HEADER.state}: ${state}`,
        `${HEADER.taskId}: ${record.id}`,
        `${HEADER.attempt}: ${record.attempts}`,
      )
      this.#outlet.send(replyTo as string, EMPTY, headers)
      return
    }
    const bytes = resultBytes(this.#context, record)
    const plain = record.wantsOutcome && !record.wantsAccepted && replyTo === record.replyTo
    const headers = plain
      ? undefined
      : encodeHeaders(`${HEADER.state}: ${state}`, `${HEADER.taskId}: ${record.id}`)
    this.#outlet.send(replyTo as string, bytes, headers)
  }

  refused(
    replyTo: unknown,
    code: string,
    message: string,
    status: number,
    retryable: boolean,
  ): void {
    this.#outlet.refuse(replyTo as string, code, message, status, retryable)
  }
}
