/**
 * What is done about agents: limits are set in the core, what they have not begun is called back, and
 * each change is told. Front-end thread, between the core's changes, never within one.
 *
 * Invariant: after `apply` the core's limit of an agent is the one that what is known of it asks for.
 */
import type { AgentAction, AgentHealthOptions } from '../balance-options.ts'
import type { AgentCondition } from '../balance-views.ts'
import { spanWords } from '../health/words.ts'
import type { PolicyCore } from '../policy/core.ts'
import { unbegunOf } from '../policy/recalls.ts'
import { CLOSED, OPEN, type Trouble } from './breaker.ts'
import type { Kind } from './peers.ts'
import type { AgentSources } from './slow.ts'
import type { WatchedAgent } from './watched-agent.ts'

export type AgentHealthEvent =
  | 'agent_silent'
  | 'agent_avoided'
  | 'agent_quarantined'
  | 'agent_trial'
  | 'agent_recovered'
  | 'agent_maintenance'

/** `detail` has the agent, its condition, the reason, and both in a sentence as `message`. */
export type AgentHealthSink = (kind: AgentHealthEvent, detail: Record<string, unknown>) => void

/** How often each happened since the start. */
export type AgentHealthCounters = Record<AgentHealthEvent, number>

export class Sparing {
  readonly counters: AgentHealthCounters = {
    agent_silent: 0,
    agent_avoided: 0,
    agent_quarantined: 0,
    agent_trial: 0,
    agent_recovered: 0,
    agent_maintenance: 0,
  }
  /** Agents that are here and not fit. */
  readonly unfit = new Set<WatchedAgent>()
  /** Something was changed in the core since this was last set back. */
  hasChanged = false
  readonly #core: PolicyCore
  readonly #sources: AgentSources
  readonly #tell: AgentHealthSink

  constructor(core: PolicyCore, sources: AgentSources, tell: AgentHealthSink) {
    this.#core = core
    this.#sources = sources
    this.#tell = tell
  }

  /**
   * One that is fit is spared, or asked to leave, if its kind allows it.
   * @returns whether it is.
   */
  spare(
    watched: WatchedAgent,
    kind: Kind,
    trouble: Trouble,
    reason: string,
    options: AgentHealthOptions,
    nowMs: number,
  ): boolean {
    const action = actionOn(trouble, options)
    if (action === 'off' || !kind.maySpare(options.sparedShareMax)) return false
    // What pulls asks for as much as it wants: it goes by nothing but 0.
    if (action === 'avoid' && watched.agent!.pull) return false
    if (action === 'drain') this.#drain(watched, kind, trouble, reason, nowMs)
    else if (action === 'avoid' && trouble === 'slow') this.#avoid(watched, kind, reason, nowMs)
    else {
      kind.spared()
      this.open(watched, trouble, action, reason, options, nowMs)
    }
    return true
  }

  #drain(watched: WatchedAgent, kind: Kind, trouble: Trouble, reason: string, nowMs: number): void {
    kind.left()
    watched.drained = reason
    watched.drainedFor = trouble
    this.#core.drainAgent(watched.id)
    this.hasChanged = true
    this.apply(watched, nowMs)
    this.#say('agent_avoided', watched, 'is asked to leave', reason, { action: 'drain' })
  }

  #avoid(watched: WatchedAgent, kind: Kind, reason: string, nowMs: number): void {
    kind.spared()
    watched.slow = reason
    this.apply(watched, nowMs)
    this.#say('agent_avoided', watched, 'gets one task at a time', reason, { action: 'avoid' })
  }

  /** Its breaker opens, for the first time or again. */
  open(
    watched: WatchedAgent,
    trouble: Trouble,
    action: AgentAction,
    reason: string,
    options: AgentHealthOptions,
    nowMs: number,
  ): void {
    const { breaker } = watched
    breaker.open(trouble, action, reason, options, nowMs)
    watched.beginAnew(0)
    this.apply(watched, nowMs)
    const forMs = breaker.openMs
    if (action === 'avoid') {
      const what = `gets one task at a time for ${spanWords(forMs)}`
      this.#say('agent_avoided', watched, what, reason, { action, forMs })
    } else {
      const what = `is in quarantine for ${spanWords(forMs)}`
      this.#say('agent_quarantined', watched, what, reason, { forMs })
    }
  }

  /** One task is to decide. */
  try(watched: WatchedAgent, reason: string, nowMs: number): void {
    watched.breaker.halfOpen(reason, this.#core.nextCounter)
    this.apply(watched, nowMs)
    this.#say('agent_trial', watched, 'gets one task as a trial', reason, {})
  }

  /** It is as fit as any; what was learned of it until now does not count any more. */
  recover(watched: WatchedAgent, reason: string, nowMs: number): void {
    const was = watched.condition
    if (watched.breaker.state !== CLOSED) watched.breaker.close(nowMs)
    watched.slow = ''
    watched.flaps.clear()
    const { agent } = watched
    watched.beginAnew(agent === null ? 0 : this.#sources.overall(agent.index).total)
    this.#recovered(watched, was, reason, nowMs)
  }

  /** It was asked to leave and is here still. */
  stays(watched: WatchedAgent, nowMs: number): void {
    watched.drained = ''
    watched.beginAnew(0)
    this.apply(watched, nowMs)
  }

  silence(watched: WatchedAgent, reason: string, nowMs: number): void {
    watched.silent = reason
    this.apply(watched, nowMs)
    this.#say('agent_silent', watched, 'gets nothing until it is heard of', reason, {})
  }

  heard(watched: WatchedAgent, nowMs: number): void {
    watched.silent = ''
    this.#recovered(watched, 'silent', 'It was heard of again.', nowMs)
  }

  #recovered(watched: WatchedAgent, was: AgentCondition, reason: string, nowMs: number): void {
    this.apply(watched, nowMs)
    const what = watched.condition === 'fit' ? 'is fit again' : `is not ${was} any more`
    this.#say('agent_recovered', watched, what, reason, { was })
  }

  maintain(watched: WatchedAgent, isOn: boolean, nowMs: number): void {
    watched.isMaintained = isOn
    this.apply(watched, nowMs)
    const what = isOn ? 'rests' : 'is back'
    const reason = isOn ? 'Its maintenance has begun.' : 'Its maintenance has ended.'
    this.#say('agent_maintenance', watched, what, reason, { isOn })
  }

  /** The core does what is known of the agent, if it is here. */
  apply(watched: WatchedAgent, nowMs: number): void {
    const { agent, limit } = watched
    if (agent === null) return
    if (watched.condition === 'fit') this.unfit.delete(watched)
    else this.unfit.add(watched)
    if (agent.limit !== limit) {
      this.#core.limitAgent(agent.id, limit)
      this.hasChanged = true
    }
    this.recall(watched, nowMs)
  }

  /** Asks back what one that gets nothing has not begun; what it runs ends there. */
  recall(watched: WatchedAgent, nowMs: number): void {
    const { agent } = watched
    if (agent === null) return
    if (!watched.isMaintained && watched.breaker.state !== OPEN) return
    let unbegun = unbegunOf(agent)
    for (let record = agent.running.tail; unbegun > 0 && record !== null; unbegun--) {
      if (this.#core.recall(record, null, nowMs) === null) this.hasChanged = true
      record = record.prev
    }
  }

  #say(
    kind: AgentHealthEvent,
    watched: WatchedAgent,
    what: string,
    reason: string,
    more: Record<string, unknown>,
  ): void {
    this.counters[kind]++
    const { id: agent, condition } = watched
    const message = `Agent ${agent} ${what}: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`
    this.#tell(kind, { agent, condition, reason, ...more, message })
  }
}

function actionOn(trouble: Trouble, options: AgentHealthOptions): AgentAction {
  if (trouble === 'failing') return options.onFailing
  return trouble === 'slow' ? options.onSlow : options.onFlapping
}
