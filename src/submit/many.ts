/**
 * A source of payloads, sent as far as there is room: the engine of `runMany` and `submitMany`.
 *
 *   READING ── source ended, threw, or stop() ──► ENDING ── nothing held any more ──► over
 *      │  ▲
 *      │  └── a task is let go, a place in the submitter's window, the connection is back
 *      └────► waits for one of these, or for an asynchronous source
 *
 * Runs in the thread that submits. Invariant: of `held` payloads, taken and not yet let go, there are
 * at most `window`, and each is told to its follower exactly once.
 *
 * One object stands for all of the call's tasks, each known by its index; a promise is made only
 * where the source is asynchronous. The source is read in a microtask after what made room, so that
 * it is never entered in the middle of an answer, nor by its own reader. After a refusal it is read in
 * another turn of the loop, or a way that refuses at once would be asked for ever without a turn in
 * which anything else could happen.
 */
import type { SignalboxError } from '../errors.ts'
import { encodeOwnPayload, encodePayload } from '../wire/payload.ts'
import { requireToken } from '../wire/tokens.ts'
import type { Answer, Taker } from './answer.ts'
import type { ItemOptions, Port } from './port.ts'
import { type Source, sourceOf } from './source.ts'
import type { Entrant } from './window.ts'

const READING = 0
const ENDING = 1
const OVER = 2

/** Whose call it is. */
export interface Follower {
  accepted(index: number, answer: Answer): void
  outcome(index: number, answer: Answer): void
  refused(index: number, answer: Answer): void
  failed(index: number, error: SignalboxError): void
  /** Nothing follows. @param error what the source, `idOf` or encoding threw; undefined for none. */
  over(error: unknown): void
}

export interface Plan<Lane> {
  readonly lane: Lane
  readonly options: ItemOptions
  readonly idOf: ((payload: unknown, index: number) => string) | undefined
  /** Payloads taken and not yet let go, at most. */
  readonly window: number
}

export class Many<Lane> implements Taker, Entrant {
  readonly #port: Port<Lane>
  readonly #plan: Plan<Lane>
  readonly #follower: Follower
  readonly #source: Source
  #state = READING
  #next = 0
  #held = 0
  /** A payload was taken and waits for a place in the submitter's window. */
  #payload: Uint8Array | null = null
  #id = ''
  #inLine = false
  #asked = false
  /** `read` is called soon. */
  #isDue = false
  #isPaused = false
  /** A task was turned away: the next is sent in another turn of the loop. */
  #wasRefused = false
  #error: unknown

  /** @throws bad_option when the payloads are not a source. */
  constructor(port: Port<Lane>, plan: Plan<Lane>, payloads: unknown, follower: Follower) {
    this.#port = port
    this.#plan = plan
    this.#follower = follower
    this.#source = sourceOf(payloads)
  }

  start(): void {
    this.#wake()
  }

  /** Takes no more from the source; what is in flight is still told. */
  stop(error?: unknown): void {
    if (this.#state !== READING) return
    this.#payload = null
    let why = error
    try {
      this.#source.stop()
    } catch (thrown) {
      why ??= thrown
    }
    this.#end(why)
  }

  /** The follower has done with a task that it was told of: there is room for another. */
  letGo(): void {
    this.#held--
    if (this.#state === READING) this.#wake()
    else this.#lookForTheEnd()
  }

  accepted(index: number, answer: Answer): void {
    this.#follower.accepted(index, answer)
  }

  outcome(index: number, answer: Answer): void {
    this.#follower.outcome(index, answer)
  }

  refused(index: number, answer: Answer): void {
    this.#wasRefused = true
    this.#follower.refused(index, answer)
  }

  failed(index: number, error: SignalboxError): void {
    this.#wasRefused = true
    this.#follower.failed(index, error)
  }

  /** A place in the submitter's window is ours. */
  entered(): boolean {
    this.#inLine = false
    if (this.#payload === null) return false
    if (this.#isHeldUp()) return false
    this.#sendNext()
    this.#wake()
    return true
  }

  #wake(): void {
    if (this.#isDue) return
    this.#isDue = true
    if (this.#wasRefused) setImmediate(this.#read)
    else queueMicrotask(this.#read)
    this.#wasRefused = false
  }

  readonly #read = (): void => {
    this.#isDue = false
    // Ends: the window fills up, or a refusal within `send` has it read again later.
    while (this.#mayRead()) {
      if (this.#payload === null && !this.#take()) return
      if (!this.#port.window.tryEnter()) {
        this.#inLine = true
        this.#port.window.wait(this)
        return
      }
      this.#sendNext()
    }
  }

  #mayRead(): boolean {
    return this.#state === READING && !this.#inLine && !this.#isDue && !this.#isHeldUp()
  }

  /** @returns whether nothing may be sent now; the source is then read later, or ends. */
  #isHeldUp(): boolean {
    const { closed, paused } = this.#port
    if (closed !== null) this.stop(closed)
    else if (paused && !this.#isPaused) {
      this.#isPaused = true
      this.#port.onResume(this.#resume)
    }
    return closed !== null || paused
  }

  readonly #resume = (): void => {
    this.#isPaused = false
    this.#wake()
  }

  /** @returns whether there is a payload to send. */
  #take(): boolean {
    if (this.#asked || this.#held >= this.#plan.window) return false
    const source = this.#source
    try {
      if (source.isAsync) {
        this.#asked = true
        source.ask(this.#given, this.#thrown)
        return false
      }
      if (source.next()) return this.#prepare(source.value)
      this.#end(undefined)
    } catch (error) {
      this.#end(error)
    }
    return false
  }

  readonly #given = (result: IteratorResult<unknown>): void => {
    this.#asked = false
    if (this.#state !== READING) return
    if (result.done === true) this.#end(undefined)
    else if (this.#prepare(result.value)) this.#read()
  }

  readonly #thrown = (error: unknown): void => {
    this.#asked = false
    if (this.#state === READING) this.#end(error)
  }

  /** @returns false when this payload cannot be a task, which ends the source. */
  #prepare(value: unknown): boolean {
    try {
      const { idOf } = this.#plan
      this.#id = idOf === undefined ? '' : requireToken(idOf(value, this.#next), 'task id')
      this.#payload = this.#port.keepsPayload ? encodeOwnPayload(value) : encodePayload(value)
      return true
    } catch (error) {
      this.stop(error)
      return false
    }
  }

  #sendNext(): void {
    const payload = this.#payload!
    this.#payload = null
    this.#held++
    const { lane, options } = this.#plan
    this.#port.send(lane, options, this, this.#next++, this.#id, payload)
  }

  #end(error: unknown): void {
    this.#state = ENDING
    this.#error = error
    this.#lookForTheEnd()
  }

  #lookForTheEnd(): void {
    if (this.#state !== ENDING || this.#held > 0) return
    this.#state = OVER
    this.#follower.over(this.#error)
  }
}
