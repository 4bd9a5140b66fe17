/**
 * An agent's side of being known to schedulers: hello until one answers, a beat every `beatMs`, hello
 * again when a scheduler does not know it, bye at the end.
 *
 * Invariant: one conversation with all schedulers; whoever hears a message answers it, so answers
 * are taken as they come and never counted on, except for a bye, which waits for them a bounded time.
 */
import type { Msg } from 'nats'
import type { SignalboxError } from '../../errors.ts'
import { encodeJson } from '../../wire/json.ts'
import type { Bye, Hello, HelloAnswer } from '../../wire/messages.ts'
import { decodePayload } from '../../wire/payload.ts'
import { errorOf, isNoResponder } from '../answers.ts'
import type { Inbox, Waiter } from '../inbox.ts'
import type { Link } from '../link.ts'

/** Hello again so long after nobody was there to hear it. */
const HELLO_AGAIN_MS = 100
/** How long schedulers may take to answer a bye; one that is gone never does. */
const BYE_ANSWER_MS = 1_000
/**
 * A scheduler that came later has not heard the hello, and beats in frames go to those that are
 * known; its word that it is up may be lost. So every so many beats a hello goes to all.
 */
const BEATS_PER_HELLO = 9
/** What is to be told before the next beat waits so long at most, for what changes again meanwhile. */
const BEAT_SOON_MS = 50

type Verb = 'hello' | 'beat' | 'bye'

/** What the agent is told. */
export interface PresenceEvents {
  /** A scheduler has taken it in, or knows it still. */
  met(answer: HelloAnswer): void
  /** A scheduler has answered a hello with an error, or the server refused to pass it on. */
  refused(error: SignalboxError): void
  /** A newer instance has its id. */
  fenced(): void
  /** This scheduler has answered. */
  heard(scheduler: string): void
  /**
   * Its beats are due.
   * @param reply where the answers are awaited.
   * @returns false when there is too much to report.
   */
  beat(reply: string): boolean
}

export class Presence {
  readonly #link: Link
  readonly #inbox: Inbox
  readonly #id: string
  #hello: Uint8Array
  readonly #instance: string
  readonly #events: PresenceEvents
  readonly #helloNumber: number
  readonly #beatNumber: number
  #beatMs = Number.POSITIVE_INFINITY
  #beatTimer: NodeJS.Timeout | undefined
  #helloTimer: NodeJS.Timeout | undefined
  #soonTimer: NodeJS.Timeout | undefined
  #saidHelloSinceBeat = false
  #beats = 0
  #leaving = false
  #stopped = false

  constructor(link: Link, inbox: Inbox, id: string, hello: Hello, events: PresenceEvents) {
    this.#link = link
    this.#inbox = inbox
    this.#id = id
    this.#hello = encodeJson(hello)
    this.#instance = hello.instance
    this.#events = events
    this.#helloNumber = this.#await('hello', (msg) => this.#onHelloAnswer(msg))
    this.#beatNumber = this.#await('beat', (msg) => this.#onBeatAnswer(msg))
  }

  /** @returns the number of a waiter that takes every answer until it is removed. */
  #await(verb: Verb, onAnswer: (msg: Msg) => void): number {
    const waiter: Waiter = {
      subject: this.#link.subjects.from(this.#id, verb),
      answer: (msg) => {
        onAnswer(msg)
        return false
      },
      fail: () => {},
    }
    return this.#inbox.add(waiter)
  }

  #say(verb: Verb, body: Uint8Array, number: number): void {
    if (!this.#link.connected) return
    const reply = this.#inbox.replyTo(number)
    this.#link.nc.publish(this.#link.subjects.from(this.#id, verb), body, { reply })
  }

  /** From now on it says another hello, and says it at once. */
  say(hello: Hello): void {
    this.#hello = encodeJson(hello)
    this.hello()
  }

  /** Says hello to all schedulers, also to those that know it. */
  hello(): void {
    if (this.#stopped || this.#leaving) return
    this.#saidHelloSinceBeat = true
    this.#say('hello', this.#hello, this.#helloNumber)
  }

  #onHelloAnswer(msg: Msg): void {
    if (isNoResponder(msg)) {
      clearTimeout(this.#helloTimer)
      if (!this.#stopped) this.#helloTimer = setTimeout(() => this.hello(), HELLO_AGAIN_MS)
      return
    }
    const error = msg.headers === undefined ? null : (errorOf(msg.headers) as SignalboxError)
    if (error === null) this.#onMet(decodePayload<HelloAnswer>(msg.data))
    else if (error.code === 'fenced') this.#events.fenced()
    else this.#events.refused(error)
  }

  #onMet(answer: HelloAnswer): void {
    if (this.#stopped) return
    if (answer.beatMs < this.#beatMs) {
      this.#beatMs = answer.beatMs
      clearInterval(this.#beatTimer)
      this.#beatTimer = setInterval(() => this.beat(), this.#beatMs)
      this.#beatTimer.unref()
    }
    this.#events.met(answer)
  }

  beat(): void {
    if (!this.#link.connected) return
    this.#saidHelloSinceBeat = false
    if (!this.#events.beat(this.#inbox.replyTo(this.#beatNumber))) this.#renew()
    else if (++this.#beats % BEATS_PER_HELLO === 0) this.hello()
  }

  /** A beat besides those that are due, unless one is to come already. */
  beatSoon(): void {
    if (this.#stopped || this.#soonTimer !== undefined) return
    this.#soonTimer = setTimeout(() => {
      this.#soonTimer = undefined
      this.beat()
    }, BEAT_SOON_MS)
    this.#soonTimer.unref()
  }

  /**
   * More is in work than a beat can hold: a hello of the same instance keeps the lease as well and
   * compares nothing. It would also end a drain, so that is said once more.
   */
  #renew(): void {
    this.#say('hello', this.#hello, this.#helloNumber)
    if (!this.#leaving) return
    const bye: Bye = { instance: this.#instance, drain: true }
    this.#say('bye', encodeJson(bye), this.#beatNumber)
  }

  #onBeatAnswer(msg: Msg): void {
    if (isNoResponder(msg)) return
    if (msg.headers === undefined) {
      this.#events.heard(decodePayload<{ scheduler: string }>(msg.data).scheduler)
      return
    }
    const code = errorOf(msg.headers)?.code
    if (code === 'fenced') this.#events.fenced()
    else if (code === 'agent_unknown' && !this.#saidHelloSinceBeat) this.hello()
  }

  /**
   * Says bye: with `drain`, no new work; without, the end.
   * @returns when `schedulers` of them have answered, or it took too long. Work that a scheduler
   *   sent before it heard the bye has arrived by then, since its messages keep their order.
   */
  bye(drain: boolean, schedulers: number): Promise<void> {
    this.#leaving = true
    const body: Bye = { instance: this.#instance, drain }
    return new Promise((resolve) => {
      let missing = schedulers
      const done = () => {
        clearTimeout(timer)
        this.#inbox.remove(number)
        resolve()
      }
      const timer = setTimeout(done, BYE_ANSWER_MS)
      const number = this.#await('bye', (msg) => {
        if (isNoResponder(msg) || --missing <= 0) done()
      })
      if (this.#link.connected) this.#say('bye', encodeJson(body), number)
      else done()
    })
  }

  /** No beats and no answers from now on. */
  stop(): void {
    this.#stopped = true
    clearInterval(this.#beatTimer)
    clearTimeout(this.#helloTimer)
    clearTimeout(this.#soonTimer)
    this.#inbox.remove(this.#helloNumber)
    this.#inbox.remove(this.#beatNumber)
  }
}
