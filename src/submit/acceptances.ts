/**
 * How long acceptances may take: one timer for all tasks that wait for one.
 *
 * Runs in the thread that submits. Invariant: tasks stand in the order in which they are due, which is
 * the order in which they were sent, as each may take equally long; the timer is the first one's.
 *
 * What was accepted meanwhile is only dropped when it comes to the front, or when room is needed.
 *
 * Rejected: a timer for each task, which costs more than the task.
 */
import { ACCEPTED, type InFlight, WANTS_ACCEPTED } from './in-flight.ts'

const CAPACITY_MIN = 256

export class Acceptances {
  readonly #inFlight: InFlight
  readonly #timeoutMs: number
  readonly #overdue: (number: number) => void
  /** Rings of [capacity]: the tasks and when each is due, ms of `performance.now()`. */
  #numbers = new Uint32Array(CAPACITY_MIN)
  #dueMs = new Float64Array(CAPACITY_MIN)
  #head = 0
  #length = 0
  #timer: NodeJS.Timeout | undefined

  /** @param overdue is called with the number of each task that was not accepted in time. */
  constructor(inFlight: InFlight, timeoutMs: number, overdue: (number: number) => void) {
    this.#inFlight = inFlight
    this.#timeoutMs = timeoutMs
    this.#overdue = overdue
  }

  /** Tasks that it has room for now. */
  get capacity(): number {
    return this.#numbers.length
  }

  add(number: number): void {
    if (this.#length === this.#numbers.length) this.#makeRoom()
    const at = (this.#head + this.#length++) & (this.#numbers.length - 1)
    this.#numbers[at] = number
    this.#dueMs[at] = performance.now() + this.#timeoutMs
    this.#timer ??= setTimeout(this.#look, this.#timeoutMs)
  }

  /** Nothing is looked after any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#length = 0
  }

  readonly #look = (): void => {
    this.#timer = undefined
    const nowMs = performance.now()
    this.#dropSettled()
    while (this.#length > 0 && this.#dueMs[this.#head] <= nowMs) {
      const number = this.#numbers[this.#head]
      this.#dropFirst()
      this.#overdue(number)
      this.#dropSettled()
    }
    if (this.#length === 0) return
    // A timer may fire a little early; a whole millisecond keeps it from doing so for ever.
    this.#timer ??= setTimeout(this.#look, Math.max(1, this.#dueMs[this.#head] - nowMs))
  }

  #dropSettled(): void {
    while (this.#length > 0 && !this.#isAwaited(this.#numbers[this.#head])) this.#dropFirst()
  }

  #dropFirst(): void {
    this.#head = (this.#head + 1) & (this.#numbers.length - 1)
    this.#length--
  }

  #isAwaited(number: number): boolean {
    const place = this.#inFlight.placeOf(number)
    return (
      place >= 0 && (this.#inFlight.flagsAt(place) & (WANTS_ACCEPTED | ACCEPTED)) === WANTS_ACCEPTED
    )
  }

  #makeRoom(): void {
    this.#dropSettled()
    const capacity = this.#numbers.length
    if (this.#length * 2 <= capacity) return
    const numbers = new Uint32Array(2 * capacity)
    const dueMs = new Float64Array(2 * capacity)
    for (let i = 0; i < this.#length; i++) {
      const at = (this.#head + i) & (capacity - 1)
      numbers[i] = this.#numbers[at]
      dueMs[i] = this.#dueMs[at]
    }
    this.#numbers = numbers
    this.#dueMs = dueMs
    this.#head = 0
  }
}
