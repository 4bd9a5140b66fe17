/**
 * Asking for work, of an agent that gets only what it asks for.
 *
 * Invariant: `wanted` is what was asked for and has not come. A scheduler that is met anew, because
 * it started again or came later, knows nothing of that and is asked for it.
 */
import type { Msg } from 'nats'
import { checkPull } from '../../agent-options.ts'
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import { encodeJson } from '../../wire/json.ts'
import type { Pull } from '../../wire/messages.ts'
import { errorOf, isNoResponder } from '../answers.ts'
import type { Inbox, Waiter } from '../inbox.ts'
import { disconnected, type Link } from '../link.ts'

export class AgentPulls {
  readonly #link: Link
  readonly #inbox: Inbox
  readonly #subject: string
  readonly #instance: string
  readonly #isPuller: boolean
  #wanted = 0

  constructor(link: Link, inbox: Inbox, id: string, instance: string, isPuller: boolean) {
    this.#link = link
    this.#inbox = inbox
    this.#subject = link.subjects.from(id, 'pull')
    this.#instance = instance
    this.#isPuller = isPuller
  }

  /** A task has come that was not seen before. */
  readonly took = (): void => {
    if (this.#wanted > 0) this.#wanted--
  }

  /** A scheduler is met for the first time, or in a new epoch. */
  met(scheduler: string): void {
    if (this.#wanted > 0) this.#say({ instance: this.#instance, n: this.#wanted, scheduler })
  }

  #say(pull: Pull, reply?: string): void {
    if (this.#link.connected) this.#link.nc.publish(this.#subject, encodeJson(pull), { reply })
  }

  /**
   * @param schedulers how many there are, as far as is known: if all refuse, so does this.
   * @throws bad_option, disconnected, no_scheduler, and what a scheduler refuses with.
   */
  async pull(n: number, schedulers: number): Promise<void> {
    checkPull(n, this.#isPuller)
    if (!this.#link.connected) throw disconnected('no work was asked for')
    this.#wanted = Math.min(this.#wanted + n, LIMITS.concurrencyMax)
    try {
      await this.#heard(n, schedulers)
    } catch (error) {
      this.#wanted = Math.max(0, this.#wanted - n)
      throw error
    }
  }

  /** @returns when a scheduler has taken it. */
  #heard(n: number, schedulers: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let refusals = 0
      const end = (error: Error | null): boolean => {
        clearTimeout(timer)
        this.#link.unlisten(listener)
        this.#inbox.remove(number)
        if (error === null) resolve()
        else reject(error)
        return true
      }
      const waiter: Waiter = {
        subject: this.#subject,
        answer: (msg) => {
          const error = refusalOf(msg)
          return error !== null && ++refusals < schedulers ? false : end(error)
        },
        fail: end,
      }
      const listener = { onDisconnect: () => end(disconnected('the answer is lost')) }
      const timer = setTimeout(() => end(unanswered()), this.#link.timeoutMs)
      this.#link.listen(listener)
      const number = this.#inbox.add(waiter)
      this.#say({ instance: this.#instance, n }, this.#inbox.replyTo(number))
    })
  }
}

function refusalOf(msg: Msg): Error | null {
  if (isNoResponder(msg)) return unanswered()
  return msg.headers === undefined ? null : errorOf(msg.headers)
}

function unanswered(): SignalboxError {
  return new SignalboxError(
    'no_scheduler',
    'No scheduler answered the agent that asked for work: ask again when one is there.',
  )
}
