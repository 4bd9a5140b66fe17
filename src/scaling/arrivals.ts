/**
 * How many tasks arrive: a steady mean, and what just began. One for each pool; pure.
 *
 * ```
 *   counts ──► mean, which forgets exponentially (as exact as a window of `windowMs`)
 *         ├──► the last 2, 4, 8 looks ──► far more than chance allows? ──► that is the rate: a burst
 *         └──► the last 8 looks ──► far from the mean, above or below? ──► the mean begins anew there
 * ```
 *
 * Invariant: `perMs` is `meanPerMs` unless a short stretch had more arrivals than chance allows: what
 * chance does is averaged away, what is none is believed within seconds. Many tasks in one look are no
 * rate, however many: somebody submitted a batch, which is backlog and will not go on.
 *
 * Not taken: the larger of a short and a long window, always. Of two noisy numbers the larger one is
 * too large on average, by some 10 % with a hundred arrivals a window, and that for all hours of a day.
 */

/** Standard deviations of a Poisson count: chance alone does it about once a day. */
const SIGMAS = 4
/** Looks that are remembered one by one; a power of two. */
const RECENT = 8
/** A mean of so many is right to some 3 %; for it so many windows are waited for, at most. */
const ARRIVALS_WANTED = 1_000
const WINDOWS_MAX = 5

export class Arrivals {
  /** Tasks in a ms, as it looks just now, and on average; 0 before the second look. */
  perMs = 0
  meanPerMs = 0
  readonly #counts = new Float64Array(RECENT)
  readonly #spans = new Float64Array(RECENT)
  #looks = 0
  /** Decayed sums. */
  #tasks = 0
  #ms = 0

  /** Arrivals that the mean is made of, about: below one it says nothing. */
  get known(): number {
    return this.#tasks
  }

  /** @param count since the last look, which was `spanMs` ago. */
  add(count: number, spanMs: number, windowMs: number): void {
    const at = this.#looks++ & (RECENT - 1)
    this.#counts[at] = count
    this.#spans[at] = spanMs
    // A mean that forgets with this constant is as exact as one over the window.
    const kept = Math.exp((-2 * spanMs) / this.#windowOf(windowMs))
    const before = this.meanPerMs
    const isFirst = this.#ms === 0
    this.#tasks = this.#tasks * kept + count
    this.#ms = this.#ms * kept + spanMs
    this.meanPerMs = this.#tasks / this.#ms
    this.perMs = this.meanPerMs
    if (!isFirst) this.#lookBack(before)
  }

  /** Few arrivals say little: then more of the past counts. */
  #windowOf(windowMs: number): number {
    const wantedMs = this.meanPerMs > 0 ? ARRIVALS_WANTED / this.meanPerMs : 0
    return Math.max(windowMs, Math.min(wantedMs, WINDOWS_MAX * windowMs))
  }

  /** @param before the mean without the last look, which a burst is in already. */
  #lookBack(before: number): void {
    let [tasks, ms, most, mostMs] = [0, 0, -1, 0]
    const looks = Math.min(this.#looks, RECENT)
    for (let back = 1; back <= looks; back++) {
      const at = (this.#looks - back) & (RECENT - 1)
      const count = this.#counts[at]
      tasks += count
      ms += this.#spans[at]
      if (count > most) [most, mostMs] = [count, this.#spans[at]]
      if (back === 1 || (back & (back - 1)) !== 0) continue
      this.#judge(tasks - most, ms - mostMs, before)
      if (back < RECENT) continue
      if (tasks < this.meanPerMs * ms && isFar(tasks, this.meanPerMs * ms))
        this.#beginAnew(tasks, ms)
      else if (isMore(tasks - most, this.meanPerMs * (ms - mostMs))) this.#beginAnew(tasks, ms)
    }
  }

  /** @param tasks of some looks, the one with the most left out: what came at once is no rate. */
  #judge(tasks: number, ms: number, before: number): void {
    if (!isMore(tasks, Math.min(before, this.meanPerMs) * ms)) return
    // Of what is picked because it is large, a part is chance.
    this.perMs = Math.max(this.perMs, (tasks - (SIGMAS / 2) * Math.sqrt(tasks)) / ms)
  }

  #beginAnew(tasks: number, ms: number): void {
    this.#tasks = tasks
    this.#ms = ms
    this.meanPerMs = tasks / ms
    this.perMs = Math.max(this.perMs, this.meanPerMs)
  }
}

/** One more than expected, so that a first task after a long rest is no burst. */
function isFar(tasks: number, expected: number): boolean {
  return Math.abs(tasks - expected) > SIGMAS * Math.sqrt(expected + 1)
}

function isMore(tasks: number, expected: number): boolean {
  return tasks > expected && isFar(tasks, expected)
}
