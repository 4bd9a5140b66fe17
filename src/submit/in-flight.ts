/**
 * The tasks that a submitter has in flight: for each, by its number, who is told of it.
 *
 * Runs in the thread that submits. Invariant: a number stands for at most one task, from `add` until
 * its taker is told the last of it; an answer with any other number finds nothing.
 *
 * ```
 *   add ──► SENT ──accept (if asked for)──► ACCEPTED ──┐
 *            └──────── end, refuse, fail ──────────────┴──► told, and out of the window
 * ```
 *
 * Numbers are given in order and wrap at 2^32. A task stands at `number & mask`; the table is at
 * least twice as large as what is in it, so a place that a task of an earlier lap still holds is
 * stepped over, and its number with it. Growing keeps that: what differs below a mask differs below
 * a longer one.
 *
 * Rejected: a `Map` from number to an object per task (an entry and an object each, and the
 * collector follows all of them); places from a free list with a generation beside them, which wrap
 * far sooner than 2^32.
 */
import type { SignalboxError } from '../errors.ts'
import type { Answer, Taker } from './answer.ts'
import type { Window } from './window.ts'

/** Flags of a task; the first two are those of a submit frame's item. */
export const WANTS_ACCEPTED = 1
export const WANTS_OUTCOME = 2
export const ACCEPTED = 4
/** It went out in the plain form. */
export const PLAIN = 8

const CAPACITY_MIN = 1_024

export class InFlight<Lane = unknown> {
  readonly #window: Window
  /** uint32[capacity]: the number of the task at each place. */
  #numbers = new Uint32Array(CAPACITY_MIN)
  /** uint8[capacity]: 0 where there is none. */
  #flags = new Uint8Array(CAPACITY_MIN)
  /** float64[capacity]: which of its taker's tasks it is. */
  #indexes = new Float64Array(CAPACITY_MIN)
  /** float64[capacity]: number of the frame it went out in; 0 for none. */
  #frames = new Float64Array(CAPACITY_MIN)
  #takers: (Taker | null)[] = new Array(CAPACITY_MIN).fill(null)
  /** Which way each went. */
  #lanes: (Lane | null)[] = new Array(CAPACITY_MIN).fill(null)
  /** Known ids, by which an outcome can be asked for again; '' where there is none. */
  #ids: string[] = new Array(CAPACITY_MIN).fill('')
  #mask = CAPACITY_MIN - 1
  #next: number
  #count = 0

  /**
   * @param window is left by each task that is over; who adds has entered it.
   * @param first number of the first task.
   */
  constructor(window: Window, first = 1) {
    this.#window = window
    this.#next = first >>> 0
  }

  get count(): number {
    return this.#count
  }

  /** *Cost* no allocation, except when the table grows. */
  add(taker: Taker, index: number, flags: number, id: string, lane: Lane): number {
    if (this.#count * 2 >= this.#numbers.length) this.#grow()
    let number = this.#next
    // Ends: at least half of the places are free.
    while (this.#flags[number & this.#mask] !== 0) number = (number + 1) >>> 0
    this.#next = (number + 1) >>> 0
    const place = number & this.#mask
    this.#numbers[place] = number
    this.#flags[place] = flags
    this.#indexes[place] = index
    this.#frames[place] = 0
    this.#takers[place] = taker
    this.#lanes[place] = lane
    this.#ids[place] = id
    this.#count++
    return number
  }

  /** @returns the place of a task, until anything is added or told; -1 when there is none. */
  placeOf(number: number): number {
    const place = number & this.#mask
    return this.#flags[place] !== 0 && this.#numbers[place] === number ? place : -1
  }

  has(number: number): boolean {
    return this.placeOf(number) >= 0
  }

  takerAt(place: number): Taker {
    return this.#takers[place]!
  }

  indexAt(place: number): number {
    return this.#indexes[place]
  }

  flagsAt(place: number): number {
    return this.#flags[place]
  }

  laneAt(place: number): Lane {
    return this.#lanes[place]!
  }

  idAt(place: number): string {
    return this.#ids[place]
  }

  frameAt(place: number): number {
    return this.#frames[place]
  }

  /** @param frame 0 for the plain form. */
  markSent(number: number, frame: number): void {
    const place = this.placeOf(number)
    if (place < 0) return
    this.#frames[place] = frame
    if (frame === 0) this.#flags[place] |= PLAIN
    else this.#flags[place] &= ~PLAIN
  }

  /** Who asked for it is told, once: asked for again, a task is accepted again. */
  accept(place: number, answer: Answer): void {
    const flags = this.#flags[place]
    if ((flags & (WANTS_ACCEPTED | ACCEPTED)) !== WANTS_ACCEPTED) return
    const taker = this.#takers[place]!
    const index = this.#indexes[place]
    if ((flags & WANTS_OUTCOME) !== 0) {
      this.#flags[place] |= ACCEPTED
      this.#ids[place] = answer.id
      taker.accepted(index, answer)
      return
    }
    this.#remove(place)
    taker.accepted(index, answer)
    this.#window.leave()
  }

  end(place: number, answer: Answer): void {
    const taker = this.#takers[place]!
    const index = this.#indexes[place]
    this.#remove(place)
    taker.outcome(index, answer)
    this.#window.leave()
  }

  refuse(place: number, answer: Answer): void {
    const taker = this.#takers[place]!
    const index = this.#indexes[place]
    this.#remove(place)
    taker.refused(index, answer)
    this.#window.leave()
  }

  /** No answer will come, if the task is still in flight. */
  fail(number: number, error: SignalboxError): void {
    const place = this.placeOf(number)
    if (place < 0) return
    const taker = this.#takers[place]!
    const index = this.#indexes[place]
    this.#remove(place)
    taker.failed(index, error)
    this.#window.leave()
  }

  /** The connection, or the scheduler, is no more. */
  failAll(error: SignalboxError): void {
    for (const number of this.select(() => true)) this.fail(number, error)
  }

  /** Before the taker is told: it may submit again, and the table grow under it. */
  #remove(place: number): void {
    this.#flags[place] = 0
    this.#takers[place] = null
    this.#lanes[place] = null
    this.#ids[place] = ''
    this.#count--
  }

  /** @returns the numbers of those that `wanted` says, by place. */
  select(wanted: (place: number) => boolean): number[] {
    const found: number[] = []
    if (this.#count === 0) return found
    for (let place = 0; place < this.#flags.length; place++) {
      if (this.#flags[place] !== 0 && wanted(place)) found.push(this.#numbers[place])
    }
    return found
  }

  #grow(): void {
    const numbers = this.#numbers
    const flags = this.#flags
    const indexes = this.#indexes
    const frames = this.#frames
    const takers = this.#takers
    const lanes = this.#lanes
    const ids = this.#ids
    const capacity = 2 * numbers.length
    this.#mask = capacity - 1
    this.#numbers = new Uint32Array(capacity)
    this.#flags = new Uint8Array(capacity)
    this.#indexes = new Float64Array(capacity)
    this.#frames = new Float64Array(capacity)
    this.#takers = new Array(capacity).fill(null)
    this.#lanes = new Array(capacity).fill(null)
    this.#ids = new Array(capacity).fill('')
    for (let from = 0; from < flags.length; from++) {
      if (flags[from] === 0) continue
      const place = numbers[from] & this.#mask
      this.#numbers[place] = numbers[from]
      this.#flags[place] = flags[from]
      this.#indexes[place] = indexes[from]
      this.#frames[place] = frames[from]
      this.#takers[place] = takers[from]
      this.#lanes[place] = lanes[from]
      this.#ids[place] = ids[from]
    }
  }
}
