/**
 * Credit: how much more each agent, profile and class can take. `takeCredit`, `giveCredit` and
 * `setAccepting` are the only ways in which it changes, so that the sums always agree:
 * a profile's free credit is that of its accepting agents, a group's that of its profiles.
 */
import { type AgentIndex, AgentStatus } from '../../native-free/index.ts'
import type { AgentState } from './agents.ts'
import type { Profile } from './profiles.ts'
import type { PolicyState } from './state.ts'

/** What an agent adds to its classes' free credit; a smaller size than its work counts as none. */
export function freeOf(core: PolicyState, agent: AgentState): number {
  if (!agent.accepting) return 0
  return Math.max(0, agent.concurrency - core.table.inUse(agent.index as AgentIndex))
}

export function addFree(core: PolicyState, profile: Profile, change: number): void {
  if (change === 0) return
  profile.free += change
  core.totalFree += change
  for (const group of profile.groups) group.free += change
}

export function takeCredit(core: PolicyState, agent: AgentState): void {
  core.table.take(agent.index as AgentIndex)
  addFree(core, agent.profile, -1)
}

export function giveCredit(core: PolicyState, agent: AgentState): void {
  if (agent.gone) return
  const before = freeOf(core, agent)
  core.table.give(agent.index as AgentIndex)
  addFree(core, agent.profile, freeOf(core, agent) - before)
}

/** The charged credit of an attempt that had ended before. */
export function giveCreditBack(core: PolicyState, agent: AgentState, counter: number): void {
  giveCredit(core, agent)
  core.effects.creditBack(agent, counter)
}

/** Changes one of the flags behind `accepting` and moves the credit with it. */
export function setAccepting(core: PolicyState, agent: AgentState, change: () => void): void {
  const before = freeOf(core, agent)
  change()
  addFree(core, agent.profile, freeOf(core, agent) - before)
  syncStatus(core, agent)
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
