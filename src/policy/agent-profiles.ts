/**
 * What an agent serves: its credit and its places enter and leave the classes of its profile.
 * Front-end thread.
 *
 * Invariant: a profile has agents, and is in the classes that it serves.
 */
import type { AgentSpec, AgentState } from './agents.ts'
import { enterSets, leaveSets } from './class-of.ts'
import { addFree, addPlaces, freeOf, placesOf } from './credit.ts'
import { regroup } from './groups.ts'
import { Profile } from './profiles.ts'
import type { PolicyState } from './state.ts'

/** The agent serves other queues from now on; all else stays. */
export function changeQueues(
  core: PolicyState,
  agent: AgentState,
  queues: readonly string[],
): void {
  leaveProfile(core, agent)
  agent.queues = queues
  enterProfile(core, agent, profileOf(core, agent))
}

type Served = Pick<AgentSpec, 'queues' | 'capabilities' | 'labels'>

export function profileOf(core: PolicyState, served: Served): Profile {
  const { queues, capabilities, labels } = served
  const key = Profile.key(queues, capabilities, labels)
  const known = core.profiles.get(key)
  if (known !== undefined) return known
  const profile = new Profile(core.nextProfileNumber++, queues, capabilities, labels)
  core.profiles.set(key, profile)
  for (const cls of core.classes) {
    if (!profile.serves(cls)) continue
    profile.classes.push(cls)
    cls.profiles.push(profile)
  }
  regroup(core, profile.classes)
  return profile
}

export function enterProfile(core: PolicyState, agent: AgentState, profile: Profile): void {
  agent.profile = profile
  profile.agents.add(agent)
  if (agent.preemptible) profile.preemptible.add(agent)
  for (const cls of profile.classes) enterSets(core, cls, profile, agent)
  addFree(core, profile, freeOf(core, agent))
  addPlaces(core, profile, placesOf(core, agent))
}

export function leaveProfile(core: PolicyState, agent: AgentState): void {
  const { profile } = agent
  addFree(core, profile, -freeOf(core, agent))
  addPlaces(core, profile, -placesOf(core, agent))
  profile.agents.delete(agent)
  profile.preemptible.delete(agent)
  for (const cls of profile.classes) leaveSets(core, cls, profile, agent)
  if (profile.agents.size > 0) return
  core.profiles.delete(Profile.key(agent.queues, agent.capabilities, agent.labels))
  for (const cls of profile.classes) cls.profiles.splice(cls.profiles.indexOf(profile), 1)
  regroup(core, profile.classes)
}
