/**
 * The health of agents: who is silent, slow, failing or flapping gets less, or nothing, until it is well
 * again, and whom an operator maintains gets nothing until that is over. Front-end thread; pure and
 * clockless: `nowMs` is handed in, and the core is acted on by `limitAgent`, `drainAgent` and `recall`.
 *
 * ```
 *                 ┌──────────── heard of ─────────────┐
 *                 ▼                                   │
 *   ┌────────── FIT ──── no word for some beats ──► SILENT ──► its lease ends: gone
 *   │           │ ▲ ▲
 *   │      slow │ │ └───────────────── success ───────────────┐
 *   │           ▼ │ well again                                │
 *   │          SLOW (one at a time)                           │
 *   │                                                         │
 *   └─ failing, flapping ──► QUARANTINE ── time is over ──► TRIAL (one task)
 *                                ▲                            │
 *                                └──── failure: twice as long ┘
 *
 *   any ──maintainAgent(id)──► MAINTENANCE ──maintainAgent(id, false)──► as it was
 * ```
 *
 * Invariants: what is noted within a change of the core is acted on after it, in `act` or `check`; of
 * each kind one is never spared; what is not the agent's own doing (its queue's tasks fail everywhere, its
 * peers are lost as often, our connection is away, this process stood still) is not held against it.
 *
 * People are never judged: they are not silent, slow or flapping, they work when they do. Their hours and
 * an operator's word are all that limits them.
 *
 * Each agent has an entry by its row while it is here; by its id, bounded in number, one that matters
 * when it comes back: in maintenance, in quarantine, or lost a while ago.
 */
import type { AgentHealthOptions } from '../balance-options.ts'
import type { AgentCondition } from '../balance-views.ts'
import { LIMITS } from '../options.ts'
import type { AgentState } from '../policy/agents.ts'
import type { PolicyCore } from '../policy/core.ts'
import type { AttemptEnd } from '../policy/state.ts'
import { CLOSED, HALF_OPEN } from './breaker.ts'
import { verdictOf } from './failing.ts'
import { flappingReason, isOutage } from './flapping.ts'
import { Judge } from './judge.ts'
import { Kinds, lowerMedian } from './peers.ts'
import { isSilent, silentAfterMs, silentReason } from './silent.ts'
import type { AgentSources } from './slow.ts'
import { type AgentHealthCounters, type AgentHealthSink, Sparing } from './sparing.ts'
import { WatchedAgent } from './watched-agent.ts'

export type { AgentHealthEvent, AgentHealthSink } from './sparing.ts'

/** A look that comes so many intervals after the last says nothing of who is silent: we were. */
const LATE_INTERVALS = 2

/** How an agent is, and why it is not fit, in a sentence. */
export interface AgentConditionView {
  condition: AgentCondition
  reason: string | null
}

const FIT: AgentConditionView = { condition: 'fit', reason: null }

export class AgentHealth {
  readonly #core: PolicyCore
  readonly #options: AgentHealthOptions | null
  readonly #sparing: Sparing
  readonly #kinds: Kinds
  readonly #judge: Judge | null
  /** By row of the agent. */
  readonly #here: (WatchedAgent | undefined)[] = []
  /** Those who claim what they are given, by row as well: nobody looks at how they do. */
  readonly #people = new Map<number, WatchedAgent>()
  /** By id, the longest away first. */
  readonly #away = new Map<string, WatchedAgent>()
  /** Of whom something was noted that is to be acted on. */
  #noted: WatchedAgent[] = []
  #checkedAtMs = Number.NEGATIVE_INFINITY
  /** Nobody falls silent before. */
  #silentAtMs = 0

  /** @param options null: nobody is judged; maintenance works all the same. */
  constructor(
    core: PolicyCore,
    sources: AgentSources,
    options: AgentHealthOptions | null,
    tell: AgentHealthSink,
  ) {
    this.#core = core
    this.#options = options
    this.#sparing = new Sparing(core, sources, tell)
    this.#kinds = new Kinds(core, this.#here)
    this.#judge =
      options === null ? null : new Judge(this.#here, this.#kinds, sources, options, this.#sparing)
  }

  get counters(): Readonly<AgentHealthCounters> {
    return this.#sparing.counters
  }

  /** Effect: an instance is here. What is known of its id is acted on before it gets anything. */
  agentUp(agent: AgentState, nowMs: number): void {
    const watched = this.#away.get(agent.id) ?? new WatchedAgent(agent.id)
    this.#away.delete(agent.id)
    watched.arrive(agent)
    if (agent.claims) this.#people.set(agent.index, watched)
    else this.#here[agent.index] = watched
    if (this.#options !== null && !agent.claims) {
      const { flapWindowMs, flaps } = this.#options
      watched.hasFlapped = watched.flaps.back(flapWindowMs, flaps, nowMs)
    }
    if (watched.hasFlapped || watched.limit !== agent.limit) this.#noted.push(watched)
  }

  /** Effect: an instance has gone. @param reason `bye` when it said so itself. */
  agentDown(agent: AgentState, reason: string, nowMs: number): void {
    const watched = this.#watchedOf(agent)
    if (watched === undefined) return
    this.#here[agent.index] = undefined
    this.#people.delete(agent.index)
    this.#sparing.unfit.delete(watched)
    this.#judge?.suspects.delete(watched)
    watched.agent = null
    if (reason === 'agent_lost' && !agent.claims) {
      watched.flaps.lost(nowMs)
      const { state, trouble } = watched.breaker
      watched.wasLostInTrial = state !== CLOSED && trouble === 'flapping'
      if (watched.wasLostInTrial) this.#noted.push(watched)
    }
    this.#remember(watched, nowMs)
  }

  #remember(watched: WatchedAgent, nowMs: number): void {
    const windowMs = this.#options?.flapWindowMs ?? 0
    if (!watched.isWorthRemembering(nowMs, windowMs)) return
    this.#away.set(watched.id, watched)
    if (this.#away.size <= LIMITS.offlineAgentsKept) return
    // An operator's word before what was noticed, and of equals the longest away.
    for (const [id, { isMaintained }] of this.#away) {
      if (isMaintained) continue
      this.#away.delete(id)
      return
    }
    this.#away.delete(this.#away.keys().next().value!)
  }

  /** Effect: an attempt has ended. *Cost* a look-up and two comparisons for a success. */
  ended(counter: number, agent: AgentState, how: AttemptEnd): void {
    const watched = this.#here[agent.index]
    if (watched === undefined) return
    const isTrial = watched.breaker.state === HALF_OPEN
    if (how === 'succeeded' && !isTrial) return
    const verdict = verdictOf(how)
    if (verdict < 0 && this.#judge !== null) this.#judge.failed(watched)
    if (isTrial && watched.breaker.ended(counter, verdict)) this.#noted.push(watched)
  }

  /**
   * Acts on what was noted since the last time: between what came in and what is placed.
   * @returns whether the core was changed. *Cost* a comparison when nothing was.
   */
  act(nowMs: number): boolean {
    if (this.#noted.length === 0) return false
    this.#sparing.hasChanged = false
    const noted = this.#noted
    this.#noted = []
    let hasLooked = false
    for (const watched of noted) {
      this.#endTrial(watched, nowMs)
      if (watched.hasFlapped && watched.agent !== null) {
        if (!hasLooked) this.#kinds.look()
        hasLooked = true
        this.#judgeFlaps(watched, nowMs)
      }
      this.#sparing.apply(watched, nowMs)
    }
    return this.#sparing.hasChanged
  }

  #endTrial(watched: WatchedAgent, nowMs: number): void {
    const { breaker, wasLostInTrial } = watched
    watched.wasLostInTrial = false
    const isDecided = breaker.state === HALF_OPEN && breaker.verdict !== 0
    if (isDecided && breaker.verdict > 0) {
      this.#sparing.recover(watched, 'Its trial succeeded.', nowMs)
    } else if (isDecided || wasLostInTrial) {
      const reason = isDecided ? 'Its trial failed.' : 'It was lost again before it was fit.'
      const { trouble, action } = breaker
      this.#sparing.open(watched, trouble, action, reason, this.#options!, nowMs)
    }
  }

  #judgeFlaps(watched: WatchedAgent, nowMs: number): void {
    const { flaps, flapWindowMs } = this.#options!
    watched.hasFlapped = false
    const count = watched.flaps.count(flapWindowMs, nowMs)
    if (count < flaps || watched.breaker.state !== CLOSED) return
    const kind = this.#kinds.of(watched.agent!)
    const peers = kind.sample.filter((peer) => peer !== watched)
    const peersCount = lowerMedian(peers.map((peer) => peer.flaps.count(flapWindowMs, nowMs)))
    if (isOutage(count, peersCount)) return
    const reason = flappingReason(count, flapWindowMs)
    this.#sparing.spare(watched, kind, 'flapping', reason, this.#options!, nowMs)
  }

  /** Looks at all agents. @returns whether the core was changed. */
  check(nowMs: number): boolean {
    const hasActed = this.act(nowMs)
    this.#sparing.hasChanged = false
    if (this.#options !== null) this.#lookAt(this.#options, nowMs)
    for (const watched of this.#sparing.unfit) this.#sparing.recall(watched, nowMs)
    this.#checkedAtMs = nowMs
    return hasActed || this.#sparing.hasChanged
  }

  #lookAt(options: AgentHealthOptions, nowMs: number): void {
    const isLate = nowMs - this.#checkedAtMs > LATE_INTERVALS * options.intervalMs
    if (!isLate && !this.#core.leasesSuspended) this.#listen(options, nowMs)
    this.#judge!.look(nowMs)
  }

  /**
   * Who falls silent is looked for when the one that was silent for the longest could be by now; who is
   * silent is listened to each time.
   */
  #listen({ silentBeats }: AgentHealthOptions, nowMs: number): void {
    const afterMs = silentAfterMs(silentBeats, this.#core.options.leaseMs)
    for (const watched of this.#sparing.unfit) {
      if (watched.silent === '' || isSilent(watched.agent!, afterMs, nowMs)) continue
      this.#sparing.heard(watched, nowMs)
    }
    if (nowMs <= this.#silentAtMs) return
    let nextMs = nowMs + afterMs
    for (const watched of this.#here) {
      if (watched === undefined || watched.silent !== '') continue
      const agent = watched.agent!
      if (isSilent(agent, afterMs, nowMs)) {
        this.#sparing.silence(watched, silentReason(agent, silentBeats, nowMs), nowMs)
      } else if (agent.leased) nextMs = Math.min(nextMs, agent.lastSeenMs + afterMs)
    }
    this.#silentAtMs = nextMs
  }

  /**
   * An operator wants the agent to rest, or to work again; it may be away.
   * @returns null, or that nothing is known of it.
   */
  maintain(id: string, isOn: boolean, nowMs: number): 'agent_unknown' | null {
    const agent = this.#core.agents.get(id)
    const watched = agent === undefined ? this.#away.get(id) : this.#watchedOf(agent)
    if (watched === undefined) return 'agent_unknown'
    if (watched.isMaintained === isOn) return null
    this.#sparing.maintain(watched, isOn, nowMs)
    if (watched.agent !== null) return null
    this.#away.delete(id)
    this.#remember(watched, nowMs)
    return null
  }

  /**
   * A person's day begins or ends; nobody is told, since it does so each day.
   * @param hours when they work, in words, once it has ended; '' while they do.
   * @returns whether the core was changed.
   */
  setOffHours(agent: AgentState, hours: string, nowMs: number): boolean {
    const watched = this.#people.get(agent.index)
    if (watched === undefined || watched.offHours === hours) return false
    watched.offHours = hours
    this.#sparing.hasChanged = false
    this.#sparing.apply(watched, nowMs)
    return this.#sparing.hasChanged
  }

  #watchedOf({ index }: AgentState): WatchedAgent | undefined {
    return this.#here[index] ?? this.#people.get(index)
  }

  /** @returns `fit` for one that has gone. */
  conditionOf(agent: AgentState): AgentConditionView {
    const watched = this.#watchedOf(agent)
    if (watched?.agent !== agent) return FIT
    const { condition, reason } = watched
    return { condition, reason }
  }

  /** How many agents are how, of those that are here. */
  counts(): Record<AgentCondition, number> {
    const counts = {
      fit: 0,
      silent: 0,
      slow: 0,
      failing: 0,
      flapping: 0,
      trial: 0,
      maintenance: 0,
      off_hours: 0,
    }
    for (const watched of this.#here) if (watched !== undefined) counts[watched.condition]++
    for (const { condition } of this.#people.values()) counts[condition]++
    return counts
  }
}
