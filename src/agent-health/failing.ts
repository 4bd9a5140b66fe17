/**
 * Failing: of an agent's last results too many are failures, while those of its peers are not. Pure; one
 * for each agent.
 *
 * ```
 *   before [ok, bad] ◄── now [ok, bad] ◄── results        now is full at `resultsMin`: it becomes before
 * ```
 *
 * Invariant: both together hold the last `resultsMin` results at least once there were so many, and at
 * most twice as many, but for what came between two looks, and for successes alone nobody looks.
 *
 * Failed, timed out, lost by an agent that lives: these are failures. Cancelled, interrupted, called
 * back, past its deadline: these are not the agent's doing. A failure for good counts: an agent that says
 * it of everything ends every task it gets, and tasks that nobody can do fail with its peers as well.
 *
 * Not taken: the windows of `learning/`, which leave out failures for good and go on over a quarantine;
 * consecutive failures (Envoy, Hystrix), which a slow trickle of successes among failures never reaches.
 */

import { countWords, percentWords } from '../health/words.ts'
import type { AttemptEnd } from '../policy/state.ts'

const SUCCESS = 1
const FAILURE = -1
const NEITHER = 0
/** What an end says of the agent. */
export type Verdict = typeof SUCCESS | typeof FAILURE | typeof NEITHER

export function verdictOf(how: AttemptEnd): Verdict {
  switch (how) {
    case 'succeeded':
      return SUCCESS
    case 'failed':
    case 'timeout':
    case 'heartbeat_timeout':
    case 'agent_lost':
    case 'dispatch_failed':
      return FAILURE
    default:
      return NEITHER
  }
}

export class Results {
  #ok = 0
  #bad = 0
  #okBefore = 0
  #badBefore = 0

  add(ok: number, bad: number, resultsMin: number): void {
    this.#ok += ok
    this.#bad += bad
    if (this.#ok + this.#bad < resultsMin) return
    this.#okBefore = this.#ok
    this.#badBefore = this.#bad
    this.#ok = 0
    this.#bad = 0
  }

  get count(): number {
    return this.#ok + this.#okBefore + this.bad
  }

  get bad(): number {
    return this.#bad + this.#badBefore
  }

  /** 0 to 1; NaN before the first. */
  get rate(): number {
    return this.bad / this.count
  }

  clear(): void {
    this.#ok = 0
    this.#bad = 0
    this.#okBefore = 0
    this.#badBefore = 0
  }
}

/**
 * @param peersRate failures of at least half of its peers are at most this share; NaN when none of them
 *   has results.
 */
export function isFailing(
  results: Results,
  peersRate: number,
  failureRate: number,
  resultsMin: number,
): boolean {
  if (results.count < resultsMin || results.rate < failureRate || results.bad === 0) return false
  return Number.isNaN(peersRate) || peersRate < results.rate / 2
}

export function failingReason({ bad, count }: Results, peersRate: number): string {
  const own = `${bad} of its last ${countWords(count, 'result')} failed`
  if (Number.isNaN(peersRate)) return `${own}; others of its kind have no results yet.`
  return `${own}; of those of its peers ${percentWords(peersRate)}.`
}
