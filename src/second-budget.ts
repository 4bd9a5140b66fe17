/**
 * So many a second and no more, the others counted: for what is told of things that may come in storms.
 * Pure; the wall clock is handed in.
 */
const SECOND_MS = 1_000

export class SecondBudget {
  readonly #perSecondMax: number
  #second = Number.NEGATIVE_INFINITY
  #taken = 0
  #suppressed = 0

  constructor(perSecondMax: number) {
    this.#perSecondMax = perSecondMax
  }

  /** @returns whether one more may be told in the second of `atMs`; else it is counted. */
  take(atMs: number): boolean {
    const second = Math.floor(atMs / SECOND_MS)
    if (second !== this.#second) {
      this.#second = second
      this.#taken = 0
    }
    if (this.#taken >= this.#perSecondMax) {
      this.#suppressed++
      return false
    }
    this.#taken++
    return true
  }

  /** Counts one that could not be told for another reason. */
  suppress(): void {
    this.#suppressed++
  }

  /** @returns how many were not told since this was asked last. */
  takeSuppressed(): number {
    const suppressed = this.#suppressed
    this.#suppressed = 0
    return suppressed
  }
}
