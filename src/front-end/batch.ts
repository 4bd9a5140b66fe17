/**
 * What gathers during a turn and is done with at its end: added one by one, gone through, cleared.
 * Main thread.
 *
 * Invariant: the memory of an ordinary turn is kept for the next, and nothing that was cleared is held.
 *
 * Not taken: an array that is emptied by `length = 0`. That gives its memory back, so each turn grew it
 * anew: a quarter of all that was allocated for a task that came and went in frames.
 */

/** What a burst needed beyond is given back. */
const KEPT_MAX = 4_096

export class Batch<T> {
  readonly #items: (T | undefined)[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  add(item: T): void {
    this.#items[this.#length++] = item
  }

  /** @param i below the length. */
  at(i: number): T {
    return this.#items[i] as T
  }

  /** Lets go of all. */
  clear(): void {
    this.#items.fill(undefined, 0, this.#length)
    this.#length = 0
    if (this.#items.length > KEPT_MAX) this.#items.length = KEPT_MAX
  }
}
