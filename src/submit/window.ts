/**
 * How many tasks one submitter may have in flight, over all of its calls.
 *
 *   room ──enter──► taken ──leave──► room, or straight on to who has waited longest
 *
 * Runs in the thread that submits. Invariant: never more than `size` places are taken, and none is
 * free while somebody waits.
 *
 * A place that is left goes to who waits, in order, whether that is one `run` or a `runMany` with
 * more to come: a long list gets behind the others again for each of its tasks, so that it cannot
 * starve them.
 */
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { quote } from '../wire/tokens.ts'
import { Fifo } from './fifo.ts'

export type WhenFull = 'wait' | 'refuse'

/** Somebody who waits for a place. */
export interface Entrant {
  /** @returns false when it has no use for the place any more. */
  entered(): boolean
}

export class Window {
  readonly size: number
  readonly whenFull: WhenFull
  readonly #waiting = new Fifo<Entrant>()
  #taken = 0
  /** Places that were left and are neither free nor taken yet. */
  #left = 0
  #isPassing = false

  constructor(size: number, whenFull: WhenFull) {
    this.size = size
    this.whenFull = whenFull
  }

  get taken(): number {
    return this.#taken
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** @returns whether there was room; who waits comes first. */
  tryEnter(): boolean {
    if (this.#taken >= this.size || this.#waiting.length > 0) return false
    this.#taken++
    return true
  }

  /** Waits in order; `entered` is called with a place taken. */
  wait(entrant: Entrant): void {
    this.#waiting.push(entrant)
  }

  /** Passes the place on, or frees it. One loop, however many leave again at once. */
  leave(): void {
    this.#left++
    if (this.#isPassing) return
    this.#isPassing = true
    while (this.#left > 0) {
      const next = this.#waiting.shift()
      if (next === undefined) {
        this.#taken -= this.#left
        this.#left = 0
      } else if (next.entered()) this.#left--
    }
    this.#isPassing = false
  }

  /** Calls everybody who waits; for the end, when entering fails at once. */
  dismiss(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#taken++
      if (!next.entered()) this.#taken--
    }
  }

  /** @throws too_many_in_flight, always. */
  refuse(): never {
    throw new SignalboxError(
      'too_many_in_flight',
      `${this.size} tasks are in flight, as many as the window allows: await some of them, ` +
        'or give a larger window.',
    )
  }
}

/** @throws bad_option */
export function windowOf(options: { window?: number; whenFull?: WhenFull }): Window {
  const { window = LIMITS.windowDefault, whenFull = 'wait' } = options
  if (whenFull !== 'wait' && whenFull !== 'refuse') {
    throw badOption('whenFull', whenFull, 'give "wait" or "refuse"')
  }
  return new Window(requireWindow(window), whenFull)
}

/** @throws bad_option unless a whole number from 1 to `LIMITS.windowMax`. */
export function requireWindow(value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LIMITS.windowMax) {
    return value as number
  }
  throw badOption('window', value, `give a whole number from 1 to ${LIMITS.windowMax}`)
}

export function badOption(key: string, value: unknown, what: string): SignalboxError {
  return new SignalboxError('bad_option', `"${key}" is ${quote(value)}: ${what}.`)
}
