/**
 * What arrived since the last turn. Two rooms: submits, bounded, taken some hundred a turn; and
 * everything about work that is out (results, beats, hellos, cancels, calls), in arrival order,
 * taken whole and first, since it frees credit and never grows beyond what is out.
 */
import { LIMITS } from '../options.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { Arrival } from './transport.ts'

export class Inbox {
  readonly #schedule: () => void
  #arrivals: unknown[] = []
  #taken: unknown[] = []
  #submits: (TaskRecord | undefined)[] = []
  #submitsHead = 0
  #submitBytes = 0

  /** @param schedule asks for a turn; called for each message, cheap when one is due already. */
  constructor(schedule: () => void) {
    this.#schedule = schedule
  }

  /** Something changed without a message (an agent joined): a turn is due. */
  wake(): void {
    this.#schedule()
  }

  /** Takes a message for the next turn. */
  arrive<M>(arrival: Arrival<M>, message: M): void {
    this.#arrivals.push(arrival, message)
    this.#schedule()
  }

  /** @returns false when too many tasks wait to be admitted: answer 429. */
  submit(record: TaskRecord): boolean {
    if (
      this.submitsWaiting >= LIMITS.submitsWaitingMax ||
      this.#submitBytes + record.payloadBytes > LIMITS.submitsWaitingBytesMax
    ) {
      return false
    }
    this.#submits.push(record)
    this.#submitBytes += record.payloadBytes
    this.#schedule()
    return true
  }

  get submitsWaiting(): number {
    return this.#submits.length - this.#submitsHead
  }

  get isEmpty(): boolean {
    return this.#arrivals.length === 0 && this.submitsWaiting === 0
  }

  /** Runs all that had arrived when it was called, in order. */
  takeArrivals(): void {
    const batch = this.#arrivals
    this.#arrivals = this.#taken
    for (let i = 0; i < batch.length; i += 2) (batch[i] as Arrival<unknown>).take(batch[i + 1])
    batch.length = 0
    this.#taken = batch
  }

  nextSubmit(): TaskRecord | undefined {
    if (this.#submitsHead === this.#submits.length) return undefined
    const record = this.#submits[this.#submitsHead]!
    this.#submits[this.#submitsHead++] = undefined
    this.#submitBytes -= record.payloadBytes
    if (this.#submitsHead === this.#submits.length) {
      this.#submits.length = 0
      this.#submitsHead = 0
    } else if (this.#submitsHead >= 4_096 && this.#submitsHead * 2 >= this.#submits.length) {
      this.#submits = this.#submits.slice(this.#submitsHead)
      this.#submitsHead = 0
    }
    return record
  }
}
