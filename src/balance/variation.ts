/**
 * How uneven a fleet is: coefficient of variation of load ratios, plain variance of loads, longest
 * queue by shortest. Any thread.
 *
 * Invariant: the sums agree with what was added, changed and taken; variance is that of all agents
 * (by n), never negative.
 *
 * | loads   | variation | variance |
 * | ------- | --------- | -------- |
 * | 2, 2, 2 | 0         | 0        |
 * | 3, 2, 1 | 0.41      | 0.67     |
 * | 3, 3, 0 | 0.71      | 2        |
 *
 * The variation is the trigger because it does not depend on how much there is to do: a difference of
 * one is much of two tasks and little of fifty.
 */
import type { AgentState } from '../policy/agents.ts'
import type { Profile } from '../policy/profiles.ts'
import { isMember, loadOf, loadRatioOf, waitingAt } from './load.ts'

export interface Spread {
  /** Coefficient of variation of load ratios; 0 without load. */
  variation: number
  /** Of loads, and their mean. */
  variance: number
  load: number
  /** Agents for which more tasks wait than the bound of busy ones; fewer than that of idle ones. */
  busy: number
  idle: number
}

/** Mean and variance of numbers that come, change and go. */
export class Sums {
  count = 0
  private sum = 0
  private squares = 0

  add(value: number): void {
    this.count++
    this.sum += value
    this.squares += value * value
  }

  change(before: number, after: number): void {
    this.sum += after - before
    this.squares += after * after - before * before
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count
  }

  get variance(): number {
    return this.count === 0 ? 0 : Math.max(0, this.squares / this.count - this.mean ** 2)
  }

  /** Coefficient of variation; 0 for none and for nothing but zeros. */
  get variation(): number {
    const { mean } = this
    return mean <= 0 ? 0 : Math.sqrt(this.variance) / mean
  }
}

/** @returns variation and variance of plain loads, as they are told. */
export function variationOf(loads: readonly number[]): { variation: number; variance: number } {
  const sums = new Sums()
  for (const load of loads) sums.add(load)
  return { variation: sums.variation, variance: sums.variance }
}

/** *Cost* every agent once. */
export function spreadOf(
  agents: Iterable<AgentState>,
  busyAbove: number,
  idleBelow: number,
): Spread {
  const ratios = new Sums()
  const loads = new Sums()
  let busy = 0
  let idle = 0
  for (const agent of agents) {
    // What people have in their inboxes is theirs: nothing of it could be evened out.
    if (!isMember(agent) || agent.claims) continue
    const load = loadOf(agent)
    const waiting = waitingAt(agent)
    loads.add(load)
    ratios.add(load / agent.concurrency)
    if (waiting > busyAbove) busy++
    if (waiting < idleBelow) idle++
  }
  return { variation: ratios.variation, variance: loads.variance, load: loads.mean, busy, idle }
}

/** @returns that of agents that tasks may be bound to: others have no part in evening out. */
export function variationOfBound(profiles: Iterable<Profile>): number {
  const ratios = new Sums()
  for (const { classes, agents } of profiles) {
    if (!classes.some(({ early }) => early)) continue
    for (const agent of agents) {
      if (isMember(agent) && !agent.claims) ratios.add(loadRatioOf(agent))
    }
  }
  return ratios.variation
}

/**
 * @param least shortest queue; 0 makes every quotient infinite, so there the longest is compared.
 * @returns whether the fleet is severely out of balance. @param ratio 0 for never.
 */
export function isSevere(most: number, least: number, ratio: number, busyAbove: number): boolean {
  if (ratio === 0) return false
  return least === 0 ? most > busyAbove : most / least > ratio
}
