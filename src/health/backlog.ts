/**
 * Whether a queue's backlog grows. One for each queue that is watched; pure, told at each check.
 *
 *   WATCHING ──above the bound, and more at each of five checks──► TOLD ──half of its peak──► WATCHING
 *
 * Invariant: between two alerts the backlog was at most half of the peak of the first.
 */

/** Checks in a row that find more than the one before. */
export const GROWING_CHECKS = 5

export class Backlog {
  #last = 0
  #growing = 0
  /** Waiting when the growth began. */
  #from = 0
  /** The most since it was told; 0 while it was not. */
  #peak = 0

  /**
   * @param alertAbove waiting tasks that are still well.
   * @returns by how many tasks it has grown, when that is to be told now; else 0.
   */
  check(waiting: number, alertAbove: number): number {
    if (waiting > this.#last) {
      if (this.#growing === 0) this.#from = this.#last
      this.#growing++
    } else this.#growing = 0
    this.#last = waiting
    if (this.#peak > 0) {
      if (waiting > this.#peak) this.#peak = waiting
      else if (waiting * 2 <= this.#peak) this.#peak = 0
      return 0
    }
    if (this.#growing < GROWING_CHECKS || waiting <= alertAbove) return 0
    this.#peak = waiting
    return waiting - this.#from
  }
}
