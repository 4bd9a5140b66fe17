/**
 * One look at those who may not do well: whose quarantine is over, who fails, who is slow, and whether
 * of a kind anybody is left. Front-end thread.
 *
 * Invariant: when it is done, each kind has one agent that is fit or on trial, if it has any that could
 * work at all.
 *
 * *Cost* by those who are not fit or failed since the last look, and `SLOW_LOOKS` agents: a fleet of
 * 100,000 that does well costs what one of 1,000 does.
 */
import type { AgentHealthOptions } from '../balance-options.ts'
import type { LearnedOf } from '../learning/learning.ts'
import { CLOSED, HALF_OPEN, OPEN } from './breaker.ts'
import { failingReason, isFailing } from './failing.ts'
import { type Here, type Kind, type Kinds, lowerMedian } from './peers.ts'
import {
  type AgentSources,
  isSlow,
  isWellAgain,
  type Pace,
  paceOf,
  SLOW_FROM_US,
  slowReason,
} from './slow.ts'
import type { Sparing } from './sparing.ts'
import type { WatchedAgent } from './watched-agent.ts'

/** Agents whose pace is looked at in a look, in turn. */
const SLOW_LOOKS = 1_024

export class Judge {
  readonly #here: Here
  readonly #kinds: Kinds
  readonly #sources: AgentSources
  readonly #options: AgentHealthOptions
  readonly #sparing: Sparing
  /** Failed since the last look, or too often for one that is not spared. */
  readonly suspects = new Set<WatchedAgent>()
  /** As `sources` has it, by agent, for one look: of a kind the same peers are asked for again and again. */
  readonly #stats = new Map<number, LearnedOf[]>()
  /** Row from which on the next paces are looked at. */
  #slowAt = 0

  constructor(
    here: Here,
    kinds: Kinds,
    sources: AgentSources,
    options: AgentHealthOptions,
    sparing: Sparing,
  ) {
    this.#here = here
    this.#kinds = kinds
    this.#sources = sources
    this.#options = options
    this.#sparing = sparing
  }

  failed(watched: WatchedAgent): void {
    // The first since the last look: the successes before it are not of the same time.
    if (watched.badNew === 0) watched.count(this.#options.resultsMin)
    watched.badNew++
    this.suspects.add(watched)
  }

  look(nowMs: number): void {
    this.#kinds.look()
    this.#stats.clear()
    const { unfit } = this.#sparing
    for (const watched of unfit) {
      const { breaker, drained, agent } = watched
      if (breaker.state === OPEN && nowMs >= breaker.untilMs) {
        this.#sparing.try(watched, 'It was spared for long enough, and one task decides.', nowMs)
      }
      // Asked to leave, it said hello once more: it is judged by what it does from now on.
      if (drained !== '' && !agent!.draining) this.#sparing.stays(watched, nowMs)
    }
    if (this.#options.onFailing === 'off') this.suspects.clear()
    else this.#failing(nowMs)
    if (this.#options.onSlow !== 'off') this.#slow(nowMs)
    const seen = new Set<Kind>()
    for (const watched of unfit) {
      if (!watched.isSpared || !watched.isAble) continue
      const kind = this.#kinds.of(watched.agent!)
      if (seen.has(kind)) continue
      seen.add(kind)
      if (!kind.hasFit) this.#spareNobody(kind, nowMs)
    }
  }

  #failing(nowMs: number): void {
    const { resultsMin, sparedShareMax } = this.#options
    const failing: WatchedAgent[] = []
    for (const watched of this.suspects) {
      watched.count(resultsMin)
      if (this.#isFailing(watched, Number.NaN)) failing.push(watched)
      else this.suspects.delete(watched)
    }
    // The worst first: not all of them may be spared.
    failing.sort((a, b) => b.results.rate - a.results.rate)
    for (const watched of failing) {
      if (!isFit(watched)) continue
      const kind = this.#kinds.of(watched.agent!)
      if (!kind.maySpare(sparedShareMax)) continue
      const peersRate = this.#rateOfPeers(kind, watched)
      if (!this.#isFailing(watched, peersRate)) continue
      const reason = failingReason(watched.results, peersRate)
      this.#sparing.spare(watched, kind, 'failing', reason, this.#options, nowMs)
    }
  }

  #isFailing({ agent, results }: WatchedAgent, peersRate: number): boolean {
    if (agent === null) return false
    return isFailing(results, peersRate, this.#options.failureRate, this.#options.resultsMin)
  }

  /** @returns which share of failures half of its peers do not exceed; NaN without any results. */
  #rateOfPeers(kind: Kind, watched: WatchedAgent): number {
    const rates: number[] = []
    for (const peer of kind.sample) {
      if (peer === watched || !isFit(peer)) continue
      peer.count(this.#options.resultsMin)
      if (peer.results.count > 0) rates.push(peer.results.rate)
    }
    return lowerMedian(rates)
  }

  #slow(nowMs: number): void {
    const { unfit } = this.#sparing
    for (const watched of unfit) {
      if (watched.slow === '' || !watched.isAble) continue
      const pace = this.#paceOf(watched)
      if (pace === null || !isWellAgain(pace, this.#options.slowFactor)) continue
      this.#sparing.recover(watched, slowReason(pace), nowMs)
    }
    const { length } = this.#here
    for (let looks = Math.min(SLOW_LOOKS, length); looks > 0; looks--) {
      if (this.#slowAt >= length) this.#slowAt = 0
      const watched = this.#here[this.#slowAt++]
      if (watched !== undefined && isFit(watched)) this.#judgePace(watched, nowMs)
    }
  }

  #judgePace(watched: WatchedAgent, nowMs: number): void {
    const { latencyUs, total } = this.#sources.overall(watched.agent!.index)
    if (latencyUs === null || latencyUs < SLOW_FROM_US) return
    if (total - watched.paceFrom < this.#options.resultsMin) return
    const kind = this.#kinds.of(watched.agent!)
    kind.usualUs ??= this.#usualUs(kind)
    // Over all types at first, which is cheap.
    if (latencyUs <= this.#options.slowFactor * kind.usualUs) return
    const pace = this.#paceOf(watched)
    if (pace === null || !isSlow(pace, this.#options.slowFactor)) return
    this.#sparing.spare(watched, kind, 'slow', slowReason(pace), this.#options, nowMs)
  }

  #usualUs(kind: Kind): number {
    const means: number[] = []
    for (const { agent } of kind.sample) {
      const { latencyUs } = this.#sources.overall(agent!.index)
      if (latencyUs !== null) means.push(latencyUs)
    }
    return lowerMedian(means)
  }

  #paceOf(watched: WatchedAgent): Pace | null {
    const { sample } = this.#kinds.of(watched.agent!)
    const peers = sample.filter((each) => each !== watched && each.agent !== null)
    const stats = (agent: number) => this.#statsOf(agent)
    return paceOf(
      { overall: (agent) => this.#sources.overall(agent), stats },
      watched.agent!.index,
      peers.map(({ agent }) => agent!.index),
    )
  }

  #statsOf(agent: number): LearnedOf[] {
    let stats = this.#stats.get(agent)
    if (stats === undefined) {
      stats = this.#sources.stats(agent)
      this.#stats.set(agent, stats)
    }
    return stats
  }

  /** All of them that could work are spared, because the others have gone. */
  #spareNobody(kind: Kind, nowMs: number): void {
    const spared: WatchedAgent[] = []
    kind.each((member) => {
      if (member.isAble && member.isSpared) spared.push(member)
    })
    const slow = spared.find((watched) => watched.breaker.state === CLOSED)
    if (slow !== undefined) {
      this.#sparing.recover(slow, 'No other of its kind is left.', nowMs)
      return
    }
    if (spared.some(({ breaker }) => breaker.state === HALF_OPEN)) return
    const [first] = spared.sort((a, b) => a.breaker.untilMs - b.breaker.untilMs)
    this.#sparing.try(first, 'No other of its kind is left, and one task decides.', nowMs)
  }
}

function isFit({ isAble, isSpared }: WatchedAgent): boolean {
  return isAble && !isSpared
}
