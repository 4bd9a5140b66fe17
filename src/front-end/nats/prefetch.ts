/**
 * How much work an agent should hold beyond its concurrency, so that its hands are not idle while a
 * result travels and the next task comes. Main thread; one meter for each agent, no allocation.
 *
 * An agent of concurrency `c` whose tasks take `work` finishes `c / work` of them a second; while a
 * place goes empty and is filled again one round trip passes, so with `c * (1 + trip / work)` tasks
 * on the way or in work (Little's law) none of its places stands empty. Both times are the agent's
 * own word or measured here: the trip is what passed from dispatch to result, less what the agent
 * says it held the task, waiting in its hands included.
 *
 * Invariant: what the agent said at hello is never exceeded, whatever it says of its times.
 *
 * What waits in an agent's hands is bound to it, and its running time-out runs: tasks that are
 * suddenly a thousand times longer than those before may find hundreds waiting with one agent. An
 * agent that has such tasks says a smaller `prefetch` at hello.
 *
 * Rejected: a prefetch as large as allowed for everybody: what waits at a slow agent cannot go to a
 * quick one, and is lost with it. Searching by more and less: it finds the same, in seconds.
 */

/** Between two looks at an agent; work for a few results at least, or it follows noise. */
export const LOOK_MS = 100
/** Weight of the newest look: half of a change is seen after three, 0.3 s. */
const NEW_WEIGHT = 0.25
/** What is wanted must be so far from what is, so that it does not go to and fro. */
const CHANGE_MIN = 0.75
const CHANGE_SHARE = 1 / 8
/** A task of no measurable length counts as this long. */
const WORK_US_MIN = 1

export class PrefetchMeter {
  #samples = 0
  #tripSumUs = 0
  #workSumUs = 0
  /** Smoothed; negative until the first look. */
  #tripUs = -1
  #workUs = 0
  #lookedAtMs = Number.NEGATIVE_INFINITY

  /**
   * One result. What cannot be is left out: a trip that is longer than the whole way.
   * @param elapsedUs from dispatch to the result's arrival.
   * @param heldUs from the task's receipt to its result's sending, as the agent says.
   * @param workUs in its handler, as the agent says.
   */
  add(elapsedUs: number, heldUs: number, workUs: number): void {
    if (heldUs > elapsedUs || workUs > heldUs) return
    this.#samples++
    this.#tripSumUs += elapsedUs - heldUs
    this.#workSumUs += workUs
  }

  /** To the agent and back, smoothed, ms; 0 before the first look. */
  get tripMs(): number {
    return Math.max(0, this.#tripUs) / 1_000
  }

  /** @returns whether enough time has passed, and something was measured. */
  isDue(nowMs: number): boolean {
    return this.#samples > 0 && nowMs - this.#lookedAtMs >= LOOK_MS
  }

  /**
   * @param current prefetch now.
   * @param max what the agent said it takes.
   * @returns the prefetch that it should have; `current` where that is about right.
   */
  look(nowMs: number, concurrency: number, current: number, max: number): number {
    this.#lookedAtMs = nowMs
    this.#smooth()
    const exact = (concurrency * this.#tripUs) / Math.max(WORK_US_MIN, this.#workUs)
    const wanted = Math.min(max, exact)
    const change = Math.abs(wanted - current)
    const isNear = change < Math.max(CHANGE_MIN, current * CHANGE_SHARE)
    return isNear && current <= max ? current : Math.round(wanted)
  }

  #smooth(): void {
    const tripUs = this.#tripSumUs / this.#samples
    const workUs = this.#workSumUs / this.#samples
    this.#samples = 0
    this.#tripSumUs = 0
    this.#workSumUs = 0
    if (this.#tripUs < 0) {
      this.#tripUs = tripUs
      this.#workUs = workUs
    } else {
      this.#tripUs += (tripUs - this.#tripUs) * NEW_WEIGHT
      this.#workUs += (workUs - this.#workUs) * NEW_WEIGHT
    }
  }
}
