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
import { checkHello, checkLoad } from '../../agent-options.ts'
import type {
  AgentHandle,
  AgentOptions,
  BatchAgentOptions,
  BatchHandler,
  Handler,
} from '../../agent-task.ts'
import { SignalboxError, TaskError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import type { Control, Hello, HelloAnswer, SchedulerUp } from '../../wire/messages.ts'
import { decodePayload } from '../../wire/payload.ts'
import { quote } from '../../wire/tokens.ts'
import type { Inbox } from '../inbox.ts'
import { disconnected, type Link, type LinkListener } from '../link.ts'
import { AgentBeats } from './agent-beats.ts'
import { Presence, type PresenceEvents } from './agent-presence.ts'
import { AgentPulls } from './agent-pulls.ts'
import { AgentWork } from './agent-work.ts'

type State = 'joining' | 'serving' | 'draining' | 'ended'

export class NatsAgent implements AgentHandle {
  readonly id: string
  readonly closed: Promise<void>
  readonly #link: Link
  readonly #work: AgentWork
  readonly #beats: AgentBeats
  readonly #pulls: AgentPulls
  readonly #presence: Presence
  readonly #subscriptions: Subscription[] = []
  readonly #hello: Hello
  #state: State = 'joining'
  #joined!: () => void
  #refused!: (error: Error) => void
  #resolveClosed!: () => void
  #rejectClosed!: (error: Error) => void

  /** @throws bad_token, bad_option, bad_concurrency */
  constructor(
    link: Link,
    inbox: Inbox,
    options: AgentOptions | BatchAgentOptions,
    handler: Handler | BatchHandler,
  ) {
    const { id, hello, batch } = checkHello(options)
    this.id = id
    const { instance } = hello
    this.#hello = hello
    this.#link = link
    this.#pulls = new AgentPulls(link, inbox, id, instance, hello.pull)
    // One that pulls has asked for all that comes.
    const atATime = hello.pull ? LIMITS.concurrencyMax : hello.concurrency
    const runs = { concurrency: atATime, batch, handler }
    this.#work = new AgentWork(link, inbox, id, runs, this.#pulls.took)
    this.#beats = new AgentBeats(link, id, instance, this.#work.inHand)
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
      const { instance } = this.#hello
      this.#subscribe(subjects.work(this.id, instance), this.#work.onWork, this.#onDenied)
      this.#subscribe(subjects.frames(this.id, instance), this.#work.onFrame, this.#onFramesDenied)
      this.#subscribe(subjects.control(this.id, instance), this.#onControl, this.#onDenied)
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
  #subscribe(
    subject: string,
    onMessage: (msg: Msg) => void,
    onError: (subject: string, error: unknown) => void,
  ): void {
    const subscription = this.#link.nc.subscribe(subject, {
      callback: (error, msg) => {
        if (error === null) onMessage(msg)
        else onError(subject, error)
      },
    })
    this.#subscriptions.push(subscription)
  }

  readonly #onDenied = (subject: string, error: unknown): void => {
    this.#fail(subscribeDenied(subject, error))
  }

  /** The server’s permissions are older than frames: the plain form needs none. */
  readonly #onFramesDenied = (): void => {
    if (this.#state === 'ended') return
    this.#presence.say({ ...this.#hello, frames: 0, keeps: false })
  }

  /** One that is not known yet has heard no hello; one that was away may have missed results. */
  #onSchedulerUp({ scheduler, epoch }: SchedulerUp): void {
    if (this.#state === 'joining') return
    if (this.#work.inHand.knows(scheduler, epoch)) this.#work.tellAgain(scheduler)
    else if (this.#state === 'serving') this.#presence.hello()
  }

  readonly #events: PresenceEvents = {
    met: (answer: HelloAnswer) => {
      if (this.#work.inHand.met(answer)) this.#pulls.met(answer.scheduler)
      if (this.#state !== 'joining') return
      this.#state = 'serving'
      this.#joined()
    },
    refused: (error) => {
      if (this.#state === 'joining') this.#refused(error)
    },
    fenced: () => this.#onFenced(),
    heard: (scheduler) => this.#work.inHand.heard(scheduler),
    beat: (reply) => {
      this.#work.beforeBeat()
      return this.#beats.say(reply)
    },
  }

  readonly #linkEvents: LinkListener = {
    onReconnect: () => {
      this.#work.onReconnect()
      if (this.#state === 'draining') this.#presence.beat()
      else this.#presence.hello()
    },
    onDenied: (subject, error) => {
      if (subject.startsWith(`${this.#link.subjects.prefix}.from.${this.id}.`)) this.#fail(error)
    },
    onSchedulerUp: (up) => this.#onSchedulerUp(up),
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
        return
      case 'preempt':
        this.#work.preempt(control.scheduler, control.token)
        return
      case 'recall':
        if (this.#hello.recalls) this.#work.recall(control.scheduler, control.tokens)
    }
  }

  #onFenced(): void {
    const message = `A newer instance of agent "${this.id}" has taken over.`
    this.#fail(new SignalboxError('fenced', message))
  }

  async pull(n: number): Promise<void> {
    if (this.#state !== 'serving') throw disconnected(`agent ${quote(this.id)} takes no more work`)
    return this.#pulls.pull(n, this.#work.inHand.schedulers)
  }

  load(n: number): void {
    checkLoad(n)
    if (n === this.#beats.load) return
    this.#beats.load = n
    this.#presence.beatSoon()
  }

  stop(): Promise<void> {
    if (this.#state === 'serving') void this.#drain()
    else if (this.#state === 'joining') this.#fail(disconnected('the client was closed'))
    return this.closed.catch(() => {})
  }

  async #drain(): Promise<void> {
    this.#state = 'draining'
    await this.#presence.bye(true, this.#work.inHand.schedulers)
    await this.#work.settled()
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
