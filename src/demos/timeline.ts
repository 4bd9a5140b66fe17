/**
 * What is to happen on a stage, soonest first, and of one time in the order in which it was planned;
 * and what comes again and again: beats, looks at the fleet. Any thread.
 *
 * Invariant: `steps` is in order at all times, and all times are whole ms, as the core has them. A demo
 * plans hundreds of steps, so an insertion into an array is enough.
 */
interface Step {
  readonly atMs: number
  run(): void
}

interface Repeat {
  readonly everyMs: number
  nextMs: number
  run(): void
}

export class Timeline {
  private readonly steps: Step[] = []
  private readonly repeats: Repeat[] = []

  /** Steps that are still to come; what repeats does not count. */
  get size(): number {
    return this.steps.length
  }

  /** @returns when anything is due, Infinity when nothing is. */
  get nextMs(): number {
    let nextMs = this.steps.length === 0 ? Number.POSITIVE_INFINITY : this.steps[0].atMs
    for (const repeat of this.repeats) nextMs = Math.min(nextMs, repeat.nextMs)
    return nextMs
  }

  at(atMs: number, run: () => void): void {
    const wholeMs = Math.round(atMs)
    let place = this.steps.length
    // Ends: each round goes one place to the front.
    while (place > 0 && this.steps[place - 1].atMs > wholeMs) place--
    this.steps.splice(place, 0, { atMs: wholeMs, run })
  }

  every(everyMs: number, fromMs: number, run: () => void): void {
    const wholeMs = Math.max(1, Math.round(everyMs))
    this.repeats.push({ everyMs: wholeMs, nextMs: fromMs + wholeMs, run })
  }

  /** Does the steps that are due by then, those that they plan for the same time included. */
  takeSteps(nowMs: number): void {
    // Ends: what a step plans for its own time ends in something that takes time.
    while (this.steps.length > 0 && this.steps[0].atMs <= nowMs) this.steps.shift()!.run()
  }

  /** Does what repeats and is due by then. */
  takeRepeats(nowMs: number): void {
    for (const repeat of this.repeats) {
      if (repeat.nextMs > nowMs) continue
      repeat.nextMs += repeat.everyMs
      repeat.run()
    }
  }
}
