/**
 * Who could work: agents and places by profile, and what runs and waits outside of the lanes by class.
 * Main thread; reads the core, changes nothing.
 *
 * Invariant: agents that take nothing (leaving, paused, in quarantine) are no supply; what a limit or
 * foreign work leaves them are their places.
 */
import { runnableOf } from '../policy/credit.ts'
import type { Profile } from '../policy/profiles.ts'
import type { PolicyState } from '../policy/state.ts'
import type { Pool } from './pool.ts'

/** Records that are looked at one by one, some 10 ns each; beyond them shares are reckoned. */
const RECORDS_MAX = 20_000

export interface Supply {
  agents: number
  places: number
  /** Places in use; agents of which none is. */
  busy: number
  idle: number
}

export function supplyOf(core: PolicyState): Map<Profile, Supply> {
  const found = new Map<Profile, Supply>()
  for (const agent of core.agents.values()) {
    const places = runnableOf(agent)
    if (places === 0) continue
    let supply = found.get(agent.profile)
    if (supply === undefined) {
      supply = { agents: 0, places: 0, busy: 0, idle: 0 }
      found.set(agent.profile, supply)
    }
    const used = Math.min(places, agent.charged)
    supply.agents++
    supply.places += places
    supply.busy += used
    if (used === 0 && agent.bound.length === 0) supply.idle++
  }
  return found
}

/** Sets `running` and `waiting` of each pool. @param poolOf by index of the class. */
export function countTasks(
  core: PolicyState,
  pools: Iterable<Pool>,
  poolOf: readonly (Pool | undefined)[],
): void {
  let inHand = 0
  for (const { running, bound } of core.agents.values()) inHand += running.length + bound.length
  const isExact = inHand <= RECORDS_MAX
  for (const pool of pools) {
    pool.running = isExact ? 0 : shareOf(pool)
    pool.waiting = pool.classes.reduce((sum, cls) => sum + cls.waiting + cls.offered, 0)
  }
  if (!isExact) return
  for (const { running, bound } of core.agents.values()) {
    for (let record = running.head; record !== null; record = record.next) {
      const pool = poolOf[record.cls!.index]
      if (pool !== undefined) pool.running++
    }
    for (let record = bound.head; record !== null; record = record.next) {
      const pool = poolOf[record.cls!.index]
      if (pool !== undefined) pool.waiting++
    }
  }
}

/** @returns of what its queue has in hand the part that so many of its arrivals were. */
function shareOf({ queue, classes }: Pool): number {
  const all = queue.classes.reduce((sum, { entered }) => sum + entered, 0)
  const own = classes.reduce((sum, { entered }) => sum + entered, 0)
  return all === 0 ? 0 : (queue.inHand * own) / all
}
