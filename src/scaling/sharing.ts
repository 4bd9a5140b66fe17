/**
 * Who is there for whom: kinds of work that the same agents can do share them. Pure.
 *
 * ```
 *   pools with the same agents ──► one group, whose needs are added up before they are reckoned with
 *   groups, the scarcest first ──► places of their agents, those first that serve the fewest groups
 * ```
 *
 * Invariant: a place is given to one group at most; what a group is told to need are its own places
 * and those of its agents that others use.
 *
 * Not taken: the best assignment of all (a flow). The order above finds it wherever sets of agents
 * contain each other or are apart, which capabilities nearly always do, and a person can follow it.
 */
import type { Profile } from '../policy/profiles.ts'
import type { Pool } from './pool.ts'
import type { Supply } from './supply.ts'

export interface Group {
  readonly pools: Pool[]
  readonly profiles: readonly Profile[]
  agents: number
  places: number
  busy: number
  /** Places for its own work. */
  need: number
  /** Places of its agents that other groups use. */
  elsewhere: number
}

export function groupsOf(pools: Iterable<Pool>, supplies: ReadonlyMap<Profile, Supply>): Group[] {
  const groups = new Map<string, Group>()
  /** By group of classes, which have the same agents: most pools share a few. */
  const found = new Map<unknown, Group>()
  for (const pool of pools) {
    const alike = pool.classes[0].group
    const same = found.get(alike)
    if (same !== undefined && same.agents > 0) {
      same.pools.push(pool)
      continue
    }
    const profiles = pool.profiles.filter((profile) => supplies.has(profile))
    const numbers = profiles.map(({ number }) => number).sort((a, b) => a - b)
    // Nobody is there: nothing is shared.
    const key = numbers.length > 0 ? numbers.join(',') : `${pool.queue.name}|${pool.requires}`
    const known = groups.get(key)
    if (known !== undefined) known.pools.push(pool)
    const group = known ?? newGroup(pool, profiles, supplies)
    groups.set(key, group)
    found.set(alike, group)
  }
  return [...groups.values()]
}

function newGroup(
  pool: Pool,
  profiles: readonly Profile[],
  supplies: ReadonlyMap<Profile, Supply>,
): Group {
  const group = { pools: [pool], profiles, agents: 0, places: 0, busy: 0, need: 0, elsewhere: 0 }
  for (const profile of profiles) {
    const { agents, places, busy } = supplies.get(profile)!
    group.agents += agents
    group.places += places
    group.busy += busy
  }
  return group
}

/** Sets `elsewhere` of each group from the needs of all. */
export function share(groups: readonly Group[], supplies: ReadonlyMap<Profile, Supply>): void {
  const wanting = groups.filter(({ need }) => need > 0)
  const left = new Map<Profile, number>()
  const asked = new Map<Profile, number>()
  for (const [profile, { places }] of supplies) left.set(profile, places)
  for (const { profiles } of wanting) {
    for (const profile of profiles) asked.set(profile, (asked.get(profile) ?? 0) + 1)
  }
  const taken = new Map<Group, number>()
  for (const group of wanting.toSorted((a, b) => a.places - b.places)) {
    let open = group.need
    for (const profile of group.profiles.toSorted((a, b) => asked.get(a)! - asked.get(b)!)) {
      const got = Math.min(open, left.get(profile)!)
      left.set(profile, left.get(profile)! - got)
      open -= got
    }
    taken.set(group, group.need - open)
  }
  for (const group of groups) {
    const free = group.profiles.reduce((sum, profile) => sum + left.get(profile)!, 0)
    group.elsewhere = Math.max(0, group.places - free - (taken.get(group) ?? 0))
  }
}
