/**
 * How much waited and ran in all, over time: source document 002 samples queue depths each 5 s. Main
 * thread.
 *
 * Invariant: the last `SAMPLES_MAX` are kept, an hour at 5 s; nothing is allocated after the constructor.
 */

export const SAMPLES_MAX = 720

export interface FleetSample {
  /** Wall clock, ms since 1970. */
  at: number
  waiting: number
  /** In agents' own queues. */
  bound: number
  running: number
}

export class FleetSamples {
  readonly #at = new Float64Array(SAMPLES_MAX)
  readonly #waiting = new Uint32Array(SAMPLES_MAX)
  readonly #bound = new Uint32Array(SAMPLES_MAX)
  readonly #running = new Uint32Array(SAMPLES_MAX)
  #next = 0
  count = 0

  add(at: number, waiting: number, bound: number, running: number): void {
    const place = this.#next
    this.#at[place] = at
    this.#waiting[place] = waiting
    this.#bound[place] = bound
    this.#running[place] = running
    this.#next = (place + 1) % SAMPLES_MAX
    if (this.count < SAMPLES_MAX) this.count++
  }

  /** The newest last. @param countMax of the newest. */
  list(countMax: number = SAMPLES_MAX): FleetSample[] {
    const count = Math.min(this.count, countMax)
    return Array.from({ length: count }, (_, i) => {
      const place = (this.#next - count + i + SAMPLES_MAX) % SAMPLES_MAX
      return {
        at: this.#at[place],
        waiting: this.#waiting[place],
        bound: this.#bound[place],
        running: this.#running[place],
      }
    })
  }
}
