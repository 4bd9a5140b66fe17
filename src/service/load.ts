/**
 * A load generator: tasks at a rate (open loop) or with a window in flight (closed loop).
 *
 * Runs on the main thread of whatever process loads: the CLI's `load`, the generator process of
 * `dev`, or `dev` itself where there is no NATS. Invariant: sent = completed + wrong + failed + in
 * flight, at any time.
 *
 *   SENDING ── count or duration reached, stop(), refused for good ──► WAITING ── all answered ──► DONE
 *                                                                        └── silent for 35 s ───────┘
 *
 * At a rate, task n is due at start + n / rate, and its latency counts from then, however late it
 * was sent and answered: waiting for a slow answer before sending the next would leave out exactly
 * the tasks that would have waited ("coordinated omission", Gil Tene). With a window there is no
 * such moment: the next task is due when there is room for it.
 *
 * Rejected: a timer per task (a timer costs more than a task), and spinning until a task is due
 * (it takes a whole core from what is being measured). Timers are a millisecond coarse, so sends
 * lag by about half of that; both latencies are reported, from the due time and from the send.
 */
import type { Signalbox } from '../api.ts'
import { nowMs } from '../clock.ts'
import { SignalboxError, TaskError } from '../errors.ts'
import type { LoadLatency } from './load-latency.ts'

export type LoadPace =
  | { kind: 'rate'; perSecond: number }
  /** At most `window` in flight; sent in bursts of `burst` whenever there is room for one. */
  | { kind: 'window'; window: number; burst: number }

export interface LoadPlan {
  queue: string
  pace: LoadPace
  /** Tasks to send; Infinity for no such end. */
  count: number
  /** How long to send; Infinity for no such end. */
  durationMs: number
  payload(n: number): unknown
  /** Whether a result is the right one for task n; every result is, by default. */
  isRight?(result: unknown, n: number): boolean
}

export interface LoadCounts {
  sent: number
  completed: number
  /** Completed with a result that was not the task's. */
  wrong: number
  /** Neither completed nor awaited any more, by code. */
  failed: Record<string, number>
  failedTotal: number
  inFlight: number
  /** Time since the first send, until the last answer once done. */
  elapsedMs: number
}

/** What an open loop may have unanswered before it waits; its latencies show that it did. */
const IN_FLIGHT_MAX = 65_536
/** No answer at all for so long: the rest is given up. More than the usual running time-out. */
const SILENCE_MS = 35_000
const SILENCE_STOPPED_MS = 1_000
/** After a refusal that trying again may help. */
const BACK_OFF_MS = 20
const CHECK_MS = 100

export class Load {
  readonly #sb: Pick<Signalbox, 'run'>
  readonly #plan: LoadPlan
  readonly #latency: LoadLatency | undefined
  readonly #failed: Record<string, number> = {}
  #failedTotal = 0
  #sent = 0
  #completed = 0
  #wrong = 0
  #startedAtMs = 0
  #lastAnswerMs = 0
  #lastSentMs = 0
  #backOffUntilMs = 0
  #stopped = false
  #refusedForGood: SignalboxError | undefined
  #wake: NodeJS.Timeout | undefined
  #check: NodeJS.Timeout | undefined
  #finish: (() => void) | undefined

  constructor(sb: Pick<Signalbox, 'run'>, plan: LoadPlan, latency?: LoadLatency) {
    this.#sb = sb
    this.#plan = plan
    this.#latency = latency
  }

  get counts(): LoadCounts {
    const end = this.#inFlight === 0 && this.#finish === undefined ? this.#lastAnswerMs : nowMs()
    return {
      sent: this.#sent,
      completed: this.#completed,
      wrong: this.#wrong,
      failed: { ...this.#failed },
      failedTotal: this.#failedTotal,
      inFlight: this.#inFlight,
      elapsedMs: Math.max(0, end - this.#startedAtMs),
    }
  }

  get #inFlight(): number {
    return this.#sent - this.#completed - this.#wrong - this.#failedTotal
  }

  get #sending(): boolean {
    return (
      !this.#stopped &&
      this.#sent < this.#plan.count &&
      nowMs() - this.#startedAtMs < this.#plan.durationMs
    )
  }

  /**
   * @returns when every task is answered, or given up: `inFlight` is then what stayed unanswered.
   * @throws SignalboxError when tasks are refused for a reason that does not pass.
   */
  async run(): Promise<LoadCounts> {
    this.#startedAtMs = nowMs()
    this.#lastAnswerMs = this.#startedAtMs
    await new Promise<void>((resolve) => {
      this.#finish = resolve
      this.#check = setInterval(this.#lookForTheEnd, CHECK_MS)
      this.#send()
      this.#lookForTheEnd()
    })
    this.#finish = undefined
    clearInterval(this.#check)
    clearTimeout(this.#wake)
    if (this.#refusedForGood !== undefined) throw this.#refusedForGood
    return this.counts
  }

  /** Sends no more; what is in flight has a second to be answered. */
  stop(): void {
    this.#stopped = true
    this.#lookForTheEnd()
  }

  readonly #lookForTheEnd = (): void => {
    if (this.#sending && this.#refusedForGood === undefined) return
    const silenceMs = this.#stopped ? SILENCE_STOPPED_MS : SILENCE_MS
    const silent = nowMs() - Math.max(this.#lastAnswerMs, this.#lastSentMs) > silenceMs
    if (this.#inFlight === 0 || silent || this.#refusedForGood !== undefined) this.#finish?.()
  }

  #send(): void {
    if (this.#finish === undefined || !this.#sending) return
    const { pace } = this.#plan
    const now = nowMs()
    if (pace.kind === 'rate') this.#sendDue(pace.perSecond, now)
    else if (now < this.#backOffUntilMs) this.#sendIn(this.#backOffUntilMs - now)
    else this.#sendBurst(pace.window, pace.burst, now)
  }

  #sendDue(perSecond: number, now: number): void {
    const { count } = this.#plan
    const gapMs = 1000 / perSecond
    const due = Math.min(count, Math.floor((now - this.#startedAtMs) / gapMs) + 1)
    while (this.#sent < due && this.#inFlight < IN_FLIGHT_MAX) {
      this.#sendOne(this.#startedAtMs + this.#sent * gapMs, now)
    }
    this.#sendIn(Math.max(1, this.#startedAtMs + this.#sent * gapMs - nowMs()))
  }

  #sendBurst(window: number, burst: number, now: number): void {
    const { count } = this.#plan
    if (this.#inFlight > window - burst) return
    while (this.#sent < count && this.#inFlight < window) this.#sendOne(now, now)
  }

  #sendIn(ms: number): void {
    clearTimeout(this.#wake)
    this.#wake = setTimeout(() => this.#send(), ms)
  }

  #sendOne(dueMs: number, sentMs: number): void {
    const n = this.#sent++
    this.#lastSentMs = sentMs
    this.#sb.run(this.#plan.queue, this.#plan.payload(n)).then(
      (result) => this.#answered(n, dueMs, sentMs, result),
      (error) => {
        // A result that is not JSON is a result all the same.
        if (error instanceof SyntaxError) this.#answered(n, dueMs, sentMs, undefined)
        else this.#refusedOrFailed(error)
      },
    )
  }

  #answered(n: number, dueMs: number, sentMs: number, result: unknown): void {
    if (this.#finish === undefined) return
    const now = nowMs()
    this.#lastAnswerMs = now
    this.#latency?.record(dueMs, sentMs, now)
    if (this.#plan.isRight?.(result, n) ?? true) this.#completed++
    else this.#wrong++
    this.#next()
  }

  #refusedOrFailed(error: unknown): void {
    if (this.#finish === undefined) return
    this.#lastAnswerMs = nowMs()
    const code =
      error instanceof SignalboxError || error instanceof TaskError ? error.code : 'error'
    this.#failed[code] = (this.#failed[code] ?? 0) + 1
    this.#failedTotal++
    if (error instanceof SignalboxError) {
      if (error.retryable) this.#backOffUntilMs = this.#lastAnswerMs + BACK_OFF_MS
      else this.#refusedForGood ??= error
    }
    this.#next()
  }

  #next(): void {
    if (this.#plan.pace.kind === 'window') this.#send()
    if (this.#inFlight === 0 || this.#refusedForGood !== undefined) this.#lookForTheEnd()
  }
}
