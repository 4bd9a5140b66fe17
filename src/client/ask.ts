/**
 * Control calls on `sb.api.<verb>.any`. Every scheduler hears them and those that are meant answer,
 * so the first answer is the answer, except that one who does not know the task, the agent, the queue,
 * the dead letter, the flow or the person is outvoted by one who does. What all of them have is gathered from all.
 */
import type { Msg } from 'nats'
import { SignalboxError } from '../errors.ts'
import { encodeJson } from '../wire/json.ts'
import { decodePayload } from '../wire/payload.ts'
import { errorOf, isNoResponder } from './answers.ts'
import type { Inbox, Waiter } from './inbox.ts'
import { disconnected, type Link } from './link.ts'

const TARGET = 'any'
/** Of somebody who is not the one to ask. */
const OUTVOTED = [
  'task_unknown',
  'agent_unknown',
  'queue_unknown',
  'dead_letter_unknown',
  'flow_unknown',
  'person_unknown',
]
/** Of all that there are, those that have none of what is asked for say nothing of the others'. */
const OUTVOTED_OF_ALL = [...OUTVOTED, 'not_supported']
/** How long another scheduler may take to know what one did not, or to say what it has itself. */
const SECOND_OPINION_MS = 300

class ApiCall implements Waiter {
  readonly subject: string
  /** Of several answers; null when the first is the answer. */
  readonly #gathered: never[] | null
  readonly #read: (bytes: Uint8Array) => unknown
  readonly #resolve: (value: never) => void
  readonly #reject: (error: unknown) => void
  /** Ends the call with the error that it is given. */
  readonly #giveUpIn: (ms: number, error: SignalboxError) => void
  timer: NodeJS.Timeout | undefined
  #refusal: SignalboxError | null = null

  constructor(
    subject: string,
    gathers: boolean,
    read: (bytes: Uint8Array) => unknown,
    resolve: (value: never) => void,
    reject: (error: unknown) => void,
    giveUpIn: (ms: number, error: SignalboxError) => void,
  ) {
    this.subject = subject
    this.#gathered = gathers ? [] : null
    this.#read = read
    this.#resolve = resolve
    this.#reject = reject
    this.#giveUpIn = giveUpIn
  }

  answer(msg: Msg): boolean {
    const error = this.#errorOf(msg)
    if (error === null) return this.#take(this.#read(msg.data) as never)
    const outvoted = this.#gathered === null ? OUTVOTED : OUTVOTED_OF_ALL
    if (!outvoted.includes(error.code)) {
      this.fail(error)
      return true
    }
    this.#waitForOthers(error)
    return false
  }

  #take(value: never): boolean {
    if (this.#gathered !== null) {
      this.#gathered.push(value)
      this.#waitForOthers(silence(SECOND_OPINION_MS))
      return false
    }
    clearTimeout(this.timer)
    this.#resolve(value)
    return true
  }

  /** @param error what it comes to when nobody says more. */
  #waitForOthers(error: SignalboxError): void {
    if (this.#refusal === null) this.#giveUpIn(SECOND_OPINION_MS, error)
    this.#refusal = error
  }

  #errorOf(msg: Msg): SignalboxError | null {
    if (isNoResponder(msg)) return noScheduler('No scheduler is connected to this NATS server')
    const { headers } = msg
    return headers === undefined ? null : (errorOf(headers) as SignalboxError | null)
  }

  fail(error: SignalboxError): void {
    clearTimeout(this.timer)
    const gathered = this.#gathered ?? []
    const isTime = error.code === 'no_scheduler' || OUTVOTED_OF_ALL.includes(error.code)
    if (gathered.length > 0 && isTime) this.#resolve(gathered as never)
    else this.#reject(error)
  }
}

export class Asker {
  readonly #link: Link
  readonly #inbox: Inbox

  constructor(link: Link, inbox: Inbox) {
    this.#link = link
    this.#inbox = inbox
    link.listen({ onDisconnect: () => this.#failAll() })
  }

  /** An answer that was on its way is gone, and a call may be repeated at will. */
  #failAll(): void {
    for (const [number, waiter] of this.#inbox.waiters()) {
      if (waiter instanceof ApiCall) this.#inbox.fail(number, disconnected('the answer is lost'))
    }
  }

  /** @param target a scheduler's name; all that there are without. */
  call<T>(verb: string, body: object, target = TARGET): Promise<T> {
    return this.#ask(verb, body, target, false, decodePayload)
  }

  /** As `call`, for an answer that is bytes; they are nobody else's. */
  bytes(verb: string, body: object): Promise<Uint8Array> {
    return this.#ask(verb, body, TARGET, false, (bytes) => Uint8Array.from(bytes))
  }

  /** @returns the answers of all schedulers that know what is asked for, one at least. */
  gather<T>(verb: string, body: object): Promise<T[]> {
    return this.#ask(verb, body, TARGET, true, decodePayload)
  }

  #ask<T>(
    verb: string,
    body: object,
    target: string,
    gathers: boolean,
    read: (bytes: Uint8Array) => unknown,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.#link.connected) throw disconnected('nothing was asked')
      const subject = this.#link.subjects.api(verb, target)
      const giveUpIn = (ms: number, error: SignalboxError): void => {
        clearTimeout(call.timer)
        call.timer = setTimeout(() => this.#inbox.fail(number, error), ms)
      }
      const call = new ApiCall(subject, gathers, read, resolve, reject, giveUpIn)
      const number = this.#inbox.add(call)
      giveUpIn(this.#link.timeoutMs, silence(this.#link.timeoutMs))
      this.#link.nc.publish(subject, encodeJson(body), { reply: this.#inbox.replyTo(number) })
    })
  }
}

function silence(ms: number): SignalboxError {
  return noScheduler(`No scheduler answered within ${ms} ms`)
}

function noScheduler(what: string): SignalboxError {
  return new SignalboxError(
    'no_scheduler',
    `${what}: start one with \`npx signalbox dev\`, or check the address.`,
  )
}
