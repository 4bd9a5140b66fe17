/**
 * How often people accept what was said with which confidence, by queue. Main thread; pure.
 *
 * Invariant: each decision is in one band of its queue, or among those without a confidence, and what is
 * handed back is no decision.
 *
 *   90 ─ 100 │ 70 ─ 90 │ 50 ─ 70 │ 0 ─ 50        the bands of source document 004, and what it sends to
 *                                                experts halved; the lower end is in a band
 *
 * Brier's score is the mean of (confidence − outcome)² over accepted (1) and rejected (0) ones: 0 for
 * somebody who is always sure and always right, 0.25 for "50 %" of everything. Escalated ones have no
 * outcome yet. Brier, Verification of forecasts expressed in terms of probability, 1950.
 */
import type { CalibrationBand, CalibrationView } from '../people-views.ts'

/** Lower ends, the highest band first. */
const BANDS = [90, 70, 50, 0] as const
const HIGHEST = 100

/** What counts: `hand_back` does not. */
export const JUDGEMENTS = ['accept', 'reject', 'escalate'] as const
export type Judgement = (typeof JUDGEMENTS)[number]

/** Of decisions about tasks that said none. */
export const NO_BAND = 'none'

class Band {
  accept = 0
  reject = 0
  escalate = 0
  /** Of the confidences, 0 to 1. */
  sum = 0

  get decisions(): number {
    return this.accept + this.reject + this.escalate
  }
}

export class Calibration {
  readonly #bands = BANDS.map(() => new Band())
  readonly #without = new Band()
  /** Of squares, and how many of them. */
  #squares = 0
  #judged = 0

  /** @param confidence 0 to 100; null when none was said. */
  add(judgement: Judgement, confidence: number | null): void {
    const band = confidence === null ? this.#without : this.#bands[bandOf(confidence)]
    band[judgement]++
    if (confidence === null) return
    const share = confidence / HIGHEST
    band.sum += share
    if (judgement === 'escalate') return
    this.#squares += (share - (judgement === 'accept' ? 1 : 0)) ** 2
    this.#judged++
  }

  view(queue: string): CalibrationView {
    return {
      queue,
      bands: this.#bands.map(bandView),
      without: this.#without.decisions,
      brier: this.#judged === 0 ? null : rounded(this.#squares / this.#judged),
    }
  }

  /** Counts of each band and judgement that there are any of. */
  counts(): { band: string; decision: Judgement; count: number }[] {
    const all = [...this.#bands.map((band, at) => ({ band, name: bandName(at) }))]
    all.push({ band: this.#without, name: NO_BAND })
    return all.flatMap(({ band, name }) =>
      JUDGEMENTS.filter((decision) => band[decision] > 0).map((decision) => {
        return { band: name, decision, count: band[decision] }
      }),
    )
  }
}

/** @returns its place, the highest band first. */
function bandOf(confidence: number): number {
  const at = BANDS.findIndex((from) => confidence >= from)
  return at < 0 ? BANDS.length - 1 : at
}

function endOf(at: number): number {
  return at === 0 ? HIGHEST : BANDS[at - 1]
}

/** `70-90`. */
function bandName(at: number): string {
  return `${BANDS[at]}-${endOf(at)}`
}

function bandView(band: Band, at: number): CalibrationBand {
  const { decisions, accept, reject, escalate, sum } = band
  return {
    from: BANDS[at],
    to: endOf(at),
    decisions,
    accepted: accept,
    rejected: reject,
    escalated: escalate,
    acceptance: accept + reject === 0 ? null : rounded(accept / (accept + reject)),
    confidence: decisions === 0 ? null : rounded(sum / decisions),
  }
}

/** Four digits are more than so few decisions can tell. */
function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000
}
