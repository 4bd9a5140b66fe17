/**
 * Outcomes that may have passed by while the connection was away: core NATS keeps nothing for who
 * is not there. When it is back, each task whose id is known is looked up and its outcome asked for
 * again, by a submit with the same id; the reply goes to the waiter that there already is.
 *
 *   disconnect ──► awaited with an id     ──► back ──► looked up ──► asked for again
 *              │                                            └── task_unknown: failed with it
 *              └─► awaited without an id  ──► failed `disconnected` after `timeoutMs`
 *
 * The same is done for the tasks of a scheduler that says it is up: its own connection was away, or
 * it is a new one that knows nothing of what its predecessor had accepted.
 *
 * A `run` without an id cannot be told from another, so it fails although it may yet complete.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { MsgHdrs } from 'nats'
import type { SignalboxError } from '../errors.ts'
import { encodeHeaders, HEADER } from '../wire/headers.ts'
import { readSchedulerUp } from '../wire/messages.ts'
import type { Api } from './api.ts'
import type { Inbox } from './inbox.ts'
import { disconnected, type Link } from './link.ts'
import { Awaited } from './outcomes.ts'

/** Look-ups at a time. */
const AT_A_TIME = 100
const ASK_AGAIN_MS = 250
const EMPTY = new Uint8Array(0)

/** Whether a task of this queue is meant. */
type Serves = (queue: string) => boolean
const everyQueue: Serves = () => true

export class Recovery {
  readonly #link: Link
  readonly #inbox: Inbox
  readonly #api: Api
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(link: Link, inbox: Inbox, api: Api) {
    this.#link = link
    this.#inbox = inbox
    this.#api = api
    link.listen({
      onDisconnect: () => this.#arm(everyQueue),
      onReconnect: () => void this.#askAgain(everyQueue),
      onClosed: () => this.#timers.forEach(clearTimeout),
    })
    link.nc.subscribe(link.subjects.event('scheduler_up'), {
      callback: (error, msg) => {
        if (error === null) this.#onSchedulerUp(msg.data)
      },
    })
  }

  #onSchedulerUp(bytes: Uint8Array): void {
    let queues: string[]
    try {
      ;({ queues } = readSchedulerUp(bytes))
    } catch {
      return
    }
    const serves: Serves = (queue) => queues.includes('*') || queues.includes(queue)
    if (this.#awaited(serves).length === 0) return
    this.#arm(serves)
    void this.#askAgain(serves)
  }

  /** What was sent before now and cannot be asked for again has `timeoutMs` left. */
  #arm(serves: Serves): void {
    const sentBefore = this.#inbox.next
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      const error = disconnected(
        'the task may or may not complete; with an id, its outcome is kept',
      )
      for (const [number, { id }] of this.#awaited(serves)) {
        if (number < sentBefore && id === null) this.#inbox.fail(number, error)
      }
    }, this.#link.timeoutMs)
    this.#timers.add(timer)
  }

  #awaited(serves: Serves): [number, Awaited][] {
    const found: [number, Awaited][] = []
    for (const [number, waiter] of this.#inbox.waiters()) {
      if (waiter instanceof Awaited && serves(waiter.queue)) found.push([number, waiter])
    }
    return found
  }

  async #askAgain(serves: Serves): Promise<void> {
    const known = this.#awaited(serves).filter(([, { id }]) => id !== null)
    const giveUpAtMs = Date.now() + this.#link.timeoutMs
    for (let i = 0; i < known.length; i += AT_A_TIME) {
      const some = known.slice(i, i + AT_A_TIME)
      await Promise.all(some.map(([number, each]) => this.#askFor(number, each, giveUpAtMs)))
    }
  }

  /** The scheduler may be back later than we are, so its absence is borne until `giveUpAtMs`. */
  async #askFor(number: number, awaited: Awaited, giveUpAtMs: number): Promise<void> {
    while (this.#inbox.has(number)) {
      const error = await this.#lookUp(awaited)
      if (error === null) {
        if (this.#inbox.has(number) && this.#link.connected) this.#publish(number, awaited)
        return
      }
      // Away once more: the next reconnect asks again.
      if (error.code === 'disconnected') return
      if (error.code !== 'no_scheduler' || Date.now() >= giveUpAtMs) {
        this.#inbox.fail(number, error)
        return
      }
      await sleep(ASK_AGAIN_MS)
    }
  }

  /** @returns null when the task is known. */
  async #lookUp({ id, queue }: Awaited): Promise<SignalboxError | null> {
    try {
      await this.#api.getTask(id!, queue)
      return null
    } catch (error) {
      return error as SignalboxError
    }
  }

  #publish(number: number, { subject, id }: Awaited): void {
    const block = encodeHeaders(`${HEADER.id}: ${id}`, `${HEADER.outcome}: 1`)
    const reply = this.#inbox.replyTo(number)
    const headers = block as unknown as MsgHdrs
    this.#link.nc.publish(subject, EMPTY, { reply, headers })
  }
}
