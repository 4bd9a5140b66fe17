/**
 * How much each agent can take and takes, how well it does, and how that went over the last hour:
 * source document 004's capacity tracker, and 002's samples. Beside the core, which it only reads;
 * main thread; clockless but for the wall clock that samples are shown with.
 *
 * Invariant: nothing is done for a task that promises nothing and does not run out of its time. All
 * else is read from counters that exist: each `sampleMs`, of each agent, what they have grown by.
 *
 * ```
 *   AgentState   completed, failed, lost ──each 5 s──► hours      an hour by five minutes
 *   learning     windows of all types    ──when asked► last 100   mean time, success
 *   ended(…)     tasks with a promise    ──a bit each► kept-ring  the last 100 of them
 * ```
 *
 * An agent that comes back under its id within the hour goes on with its hour: who looks at it means
 * that id, and a new version that is put into place must not blank a trend. Its last results begin
 * anew, as they do for learning: it may be another program. Of agents that are away `offlineAgentsKept`
 * are remembered, those that left last.
 *
 * A pass over all agents is spread: `AGENTS_PER_CHECK` places a check, some 3 ms (`bench/capacity.ts`).
 */
import { loadOf, loadRatioOf } from '../balance/load.ts'
import type { AgentProfile, AgentUtilization } from '../balance-views.ts'
import type { Learning } from '../learning/learning.ts'
import { LIMITS, type MetricsOptions } from '../options.ts'
import type { AgentState } from '../policy/agents.ts'
import type { AttemptEnd, PolicyState } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { slaOf } from '../policy/waits.ts'
import { FleetSamples } from './fleet-samples.ts'
import { HOUR_MS, Hours } from './hours.ts'
import { KeptRing } from './kept-ring.ts'

export const AGENTS_PER_CHECK = 32_768
const RUNNING_SHOWN_MAX = 100
const US_PER_MS = 1_000
const MS_PER_SECOND = 1_000
const PERCENT = 100

/** What capacity knows of an agent, besides how it is. */
export type MeasuredProfile = Omit<AgentProfile, 'status' | 'condition' | 'reason'>

/** What is kept of an agent that is there. */
class Tracked {
  readonly agent: AgentState
  readonly history: number
  /** Of its counters, what is in its hour already. */
  done = 0
  errors = 0
  /** Attempts that took too long: the agent's own counters do not have them. */
  overdue = 0
  ring: KeptRing | null = null

  constructor(agent: AgentState, history: number) {
    this.agent = agent
    this.history = history
  }
}

interface Away {
  history: number
  leftAtMs: number
}

export class Capacity {
  readonly samples = new FleetSamples()
  readonly hours = new Hours()
  readonly #core: PolicyState
  readonly #learning: Learning
  readonly #sampleMs: number
  /** By place; of an agent that is not there any more until its place is taken. */
  readonly #tracked: (Tracked | undefined)[]
  /** Agents that have left, by id, the longest gone first. */
  readonly #away = new Map<string, Away>()
  #nextAtMs = Number.NEGATIVE_INFINITY
  /** Place that the pass goes on with; -1 between two passes. */
  #passAt = -1

  constructor(core: PolicyState, learning: Learning, { sampleMs }: MetricsOptions) {
    this.#core = core
    this.#learning = learning
    this.#sampleMs = sampleMs
    this.#tracked = new Array(core.options.agentsMax).fill(undefined)
  }

  /** About once a second: begins a pass each `sampleMs`, or goes on with one. */
  check(nowMs: number): void {
    if (this.#passAt < 0 && nowMs >= this.#nextAtMs) {
      this.#nextAtMs = nowMs + this.#sampleMs
      this.#passAt = 0
      this.#sampleFleet()
      this.#forgetAway(nowMs)
    }
    if (this.#passAt >= 0) this.#pass(nowMs)
  }

  /** An attempt has ended; the record still knows when it began and what it was promised. */
  ended(record: TaskRecord, agent: AgentState, how: AttemptEnd, nowMs: number): void {
    if (how !== 'succeeded') {
      if (!isOwnDoing(how)) return
      if (how !== 'failed') this.#trackedOf(agent).overdue++
    }
    const slaMs = slaOf(record)
    if (slaMs === 0 && !record.breached) return
    const tracked = this.#trackedOf(agent)
    tracked.ring ??= new KeptRing()
    tracked.ring.add(how === 'succeeded' && isKept(record, slaMs, nowMs))
  }

  /** It is gone; what it did is its id's for an hour. */
  left(agent: AgentState, nowMs: number): void {
    // Of one that came and went between two samples what it did counts as well.
    const tracked = this.#trackedOf(agent)
    this.#count(tracked, nowMs)
    this.#tracked[agent.index] = undefined
    this.#away.set(agent.id, { history: tracked.history, leftAtMs: nowMs })
    if (this.#away.size <= LIMITS.offlineAgentsKept) return
    const [[id, { history }]] = this.#away
    this.#away.delete(id)
    this.hours.close(history)
  }

  /** Outside of the hot path. */
  utilization(agent: AgentState): AgentUtilization {
    const load = loadOf(agent)
    const last = this.#lastOf(agent)
    return {
      agent_id: agent.id,
      current_load: load,
      max_capacity: agent.concurrency,
      utilization_percent: loadRatioOf(agent) * PERCENT,
      available_slots: slotsOf(agent, load),
      avg_task_time: last.meanMs === null ? null : last.meanMs / MS_PER_SECOND,
      success_rate: last.successRate,
      sla_compliance_percent: last.slaCompliance === null ? null : last.slaCompliance * PERCENT,
    }
  }

  /** Outside of the hot path. */
  profile(agent: AgentState, nowMs: number): MeasuredProfile {
    return {
      agent: agent.id,
      capacity: agent.concurrency,
      load: loadOf(agent),
      running: runningOf(agent, nowMs),
      queued: agent.bound.length,
      unbegun: Math.max(0, agent.running.length - agent.concurrency),
      last: this.#lastOf(agent),
      hour: this.#hourOf(agent, nowMs),
    }
  }

  #lastOf(agent: AgentState): AgentProfile['last'] {
    const { results, successes, latencyUs } = this.#learning.overall(agent.index)
    const tracked = this.#tracked[agent.index]
    return {
      results,
      meanMs: latencyUs === null ? null : latencyUs / US_PER_MS,
      successRate: results === 0 ? null : successes / results,
      slaCompliance: tracked?.agent === agent ? (tracked.ring?.share ?? null) : null,
      errors: results - successes,
    }
  }

  #hourOf(agent: AgentState, nowMs: number): AgentProfile['hour'] {
    const tracked = this.#trackedOf(agent)
    this.#count(tracked, nowMs)
    const hour = this.hours.hourOf(tracked.history, nowMs)
    const load = loadRatioOf(agent)
    return {
      tasksPerHour: (hour.done * HOUR_MS) / Math.max(this.#sampleMs, hour.seenMs),
      loadMin: Math.min(load, hour.loadMin ?? load),
      loadMax: Math.max(load, hour.loadMax ?? load),
      loadTrend: hour.loadTrend,
      errors: hour.errors,
      errorTrend: hour.errorTrend,
    }
  }

  #pass(nowMs: number): void {
    const { agentAt } = this.#core
    const end = Math.min(agentAt.length, this.#passAt + AGENTS_PER_CHECK)
    for (let place = this.#passAt; place < end; place++) {
      const agent = agentAt[place]
      if (agent === undefined) continue
      const tracked = this.#trackedOf(agent)
      this.#count(tracked, nowMs)
      this.hours.sample(tracked.history, loadRatioOf(agent), nowMs)
    }
    this.#passAt = end === agentAt.length ? -1 : end
  }

  #sampleFleet(): void {
    let waiting = 0
    let bound = 0
    let running = 0
    for (const queue of this.#core.queues.values()) {
      waiting += queue.waiting
      bound += queue.bound
      running += queue.running
    }
    this.samples.add(Date.now(), waiting, bound, running)
  }

  /** What its counters have grown by belongs to this bucket. */
  #count(tracked: Tracked, nowMs: number): void {
    const { agent } = tracked
    const errors = agent.failed + agent.lost + tracked.overdue
    if (agent.completed === tracked.done && errors === tracked.errors) return
    this.hours.count(
      tracked.history,
      agent.completed - tracked.done,
      errors - tracked.errors,
      nowMs,
    )
    tracked.done = agent.completed
    tracked.errors = errors
  }

  #trackedOf(agent: AgentState): Tracked {
    const known = this.#tracked[agent.index]
    if (known?.agent === agent) return known
    const away = this.#away.get(agent.id)
    const tracked = new Tracked(agent, away?.history ?? this.hours.open(agent.joinedAtMs))
    this.#away.delete(agent.id)
    this.#tracked[agent.index] = tracked
    return tracked
  }

  #forgetAway(nowMs: number): void {
    for (const [id, { history, leftAtMs }] of this.#away) {
      if (nowMs - leftAtMs < HOUR_MS) return
      this.#away.delete(id)
      this.hours.close(history)
    }
  }
}

/** What the agent is to be blamed for. */
function isOwnDoing(how: AttemptEnd): boolean {
  return (
    how === 'failed' ||
    how === 'timeout' ||
    how === 'heartbeat_timeout' ||
    how === 'deadline_expired'
  )
}

/** By the clock that its queue promises by; where it broke its promise before, it is broken. */
function isKept(record: TaskRecord, slaMs: number, nowMs: number): boolean {
  if (record.breached) return false
  const { slaClock } = record.cls!.queue.options
  // Of a later attempt the start says nothing: it was judged at the first.
  if (slaClock === 'assigned' && record.attempts > 1) return true
  const atMs = slaClock === 'completed' ? nowMs : record.startedAtMs
  return atMs - record.firstReadyMs <= slaMs
}

/** The oldest first. Beyond its concurrency it has not begun. */
function runningOf(agent: AgentState, nowMs: number): AgentProfile['running'] {
  const shown: AgentProfile['running'] = []
  const count = Math.min(agent.concurrency, RUNNING_SHOWN_MAX)
  for (let record = agent.running.head; record !== null; record = record.next) {
    if (shown.length === count) break
    const forMs = Math.max(0, Math.round(nowMs - record.startedAtMs))
    shown.push({ task: record.id, queue: record.queueName, forMs })
  }
  return shown
}

/** What it could be given now: nothing while it leaves, is silent, in quarantine or in maintenance. */
function slotsOf(agent: AgentState, load: number): number {
  if (!agent.accepting) return 0
  const places = agent.limit < 0 ? agent.concurrency : Math.min(agent.limit, agent.concurrency)
  return Math.max(0, places - load)
}
