/**
 * Whether an agent kept what was promised to its last tasks with a promise: a bit each. Main thread.
 *
 * Invariant: `kept` is the number of bits that are set among the last `count`, 100 at most.
 */

/** As many as source document 004 looks at. */
export const KEPT_RING_SIZE = 100
const WORD_BITS = 32

export class KeptRing {
  readonly #bits = new Int32Array(Math.ceil(KEPT_RING_SIZE / WORD_BITS))
  #next = 0
  count = 0
  kept = 0

  add(isKept: boolean): void {
    const at = this.#next
    const word = at >>> 5
    const bit = 1 << (at & 31)
    if (this.count === KEPT_RING_SIZE) {
      if ((this.#bits[word] & bit) !== 0) this.kept--
    } else this.count++
    if (isKept) {
      this.#bits[word] |= bit
      this.kept++
    } else this.#bits[word] &= ~bit
    this.#next = at + 1 === KEPT_RING_SIZE ? 0 : at + 1
  }

  /** 0 to 1; null before the first. */
  get share(): number | null {
    return this.count === 0 ? null : this.kept / this.count
  }
}
