/**
 * What a move costs, and what it gains: expected times, where results taught any. Any thread.
 *
 * Invariant: without a known time all tasks count as one unit with every agent, so that loads alone
 * decide; with one, nobody is given a task that would be done later there than where it waits.
 *
 *   done at the thief, with one more    mean × max(1, load / concurrency)
 *   done at the victim, as it is        the same, and not before as much time again has passed as since
 *                                       it was given something to run last
 *   it pays when                        the second is more than cost + gainMs behind the first
 *
 * All tasks of the agent are taken to be as long as this one: what a queue is made of is not known to
 * a mean. It is the finish of the queue's end that counts, whichever task is moved: those behind it
 * move up.
 *
 * An agent for which tasks wait begins one whenever it ends one. If it has not for long, its mean says
 * nothing any more: it hangs, or has something long in its hands. How long that goes on nobody knows;
 * as long again as it has already is the usual guess.
 */
import type { AgentState } from '../policy/agents.ts'
import type { ClassState } from '../policy/classes.ts'
import { loadOf } from './load.ts'

/** Where expected times come from. */
export interface Costs {
  /** @returns how long a task of the class takes the agent, ms; 0 when nothing is known. */
  meanMs(agent: AgentState, cls: ClassState): number
  /** @returns how long a word to the agent and back takes, ms; 0 when nothing is known. */
  roundTripMs(agent: AgentState): number
}

/** Nothing is known: loads alone decide. */
export const NO_COSTS: Costs = { meanMs: () => 0, roundTripMs: () => 0 }

/**
 * @param fewer tasks that are on their way from the victim already; `more` to the thief.
 * @param leastMs what it has to gain: the cost of the way, nothing for a task in our hands, and `gainMs`.
 * @returns when the thief would be done with it, or -1 when moving it does not pay.
 */
export function doneAtThief(
  costs: Costs,
  cls: ClassState,
  victim: AgentState,
  thief: AgentState,
  fewer: number,
  more: number,
  leastMs: number,
  nowMs: number,
): number {
  const victimMs = costs.meanMs(victim, cls)
  const thiefMs = costs.meanMs(thief, cls)
  const isKnown = victimMs > 0 && thiefMs > 0
  const turnsBefore = Math.max(1, (loadOf(victim) - fewer) / victim.concurrency)
  const turnsAfter = Math.max(1, (loadOf(thief) + more + 1) / thief.concurrency)
  if (!isKnown) return turnsBefore > turnsAfter ? turnsAfter : -1
  const beforeMs = Math.max(victimMs * turnsBefore, sinceBegunMs(victim, nowMs))
  const afterMs = thiefMs * turnsAfter
  return beforeMs - afterMs > leastMs ? afterMs : -1
}

/** @returns how long ago the agent was given the last of the tasks that it runs, ms; 0 for none. */
function sinceBegunMs({ running }: AgentState, nowMs: number): number {
  return running.tail === null ? 0 : nowMs - running.tail.startedAtMs
}
