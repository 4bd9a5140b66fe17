/**
 * Slow: what an agent does takes much longer than with its peers. Pure; reads what is learned of agents
 * and keeps nothing.
 *
 * Invariant: like is compared with like. Where tasks have types, each is compared by itself and counts by
 * how often the agent did it; only what has no type at all is compared over everything.
 *
 * Slow is who is slow on average and lately, so that one long task among a hundred is not enough; well
 * again is who lately is faster than half of what makes slow. Not taken: the mean of all agents, which
 * the slow one is part of, and a scale by deviations, which in a fleet of equals calls 2 ms slow.
 */

import { countWords, spanWords } from '../health/words.ts'
import type { LearnedOf } from '../learning/learning.ts'
import { lowerMedian } from './peers.ts'

/** What is known of agents, by index. */
export interface AgentSources {
  overall(agent: number): LearnedOf
  /** By type of task. */
  stats(agent: number): LearnedOf[]
}

/** Peers without whose results nothing is judged. */
export const PEERS_MIN = 3
/** Below this mean nobody is slow: there noise and the way there and back are of the same size. */
export const SLOW_FROM_US = 10_000

/** An agent's pace against that of its peers, µs. */
export interface Pace {
  meanUs: number
  latelyUs: number
  usualUs: number
  peers: number
}

/** @param peers rows of those to compare with. @returns null when there is nothing to compare. */
export function paceOf(
  sources: AgentSources,
  agent: number,
  peers: readonly number[],
): Pace | null {
  const own = sources.stats(agent).filter(isTimed)
  if (own.length === 0) {
    return paceIn(
      sources.overall(agent),
      peers.map((peer) => sources.overall(peer)),
    )
  }
  const others = byRow(peers, sources)
  return mixed(
    own.map((row) => paceIn(row, others.get(row.row) ?? [])),
    own,
  )
}

function byRow(agents: readonly number[], sources: AgentSources): Map<number, LearnedOf[]> {
  const rows = new Map<number, LearnedOf[]>()
  for (const agent of agents) {
    for (const learned of sources.stats(agent)) {
      const known = rows.get(learned.row)
      if (known === undefined) rows.set(learned.row, [learned])
      else known.push(learned)
    }
  }
  return rows
}

function isTimed({ latencyUs, results }: LearnedOf): boolean {
  return latencyUs !== null && results > 0
}

function paceIn(own: LearnedOf, peers: readonly LearnedOf[]): Pace | null {
  const means = peers.filter(isTimed).map(({ latencyUs }) => latencyUs!)
  if (!isTimed(own) || means.length < PEERS_MIN) return null
  const usualUs = lowerMedian(means)
  return { meanUs: own.latencyUs!, latelyUs: own.latelyUs!, usualUs, peers: means.length }
}

/** By how often each type was done. */
function mixed(paces: readonly (Pace | null)[], rows: readonly LearnedOf[]): Pace | null {
  const sum: Pace = { meanUs: 0, latelyUs: 0, usualUs: 0, peers: 0 }
  let results = 0
  for (const [i, pace] of paces.entries()) {
    if (pace === null) continue
    const count = rows[i].results
    results += count
    sum.meanUs += pace.meanUs * count
    sum.latelyUs += pace.latelyUs * count
    sum.usualUs += pace.usualUs * count
    sum.peers = Math.max(sum.peers, pace.peers)
  }
  if (results === 0) return null
  const { meanUs, latelyUs, usualUs, peers } = sum
  return {
    meanUs: meanUs / results,
    latelyUs: latelyUs / results,
    usualUs: usualUs / results,
    peers,
  }
}

export function isSlow({ meanUs, latelyUs, usualUs }: Pace, slowFactor: number): boolean {
  return Math.min(meanUs, latelyUs) > slowFactor * usualUs && meanUs >= SLOW_FROM_US
}

export function isWellAgain({ latelyUs, usualUs }: Pace, slowFactor: number): boolean {
  return latelyUs < (slowFactor / 2) * usualUs || latelyUs < SLOW_FROM_US
}

export function slowReason({ meanUs, usualUs, peers }: Pace): string {
  const own = spanWords(meanUs / 1_000)
  return `Its tasks take ${own}; those of its ${countWords(peers, 'peer')} ${spanWords(usualUs / 1_000)}.`
}
