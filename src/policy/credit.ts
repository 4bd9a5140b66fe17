/**
 * Credit: how much more each agent, profile and class can take. `takeCredit`, `giveCredit`,
 * `setAccepting` and `syncCapacity` are the only ways in which it changes, so that the sums always
 * agree: a profile's free credit is that of its accepting agents, a group's that of its profiles.
 *
 * Places are room in agents' own queues. They change when tasks are bound or start, and count for
 * classes whose tasks may be bound: such a group's `free` is credit and places together.
 *
 * What an agent may hold stands in the agent table, for routers and for the core alike. One that
 * pulls has as much room as it asked for: a task takes of that, and its end brings nothing back.
 */
import { type AgentIndex, AgentStatus } from '../../native-free/index.ts'
import { LIMITS } from '../options.ts'
import type { AgentState } from './agents.ts'
import type { Profile } from './profiles.ts'
import type { PolicyState } from './state.ts'

/** @returns how many tasks the agent may have at once, now. */
export function capacityOf(core: PolicyState, agent: AgentState): number {
  if (agent.pull) return core.table.inUse(agent.index as AgentIndex) + agent.granted
  const own = agent.concurrency + agent.prefetch - agent.foreign
  return Math.max(0, agent.limit < 0 ? own : Math.min(own, agent.limit))
}

/** @returns how many tasks the agent may run at a time, now: what it holds in advance does not count. */
export function runnableOf({ accepting, pull, concurrency, foreign, limit }: AgentState): number {
  if (!accepting) return 0
  if (pull) return concurrency
  const own = Math.max(0, concurrency - foreign)
  return limit < 0 ? own : Math.min(own, limit)
}

/** What an agent adds to its classes' free credit; a smaller size than its work counts as none. */
export function freeOf(core: PolicyState, agent: AgentState): number {
  if (!agent.accepting) return 0
  return Math.max(0, core.table.credit(agent.index as AgentIndex))
}

/**
 * Whether tasks may wait for it alone. Not for one that pulls, which may never ask again; nor for one
 * that is limited, or has its hands full with other work: nobody could say when it begins them.
 */
export function hasQueue(agent: AgentState): boolean {
  return !agent.pull && agent.limit < 0 && agent.foreign < agent.concurrency
}

/** What an agent adds to the places of its early classes. */
export function placesOf(core: PolicyState, agent: AgentState): number {
  return agent.accepting && hasQueue(agent) ? core.options.agentQueueMax - agent.bound.length : 0
}

/** Called when what `capacityOf` goes by has changed: tells the table, and moves the credit with it. */
export function syncCapacity(core: PolicyState, agent: AgentState): void {
  const before = freeOf(core, agent)
  core.table.setCapacity(agent.index as AgentIndex, capacityOf(core, agent))
  addFree(core, agent.profile, freeOf(core, agent) - before)
  syncReady(core, agent)
}

/** @param count how many tasks more the agent asks for, 1 or more; what is over the bound is not. */
export function grant(core: PolicyState, agent: AgentState, count: number): void {
  agent.granted = Math.min(agent.granted + count, LIMITS.concurrencyMax)
  syncCapacity(core, agent)
}

/** Less than before takes nothing back: what is beyond it is not filled again. */
export function setPrefetch(core: PolicyState, agent: AgentState, count: number): void {
  if (agent.gone || agent.pull) return
  agent.prefetch = Math.max(0, Math.min(count, LIMITS.prefetchMax))
  syncCapacity(core, agent)
}

export function addFree(core: PolicyState, profile: Profile, change: number): void {
  if (change === 0) return
  profile.free += change
  core.totalFree += change
  for (const group of profile.groups) group.free += change
  if (change > 0) core.parkedToTry = core.parked.length
}

export function addPlaces(core: PolicyState, profile: Profile, change: number): void {
  profile.places += change
  core.totalPlaces += change
  if (change > 0) core.parkedToTry = core.parked.length
  for (const group of profile.groups) if (group.isEarly) group.free += change
}

/** Called when the credit of an agent or its own queue has changed: what is bound may start, or not. */
export function syncReady(core: PolicyState, agent: AgentState): void {
  const { ready } = core
  const is = agent.bound.length > 0 && freeOf(core, agent) > 0
  if (is === agent.readyAt >= 0) return
  if (is) {
    agent.readyAt = ready.length
    ready.push(agent)
    return
  }
  const last = ready.pop()!
  if (last !== agent) {
    ready[agent.readyAt] = last
    last.readyAt = agent.readyAt
  }
  agent.readyAt = -1
}

export function takeCredit(core: PolicyState, agent: AgentState): void {
  core.table.take(agent.index as AgentIndex)
  if (agent.pull) agent.granted--
  addFree(core, agent.profile, -1)
  if (agent.bound.length > 0) syncReady(core, agent)
}

export function giveCredit(core: PolicyState, agent: AgentState): void {
  if (agent.gone) return
  const { table } = core
  const index = agent.index as AgentIndex
  const before = freeOf(core, agent)
  // First, so that a router never sees room in between that nobody asked for.
  if (agent.pull) table.setCapacity(index, table.capacity(index) - 1)
  table.give(index)
  addFree(core, agent.profile, freeOf(core, agent) - before)
  if (agent.bound.length > 0) syncReady(core, agent)
}

/**
 * Credit that was taken without a task: what an agent that pulls had asked for, it has asked for
 * still, since nothing of it ever came to it.
 */
export function giveHeld(core: PolicyState, agent: AgentState): void {
  const before = freeOf(core, agent)
  core.table.give(agent.index as AgentIndex)
  if (agent.pull) agent.granted = Math.min(agent.granted + 1, LIMITS.concurrencyMax)
  core.table.setCapacity(agent.index as AgentIndex, capacityOf(core, agent))
  addFree(core, agent.profile, freeOf(core, agent) - before)
  syncReady(core, agent)
}

/** The charged credit of an attempt that had ended before. */
export function giveCreditBack(core: PolicyState, agent: AgentState, counter: number): void {
  giveCredit(core, agent)
  core.effects.creditBack(agent, counter)
}

/**
 * Changes one of the flags behind `accepting` and moves credit and places with it. What is bound to
 * one that accepts no more is the caller's to put back.
 */
export function setAccepting(core: PolicyState, agent: AgentState, change: () => void): void {
  const before = freeOf(core, agent)
  const placesBefore = placesOf(core, agent)
  change()
  addFree(core, agent.profile, freeOf(core, agent) - before)
  addPlaces(core, agent.profile, placesOf(core, agent) - placesBefore)
  syncStatus(core, agent)
  syncReady(core, agent)
}

export function syncStatus(core: PolicyState, agent: AgentState): void {
  const status = agent.accepting ? AgentStatus.AVAILABLE : AgentStatus.MAINTENANCE
  core.table.setStatus(agent.index as AgentIndex, status)
}

export function pauseAgent(core: PolicyState, agent: AgentState): void {
  if (agent.paused) return
  setAccepting(core, agent, () => {
    agent.paused = true
  })
}
