/**
 * How much work tasks are: draws with mean 1 from four distributions. Any thread.
 *
 * Invariant: the same seed gives the same draws, and the true mean is exactly 1, so a load that is
 * reckoned from it is the load that is meant. What a sample's mean differs from 1 by, one standard
 * deviation, is `Math.sqrt(VARIANCE[kind] / count)`.
 *
 * | kind          | variance | what it stands for                                                  |
 * | ------------- | -------- | ------------------------------------------------------------------- |
 * | `fixed`       | 0        | the same work every time                                            |
 * | `exponential` | 1        | what queueing theory is reckoned with                               |
 * | `lognormal`   | 8        | most are short, a few ten times the mean                            |
 * | `pareto`      | 9.9      | a thousandth of tasks is a quarter of all work; 344 times the mean at most |
 *
 * The Pareto distribution is cut at a thousand times its least value: with an index of 1.5 and no cut
 * its variance would be infinite, and no run would be long enough.
 */
import type { Random } from '../routing/generator.ts'

export const DURATION_KINDS = ['fixed', 'exponential', 'lognormal', 'pareto'] as const
export type DurationKind = (typeof DURATION_KINDS)[number]

const LOGNORMAL_VARIANCE = 8
/** Of the logarithm: variance of the draws is e^(σ²) - 1. */
const LOGNORMAL_SIGMA = Math.sqrt(Math.log(1 + LOGNORMAL_VARIANCE))

const PARETO_INDEX = 1.5
/** Largest to least value. */
const PARETO_RANGE = 1_000
/** Share of the uncut distribution that lies below the cut. */
const PARETO_KEPT = 1 - PARETO_RANGE ** -PARETO_INDEX
/** So that the mean is 1. */
const PARETO_LEAST = 1 / paretoMoment(1)

/** @returns the mean of the draws' `power`-th powers when the least is 1. */
function paretoMoment(power: number): number {
  const distance = PARETO_INDEX - power
  return ((PARETO_INDEX / distance) * (1 - PARETO_RANGE ** -distance)) / PARETO_KEPT
}

/** True variance of the draws of each kind. */
export const VARIANCE: Readonly<Record<DurationKind, number>> = {
  fixed: 0,
  exponential: 1,
  lognormal: LOGNORMAL_VARIANCE,
  pareto: PARETO_LEAST ** 2 * paretoMoment(2) - 1,
}

/** @returns one draw, above 0. */
export function drawDuration(kind: DurationKind, random: Random): number {
  switch (kind) {
    case 'fixed':
      return 1
    case 'exponential':
      return drawExponential(random)
    case 'lognormal':
      return Math.exp(LOGNORMAL_SIGMA * (drawNormal(random) - LOGNORMAL_SIGMA / 2))
    case 'pareto':
      return PARETO_LEAST * (1 - PARETO_KEPT * random.nextFloat()) ** (-1 / PARETO_INDEX)
  }
}

/** @returns a draw with mean 1, at least 2^-33: a task without any work would end before it began. */
export function drawExponential(random: Random): number {
  return Math.max(-Math.log1p(-random.nextFloat()), 2 ** -33)
}

/** Box and Muller's way, the half of it that one draw needs. */
function drawNormal(random: Random): number {
  return Math.sqrt(2 * drawExponential(random)) * Math.cos(2 * Math.PI * random.nextFloat())
}
