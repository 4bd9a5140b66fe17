/**
 * Silent: an agent that holds a lease and has said nothing for a while. Nothing new is given to it until
 * it is heard of, which may be soon; its lease decides what becomes of what it has. Pure.
 *
 * Invariant: one without a lease is never silent, since it never says anything of itself: adopted, or in
 * the scheduler's own process.
 */
import { countWords, spanWords } from '../health/words.ts'
import { LIMITS } from '../options.ts'
import type { AgentState } from '../policy/agents.ts'

/** @returns how long an agent may say nothing; Infinity for ever. */
export function silentAfterMs(silentBeats: number, leaseMs: number): number {
  return silentBeats === 0
    ? Number.POSITIVE_INFINITY
    : (silentBeats * leaseMs) / LIMITS.beatsPerLease
}

export function isSilent(agent: AgentState, afterMs: number, nowMs: number): boolean {
  return agent.leased && nowMs - agent.lastSeenMs > afterMs
}

export function silentReason(agent: AgentState, silentBeats: number, nowMs: number): string {
  const span = spanWords(nowMs - agent.lastSeenMs)
  return `It was not heard of for ${span}: ${countWords(silentBeats, 'beat')} did not come.`
}
