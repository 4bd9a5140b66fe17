/**
 * Requests that wait for a task or a flow to be over. Main thread.
 *
 * Invariant: each ends when what it waits for is over, when its time is up, when whoever asked has left,
 * when the scheduler drains or when the server stops, whichever is first; there are never more than
 * `WAITS_MAX`.
 *
 * All of them are looked at every few milliseconds, by one timer that runs only while there are any: a
 * look-up each. Not taken: a hook where tasks end, which each task would pay for, be anybody waiting
 * for it or not.
 */
import { HttpRefusal } from './refusals.ts'

export const WAITS_MAX = 128
export const WAIT_SECONDS_MAX = 60
const LOOK_MS = 10

interface Wait {
  readonly untilMs: number
  readonly gone: AbortSignal
  isOver(): boolean
  end(): void
}

export class Waits {
  readonly #waits = new Set<Wait>()
  readonly #isDraining: () => boolean
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(isDraining: () => boolean) {
    this.#isDraining = isDraining
  }

  get size(): number {
    return this.#waits.size
  }

  /** Before anything is done for whoever wants to wait. @throws HttpRefusal 429 */
  requireRoom(seconds: number): void {
    if (seconds === 0 || this.#waits.size < WAITS_MAX) return
    const words = `${WAITS_MAX} requests wait already, and no more may.`
    throw new HttpRefusal(429, 'too_many_in_flight', words, {
      do: 'Ask again a little later, or without "wait".',
    })
  }

  /** Resolves when it ends, for whatever reason; at once when there is no room any more. */
  async until(isOver: () => boolean, seconds: number, gone: AbortSignal): Promise<void> {
    if (seconds === 0 || isOver() || gone.aborted || this.#isStopped || this.#isDraining()) return
    if (this.#waits.size >= WAITS_MAX) return
    const untilMs = performance.now() + seconds * 1_000
    await new Promise<void>((end) => {
      this.#waits.add({ untilMs, gone, isOver, end })
      this.#timer ??= setInterval(() => this.#look(), LOOK_MS)
    })
  }

  #look(): void {
    const nowMs = performance.now()
    const isDraining = this.#isDraining()
    for (const wait of this.#waits) {
      if (isDraining || wait.gone.aborted || nowMs >= wait.untilMs || wait.isOver()) {
        this.#waits.delete(wait)
        wait.end()
      }
    }
    this.#rest()
  }

  #rest(): void {
    if (this.#waits.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Ends all of them; none begins any more. */
  stop(): void {
    this.#isStopped = true
    for (const wait of this.#waits) wait.end()
    this.#waits.clear()
    this.#rest()
  }
}
