/**
 * What a group of pools needs, which the same agents do: their load together, their strictest promise,
 * the places there will be. Pure.
 *
 * Invariant: agents that were asked for and are on their way count as there from when they come, so
 * that no look asks for them again; when nobody follows the advice, they do not count at all.
 */
import { promisedMsOf } from '../health/attainment.ts'
import { feasibilityOf } from '../health/feasibility.ts'
import type { ScalingOptions } from '../options.ts'
import {
  type Load,
  offeredLoad,
  type Places,
  type Promised,
  placesNeeded,
  predictedWait,
  SHARE_MAX,
} from './demand.ts'
import type { Pool } from './pool.ts'
import type { Group } from './sharing.ts'

/** Arrivals that are remembered below this are none: what is left of them fades. */
const FORGOTTEN = 0.5

/** What the pools of a group have in common, reckoned once a look. */
export class GroupNeed {
  readonly group: Group
  readonly #options: ScalingOptions
  readonly #load: Load
  readonly #promised: Promised | null
  /** Of its agents each, on average. */
  readonly each: number
  /** More would be needed, if its queues might have more in hand at a time. */
  readonly isCapped: boolean
  /** Predicted wait by share of tasks: it costs a pass over all places. */
  readonly #waits = new Map<number, number | null>()

  /** Sets the group's need. @param usualEach places of an agent, where none of the group ever was. */
  constructor(group: Group, options: ScalingOptions, usualEach: number, nowMs: number) {
    const pools = group.pools.filter(({ queue }) => !queue.paused)
    this.group = group
    this.#options = options
    this.#load = loadOf(pools)
    this.#promised = promiseOf(pools)
    this.each = eachOf(group, usualEach)
    const { scaleUpAt, windowMs } = options
    const demand = { scaleUpAt, windowMs, horizonMs: this.#horizonMs }
    const places = comingPlaces(group, this.each, options.startupMs, nowMs)
    const need = pools.every(isIdle) ? 0 : placesNeeded(this.#load, this.#promised, places, demand)
    const most = mostOf(pools)
    this.isCapped = need > most
    group.need = Math.min(need, most)
  }

  get offered(): number {
    return offeredLoad(this.#load)
  }

  get #horizonMs(): number {
    return this.#options.startupMs + this.#options.intervalMs
  }

  /** Once it is known what others use. @returns agents for that and its own work. */
  agentsNeeded(): number {
    const { agents, places } = this.group
    const more = this.#placesWanted() - places
    // 0.07 of 100 is more than 7 in binary.
    return more > 0
      ? agents + Math.ceil(more / this.each - 1e-9)
      : agents - Math.floor(-more / this.each + 1e-9)
  }

  /** @returns the wait that this share of tasks will not exceed, ms; null when it is not known. */
  predictedWaitMs(share: number): number | null {
    let waitMs = this.#waits.get(share)
    if (waitMs === undefined) {
      waitMs = predictedWait(this.#load, share, this.group.places, this.#horizonMs)
      this.#waits.set(share, waitMs)
    }
    return waitMs
  }

  /** Without a promise the number stays while the use is between both bounds, and then comes between. */
  #placesWanted(): number {
    const { pools, need, elsewhere, agents } = this.group
    const { scaleUpAt, scaleDownAt } = this.#options
    const wanted = need + elsewhere
    if (this.#promised !== null) return wanted
    const most = pools.reduce((sum, { stable }) => Math.max(sum, stable?.desired ?? agents), 0)
    const advised = most * this.each
    if (wanted > advised) return wanted
    if (wanted * scaleUpAt >= advised * scaleDownAt) return advised
    return (wanted * scaleUpAt) / ((scaleUpAt + scaleDownAt) / 2)
  }
}

/** Once all have gone, those who come back are taken to be as they were. */
function eachOf({ agents, places, pools }: Group, usualEach: number): number {
  if (agents === 0) return pools[0].placesEach || usualEach
  const each = places / agents
  for (const pool of pools) pool.placesEach = each
  return each
}

/** @returns places that their queues may have in use together. */
function mostOf(pools: readonly Pool[]): number {
  let most = 0
  for (const { concurrency } of new Set(pools.map(({ queue }) => queue.options))) {
    most += concurrency === 0 ? Number.POSITIVE_INFINITY : concurrency
  }
  return most
}

function isIdle({ arrivals, waiting, running }: Pool): boolean {
  return waiting + running === 0 && arrivals.known < FORGOTTEN
}

function loadOf(pools: readonly Pool[]): Load {
  const load = { perMs: 0, meanPerMs: 0, busy: 0, running: 0, waiting: 0 }
  let offered = 0
  let known = 0
  for (const { arrivals, serviceMs, busy, running, waiting } of pools) {
    load.perMs += arrivals.perMs
    load.meanPerMs += arrivals.meanPerMs
    load.busy += busy
    load.running += running
    load.waiting += waiting
    if (serviceMs === null) continue
    known += Math.max(arrivals.meanPerMs, 1e-12)
    offered += Math.max(arrivals.meanPerMs, 1e-12) * serviceMs
  }
  return { ...load, serviceMs: known === 0 ? null : offered / known }
}

/** The strictest of their promises; null where none is made, or none can be kept. */
export function promiseOf(pools: readonly Pool[]): Promised | null {
  let strictest: Promised | null = null
  for (const { queue, serviceMs } of pools) {
    const targetMs = promisedMsOf(queue.options)
    if (targetMs === 0) continue
    const { slaAttainment: goal, slaClock: clock } = queue.options
    const meanMs = serviceMs ?? 0
    const alone = feasibilityOf({ tasks: 1, places: 1, meanMs, targetMs, goal, clock })
    if (!alone.feasible) continue
    const waitMs = clock === 'assigned' ? targetMs : targetMs - meanMs
    if (strictest !== null && strictest.waitMs <= waitMs) continue
    strictest = { waitMs, share: Math.min(goal, SHARE_MAX), targetMs }
  }
  return strictest
}

/** Places that there will be: those of now, and of agents that were asked for and are on their way. */
function comingPlaces(group: Group, each: number, startupMs: number, nowMs: number): Places[] {
  const { agents, places, pools } = group
  const found = [{ afterMs: 0, places }]
  const [{ stable }] = pools
  if (stable === null) return found
  for (const { atMs, desired } of stable.raises) {
    if (desired <= agents) continue
    const afterMs = atMs + startupMs - nowMs
    // Nobody follows the advice: those agents are not counted on.
    if (afterMs < -startupMs) return [found[0]]
    found.push({ afterMs: Math.max(0, afterMs), places: desired * each })
  }
  return found
}
