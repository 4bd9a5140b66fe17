/**
 * The last attempts of a queue: how many of them failed, and how long they ran. Main thread.
 *
 * Invariant: `errors` and `totalMs` are the sums over the `count` attempts in the ring, whole numbers,
 * so that they never drift. Nothing is allocated after the constructor.
 */

/** As many as source document 004 looks at of an agent. */
export const WINDOW_SIZE = 100

export class AttemptWindow {
  /** Uint8Array[WINDOW_SIZE], 1 for an error, written by `add`. */
  readonly #isError = new Uint8Array(WINDOW_SIZE)
  /** Float64Array[WINDOW_SIZE], ms that the attempt ran; 30 days do not fit into 32 bits. */
  readonly #ranMs = new Float64Array(WINDOW_SIZE)
  #next = 0
  count = 0
  errors = 0
  totalMs = 0

  /** *Cost* some ten ns, no allocation. @param ranMs whole milliseconds. */
  add(isError: boolean, ranMs: number): void {
    const at = this.#next
    const bit = isError ? 1 : 0
    if (this.count === WINDOW_SIZE) {
      this.errors -= this.#isError[at]
      this.totalMs -= this.#ranMs[at]
    } else this.count++
    this.#isError[at] = bit
    this.#ranMs[at] = ranMs
    this.errors += bit
    this.totalMs += ranMs
    this.#next = at + 1 === WINDOW_SIZE ? 0 : at + 1
  }

  /** @returns 0 to 1; null before the first attempt. */
  get errorRate(): number | null {
    return this.count === 0 ? null : this.errors / this.count
  }

  get meanMs(): number | null {
    return this.count === 0 ? null : this.totalMs / this.count
  }
}
