/**
 * Push: the fleet is evened out, a little each cycle, or as far as it goes. Front-end thread.
 *
 * ```
 *   cycle      busy ──► idle, or longest ──► shortest queue where one is far longer    perCycleMax tasks
 *              above ──► below the mean of those who serve a queue, where they vary    perPairMax a pair
 *   rebalance  anybody ──► anybody, until no move is legal
 * ```
 *
 * Invariant: each move brings the pair closer together and pays (`load.ts`, `costs.ts`), so a cycle
 * ends, and the next one undoes nothing. Where no move is legal every pair of agents would be looked at,
 * so looks are counted; what is not come to is gone on with in the next cycle, or call.
 *
 * Sources: documents 002 (busy, idle, severe imbalance) and 004 (variation, two a pair, lower
 * priorities first).
 */
import type { StealingOptions } from '../balance-options.ts'
import type { AgentState } from '../policy/agents.ts'
import type { PolicyCore } from '../policy/core.ts'
import type { QueueState } from '../policy/queues.ts'
import { isMember, loadRatioOf, waitingAt } from './load.ts'
import type { Moved, Moves, Wanted } from './moves.ts'
import { isSevere, Sums } from './variation.ts'

/** Of one cycle, and of one call: what is told of them fits into a message, and takes some 20 ms. */
export const MOVES_MAX = 2_000
/** Queues whose agents are evened out in one cycle; the others have their turn in the next. */
const QUEUES_MAX = 64
/** Agents that a cycle, and a call, looks at, some 25 ns each: 3 ms and 50 ms; and so often all of them. */
const CYCLE_LOOKS = 100_000
const CALL_LOOKS = 2_000_000
const LOOKS_PER_MEMBER = 8

/** By victim and thief: what went from one to the other in this cycle. */
type Pairs = Map<AgentState, Map<AgentState, number>>

export class Push {
  private readonly core: PolicyCore
  private readonly options: StealingOptions
  private readonly moves: Moves
  private nextQueue = 0
  /** Who had nothing to give to anybody, and the victim to go on with, where looks were spent. */
  private readonly aside = new Set<AgentState>()
  private nextVictim = 0
  private looksMax = 0
  /** The last cycle, or call, has not come to everybody. */
  isCut = false

  constructor(core: PolicyCore, options: StealingOptions, moves: Moves) {
    this.core = core
    this.options = options
    this.moves = moves
  }

  /** One cycle. */
  cycle(nowMs: number, into: Moved[]): void {
    const members = this.members()
    this.beginLooks(members.length, CYCLE_LOOKS)
    this.busyToIdle(members, nowMs, into)
    this.beginLooks(members.length, CYCLE_LOOKS)
    if (this.options.variation > 0) this.evenOut(members, nowMs, into)
  }

  /** Until no move is legal, or `MOVES_MAX`, or its looks are spent. */
  all(nowMs: number, into: Moved[]): void {
    const anybody: Wanted = { queue: null, accepts: () => true }
    const members = this.members()
    this.beginLooks(members.length, CALL_LOOKS)
    // Ends: each move makes a finite sum smaller; a round without one is the last.
    for (let before = -1; into.length > before && into.length < MOVES_MAX && !this.isCut; ) {
      before = into.length
      members.sort((a, b) => loadRatioOf(b) - loadRatioOf(a))
      this.eachInTurn(members, (victim) => this.drain(victim, anybody, nowMs, into))
    }
  }

  private beginLooks(members: number, looks: number): void {
    this.moves.looks = 0
    this.looksMax = looks + LOOKS_PER_MEMBER * members
    this.isCut = false
  }

  private get isSpent(): boolean {
    return this.moves.looks >= this.looksMax
  }

  /** All of them, or until looks are spent: the next time it goes on with who was not come to. */
  private eachInTurn(victims: readonly AgentState[], visit: (victim: AgentState) => void): void {
    const from = this.nextVictim
    this.nextVictim = 0
    for (let i = 0; i < victims.length; i++) {
      const at = (from + i) % victims.length
      if (this.isSpent) {
        this.isCut = true
        this.nextVictim = at
        return
      }
      visit(victims[at])
    }
  }

  private drain(victim: AgentState, wanted: Wanted, nowMs: number, into: Moved[]): void {
    while (victim.bound.length > 0 && into.length < MOVES_MAX) {
      const moved = this.moves.moveFrom(victim, wanted, nowMs)
      if (moved === null) return
      into.push(moved)
    }
  }

  private members(): AgentState[] {
    const members: AgentState[] = []
    for (const agent of this.core.agents.values()) if (isMember(agent)) members.push(agent)
    return members
  }

  /** Document 002. */
  private busyToIdle(members: AgentState[], nowMs: number, into: Moved[]): void {
    const { moves, aside } = this
    const { busyAbove, idleBelow, imbalanceRatio, perCycleMax } = this.options
    const idle: Wanted = { queue: null, accepts: (thief) => waitingAt(thief) < idleBelow }
    // Ends: each round moves one of finitely many, or sets an agent aside.
    while (into.length < perCycleMax) {
      if (this.isSpent) return
      const victim = busiestOf(members, aside)
      moves.looks += members.length
      if (victim === null) break
      const most = waitingAt(victim)
      let moved = most > busyAbove ? moves.moveFrom(victim, idle, nowMs) : null
      if (moved === null && imbalanceRatio > 0) {
        const accepts = (thief: AgentState) =>
          isSevere(most, waitingAt(thief), imbalanceRatio, busyAbove)
        moved = moves.moveFrom(victim, { queue: null, accepts }, nowMs)
      }
      if (moved === null) aside.add(victim)
      else into.push(moved)
    }
    aside.clear()
  }

  /** Document 004, for the agents of each queue of which something is bound. */
  private evenOut(members: readonly AgentState[], nowMs: number, into: Moved[]): void {
    const queues = [...this.core.queues.values()].filter(({ bound }) => bound > 0)
    const count = Math.min(queues.length, QUEUES_MAX)
    const pairs: Pairs = new Map()
    let isAllDone = false
    const from = this.nextQueue
    this.nextQueue = queues.length === 0 ? 0 : (from + count) % queues.length
    for (let i = 0; i < count; i++) {
      const at = (from + i) % queues.length
      const queue = queues[at]
      this.moves.looks += members.length
      const serving = members.filter((agent) => agent.profile.servesQueue(queue.name))
      const isEverybody = serving.length === members.length
      if (isEverybody && isAllDone) continue
      isAllDone ||= isEverybody
      // Where everybody serves it, what is moved may be of any queue.
      this.evenOutQueue(isEverybody ? null : queue, serving, pairs, nowMs, into)
      if (!this.isCut) continue
      this.nextQueue = at
      return
    }
  }

  private evenOutQueue(
    queue: QueueState | null,
    serving: AgentState[],
    pairs: Pairs,
    nowMs: number,
    into: Moved[],
  ): void {
    const { variation, perPairMax } = this.options
    const ratios = new Sums()
    for (const agent of serving) ratios.add(loadRatioOf(agent))
    if (ratios.variation <= variation) return
    const above = serving
      .filter((agent) => agent.bound.length > 0 && loadRatioOf(agent) > ratios.mean)
      .sort((a, b) => loadRatioOf(b) - loadRatioOf(a))
    this.eachInTurn(above, (victim) => {
      const given = pairs.get(victim) ?? new Map<AgentState, number>()
      pairs.set(victim, given)
      const accepts = (thief: AgentState) =>
        loadRatioOf(thief) < ratios.mean && (given.get(thief) ?? 0) < perPairMax
      // Ends: each round moves one of finitely many, or is the last.
      while (loadRatioOf(victim) > ratios.mean && ratios.variation > variation) {
        if (into.length >= MOVES_MAX) return
        const before = loadRatioOf(victim)
        const moved = this.moves.moveFrom(victim, { queue, accepts }, nowMs)
        if (moved === null) return
        into.push(moved)
        const thief = this.moves.thief!
        given.set(thief, (given.get(thief) ?? 0) + 1)
        const after = loadRatioOf(thief)
        ratios.change(before, loadRatioOf(victim))
        ratios.change(after - 1 / thief.concurrency, after)
      }
    })
  }
}

/** @returns the agent for which most tasks wait, of those that are not set aside; null without any. */
function busiestOf(members: readonly AgentState[], aside: ReadonlySet<AgentState>) {
  let best: AgentState | null = null
  let most = 0
  for (const agent of members) {
    const waiting = waitingAt(agent)
    if (waiting <= most || agent.bound.length === 0 || aside.has(agent)) continue
    best = agent
    most = waiting
  }
  return best
}
