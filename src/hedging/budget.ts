/**
 * How much work second attempts may add: a bucket of milliseconds, filled by a share of all work that
 * is done and emptied by what second attempts take. Front-end thread.
 *
 * Invariant: what second attempts took is at most the share of the work that was done before, and beyond
 * that what those that are out now take longer than was expected of them. An average run is charged when
 * one begins, and what it took instead when it ends; one that is cut pays for an average run at least, since
 * nobody knows when its agent stops. So the bucket may be in debt, and then none begins until work has
 * paid it.
 *
 * Source: retry budgets (Finagle, gRPC's throttling), in time and not in attempts: an attempt that takes
 * a hundred times as long is a hundred times the work.
 */

/** It holds what so many runs of average length earn: a quiet day does not pay for a storm. */
const RUNS_HELD = 1_000
/** And at least so many runs, or a small share could never pay for one. */
const RUNS_MIN = 2

export class WorkBudget {
  #levelMs = 0

  get levelMs(): number {
    return this.#levelMs
  }

  /** A first attempt has ended. @param meanMs of runs of its kind. */
  earn(ms: number, share: number, meanMs: number): void {
    const mostMs = Math.max(RUNS_MIN, share * RUNS_HELD) * meanMs
    if (this.#levelMs >= mostMs) return
    this.#levelMs = Math.min(mostMs, this.#levelMs + share * ms)
  }

  /** @returns whether there is enough for a second attempt that is expected to take so long. */
  spend(ms: number): boolean {
    if (this.#levelMs < ms) return false
    this.#levelMs -= ms
    return true
  }

  /** It has taken as long as that. */
  settle(expectedMs: number, tookMs: number): void {
    this.#levelMs += expectedMs - tookMs
  }
}
