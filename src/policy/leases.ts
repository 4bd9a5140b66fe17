/** Leases: agents that fell silent leave; credit that nobody will report on comes back. */
import { giveCreditBack } from './credit.ts'
import { leave } from './membership.ts'
import type { PolicyState } from './state.ts'

/**
 * Looks for silent agents, not before one can be: beats only move a lease's end further away, so
 * the earliest end found by the last look is a bound until then.
 * @returns how many have left.
 */
export function expireLeases(core: PolicyState, nowMs: number, max: number): number {
  if (nowMs < core.leaseCheckAtMs || core.leasesSuspended) return 0
  let expired = 0
  let next = Number.POSITIVE_INFINITY
  for (const agent of core.agents.values()) {
    if (!agent.leased) continue
    const endMs = agent.lastSeenMs + core.options.leaseMs
    if (endMs > nowMs || expired >= max) next = Math.min(next, endMs)
    else {
      leave(core, agent, 'agent_lost', nowMs)
      expired++
    }
  }
  core.leaseCheckAtMs = next
  return expired
}

/** Our own connection was away: nobody could be heard, so nobody was silent. */
export function renewLeases(core: PolicyState, nowMs: number): void {
  for (const agent of core.agents.values()) agent.lastSeenMs = nowMs
  core.leaseCheckAtMs = nowMs
}

/** Credit of ended attempts whose agent reports no tokens. @returns how many came back. */
export function returnCredits(core: PolicyState, nowMs: number, max: number): number {
  if (nowMs < core.creditCheckAtMs) return 0
  let returned = 0
  let next = Number.POSITIVE_INFINITY
  for (const agent of core.agents.values()) {
    if (agent.beats || agent.ended.size === 0) continue
    for (const [counter, ended] of agent.ended) {
      if (ended.creditBackAtMs > nowMs || returned >= max) {
        next = Math.min(next, ended.creditBackAtMs)
        continue
      }
      agent.ended.delete(counter)
      giveCreditBack(core, agent, counter)
      returned++
    }
  }
  core.creditCheckAtMs = next
  return returned
}
