/**
 * How much searching there may be: a share of the time that passes. Any thread.
 *
 * Invariant: over any time, steps that were spent take 2 % of it at most, and a burst of
 * `BURST_MS` beyond.
 *
 * A step takes 20 ns in a quiet process, and six times that where many others use the caches too: an agent
 * that is passed over in the table is a tenth of one, reading a task of another agent's queue is four, the
 * agent itself eight. So 160 steps, 20 µs at worst, are followed by 1 ms without a search. Counted and not
 * measured, so that the same events make the same moves.
 */

/** Steps after which there is none for a millisecond: 2 % of it, at 125 ns each. */
const STEPS_PER_MS = 160
const BURST_MS = 4

export class Effort {
  private untilMs = 0

  isSpent(nowMs: number): boolean {
    return this.untilMs - nowMs > BURST_MS
  }

  /** @returns when it is not spent any more. */
  get againMs(): number {
    return Math.ceil(this.untilMs - BURST_MS)
  }

  spend(steps: number, nowMs: number): void {
    this.untilMs = Math.max(this.untilMs, nowMs) + steps / STEPS_PER_MS
  }
}
