/**
 * The four ways to submit, the same over NATS and within the process: one task or many, with the
 * outcome or handed over.
 *
 * Runs in the thread that submits. Invariant: everything that can be checked is checked before
 * anything is sent, and nothing is sent without a place in the window.
 */
import type { Outcome, SubmitTotals, TaskHandle } from '../api.ts'
import type { SignalboxError } from '../errors.ts'
import type { SubmitManyOptions, SubmitOptions } from '../task.ts'
import { encodeOwnPayload, encodePayload } from '../wire/payload.ts'
import { type CheckedOptions, checkOptions, NO_OPTIONS } from '../wire/submit-options.ts'
import type { Taker } from './answer.ts'
import { WANTS_ACCEPTED, WANTS_OUTCOME } from './in-flight.ts'
import type { Plan } from './many.ts'
import { type ItemOptions, itemOptions, type Port } from './port.ts'
import { RunMany } from './run-many.ts'
import { SubmitMany } from './submit-many.ts'
import { RunTaker, SubmitTaker } from './takers.ts'
import { badOption, type Entrant, requireWindow } from './window.ts'

const WINDOW_OF_MANY = 1_024
const RUN_WANTS = WANTS_OUTCOME
const SUBMIT_WANTS = WANTS_ACCEPTED | WANTS_OUTCOME
/** What most tasks are sent with. */
const RUN_OPTIONS = itemOptions(NO_OPTIONS, RUN_WANTS)
const SUBMIT_OPTIONS = itemOptions(NO_OPTIONS, SUBMIT_WANTS)

export class Submissions<Lane> {
  readonly #port: Port<Lane>

  constructor(port: Port<Lane>) {
    this.#port = port
  }

  run<T>(queue: string, payload: unknown, options?: SubmitOptions): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      const checked = checkOptions(options)
      const item = checked === NO_OPTIONS ? RUN_OPTIONS : itemOptions(checked, RUN_WANTS)
      this.#sendOne(queue, payload, checked, item, new RunTaker(resolve, reject))
    }) as Promise<T>
  }

  submit(queue: string, payload: unknown, options?: SubmitOptions): Promise<TaskHandle> {
    return new Promise((resolve, reject) => {
      const checked = checkOptions(options)
      const item = checked === NO_OPTIONS ? SUBMIT_OPTIONS : itemOptions(checked, SUBMIT_WANTS)
      this.#sendOne(queue, payload, checked, item, new SubmitTaker(queue, resolve, reject))
    })
  }

  /** @throws bad_token, bad_option, bad_priority, not_supported, at once. */
  runMany(
    queue: string,
    payloads: unknown,
    options?: SubmitManyOptions,
  ): AsyncIterableIterator<Outcome> {
    return new RunMany(this.#port, this.#planOf(queue, options, WANTS_OUTCOME), payloads)
  }

  submitMany(
    queue: string,
    payloads: unknown,
    options?: SubmitManyOptions & { onOutcome?(outcome: Outcome): void },
  ): Promise<SubmitTotals> {
    return new Promise((resolve, reject) => {
      const { onOutcome, ...rest } = options ?? {}
      if (onOutcome !== undefined && typeof onOutcome !== 'function') {
        throw badOption('onOutcome', onOutcome, 'give a function')
      }
      const wants = onOutcome === undefined ? WANTS_ACCEPTED : WANTS_OUTCOME
      const plan = this.#planOf(queue, rest, wants)
      new SubmitMany(this.#port, plan, payloads, onOutcome, resolve, reject).start()
    })
  }

  #planOf(queue: string, options: SubmitManyOptions | undefined, wants: number): Plan<Lane> {
    const { idOf, window = WINDOW_OF_MANY, ...rest } = options ?? {}
    if (Object.hasOwn(rest, 'id')) {
      throw badOption('id', (rest as SubmitOptions).id, 'many tasks need many: give idOf')
    }
    if (idOf !== undefined && typeof idOf !== 'function') {
      throw badOption('idOf', idOf, 'give a function')
    }
    const checked = checkOptions(rest)
    return {
      lane: this.#port.laneOf(queue, checked.level),
      options: itemOptions(checked, wants),
      idOf,
      window: requireWindow(window),
    }
  }

  /** *Cost* of the usual way: nothing but what the taker holds. */
  #sendOne(
    queue: string,
    payload: unknown,
    checked: Readonly<CheckedOptions>,
    options: ItemOptions,
    taker: Taker,
  ): void {
    const port = this.#port
    const lane = port.laneOf(queue, checked.level)
    port.requireOpen()
    const bytes = port.keepsPayload ? encodeOwnPayload(payload) : encodePayload(payload)
    const id = checked.id ?? ''
    if (port.window.tryEnter()) port.send(lane, options, taker, 0, id, bytes)
    else if (port.window.whenFull === 'refuse') port.window.refuse()
    else {
      const own = bytes === payload ? Uint8Array.from(bytes) : bytes
      port.window.wait(new WaitingCall(port, lane, options, taker, id, own))
    }
  }
}

/** A `run` or `submit` that found the window full. */
class WaitingCall<Lane> implements Entrant {
  readonly #port: Port<Lane>
  readonly #lane: Lane
  readonly #options: ItemOptions
  readonly #taker: Taker
  readonly #id: string
  readonly #bytes: Uint8Array

  constructor(
    port: Port<Lane>,
    lane: Lane,
    options: ItemOptions,
    taker: Taker,
    id: string,
    bytes: Uint8Array,
  ) {
    this.#port = port
    this.#lane = lane
    this.#options = options
    this.#taker = taker
    this.#id = id
    this.#bytes = bytes
  }

  entered(): boolean {
    const port = this.#port
    try {
      port.requireOpen()
    } catch (error) {
      this.#taker.failed(0, error as SignalboxError)
      return false
    }
    port.send(this.#lane, this.#options, this.#taker, 0, this.#id, this.#bytes)
    return true
  }
}
