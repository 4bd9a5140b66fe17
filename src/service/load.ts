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
 * It is one `submitMany`, whose source gives out a task when one is due and is silent until then; so
 * tasks that are due together share frames, as those of any other submitter do.
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
import type { Outcome, Signalbox } from '../api.ts'
import { nowMs } from '../clock.ts'
import { type ErrorCode, SignalboxError } from '../errors.ts'
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

type Submitter = Pick<Signalbox, 'submitMany'>
type Given = IteratorResult<unknown, undefined>

export class Load {
  readonly #sb: Submitter
  readonly #plan: LoadPlan
  readonly #latency: LoadLatency | undefined
  readonly #failed: Record<string, number> = {}
  #failedTotal = 0
  /** When each task in flight was sent. */
  readonly #sentMs = new Map<number, number>()
  #sent = 0
  #completed = 0
  #wrong = 0
  #startedAtMs = 0
  #lastAnswerMs = 0
  #lastSentMs = 0
  #backOffUntilMs = 0
  #stopped = false
  /** A burst has begun and the window is not full yet. */
  #isFilling = false
  #refusedForGood: SignalboxError | undefined
  #wake: NodeJS.Timeout | undefined
  #check: NodeJS.Timeout | undefined
  #finish: (() => void) | undefined
  /** The source was asked for a task, and none is due yet. */
  #asked: ((given: Given) => void) | undefined

  constructor(sb: Submitter, plan: LoadPlan, latency?: LoadLatency) {
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
      void this.#submit()
    })
    this.#finish = undefined
    clearInterval(this.#check)
    clearTimeout(this.#wake)
    if (this.#refusedForGood !== undefined) throw this.#refusedForGood
    return this.counts
  }

  async #submit(): Promise<void> {
    const { queue, pace } = this.#plan
    const source: AsyncIterable<unknown> = { [Symbol.asyncIterator]: () => ({ next: this.#next }) }
    const window = pace.kind === 'window' ? pace.window : IN_FLIGHT_MAX
    try {
      await this.#sb.submitMany(queue, source, { window, onOutcome: this.#onOutcome })
    } catch (error) {
      this.#refusedForGood ??= error as SignalboxError
    }
    this.#lookForTheEnd()
  }

  /** Sends no more; what is in flight has a second to be answered. */
  stop(): void {
    this.#stopped = true
    this.#lookForTheEnd()
  }

  readonly #lookForTheEnd = (): void => {
    if (this.#sending && this.#refusedForGood === undefined) return
    this.#give()
    const silenceMs = this.#stopped ? SILENCE_STOPPED_MS : SILENCE_MS
    const silent = nowMs() - Math.max(this.#lastAnswerMs, this.#lastSentMs) > silenceMs
    if (this.#inFlight === 0 || silent || this.#refusedForGood !== undefined) this.#finish?.()
  }

  readonly #next = (): Promise<Given> =>
    new Promise((resolve) => {
      this.#asked = resolve
      this.#give()
    })

  /** Gives out the next task if somebody asks and it is due; else a timer or an answer is waited for. */
  readonly #give = (): void => {
    const asked = this.#asked
    if (asked === undefined) return
    if (this.#finish === undefined || !this.#sending || this.#refusedForGood !== undefined) {
      this.#asked = undefined
      asked({ done: true, value: undefined })
      return
    }
    const now = nowMs()
    if (!this.#isDue(now)) return
    this.#asked = undefined
    this.#lastSentMs = now
    const n = this.#sent++
    this.#sentMs.set(n, now)
    asked({ done: false, value: this.#plan.payload(n) })
  }

  #isDue(now: number): boolean {
    const { pace } = this.#plan
    const waitMs =
      pace.kind === 'rate' ? this.#dueMs(this.#sent, now) - now : this.#backOffUntilMs - now
    if (waitMs > 0) {
      this.#giveIn(Math.max(1, waitMs))
      return false
    }
    return pace.kind === 'rate' || this.#hasRoom(pace.window, pace.burst)
  }

  /** When task n should be sent; with a window, that is when it was. */
  #dueMs(n: number, sentMs: number): number {
    const { pace } = this.#plan
    return pace.kind === 'rate' ? this.#startedAtMs + (n * 1000) / pace.perSecond : sentMs
  }

  #hasRoom(window: number, burst: number): boolean {
    const limit = this.#isFilling ? window : window - burst + 1
    const hasRoom = this.#inFlight < limit
    this.#isFilling = hasRoom && this.#inFlight + 1 < window
    return hasRoom
  }

  #giveIn(ms: number): void {
    clearTimeout(this.#wake)
    this.#wake = setTimeout(this.#give, ms)
  }

  readonly #onOutcome = (outcome: Outcome): void => {
    if (this.#finish === undefined) return
    const now = nowMs()
    this.#lastAnswerMs = now
    const n = outcome.index
    const sentMs = this.#sentMs.get(n)!
    this.#sentMs.delete(n)
    if (outcome.state === 'completed') {
      this.#latency?.record(this.#dueMs(n, sentMs), sentMs, now)
      if (this.#isRight(outcome)) this.#completed++
      else this.#wrong++
    } else {
      this.#refusedOrFailed(outcome)
    }
    this.#give()
    if (this.#inFlight === 0 || this.#refusedForGood !== undefined) this.#lookForTheEnd()
  }

  #isRight(outcome: Outcome): boolean {
    const { isRight } = this.#plan
    return isRight === undefined || isRight(resultOf(outcome), outcome.index)
  }

  #refusedOrFailed({ state, code, message, retryable }: Outcome): void {
    const reason = code ?? 'error'
    this.#failed[reason] = (this.#failed[reason] ?? 0) + 1
    this.#failedTotal++
    if (state !== 'refused' && state !== 'unknown') return
    if (retryable) this.#backOffUntilMs = this.#lastAnswerMs + BACK_OFF_MS
    else this.#refusedForGood ??= new SignalboxError(reason as ErrorCode, message)
  }
}

/** A result that is not JSON is a result all the same. */
function resultOf(outcome: Outcome): unknown {
  try {
    return outcome.json()
  } catch {
    return undefined
  }
}
