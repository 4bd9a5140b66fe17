/**
 * What is remembered of one agent's id: while it is here, and for a while after it was lost. Pure.
 *
 * Invariant: `limit` and `condition` follow from what stands here and from nothing else; the first of
 * these that holds counts:
 *
 * | what                       | limit                     | condition                   |
 * | -------------------------- | ------------------------- | --------------------------- |
 * | in maintenance             | 0                         | maintenance                 |
 * | a person after work        | 0                         | off_hours                   |
 * | silent                     | 0                         | silent                      |
 * | breaker open               | 0, or 1 with `avoid`      | failing, flapping, slow     |
 * | breaker half open          | 1                         | trial                       |
 * | slow, avoided              | 1                         | slow                        |
 * | asked to leave for trouble | none, it is leaving       | failing, flapping, slow     |
 * | none of them               | none                      | fit                         |
 */
import type { AgentCondition } from '../balance-views.ts'
import type { AgentState } from '../policy/agents.ts'
import { Breaker, CLOSED, HALF_OPEN, OPEN, type Trouble } from './breaker.ts'
import { Results } from './failing.ts'
import { Flaps } from './flapping.ts'

export const NO_LIMIT = -1

export class WatchedAgent {
  readonly id: string
  /** Null while it is away. */
  agent: AgentState | null = null
  readonly breaker = new Breaker()
  readonly flaps = new Flaps()
  readonly results = new Results()
  /** A sentence each; empty when it is not so. */
  silent = ''
  slow = ''
  /** It was asked to leave. */
  drained = ''
  drainedFor: Trouble = 'failing'
  isMaintained = false
  /** Of a person: when they work, in words, while they do not; else empty. */
  offHours = ''
  /** It came back after it was lost, and nobody has judged that yet. */
  hasFlapped = false
  /** Lost while its breaker was not closed. */
  wasLostInTrial = false
  /** Results that ended badly since the last look, and successes of the instance at that look. */
  badNew = 0
  okSeen = 0
  /** Results that had been learned of the instance when its pace was last judged anew. */
  paceFrom = 0

  constructor(id: string) {
    this.id = id
  }

  /** A new instance: what the old one did is not its doing. */
  arrive(agent: AgentState): void {
    this.agent = agent
    this.results.clear()
    this.silent = ''
    this.slow = ''
    this.drained = ''
    this.badNew = 0
    this.okSeen = agent.completed
    this.paceFrom = 0
  }

  /** Takes in what came since the last time; what came while it was spared decides nothing later. */
  count(resultsMin: number): void {
    const completed = this.agent?.completed ?? this.okSeen
    if (this.breaker.state === CLOSED) {
      this.results.add(completed - this.okSeen, this.badNew, resultsMin)
    }
    this.okSeen = completed
    this.badNew = 0
  }

  /** What was done before does not count any more. */
  beginAnew(learned: number): void {
    this.results.clear()
    this.badNew = 0
    this.okSeen = this.agent?.completed ?? 0
    this.paceFrom = learned
  }

  get limit(): number {
    if (this.isMaintained || this.offHours !== '' || this.silent !== '') return 0
    const { state, action } = this.breaker
    if (state === OPEN) return action === 'avoid' ? 1 : 0
    return state === HALF_OPEN || this.slow !== '' ? 1 : NO_LIMIT
  }

  get condition(): AgentCondition {
    if (this.isMaintained) return 'maintenance'
    if (this.offHours !== '') return 'off_hours'
    if (this.silent !== '') return 'silent'
    const { state, trouble } = this.breaker
    if (state === OPEN) return trouble
    if (state === HALF_OPEN) return 'trial'
    if (this.slow !== '') return 'slow'
    return this.drained === '' ? 'fit' : this.drainedFor
  }

  /** A sentence; null when it is fit. */
  get reason(): string | null {
    if (this.isMaintained) return `It rests until \`signalbox agent maintain ${this.id} --end\`.`
    if (this.offHours !== '')
      return `Not at work, hours are ${this.offHours}; what they have, they keep.`
    if (this.silent !== '') return this.silent
    if (this.breaker.state !== CLOSED) return this.breaker.reason
    return (this.slow === '' ? this.drained : this.slow) || null
  }

  /** It gets less than it could do, by its own doing. */
  get isSpared(): boolean {
    return this.breaker.state !== CLOSED || this.slow !== ''
  }

  /** It could be given work, if it is not spared. */
  get isAble(): boolean {
    const { agent } = this
    if (agent === null || agent.draining || agent.paused) return false
    return !this.isMaintained && this.silent === ''
  }

  /** Whether anything stands against it once it is away. */
  isWorthRemembering(nowMs: number, flapWindowMs: number): boolean {
    if (this.isMaintained || this.breaker.state !== CLOSED) return true
    return this.flaps.isRemembered(flapWindowMs, nowMs)
  }
}
