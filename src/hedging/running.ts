/**
 * Attempts of one kind that are out, the one that began first at the head. All of a kind are late after
 * the same time, so who is late is at the head, and nobody needs a timer. Front-end thread.
 *
 * ```
 *   head ► ended, late, late, …, running, ended, running ◄ end         ended ones go when they are at the head,
 *          └────── looked at ──┘                                       or when they are half of all
 * ```
 *
 * Invariant: they stand in the order of their start; at most twice as many places are in use as attempts
 * of the kind are out, or `LENGTH_MIN`.
 */
import { RUNNING, type TaskRecord } from '../policy/task-record.ts'

const LENGTH_MIN = 64

export class RunningAttempts {
  /** How many of them are out still: counted by who says so. */
  live = 0
  /** Three columns; each attempt is moved once or twice, which is cheaper than the indices of a ring. */
  readonly #records: (TaskRecord | null)[] = []
  readonly #counters: number[] = []
  readonly #starts: number[] = []
  #head = 0
  #end = 0

  get length(): number {
    return this.#end - this.#head
  }

  push(record: TaskRecord, counter: number, startMs: number): void {
    const { length } = this
    const isMostlyEnded = length >= LENGTH_MIN && length >= 2 * this.live
    if (isMostlyEnded || (this.#head >= LENGTH_MIN && this.#head >= length)) this.#shrink()
    this.live++
    this.#records[this.#end] = record
    this.#counters[this.#end] = counter
    this.#starts[this.#end] = startMs
    this.#end++
  }

  /** Drops what has ended at the head. @returns when the first began that is out; Infinity without. */
  headMs(): number {
    // Ends: each round drops one.
    while (this.#head < this.#end && !this.isOut(0)) this.#records[this.#head++] = null
    if (this.#head < this.#end) return this.#starts[this.#head]
    this.#head = 0
    this.#end = 0
    return Number.POSITIVE_INFINITY
  }

  /** @param at from the head on, below `length`. */
  isOut(at: number): boolean {
    const place = this.#head + at
    const record = this.#records[place]
    return (
      record !== null &&
      record.state === RUNNING &&
      record.attempt !== null &&
      record.attempt.counter === this.#counters[place]
    )
  }

  /** Of one that is out. */
  recordAt(at: number): TaskRecord {
    return this.#records[this.#head + at]!
  }

  startAt(at: number): number {
    return this.#starts[this.#head + at]
  }

  /** It is not looked at again. */
  drop(at: number): void {
    this.#records[this.#head + at] = null
  }

  /** What is out moves to the front. */
  #shrink(): void {
    const { length } = this
    const from = this.#head
    let end = 0
    for (let at = 0; at < length; at++) {
      if (!this.isOut(at)) continue
      this.#records[end] = this.#records[from + at]
      this.#counters[end] = this.#counters[from + at]
      this.#starts[end] = this.#starts[from + at]
      end++
    }
    this.#records.fill(null, end, this.#end)
    this.#head = 0
    this.#end = end
  }
}
