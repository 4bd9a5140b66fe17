/**
 * What arrived since the last turn. Two rooms: submits, bounded, taken some hundred a turn; and
 * everything about work that is out (results, beats, hellos, cancels, calls), in arrival order,
 * taken whole and first, since it frees credit and never grows beyond what is out.
 */
import { LIMITS } from '../options.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { Batch } from './batch.ts'
import type { Arrival } from './transport.ts'

/** Fewer submits that were taken are not worth moving the others. */
const SHIFT_MIN = 4_096

export class Inbox {
  readonly #schedule: () => void
  /** Each two items: what takes it, and the message. */
  #arrivals = new Batch<unknown>()
  #taken = new Batch<unknown>()
  /** From head to end; its memory is kept, since it comes and goes each turn. */
  readonly #submits: (TaskRecord | undefined)[] = []
  #submitsHead = 0
  #submitsEnd = 0
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
    this.#arrivals.add(arrival)
    this.#arrivals.add(message)
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
    this.#submits[this.#submitsEnd++] = record
    this.#submitBytes += record.payloadBytes
    this.#schedule()
    return true
  }

  get submitsWaiting(): number {
    return this.#submitsEnd - this.#submitsHead
  }

  get isEmpty(): boolean {
    return this.#arrivals.length === 0 && this.submitsWaiting === 0
  }

  /** Runs all that had arrived when it was called, in order. */
  takeArrivals(): void {
    const batch = this.#arrivals
    this.#arrivals = this.#taken
    for (let i = 0; i < batch.length; i += 2) {
      ;(batch.at(i) as Arrival<unknown>).take(batch.at(i + 1))
    }
    batch.clear()
    this.#taken = batch
  }

  nextSubmit(): TaskRecord | undefined {
    if (this.#submitsHead === this.#submitsEnd) return undefined
    const record = this.#submits[this.#submitsHead]!
    this.#submits[this.#submitsHead++] = undefined
    this.#submitBytes -= record.payloadBytes
    const isMostlyTaken =
      this.#submitsHead >= SHIFT_MIN && this.#submitsHead * 2 >= this.#submitsEnd
    if (isMostlyTaken || this.#submitsHead === this.#submitsEnd) this.#shiftSubmits()
    return record
  }

  /** What waits goes to the front; what a burst needed beyond is given back. */
  #shiftSubmits(): void {
    const submits = this.#submits
    submits.copyWithin(0, this.#submitsHead, this.#submitsEnd)
    this.#submitsEnd -= this.#submitsHead
    submits.fill(undefined, this.#submitsEnd, this.#submitsEnd + this.#submitsHead)
    this.#submitsHead = 0
    const kept = Math.max(this.#submitsEnd, SHIFT_MIN)
    if (submits.length > kept) submits.length = kept
  }
}
