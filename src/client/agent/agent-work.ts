/**
 * Work as it reaches an agent, and results as they leave it: the hot path of an agent's process.
 *
 *   frame ──► work-frames ──► work-queue ──► handler ──► kept-results, result-frames ──► frame
 *   message ─► plain-work ──►     │                          └──► plain-work ──► message
 *
 * Invariant: every attempt that was taken gets one result, which leaves when the connection allows,
 * and in frames again whenever its scheduler seems not to have heard it.
 */
import type { Msg, MsgHdrs } from 'nats'
import { type AttemptResult, failure, failureResult, success, TaskYield } from '../../agent-task.ts'
import { type SignalboxError, TaskError } from '../../errors.ts'
import { errorHeaders } from '../../wire/headers.ts'
import { attemptToken } from '../../wire/subjects.ts'
import { isToken } from '../../wire/tokens.ts'
import type { Inbox } from '../inbox.ts'
import type { Link } from '../link.ts'
import { AgentInputs } from './agent-inputs.ts'
import { ATTEMPT, type Attempt } from './attempt.ts'
import { KeptResults } from './kept-results.ts'
import { PlainWork, tooLarge } from './plain-work.ts'
import { ResultFrames } from './result-frames.ts'
import type { SchedulerWork } from './scheduler-work.ts'
import { type FrameEvents, WorkFrames } from './work-frames.ts'
import { WorkInHand } from './work-in-hand.ts'
import { type Runs, type WorkEvents, WorkQueue } from './work-queue.ts'

const EMPTY = new Uint8Array(0)
/** Handed back with nothing new: what an attempt before it left stays. */
const NOT_BEGUN = success(new TaskYield(EMPTY))
/** How long the last results of an agent that leaves may take to be acknowledged. */
const ACKNOWLEDGED_MS = 1_000

export class AgentWork {
  readonly inHand: WorkInHand
  readonly #link: Link
  /** `<prefix>.from.<id>.` */
  readonly #own: string
  readonly #onTaken: () => void
  readonly #kept: KeptResults
  readonly #frames: WorkFrames
  readonly #plain: PlainWork
  readonly #queue: WorkQueue
  readonly #results: ResultFrames
  #onQuiet: (() => void) | null = null
  #turnIsSet = false
  /** Attempts whose list of inputs is not there yet. */
  #listing = 0
  #beats = 0
  #stopped = false

  /** @param onTaken told of each task that was not seen before. */
  constructor(link: Link, inbox: Inbox, id: string, runs: Runs, onTaken: () => void) {
    this.#link = link
    this.#own = `${link.subjects.prefix}.from.${id}.`
    this.#onTaken = onTaken
    this.#kept = new KeptResults(link.copies)
    this.inHand = new WorkInHand(link.subjects, id, this.#forget)
    const inputs = new AgentInputs(link, inbox, id)
    const ground = { copies: link.copies, progress: this.#progress }
    this.#frames = new WorkFrames(this.inHand, inputs, ground, this.#own, this.#frameEvents)
    this.#plain = new PlainWork(link, this.inHand, inputs, this.#own, this.#progress)
    this.#queue = new WorkQueue(runs, this.#workEvents)
    this.#results = new ResultFrames(link)
  }

  readonly onFrame = (msg: Msg): void => {
    if (!this.#stopped) this.#frames.onFrame(msg)
  }

  readonly onWork = (msg: Msg): void => {
    const attempt = this.#stopped ? null : this.#plain.read(msg)
    if (attempt === null) return
    this.#take(attempt)
    this.#queue.run()
  }

  readonly #take = (attempt: Attempt): void => {
    this.inHand.begin(attempt)
    if (attempt.scheduler.handedBack.has(attempt.counter)) {
      this.#finish(attempt, NOT_BEGUN)
      return
    }
    this.#onTaken()
    if (attempt.inputs === null || attempt.inputs.isListed) this.#queue.push(attempt)
    else void this.#list(attempt)
  }

  /** What it may read was too much for its message: it is known before its handler is called. */
  async #list(attempt: Attempt): Promise<void> {
    this.#listing++
    const refusal = await attempt.inputs!.readList().then(() => null, failure)
    this.#listing--
    if (attempt.state !== ATTEMPT.queued) return
    if (refusal !== null) {
      this.#finish(attempt, refusal)
      return
    }
    this.#queue.push(attempt)
    this.#queue.run()
  }

  readonly #progress = (attempt: Attempt, bytes: Uint8Array): void => {
    if (this.#stopped || !this.#link.connected) return
    const { scheduler, slot, counter, seq } = attempt
    const token = attemptToken(scheduler.epoch, counter, seq)
    this.#link.nc.publish(`${this.#own}${scheduler.name}.progress.${slot}.${token}`, bytes)
  }

  readonly #frameEvents: FrameEvents = {
    taken: this.#take,
    repeated: (attempt) => this.#send(attempt),
    acknowledged: (attempt) => {
      this.#kept.release(attempt)
      this.inHand.move(attempt, ATTEMPT.over)
      this.#quiet()
    },
    read: () => {
      this.#queue.run()
      return !this.#queue.isEmpty || this.#listing > 0
    },
    bad: (msg, error, number) => this.#refuse(msg, error, number),
  }

  readonly #workEvents: WorkEvents = {
    started: (attempt) => this.inHand.move(attempt, ATTEMPT.running),
    mayRun: () => !this.#kept.isFull,
    finished: (attempt, result) => this.#finish(attempt, result),
    moreWaits: () => this.#setTurn(),
  }

  #finish(attempt: Attempt, result: AttemptResult): void {
    if (this.#stopped) return
    attempt.task = null
    if (attempt.reply !== '') this.#finishPlain(attempt, result)
    else if (attempt.scheduler.isReplaced) this.inHand.move(attempt, ATTEMPT.over)
    else this.#finishFramed(attempt, result)
    this.#quiet()
  }

  #finishFramed(attempt: Attempt, result: AttemptResult): void {
    this.#kept.keep(attempt, this.#results.fits(result) ? result : tooLarge(result))
    if (this.#link.connected) this.#send(attempt)
    else this.inHand.move(attempt, ATTEMPT.unsent)
  }

  #send(attempt: Attempt): void {
    this.inHand.move(attempt, ATTEMPT.kept)
    attempt.toldAtBeat = this.#beats
    this.#results.add(attempt)
    this.#setTurn()
  }

  #finishPlain(attempt: Attempt, result: AttemptResult): void {
    if (this.#link.connected) {
      this.#plain.publish(attempt.reply, result)
      this.inHand.move(attempt, ATTEMPT.over)
    } else {
      attempt.result = this.#kept.own(result)
      this.inHand.move(attempt, ATTEMPT.unsent)
    }
  }

  #setTurn(): void {
    if (this.#turnIsSet) return
    this.#turnIsSet = true
    setImmediate(this.#turn)
  }

  /** By now the connection has copied every frame of earlier turns, of any agent. */
  readonly #turn = (): void => {
    this.#turnIsSet = false
    if (this.#stopped) return
    this.#link.pool.reclaim()
    this.#results.flush()
    this.#queue.run()
  }

  /**
   * A beat is due: what was finished leaves before it, for it would seem lost otherwise. What was not
   * acknowledged for a lease is told again: it was heard, or its work would have been repeated, and
   * the acknowledgement was lost.
   */
  beforeBeat(): void {
    this.#beats++
    for (const attempt of this.inHand.inState(ATTEMPT.kept)) {
      const unheardBeats = this.#beats - attempt.toldAtBeat
      if (unheardBeats >= attempt.scheduler.beatsPerLease) this.#send(attempt)
    }
    this.#results.flush()
    // For the frame of the beat, which is to be reclaimed.
    this.#setTurn()
  }

  #refuse({ reply }: Msg, error: SignalboxError, number: number): void {
    if (!reply || !this.#link.connected) return
    const frame = number < 0 ? [] : [`Sb-Frame: ${number}`]
    const headers = errorHeaders(error.status, error.message, error.code, false, ...frame)
    this.#link.nc.publish(reply, EMPTY, { headers: headers as unknown as MsgHdrs })
  }

  /** The connection is back: all that is owed to schedulers leaves, heard before or not. */
  onReconnect(): void {
    this.inHand.heardAll()
    this.#results.reset(this.inHand.all())
    for (const attempt of this.inHand.inState(ATTEMPT.kept)) this.#send(attempt)
    for (const attempt of this.inHand.inState(ATTEMPT.unsent)) {
      if (attempt.reply === '') this.#send(attempt)
      else this.#finishPlain(attempt, attempt.result!)
    }
    this.#results.flush()
    this.#quiet()
  }

  /** The scheduler's connection was away, and results may have passed it by. */
  tellAgain(scheduler: string): void {
    for (const attempt of this.inHand.inState(ATTEMPT.kept, scheduler)) this.#send(attempt)
  }

  /** What waits is answered at once, which gives its place back; what runs is told. */
  cancel(scheduler: string, token: string, reason: string): void {
    const attempt = this.inHand.find(scheduler, token)
    const message = `The scheduler has given the attempt up: ${reason}.`
    if (attempt?.state === ATTEMPT.running) attempt.task?.abort(new TaskError(reason, message))
    if (attempt?.state !== ATTEMPT.queued) return
    this.#finish(attempt, failureResult(isToken(reason) ? reason : 'cancelled', message, true))
    this.#queue.drop()
  }

  /** The task is to make room: what waits is handed back at once, what runs is told. */
  preempt(scheduler: string, token: string): void {
    const attempt = this.inHand.find(scheduler, token)
    if (attempt?.state === ATTEMPT.running) attempt.task?.preempt()
    if (attempt?.state === ATTEMPT.queued) this.#handBack(attempt)
  }

  /** Others have nothing to do: what waits is handed back at once; what has begun goes on. */
  recall(scheduler: string, tokens: readonly string[]): void {
    if (!Array.isArray(tokens)) return
    for (const token of tokens) {
      const attempt = this.inHand.find(scheduler, token)
      if (attempt?.state === ATTEMPT.queued) this.#handBack(attempt)
    }
  }

  /** Its handler is never called, not even if its work comes again. */
  #handBack(attempt: Attempt): void {
    attempt.scheduler.handedBack.add(attempt.counter)
    this.#finish(attempt, NOT_BEGUN)
    this.#queue.drop()
  }

  /** A scheduler is gone or has a newer epoch: nobody waits for its results. */
  readonly #forget = (scheduler: SchedulerWork): void => {
    for (const attempt of scheduler.attempts.all()) {
      if (attempt.state === ATTEMPT.running) continue
      const isQueued = attempt.state === ATTEMPT.queued
      if (attempt.reply === '' && attempt.result !== null) this.#kept.release(attempt)
      this.inHand.move(attempt, ATTEMPT.over)
      if (isQueued) this.#queue.drop()
    }
    this.#setTurn()
    this.#quiet()
  }

  #quiet(): void {
    if (this.#onQuiet !== null && this.inHand.count === 0) this.#onQuiet()
  }

  /**
   * @returns when nothing is in hand and all results were heard; if only the latter is missing, in a
   *   bounded time, in which the connection was there.
   */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#onQuiet = null
        resolve()
      }
      const timer = setTimeout(() => {
        if (this.#link.connected && this.inHand.count === 0) done()
        else if (!this.#stopped) timer.refresh()
      }, ACKNOWLEDGED_MS)
      this.#onQuiet = () => {
        if (this.#kept.count === 0) done()
        else timer.refresh()
      }
      this.#quiet()
    })
  }

  /** What is running is told to stop, and its results go nowhere. */
  abandon(reason: TaskError): void {
    this.#stopped = true
    this.#queue.abandon(reason)
  }
}
