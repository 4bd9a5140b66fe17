/**
 * The baseline of the stealing benchmark: what one writes first, an array of agents that is filtered and
 * sorted for each decision.
 *
 * Runs on: a child process. Invariant: it decides by the same rules as the balancer and moves by the same
 * door of the core, so that only finding who takes what from whom differs.
 */
import type { AgentState } from '../src/policy/agents.ts'
import type { PolicyCore } from '../src/policy/core.ts'
import { mayServe } from '../src/policy/stealing.ts'

/** @returns whether the thief took the newest task that it may have from the longest queue. */
export function stealNaively(
  core: PolicyCore,
  agents: readonly AgentState[],
  thief: AgentState,
  nowMs: number,
): boolean {
  const victims = agents
    .filter((agent) => agent !== thief && agent.bound.length > 0)
    .sort((a, b) => b.bound.length - a.bound.length)
  for (const victim of victims) {
    for (let record = victim.bound.tail; record !== null; record = record.prev) {
      if (record.baseLevel >= core.options.protectFrom || !mayServe(core, record, thief)) continue
      if (core.steal(record, thief, nowMs) === null) return true
    }
  }
  return false
}

/** Moves from the most to the least loaded until two are at most one apart. @returns moves. */
export function rebalanceNaively(
  core: PolicyCore,
  agents: readonly AgentState[],
  nowMs: number,
): number {
  const loadOf = ({ running, bound }: AgentState) => running.length + bound.length
  let moves = 0
  // Ends: each round brings two agents closer together, or is the last.
  for (;;) {
    const sorted = agents.toSorted((a, b) => loadOf(b) - loadOf(a))
    const victim = sorted[0]
    const thief = sorted[sorted.length - 1]
    const record = victim.bound.tail
    if (loadOf(victim) - loadOf(thief) < 2 || record === null) return moves
    if (core.steal(record, thief, nowMs) !== null) return moves
    moves++
  }
}
