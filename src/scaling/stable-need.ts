/**
 * What becomes of a need that moves at every look: more is advised when it was so for `upAfterMs`,
 * fewer when it was so for `downAfterMs`, and no two changes in the same direction within the
 * cool-down. One for each pool; pure.
 *
 *   need ──► least of the last upAfterMs ──above──► desired ◄──below── most of the last downAfterMs
 *
 * Invariant: `desired` never falls below the most that was needed within `downAfterMs`, nor before so
 * much time was seen at all.
 *
 * Source: the stabilisation windows of Kubernetes' horizontal pod autoscaler.
 */

/** A window is kept as so many stretches; memory does not depend on how often is looked. */
const STRETCHES = 60
/** A need that is so much larger than what was advised is a burst: no cool-down holds it back. */
const BURST_FACTOR = 1.25

/** Raises that are remembered: agents of older ones have come, or will not. */
const RAISES_MAX = 16

export interface StabilityOptions {
  upAfterMs: number
  downAfterMs: number
  cooldownMs: number
}

export class StableNeed {
  desired: number
  /** Policy ms of the last change. */
  sinceMs: number
  /** When more was advised, and how many: the last few. */
  readonly raises: { atMs: number; desired: number }[] = []
  readonly #fromMs: number
  readonly #most: Window
  readonly #least: Window
  #raisedAtMs = Number.NEGATIVE_INFINITY
  #loweredAtMs = Number.NEGATIVE_INFINITY

  constructor(desired: number, nowMs: number, { upAfterMs, downAfterMs }: StabilityOptions) {
    this.desired = desired
    this.sinceMs = nowMs
    this.#fromMs = nowMs
    this.#most = new Window(downAfterMs, Math.max)
    this.#least = new Window(upAfterMs, Math.min)
  }

  /** @returns whether `desired` has changed. */
  add(need: number, nowMs: number, options: StabilityOptions): boolean {
    const { upAfterMs, downAfterMs, cooldownMs } = options
    const most = this.#most.add(need, nowMs)
    const least = this.#least.add(need, nowMs)
    const seenMs = nowMs - this.#fromMs
    const before = this.desired
    if (least > before && seenMs >= upAfterMs) {
      const isCool = nowMs - this.#raisedAtMs >= cooldownMs
      if (!isCool && least < before * BURST_FACTOR) return false
      this.#raisedAtMs = nowMs
      this.desired = least
      this.raises.push({ atMs: nowMs, desired: least })
      if (this.raises.length > RAISES_MAX) this.raises.shift()
    } else if (most < before && seenMs >= downAfterMs) {
      if (nowMs - this.#loweredAtMs < cooldownMs) return false
      this.#loweredAtMs = nowMs
      this.desired = most
      this.raises.length = 0
    }
    if (this.desired === before) return false
    this.sinceMs = nowMs
    return true
  }
}

/** The most, or the least, of a sliding window, exact to a sixtieth of it; never of less than it. */
class Window {
  readonly #windowMs: number
  readonly #stretchMs: number
  readonly #pick: (a: number, b: number) => number
  readonly #values: { stretch: number; value: number }[] = []

  constructor(windowMs: number, pick: (a: number, b: number) => number) {
    this.#windowMs = windowMs
    this.#stretchMs = Math.max(1, windowMs / STRETCHES)
    this.#pick = pick
  }

  add(value: number, nowMs: number): number {
    if (this.#windowMs === 0) return value
    const stretch = Math.floor(nowMs / this.#stretchMs)
    const last = this.#values.at(-1)
    if (last?.stretch === stretch) last.value = this.#pick(last.value, value)
    else this.#values.push({ stretch, value })
    // Ends: there are at most a few more than STRETCHES.
    while (this.#values[0].stretch < stretch - STRETCHES) this.#values.shift()
    return this.#values.reduce((found, { value }) => this.#pick(found, value), value)
  }
}
