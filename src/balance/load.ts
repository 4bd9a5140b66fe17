/**
 * How much an agent has: to do at all, and waiting. Any thread; reads the core only.
 *
 * Invariant: both follow from the core's exact counts and the agent's own word of what else it does;
 * no report of an agent can say less than what we have sent it.
 */
import type { AgentState } from '../policy/agents.ts'
import { hasQueue } from '../policy/credit.ts'
import { unbegunOf } from '../policy/recalls.ts'

/** @returns tasks that wait at the agent: in its own queue, or sent and probably not begun. */
export function waitingAt(agent: AgentState): number {
  return agent.bound.length + unbegunOf(agent)
}

/** @returns tasks in its hands and in its own queue, and what it does for others. */
export function loadOf(agent: AgentState): number {
  return agent.charged + agent.foreign + agent.bound.length
}

/** @returns its load by the tasks that it runs at a time. */
export function loadRatioOf(agent: AgentState): number {
  return loadOf(agent) / agent.concurrency
}

/**
 * Tells whether the pair is closer together with one task moved: the thief's ratio after is below the
 * victim's before. With equal concurrency their loads differ by 2 at least then.
 *
 * Each such move makes the sum over all agents of `load × (load + 1) / concurrency` smaller, by twice
 * the difference of the two ratios; so moves end, and none is undone. (The sum of squares is not
 * enough: from a small agent to a large one it may grow.)
 */
export function isCloser(victim: AgentState, thief: AgentState, fewer = 0, more = 0): boolean {
  const thiefAfter = (loadOf(thief) + more + 1) * victim.concurrency
  return thiefAfter < (loadOf(victim) - fewer) * thief.concurrency
}

/** Takes part in evening out: it takes what it is given, and has a queue of its own. */
export function isMember(agent: AgentState): boolean {
  return agent.accepting && hasQueue(agent)
}
