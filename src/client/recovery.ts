/**
 * Outcomes that may have passed by while the connection was away: core NATS keeps nothing for who
 * is not there. When it is back, each task whose id is known is looked up and its outcome asked for
 * again, by a submit with the same id; the answer goes to the taker that there already is.
 *
 *   disconnect ──► awaited with an id     ──► back ──► looked up ──► asked for again
 *              │                                            └── task_unknown: failed with it
 *              └─► awaited without an id  ──► failed `disconnected` after `timeoutMs`
 *
 * The same is done for the tasks of a scheduler that says it is up: its own connection was away, or
 * it is a new one that knows nothing of what its predecessor had accepted.
 *
 * Runs in the thread of the client's connection. Invariant: what was sent after the connection came
 * back is left alone, unless the connection is lost again.
 *
 * A `run` without an id cannot be told from another, so it fails although it may yet complete.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SignalboxError } from '../errors.ts'
import type { InFlight } from '../submit/in-flight.ts'
import type { SchedulerUp } from '../wire/messages.ts'
import type { Api } from './api.ts'
import { disconnected, type Link } from './link.ts'
import type { Lane } from './submitter/lane.ts'
import type { Submitter } from './submitter/submitter.ts'

/** Look-ups at a time. */
const AT_A_TIME = 100
const ASK_AGAIN_MS = 250

/** Whether a task of this queue is meant. */
type Serves = (queue: string) => boolean
const everyQueue: Serves = () => true

export class Recovery {
  readonly #link: Link
  readonly #submitter: Submitter
  readonly #inFlight: InFlight<Lane>
  readonly #api: Api
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(link: Link, submitter: Submitter, api: Api) {
    this.#link = link
    this.#submitter = submitter
    this.#inFlight = submitter.inFlight
    this.#api = api
    link.listen({
      onDisconnect: () => this.#arm(everyQueue),
      onReconnect: () => void this.#askAgain(everyQueue),
      onClosed: () => this.#timers.forEach(clearTimeout),
      onSchedulerUp: (up) => this.#onSchedulerUp(up),
    })
  }

  #onSchedulerUp({ queues }: SchedulerUp): void {
    const serves: Serves = (queue) => queues.includes('*') || queues.includes(queue)
    this.#submitter.onSchedulerUp(serves)
    if (this.#inFlight.count === 0) return
    this.#arm(serves)
    void this.#askAgain(serves)
  }

  /** What was sent before now and cannot be asked for again has `timeoutMs` left. */
  #arm(serves: Serves): void {
    const sentBefore = this.#awaited(serves, false)
    if (sentBefore.length === 0) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      const error = disconnected(
        'the task may or may not complete; with an id, its outcome is kept',
      )
      for (const number of sentBefore) {
        if (this.#idOf(number) === '') this.#inFlight.fail(number, error)
      }
    }, this.#link.timeoutMs)
    this.#timers.add(timer)
  }

  #awaited(serves: Serves, withId: boolean): number[] {
    const inFlight = this.#inFlight
    return inFlight.select(
      (place) => (inFlight.idAt(place) !== '') === withId && serves(inFlight.laneAt(place).queue),
    )
  }

  /** @returns undefined when the task is not in flight any more. */
  #idOf(number: number): string | undefined {
    const place = this.#inFlight.placeOf(number)
    return place < 0 ? undefined : this.#inFlight.idAt(place)
  }

  async #askAgain(serves: Serves): Promise<void> {
    const known = this.#awaited(serves, true)
    const giveUpAtMs = Date.now() + this.#link.timeoutMs
    for (let i = 0; i < known.length; i += AT_A_TIME) {
      const some = known.slice(i, i + AT_A_TIME)
      await Promise.all(some.map((number) => this.#askFor(number, giveUpAtMs)))
    }
  }

  /** The scheduler may be back later than we are, so its absence is borne until `giveUpAtMs`. */
  async #askFor(number: number, giveUpAtMs: number): Promise<void> {
    while (this.#inFlight.has(number)) {
      const error = await this.#lookUp(number)
      if (error === null) {
        this.#submitter.askAgain(number)
        return
      }
      // Away once more: the next reconnect asks again.
      if (error.code === 'disconnected') return
      if (error.code !== 'no_scheduler' || Date.now() >= giveUpAtMs) {
        this.#inFlight.fail(number, error)
        return
      }
      await sleep(ASK_AGAIN_MS)
    }
  }

  /** @returns null when the task is known. */
  async #lookUp(number: number): Promise<SignalboxError | null> {
    const place = this.#inFlight.placeOf(number)
    try {
      await this.#api.getTask(this.#inFlight.idAt(place), this.#inFlight.laneAt(place).queue)
      return null
    } catch (error) {
      return error as SignalboxError
    }
  }
}
