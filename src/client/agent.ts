/**
 * An agent over NATS: says hello, runs what it is sent, tells by beats what it works on, says bye.
 *
 *   JOINING ── first answer ──► SERVING ── stop(), or a scheduler's drain ──► DRAINING
 *      │                           │                                             │ idle, bye said
 *      └── refused, no scheduler   └── fenced, denied, client closed ──► ENDED ◄─┘
 *
 * Invariant: it never refuses work that a scheduler of a current epoch sends: the scheduler counts
 * its credit. Work of an older epoch than is known comes from a scheduler that was replaced, and is
 * left lying.
 */
import type { Msg, Subscription } from 'nats'
import { checkHello } from '../agent-options.ts'
import type { AgentHandle, AgentOptions, Handler } from '../agent-task.ts'
import { SignalboxError, TaskError } from '../errors.ts'
import type { Control, HelloAnswer } from '../wire/messages.ts'
import { decodePayload } from '../wire/payload.ts'
import { quote } from '../wire/tokens.ts'
import { Presence, type PresenceEvents } from './agent-presence.ts'
import { AgentWork } from './agent-work.ts'
import type { Inbox } from './inbox.ts'
import { disconnected, type Link, type LinkListener } from './link.ts'

type State = 'joining' | 'serving' | 'draining' | 'ended'

export class NatsAgent implements AgentHandle {
  readonly id: string
  readonly closed: Promise<void>
  readonly #link: Link
  readonly #work: AgentWork
  readonly #presence: Presence
  readonly #subscriptions: Subscription[] = []
  readonly #instance: string
  #state: State = 'joining'
  #joined!: () => void
  #refused!: (error: Error) => void
  #resolveClosed!: () => void
  #rejectClosed!: (error: Error) => void

  /** @throws bad_token, bad_option, bad_concurrency */
  constructor(link: Link, inbox: Inbox, options: AgentOptions, handler: Handler) {
    const { id, hello } = checkHello(options)
    this.id = id
    this.#instance = hello.instance
    this.#link = link
    this.#work = new AgentWork(link, id, handler)
    this.#presence = new Presence(link, inbox, id, hello, this.#events)
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve
      this.#rejectClosed = reject
    })
    this.closed.catch(() => {})
  }

  /**
   * Says hello until a scheduler answers.
   * @throws no_scheduler when none does within the client's `timeoutMs`, permission_denied, or what
   *   the scheduler refused with.
   */
  async join(): Promise<this> {
    const { subjects, timeoutMs } = this.#link
    const answered = new Promise<void>((resolve, reject) => {
      this.#joined = resolve
      this.#refused = reject
    })
    this.#link.listen(this.#linkEvents)
    const timer = setTimeout(() => this.#refused(this.#unanswered()), timeoutMs)
    try {
      if (!this.#link.connected) throw disconnected('the agent could not say hello')
      this.#subscribe(subjects.work(this.id, this.#instance), this.#work.onWork)
      this.#subscribe(subjects.control(this.id, this.#instance), this.#onControl)
      this.#presence.hello()
      await answered
    } catch (error) {
      this.#end(error as Error)
      throw error
    } finally {
      clearTimeout(timer)
    }
    return this
  }

  /** Messages of one connection keep their order, so the subscriptions stand before the hello. */
  #subscribe(subject: string, onMessage: (msg: Msg) => void): void {
    const subscription = this.#link.nc.subscribe(subject, {
      callback: (error, msg) => {
        if (error === null) onMessage(msg)
        else this.#fail(subscribeDenied(subject, error))
      },
    })
    this.#subscriptions.push(subscription)
  }

  readonly #events: PresenceEvents = {
    met: (answer: HelloAnswer) => {
      this.#work.inHand.meet(answer.scheduler, answer.epoch)
      if (this.#state !== 'joining') return
      this.#state = 'serving'
      this.#joined()
    },
    refused: (error) => {
      if (this.#state === 'joining') this.#refused(error)
    },
    fenced: () => this.#onFenced(),
    report: () => this.#work.inHand.report(),
  }

  readonly #linkEvents: LinkListener = {
    onReconnect: () => {
      this.#work.publishHeld()
      if (this.#state === 'draining') this.#presence.beat()
      else this.#presence.hello()
    },
    onDenied: (subject, error) => {
      if (subject.startsWith(`${this.#link.subjects.prefix}.from.${this.id}.`)) this.#fail(error)
    },
    onClosed: () => this.#fail(disconnected(`agent ${quote(this.id)} has ended`)),
  }

  readonly #onControl = (msg: Msg): void => {
    const control = readControl(msg.data)
    switch (control?.type) {
      case 'cancel':
        this.#work.cancel(control.scheduler, control.token, control.reason)
        return
      case 'drain':
        void this.stop()
        return
      case 'fenced':
        this.#onFenced()
    }
  }

  #onFenced(): void {
    const message = `A newer instance of agent "${this.id}" has taken over.`
    this.#fail(new SignalboxError('fenced', message))
  }

  stop(): Promise<void> {
    if (this.#state === 'serving') void this.#drain()
    else if (this.#state === 'joining') this.#fail(disconnected('the client was closed'))
    return this.closed.catch(() => {})
  }

  async #drain(): Promise<void> {
    this.#state = 'draining'
    await this.#presence.bye(true, this.#work.inHand.schedulers)
    await this.#work.idle()
    await this.#presence.bye(false, this.#work.inHand.schedulers)
    this.#end(null)
  }

  /** It cannot go on: what runs is aborted. */
  #fail(error: SignalboxError): void {
    if (this.#state === 'ended') return
    this.#refused(error)
    this.#work.abandon(new TaskError(error.code, error.message, { cause: error }))
    this.#end(error)
  }

  #end(error: Error | null): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#presence.stop()
    this.#link.unlisten(this.#linkEvents)
    if (!this.#link.nc.isClosed()) for (const each of this.#subscriptions) each.unsubscribe()
    if (error === null) this.#resolveClosed()
    else this.#rejectClosed(error)
  }

  #unanswered(): SignalboxError {
    return new SignalboxError(
      'no_scheduler',
      `No scheduler answered agent "${this.id}" within ${this.#link.timeoutMs} ms: start one ` +
        'with `npx signalbox dev`, or check the address.',
    )
  }
}

/** @returns null for what is no control message; a newer scheduler may send others. */
function readControl(bytes: Uint8Array): Control | null {
  try {
    return decodePayload<Control | null>(bytes)
  } catch {
    return null
  }
}

function subscribeDenied(subject: string, cause: unknown): SignalboxError {
  return new SignalboxError(
    'permission_denied',
    `The NATS server does not let this user subscribe to ${subject}: ask for the permission.`,
    { cause },
  )
}
