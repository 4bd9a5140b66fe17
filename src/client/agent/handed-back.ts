/**
 * Attempts of one scheduler that were handed back before they were begun, by their counter: should
 * their work come again, after the acknowledgement or in plain form, it is known and handed back again.
 *
 * Invariant: the newest `REMEMBERED_MAX` are known. A scheduler repeats work only until it has heard the
 * hand-back, so one that is older is asked for by nobody.
 */
const REMEMBERED_MAX = 1_024

export class HandedBack {
  readonly #counters = new Set<number>()

  has(counter: number): boolean {
    return this.#counters.size > 0 && this.#counters.has(counter)
  }

  add(counter: number): void {
    const counters = this.#counters
    counters.add(counter)
    if (counters.size <= REMEMBERED_MAX) return
    const [oldest] = counters
    counters.delete(oldest)
  }
}
