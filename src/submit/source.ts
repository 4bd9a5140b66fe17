/**
 * Where the payloads of `runMany` and `submitMany` come from: a list, anything that can be iterated,
 * or anything that can be iterated asynchronously, as one thing to ask for the next.
 *
 * Runs in the thread that submits. Invariant: nothing is asked after the source has ended or thrown,
 * nor after it was told to stop.
 */
import { SignalboxError } from '../errors.ts'

export interface Source {
  readonly isAsync: boolean
  /** What `next` found. */
  readonly value: unknown
  /** @returns whether there was another; of a source that is not asynchronous. */
  next(): boolean
  /** Calls one of the two later; of an asynchronous source. */
  ask(given: (result: IteratorResult<unknown>) => void, thrown: (error: unknown) => void): void
  /** No more is wanted, as by `break`. */
  stop(): void
}

/** @throws bad_option when it is none. */
export function sourceOf(payloads: unknown): Source {
  if (Array.isArray(payloads)) return new ListSource(payloads)
  // A text and bytes can be iterated too, but whoever gives one means it as a payload.
  if (typeof payloads === 'object' && payloads !== null && !ArrayBuffer.isView(payloads)) {
    if (Symbol.asyncIterator in payloads) {
      return new AsyncSource((payloads as AsyncIterable<unknown>)[Symbol.asyncIterator]())
    }
    if (Symbol.iterator in payloads) {
      return new IterableSource((payloads as Iterable<unknown>)[Symbol.iterator]())
    }
  }
  throw new SignalboxError(
    'bad_option',
    'The payloads are neither a list nor anything else that can be iterated: ' +
      'for a single task call run or submit.',
  )
}

/** Without an object for each step. */
class ListSource implements Source {
  readonly isAsync = false
  readonly #list: readonly unknown[]
  #at = 0
  value: unknown

  constructor(list: readonly unknown[]) {
    this.#list = list
  }

  next(): boolean {
    if (this.#at >= this.#list.length) return false
    this.value = this.#list[this.#at++]
    return true
  }

  ask(): void {}
  stop(): void {}
}

class IterableSource implements Source {
  readonly isAsync = false
  readonly #iterator: Iterator<unknown>
  value: unknown

  constructor(iterator: Iterator<unknown>) {
    this.#iterator = iterator
  }

  next(): boolean {
    const result = this.#iterator.next()
    if (result.done === true) return false
    this.value = result.value
    return true
  }

  ask(): void {}

  stop(): void {
    this.#iterator.return?.()
  }
}

class AsyncSource implements Source {
  readonly isAsync = true
  readonly value = undefined
  readonly #iterator: AsyncIterator<unknown>

  constructor(iterator: AsyncIterator<unknown>) {
    this.#iterator = iterator
  }

  next(): boolean {
    return false
  }

  ask(given: (result: IteratorResult<unknown>) => void, thrown: (error: unknown) => void): void {
    Promise.resolve(this.#iterator.next()).then(given, thrown)
  }

  stop(): void {
    const ended: unknown = this.#iterator.return?.()
    // Nobody is left who could be told that the source failed while it was ended.
    Promise.resolve(ended).catch(() => {})
  }
}
