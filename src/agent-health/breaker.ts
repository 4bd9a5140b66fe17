/**
 * A circuit breaker: an agent that does not do well gets nothing for a while, then one task, which
 * decides. Pure; one for each agent, remembered with its id.
 *
 *   CLOSED ──failing, flapping, slow──► OPEN ──its time is over──► HALF OPEN ──success──► CLOSED
 *                                        ▲                            │
 *                                        └──── failure, twice as long ┘
 *
 * Invariant: each time that it opens again without having been closed for `quarantineMaxMs` it is open
 * for twice as long as before, at most `quarantineMaxMs`; only the result of an attempt that began while
 * it was half open ends that.
 *
 * Source: Envoy's outlier detection, whose ejections grow with their number and shrink while a host is
 * well; the half-open state is Nygard's circuit breaker.
 */

import type { AgentAction, AgentHealthOptions } from '../balance-options.ts'
import type { AgentCondition } from '../balance-views.ts'
import type { Verdict } from './failing.ts'

export const CLOSED = 0
export const OPEN = 1
export const HALF_OPEN = 2
export type BreakerState = typeof CLOSED | typeof OPEN | typeof HALF_OPEN

export type Trouble = Extract<AgentCondition, 'failing' | 'flapping' | 'slow'>

export class Breaker {
  state: BreakerState = CLOSED
  trouble: Trouble = 'failing'
  /** What is done while it is open. */
  action: AgentAction = 'quarantine'
  /** A sentence; of use while it is not closed. */
  reason = ''
  untilMs = 0
  openMs = 0
  /** Attempts from this one on count for the trial. */
  #trialFrom = 0
  #verdict: Verdict = 0
  #closedAtMs = Number.NEGATIVE_INFINITY

  open(
    trouble: Trouble,
    action: AgentAction,
    reason: string,
    options: AgentHealthOptions,
    nowMs: number,
  ): void {
    const { quarantineMs, quarantineMaxMs } = options
    const wasWell = this.state === CLOSED && nowMs - this.#closedAtMs > quarantineMaxMs
    const openMs = wasWell || this.openMs === 0 ? quarantineMs : this.openMs * 2
    this.openMs = Math.min(openMs, quarantineMaxMs)
    this.state = OPEN
    this.trouble = trouble
    this.action = action
    this.reason = reason
    this.untilMs = nowMs + this.openMs
  }

  /** @param nextCounter of the first attempt that counts. */
  halfOpen(reason: string, nextCounter: number): void {
    this.state = HALF_OPEN
    this.reason = reason
    this.#trialFrom = nextCounter
    this.#verdict = 0
  }

  close(nowMs: number): void {
    this.state = CLOSED
    this.reason = ''
    this.#closedAtMs = nowMs
  }

  /** While it is half open an attempt ended. @returns whether that decides. */
  ended(counter: number, verdict: Verdict): boolean {
    if (this.#verdict !== 0 || verdict === 0 || counter < this.#trialFrom) return false
    this.#verdict = verdict
    return true
  }

  /** Of the trial; 0 before it has ended. */
  get verdict(): Verdict {
    return this.#verdict
  }
}
