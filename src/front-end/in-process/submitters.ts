/**
 * The way of tasks within this process: what the library's `run`, `submit`, `runMany` and `submitMany`
 * (../../submit/) send becomes a record here, and what becomes of it is told there. The same record, the
 * same inbox, the same refusals as over NATS.
 *
 * Main thread. Invariant: a task that was sent is told once, at the latest when the scheduler stops.
 *
 *   PAUSED ── opened() ──► OPEN ── close() ──► CLOSED: single tasks are refused, lists end
 */
import { nowUs } from '../../clock.ts'
import { SignalboxError } from '../../errors.ts'
import { COMPLETED, type Origin, stateName, type TaskRecord } from '../../policy/task-record.ts'
import { Answer, type Taker } from '../../submit/answer.ts'
import { InFlight, WANTS_ACCEPTED, WANTS_OUTCOME } from '../../submit/in-flight.ts'
import type { ItemOptions, Port } from '../../submit/port.ts'
import type { Window } from '../../submit/window.ts'
import { delayedUntil } from '../../wire/own-promises.ts'
import { requireToken } from '../../wire/tokens.ts'
import { resultBytes } from '../complete.ts'
import type { FrontEndContext } from '../context.ts'
import { receive } from '../receive.ts'

export class InProcessSubmitters implements Origin, Port<string> {
  readonly window: Window
  readonly keepsPayload = true
  closed: SignalboxError | null = null
  paused = true
  readonly #context: FrontEndContext
  readonly #inFlight: InFlight<string>
  readonly #answer = new Answer()
  /** Apart from the other: a refusal comes in the middle of `send`, which may be in an answer. */
  readonly #refusal = new Answer()
  #resumes: (() => void)[] = []

  constructor(context: FrontEndContext, window: Window) {
    this.#context = context
    this.window = window
    this.#inFlight = new InFlight(window)
  }

  onResume(resume: () => void): void {
    this.#resumes.push(resume)
  }

  /** The scheduler has started. */
  opened(): void {
    this.paused = false
    this.#resume()
  }

  /** No more is taken; the first reason counts. What is in flight goes on. */
  close(reason: SignalboxError): void {
    if (this.closed !== null) return
    this.closed = reason
    this.#resume()
  }

  #resume(): void {
    const resumes = this.#resumes
    this.#resumes = []
    for (const resume of resumes) resume()
  }

  /** A single task is refused, and counted, where all are: step 1. */
  requireOpen(): void {}

  laneOf(queue: string): string {
    return requireToken(queue, 'queue')
  }

  send(
    queue: string,
    options: ItemOptions,
    taker: Taker,
    index: number,
    id: string,
    payload: Uint8Array,
  ): void {
    const { wants, atMs } = options
    const number = this.#inFlight.add(taker, index, wants, id, queue)
    const record = this.#context.records.take(
      id,
      queue,
      atMs === null ? options : begunAt(options, atMs),
      payload,
      0,
      payload.length,
      this,
      number,
      (wants & WANTS_ACCEPTED) !== 0,
      (wants & WANTS_OUTCOME) !== 0,
      nowUs(),
    )
    receive(this.#context, record)
  }

  accepted(record: TaskRecord, replyTo: unknown): void {
    const place = this.#inFlight.placeOf(replyTo as number)
    if (place < 0) return
    // To say what a task waits for takes a look at every agent, and many tasks have no handle.
    const hasHandle = (this.#inFlight.flagsAt(place) & WANTS_OUTCOME) !== 0
    const waitingFor = hasHandle ? this.#context.core.waitingFor(record) : null
    const id = hasHandle ? record.id : ''
    this.#answer.setAccepted(id, stateName(record.state), waitingFor)
    this.#inFlight.accept(place, this.#answer)
  }

  outcome(record: TaskRecord, replyTo: unknown): void {
    const place = this.#inFlight.placeOf(replyTo as number)
    if (place < 0) return
    const { attempts, state } = record
    if (state === COMPLETED) {
      const bytes = Uint8Array.from(resultBytes(this.#context, record))
      this.#answer.setCompleted('', attempts, bytes, 0, bytes.length)
    } else {
      const { code, message, retryable } = record
      this.#answer.setEnded('', stateName(state), code!, message, retryable, attempts)
    }
    this.#inFlight.end(place, this.#answer)
  }

  refused(
    replyTo: unknown,
    code: string,
    message: string,
    _status: number,
    retryable: boolean,
  ): void {
    const place = this.#inFlight.placeOf(replyTo as number)
    if (place < 0) return
    this.#refusal.setRefused(code, message, retryable)
    this.#inFlight.refuse(place, this.#refusal)
  }

  /** The scheduler has stopped: who still waits for an outcome is told that none will come. */
  abandon(): void {
    const { name } = this.#context.options
    const message = `Scheduler "${name}" was stopped before the task had an outcome.`
    const error = new SignalboxError('stopping', message)
    this.close(error)
    this.#inFlight.failAll(error)
    this.window.dismiss()
  }
}

/** A time of day becomes a delay here, for each task of many anew. */
function begunAt(options: ItemOptions, atMs: number): ItemOptions {
  return { ...options, own: delayedUntil(options.own, atMs, Date.now()) }
}
