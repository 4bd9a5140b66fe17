/**
 * How many agents there should be: looks at all queues every `intervalMs` and says it for each pool, a
 * queue's tasks that require the same. Advice only; nothing is started or stopped. Main thread; pure
 * and clockless: `nowMs` is handed in.
 *
 * ```
 *   core.classes ──► pools: arrivals, waiting, running ──► groups: the same agents ──► places needed
 *   core.agents ───► supply: agents, places by profile ──────────┘                          │
 *        told, shown ◄── sentence ◄── steady, cooled down ◄── agents needed ◄── less what others use
 * ```
 *
 * Invariant: it reads the core and changes nothing; the same looks give the same advice.
 *
 * *Cost* of a look: one pass over agents and classes, and over 20,000 tasks in hand at most.
 */
import type { ScalingAdvice, ScalingVerdict } from '../balance-views.ts'
import { promisedMsOf } from '../health/attainment.ts'
import { countWords } from '../health/words.ts'
import { SCALING_DEFAULTS, type ScalingOptions } from '../options.ts'
import type { Profile } from '../policy/profiles.ts'
import type { QueueState } from '../policy/queues.ts'
import { meetsAll } from '../policy/requirements.ts'
import type { PolicyState } from '../policy/state.ts'
import { SHARE_MAX } from './demand.ts'
import { GroupNeed, promiseOf } from './group-need.ts'
import { Pool, poolKey, requiresOf } from './pool.ts'
import { groupsOf, share } from './sharing.ts'
import { StableNeed } from './stable-need.ts'
import { countTasks, type Supply, supplyOf } from './supply.ts'
import { type Facts, reasonOf } from './words.ts'

export interface AdvisorSources {
  /** Running time of the queue's last attempts, ms; null before the first. */
  meanMs(queue: QueueState): number | null
  /** Wall clock of a policy time. */
  wallMs?(nowMs: number): number
}

type Supplies = ReadonlyMap<Profile, Supply>

/** What was found of a pool at the last look. */
interface Row {
  readonly verdict: ScalingVerdict
  readonly desired: number
  /** Agents, before bounds. */
  readonly need: number
  readonly group: GroupNeed
  readonly isKeptReady: boolean
  /** No promise can be kept, or none is made. */
  readonly isHopeless: boolean
  /** Wall clock. */
  readonly since: number
}

export type AdviceSink = (kind: 'scaling_advice', detail: Record<string, unknown>) => void

export class Advisor {
  readonly #core: PolicyState
  readonly #sources: AdvisorSources
  readonly #options: ScalingOptions | null
  readonly #tell: AdviceSink
  readonly #pools = new Map<string, Pool>()
  /** By index of the class. */
  readonly #poolOf: (Pool | undefined)[] = []
  readonly #rows = new Map<Pool, Row>()
  /** As of the last look. */
  #supplies: Supplies = new Map()
  #checkedAtMs = Number.NEGATIVE_INFINITY

  constructor(
    core: PolicyState,
    sources: AdvisorSources,
    options: ScalingOptions | null,
    tell: AdviceSink,
  ) {
    this.#core = core
    this.#sources = sources
    this.#options = options
    this.#tell = tell
  }

  get isOn(): boolean {
    return this.#options !== null
  }

  /** Looks, unless it has within the interval. */
  check(nowMs: number): void {
    const options = this.#options
    if (options === null || nowMs - this.#checkedAtMs < options.intervalMs) return
    this.#checkedAtMs = nowMs
    this.#findPools()
    const pools = [...this.#pools.values()]
    const supplies = supplyOf(this.#core)
    countTasks(this.#core, pools, this.#poolOf)
    for (const pool of pools) pool.look(this.#sources.meanMs(pool.queue), options.windowMs, nowMs)
    const each = usualEach(supplies)
    const needs = groupsOf(pools, supplies).map(
      (group) => new GroupNeed(group, options, each, nowMs),
    )
    share(
      needs.map(({ group }) => group),
      supplies,
    )
    this.#supplies = supplies
    for (const need of needs) {
      const agents = need.agentsNeeded()
      for (const pool of need.group.pools) this.#settle(pool, need, agents, options, nowMs)
    }
  }

  /** As of the last look, by queue and what is required. @param queue all of them without one. */
  advice(queue?: string): ScalingAdvice[] {
    const keyOf = (row: ScalingAdvice) => poolKey(row.queue, row.requires)
    return [...this.#rows]
      .filter(([pool]) => queue === undefined || pool.queue.name === queue)
      .map(([pool, row]) => this.#adviceOf(pool, row))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  }

  /** Who can do it now, whether there is any of it or not. @param requires canonical terms. */
  ableOf(queue: QueueState, requires: readonly string[]): { agents: number; places: number } {
    const able = { agents: 0, places: 0 }
    for (const [profile, { agents, places }] of supplyOf(this.#core)) {
      if (!profile.servesQueue(queue.name) || !meetsAll(requires, profile)) continue
      able.agents += agents
      able.places += places
    }
    return able
  }

  /** What is advised for work that never came: whoever is there stays, within bounds. */
  unseen(
    queue: QueueState,
    requires: readonly string[],
    { agents, places }: { agents: number; places: number },
  ): ScalingAdvice {
    const { agentsMin, agentsMax } = this.#options ?? SCALING_DEFAULTS
    const desired = Math.min(agentsMax, Math.max(agentsMin, agents))
    const verdict = desired > agents ? 'add' : desired < agents ? 'remove' : 'keep'
    const count = desired === agents ? agents : Math.abs(desired - agents)
    return {
      queue: queue.name,
      requires: [...requires],
      verdict,
      agents,
      desiredAgents: desired,
      reason: `${verdict} ${countWords(count, 'agent')}: no such task has come yet`,
      arrivalsPerSecond: 0,
      serviceMs: null,
      utilization: 0,
      waiting: 0,
      oldestMs: 0,
      predictedWaitMs: null,
      slaMs: promisedMsOf(queue.options) || null,
      places,
      desiredPlaces: agents === 0 ? desired : Math.round((desired * places) / agents),
      since: this.#wallMs(this.#checkedAtMs),
    }
  }

  #findPools(): void {
    const { classes } = this.#core
    // Classes are never given back: only the new ones are unknown.
    for (let index = this.#poolOf.length; index < classes.length; index++) {
      const cls = classes[index]
      const requires = requiresOf(cls)
      const key = poolKey(cls.queue.name, requires)
      let pool = this.#pools.get(key)
      if (pool === undefined) {
        pool = new Pool(cls.queue, requires)
        this.#pools.set(key, pool)
      }
      pool.classes.push(cls)
      this.#poolOf.push(pool)
    }
  }

  /** Finds what is advised now, and tells it when that is new. */
  #settle(
    pool: Pool,
    group: GroupNeed,
    agentsNeeded: number,
    options: ScalingOptions,
    nowMs: number,
  ): void {
    const { agentsMin, agentsMax, startupMs } = options
    const { agents } = group.group
    const promised = promiseOf([pool])
    const isKeptReady = promised !== null && promised.targetMs < startupMs
    const need = Math.max(agentsNeeded, isKeptReady ? 1 : 0)
    pool.stable ??= new StableNeed(Math.max(agentsMin, agents), nowMs, options)
    // Nothing of a paused queue begins, whoever is there: what was advised before stands.
    if (!pool.queue.paused) {
      pool.stable.add(Math.min(agentsMax, Math.max(agentsMin, need)), nowMs, options)
    }
    const { desired } = pool.stable
    const verdict = desired > agents ? 'add' : desired < agents ? 'remove' : 'keep'
    const before = this.#rows.get(pool)
    const isSame = before?.verdict === verdict && before.desired === desired
    const since = isSame ? before.since : this.#wallMs(nowMs)
    const isHopeless = promised === null
    const row = { verdict, desired, need, group, isKeptReady, isHopeless, since } as const
    this.#rows.set(pool, row)
    // What is first seen and well as it is would be news of every queue there is.
    if (isSame || (before === undefined && verdict === 'keep')) return
    const advice = this.#adviceOf(pool, row)
    const message = `Queue ${advice.queue}: ${advice.reason}.`
    this.#tell('scaling_advice', { ...advice, message })
  }

  #adviceOf(pool: Pool, row: Row): ScalingAdvice {
    const facts = this.#factsOf(pool, row)
    return {
      queue: pool.queue.name,
      requires: [...pool.requires],
      verdict: row.verdict,
      agents: facts.agents,
      desiredAgents: row.desired,
      reason: reasonOf(facts),
      arrivalsPerSecond: pool.arrivals.perMs * 1_000,
      serviceMs: pool.serviceMs,
      utilization: facts.utilization,
      waiting: pool.waiting,
      oldestMs: pool.oldestMs,
      predictedWaitMs: facts.predictedWaitMs,
      slaMs: facts.slaMs,
      places: facts.places,
      desiredPlaces: Math.round(row.desired * row.group.each),
      since: row.since,
    }
  }

  #factsOf(pool: Pool, { group, desired, need, isKeptReady, isHopeless }: Row): Facts {
    const { agentsMin, agentsMax, scaleUpAt, downAfterMs } = this.#options!
    const { agents, places, busy, elsewhere } = group.group
    const { slaClock, slaAttainment, concurrency } = pool.queue.options
    const slaMs = promisedMsOf(pool.queue.options) || null
    return {
      requires: pool.requires,
      agents,
      desired,
      need,
      agentsMin,
      agentsMax,
      places,
      utilization: places === 0 ? 0 : busy / places,
      offered: group.offered,
      waiting: pool.waiting,
      serviceMs: pool.serviceMs,
      predictedWaitMs: group.predictedWaitMs(Math.min(slaAttainment, SHARE_MAX)),
      slaMs,
      isOfEnd: slaClock === 'completed',
      isHopeless: slaMs !== null && isHopeless,
      isKeptReady,
      isPaused: pool.queue.paused,
      oldestMs: pool.oldestMs,
      concurrency: group.isCapped ? concurrency : 0,
      scaleUpAt,
      downAfterMs,
      idleOthers: desired > agents ? this.#idleOthers(pool) : 0,
      elsewhere,
    }
  }

  #wallMs(nowMs: number): number {
    return this.#sources.wallMs?.(nowMs) ?? nowMs
  }

  /** Agents that serve the queue, lack what the pool requires, and have nothing to do. */
  #idleOthers({ queue, profiles }: Pool): number {
    let idle = 0
    for (const [profile, supply] of this.#supplies) {
      if (!profile.servesQueue(queue.name) || profiles.includes(profile)) continue
      idle += supply.idle
    }
    return idle
  }
}

/** @returns places of an agent, on average. */
function usualEach(supplies: Supplies): number {
  let [agents, places] = [0, 0]
  for (const supply of supplies.values()) {
    agents += supply.agents
    places += supply.places
  }
  return agents === 0 ? 1 : places / agents
}
