/**
 * The way of tasks over NATS: what `run`, `submit`, `runMany` and `submitMany` (../submit/) send goes
 * out here, and what is answered comes back to them.
 *
 *   send ──► in flight ──► frame, or plain form ──► answers ──► told, out of the window
 *                └── refused, not accepted in time, connection lost (recovery.ts)
 *
 * Runs in the thread of the client's connection. Invariant: nothing is sent while the connection is
 * away, and every task in flight is told once.
 *
 * A task's outcome has no time-out: how long one may wait for an agent is its submitter's to say, by
 * cancelling it. Its acceptance has, where it was asked for.
 */
import { SignalboxError } from '../../errors.ts'
import { Acceptances } from '../../submit/acceptances.ts'
import type { Taker } from '../../submit/answer.ts'
import { InFlight, PLAIN, WANTS_ACCEPTED } from '../../submit/in-flight.ts'
import { type ItemOptions, itemOptions, type Port } from '../../submit/port.ts'
import type { Window } from '../../submit/window.ts'
import { NO_OPTIONS } from '../../wire/submit-options.ts'
import type { Inbox } from '../inbox.ts'
import { disconnected, type Link } from '../link.ts'
import type { Lane } from './lane.ts'
import { PlainForm, subjectOf } from './plain-form.ts'
import { SubmitFrames } from './submit-frames.ts'
import { TaskAnswers } from './task-answers.ts'

const NO_PAYLOAD = new Uint8Array(0)
const WANTS = 3
/** To ask again for a task by its id, options are of no meaning. */
const ASK_OPTIONS = [0, 1, 2, 3].map((wants) => itemOptions(NO_OPTIONS, wants))

export class Submitter implements Port<Lane> {
  readonly window: Window
  readonly inFlight: InFlight<Lane>
  readonly keepsPayload = false
  closed: SignalboxError | null = null
  readonly #link: Link
  readonly #frames: SubmitFrames
  readonly #acceptances: Acceptances
  readonly #deniedSubjects = new Map<string, SignalboxError>()
  #resumes: (() => void)[] = []

  /** @param firstNumber of the first task; any, as numbers wrap. */
  constructor(link: Link, inbox: Inbox, window: Window, firstNumber = 1) {
    this.#link = link
    this.window = window
    const inFlight = new InFlight<Lane>(window, firstNumber)
    this.inFlight = inFlight
    const plain = new PlainForm(link, inbox.prefix)
    const fail = (number: number, error: SignalboxError) => inFlight.fail(number, error)
    this.#frames = new SubmitFrames(link, inFlight, plain, inbox.prefix, fail)
    this.#acceptances = new Acceptances(inFlight, link.timeoutMs, (number) =>
      inFlight.fail(number, this.#unanswered()),
    )
    inbox.giveTasksTo(new TaskAnswers(inFlight, this.#frames))
    link.listen({
      onDisconnect: () => this.#frames.disconnected(),
      onReconnect: () => this.#onReconnect(),
      onClosed: () => this.#onClosed(),
      onDenied: (subject, error) => this.#onDenied(subject, error),
    })
  }

  get paused(): boolean {
    return !this.#link.connected
  }

  onResume(resume: () => void): void {
    this.#resumes.push(resume)
  }

  requireOpen(): void {
    if (this.closed !== null) throw this.closed
    if (!this.#link.connected) throw disconnected('nothing was submitted')
  }

  laneOf(queue: string, level: number): Lane {
    return this.#frames.laneOf(queue, level)
  }

  send(
    lane: Lane,
    options: ItemOptions,
    taker: Taker,
    index: number,
    id: string,
    payload: Uint8Array,
  ): void {
    const { wants } = options
    // A handle has its id when it is accepted, and not before.
    const known = wants === WANTS ? '' : id
    const number = this.inFlight.add(taker, index, wants, known, lane)
    if ((wants & WANTS_ACCEPTED) !== 0) this.#acceptances.add(number)
    this.#frames.send(lane, options, number, id, payload)
  }

  /** What was submitted in this turn leaves now: the connection is about to be closed. */
  flush(): void {
    if (!this.paused) this.#frames.publishOpen()
  }

  /** Asks for a task that is in flight and has an id; its answers come as if it were sent first. */
  askAgain(number: number): void {
    const place = this.inFlight.placeOf(number)
    if (place < 0 || this.paused) return
    const options = ASK_OPTIONS[this.inFlight.flagsAt(place) & WANTS]
    const id = this.inFlight.idAt(place)
    this.#frames.send(this.inFlight.laneAt(place), options, number, id, NO_PAYLOAD)
  }

  /** A scheduler is up that serves these queues. */
  onSchedulerUp(serves: (queue: string) => boolean): void {
    this.#frames.tryFramesAgain(serves)
  }

  #onReconnect(): void {
    this.#frames.reconnected()
    this.#resume()
  }

  #onClosed(): void {
    this.closed = disconnected('the client was closed')
    this.#frames.disconnected()
    this.#acceptances.stop()
    this.inFlight.failAll(this.closed)
    this.window.dismiss()
    this.#resume()
  }

  #resume(): void {
    const resumes = this.#resumes
    this.#resumes = []
    for (const resume of resumes) resume()
  }

  /** One look at the table for all that is denied in a turn: it is long. */
  #onDenied(subject: string, error: SignalboxError): void {
    if (this.#frames.denied(subject)) return
    if (this.#deniedSubjects.size === 0) setImmediate(this.#failDenied)
    this.#deniedSubjects.set(subject, error)
  }

  readonly #failDenied = (): void => {
    const { inFlight } = this
    const denied = new Map(this.#deniedSubjects)
    this.#deniedSubjects.clear()
    const subjectAt = (place: number): string =>
      subjectOf(inFlight.laneAt(place), inFlight.flagsAt(place))
    const isDenied = (place: number): boolean =>
      (inFlight.flagsAt(place) & PLAIN) !== 0 && denied.has(subjectAt(place))
    for (const number of inFlight.select(isDenied)) {
      const place = inFlight.placeOf(number)
      if (place >= 0) inFlight.fail(number, denied.get(subjectAt(place))!)
    }
  }

  #unanswered(): SignalboxError {
    const { connected, timeoutMs } = this.#link
    if (!connected) return disconnected('whether the task was accepted is unknown')
    return new SignalboxError(
      'no_scheduler',
      `No scheduler answered within ${timeoutMs} ms. Submit again with the same id: what was ` +
        'accepted is not run twice.',
    )
  }
}
