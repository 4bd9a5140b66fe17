/**
 * What is remembered of one queue between checks: its last attempts, its backlog, and which state was
 * told of last. Main thread; pure.
 *
 *   told ──another state at a check──► seen once ──the same at the next──► told
 *             ▲                            │
 *             └────── any other state ─────┘
 *
 * Invariant: a state is told after it held for two checks, and never twice in a row.
 */
import type { HealthState } from '../promise-views.ts'
import { AttemptWindow } from './attempt-window.ts'
import { Backlog } from './backlog.ts'

export class QueueWatch {
  /** Null before the first attempt: a kilobyte, and there may be 10,000 queues. */
  window: AttemptWindow | null = null
  readonly backlog = new Backlog()
  /** Attempts since the start, however they ended. */
  ended = 0
  /** Something happened since the last check. */
  changed = true
  told: HealthState = 'healthy'
  #seen: HealthState = 'healthy'

  /** @param ranMs whole milliseconds. */
  add(isError: boolean, ranMs: number): void {
    this.window ??= new AttemptWindow()
    this.window.add(isError, ranMs)
  }

  /** Another check must follow, whatever happens. */
  get isUnsettled(): boolean {
    return this.#seen !== this.told
  }

  /** @returns what was told before, when `state` is to be told now; else null. */
  settle(state: HealthState): HealthState | null {
    const before = this.told
    const held = state === this.#seen
    this.#seen = state
    if (!held || state === before) return null
    this.told = state
    return before
  }
}
