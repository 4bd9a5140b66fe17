/**
 * How many places a load needs, so that what is promised is kept when agents that are asked for now
 * begin to work. Pure.
 *
 * ```
 *   with an SLA      the larger of  what Erlang's formula says of arrivals as they are
 *                                   what begins the backlog there will be within the SLA
 *   without          the larger of  arrivals x service / scaleUpAt
 *                                   that, and the backlog within a window
 *   of long tasks    what runs keeps its place, and a place begins one of those that wait
 *
 *   backlog there will be = waiting now + arrivals x time - what places begin in that time
 *   time                  = an agent's start, and one look
 * ```
 *
 * Invariant: more arrivals, more backlog or longer tasks never need fewer places.
 */
import { placesFor, waitOf } from './erlang.ts'

export interface Promised {
  /** Wait that is promised, ms; the running time is taken off already. */
  waitMs: number
  /** Share of tasks, 0 to 1, below 1. */
  share: number
  /** As the queue says it, ms. */
  targetMs: number
}

export interface Load {
  /** Tasks in a ms: as it looks just now, and on average. */
  perMs: number
  meanPerMs: number
  /** Null before anything has ended. */
  serviceMs: number | null
  /** Places that are in use on average, whatever arrivals say. */
  busy: number
  running: number
  waiting: number
}

/** Places from some time on, ms from now; the first entry is now's. */
export interface Places {
  afterMs: number
  places: number
}

/** No wait is long enough for all. */
export const SHARE_MAX = 0.999
/** The wait that is aimed at, of the one that is promised: arrivals and durations are estimates. */
export const STEADY_SHARE = 0.8
export const DRAIN_SHARE = 0.7

/** Busy places, by arrivals and running times; by what is in hand where these are not known. */
export function offeredLoad({ meanPerMs, serviceMs, busy, running, waiting }: Load): number {
  if (serviceMs === null) return Math.max(busy, running + waiting)
  return meanPerMs * serviceMs
}

/** Tasks that will wait in so long. */
export function backlogAfter(load: Load, places: readonly Places[], ms: number): number {
  const { waiting, perMs, serviceMs } = load
  if (serviceMs === null || serviceMs <= 0) return waiting
  let begun = 0
  for (const [i, { afterMs, places: count }] of places.entries()) {
    const untilMs = Math.min(ms, places[i + 1]?.afterMs ?? ms)
    begun += (Math.max(0, untilMs - afterMs) * count) / serviceMs
  }
  return Math.max(0, waiting + perMs * ms - begun)
}

export interface DemandOptions {
  scaleUpAt: number
  windowMs: number
  /** From asking for an agent to its first task, and until somebody asks. */
  horizonMs: number
}

/** @returns places, not rounded where no SLA asks for whole ones. */
export function placesNeeded(
  load: Load,
  promised: Promised | null,
  places: readonly Places[],
  options: DemandOptions,
): number {
  const offered = offeredLoad(load)
  const { serviceMs } = load
  if (serviceMs === null || serviceMs <= 0) {
    // With an SLA a place for each task is all that there could be use for.
    return promised === null ? offered / options.scaleUpAt : offered
  }
  const backlog = backlogAfter(load, places, options.horizonMs)
  const { windowMs } = options
  const held = load.running * heldShare(serviceMs, windowMs)
  if (promised === null) {
    const drained = Math.max(offered, held) + backlog * begunShare(serviceMs, windowMs)
    return Math.max(offered / options.scaleUpAt, drained)
  }
  const steady = placesFor(offered, serviceMs, promised.share, promised.waitMs * STEADY_SHARE)
  const waitMs = Math.max(1, promised.waitMs * DRAIN_SHARE)
  const stillHeld = load.running * heldShare(serviceMs, waitMs)
  return Math.max(steady, stillHeld + backlog * begunShare(serviceMs, waitMs), held)
}

/** @returns places for each waiting task that is to begin within so long; one place begins one at least. */
function begunShare(serviceMs: number, withinMs: number): number {
  return Math.min(1, serviceMs / withinMs)
}

/** @returns of the tasks that run now the share that will still run then: none of short ones. */
function heldShare(serviceMs: number, afterMs: number): number {
  return Math.max(0, 1 - afterMs / serviceMs)
}

/**
 * @returns the wait that the promised share of arrivals will not exceed with the places there are, ms;
 *   null when it is not known, or nobody is there.
 */
export function predictedWait(
  load: Load,
  share: number,
  places: number,
  horizonMs: number,
): number | null {
  const { serviceMs } = load
  if (serviceMs === null || places <= 0) return null
  const backlog = backlogAfter(load, [{ afterMs: 0, places }], horizonMs)
  const queued = (backlog * serviceMs) / places
  const steady = waitOf(places, offeredLoad(load), serviceMs, share)
  return Number.isFinite(steady) ? Math.max(queued, steady) : queued
}
