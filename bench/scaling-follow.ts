/**
 * Follows advice through a day: the real core, the real health monitor and the real advisor in virtual
 * time, agents that start slowly and leave when they are done.
 *
 * Runs on: child processes. Invariant: what decides sees what a scheduler sees, at the times at which a
 * scheduler looks; nothing of the day ahead.
 */
import type { Controller } from '../src/fleet-model/elastic.ts'
import { runModel } from '../src/fleet-model/model.ts'
import type { Workload } from '../src/fleet-model/workload.ts'
import { HealthMonitor } from '../src/health/monitor.ts'
import { SCALING_DEFAULTS, type ScalingOptions } from '../src/options.ts'
import type { PolicyCore } from '../src/policy/core.ts'
import type { TaskRecord } from '../src/policy/task-record.ts'
import { Advisor } from '../src/scaling/advisor.ts'

export const SLA_MS = 30_000
export const GOAL = 0.95
export const CONCURRENCY = 2
export const AGENTS_MAX = 400
const QUEUE = 'model'

export interface Followed {
  hours: number
  /** Share of all tasks that began within the SLA. */
  attainment: number
  agentsMax: number
  changes: number
  worstHour: number
}

/** Asks the advisor, as an operator's autoscaler does. */
export class AdvisedController implements Controller {
  readonly #monitor = new HealthMonitor()
  readonly #options: ScalingOptions
  readonly #floor: number
  #advisor: Advisor | undefined

  constructor(options: Partial<ScalingOptions>, floor: number) {
    this.#options = { ...SCALING_DEFAULTS, ...options }
    this.#floor = floor
  }

  begin(core: PolicyCore): void {
    const sources = { meanMs: (queue: never) => this.#monitor.meanMsOf(queue) }
    this.#advisor = new Advisor(core, sources, this.#options, () => {})
  }

  ended(record: TaskRecord, how: 'succeeded', nowMs: number): void {
    this.#monitor.ended(record.cls!.queue, how, Math.max(0, nowMs - record.startedAtMs))
  }

  desired(nowMs: number): number {
    this.#advisor!.check(nowMs)
    return this.#advisor!.advice()[0]?.desiredAgents ?? this.#floor
  }
}

/** The same number all day, or any other rule. */
export class PlainController implements Controller {
  readonly #rule: (nowMs: number, core: PolicyCore) => number
  #core!: PolicyCore

  constructor(rule: (nowMs: number, core: PolicyCore) => number) {
    this.#rule = rule
  }

  begin(core: PolicyCore): void {
    this.#core = core
  }

  ended(): void {}

  desired(nowMs: number): number {
    return this.#rule(nowMs, this.#core)
  }
}

export function follow(
  workload: Workload,
  controller: Controller,
  setting: { startupMs: number; everyMs: number; agentsAtStart: number; hasSla: boolean },
): Followed {
  const fleet = Array.from({ length: AGENTS_MAX }, (_, i) => ({
    name: `a${i}`,
    concurrency: CONCURRENCY,
    speed: 1,
    capabilities: [],
  }))
  const result = runModel({
    workload,
    fleet,
    strategy: 'round_robin',
    binding: 'late',
    seed: 1,
    warmUp: 0,
    learning: { enabled: false },
    queues: {
      [QUEUE]: {
        strategy: 'round_robin',
        binding: 'late',
        slaTargetMs: setting.hasSla ? SLA_MS : 0,
        slaAttainment: GOAL,
      },
    },
    elastic: {
      controller,
      everyUs: setting.everyMs * 1_000,
      startupUs: setting.startupMs * 1_000,
      agentsAtStart: setting.agentsAtStart,
    },
  })
  return {
    hours: result.elastic.agentUs / 3.6e9,
    ...attainmentOf(workload, result.startUs),
    agentsMax: result.elastic.agentsMax,
    changes: result.elastic.changes,
  }
}

export function attainmentOf(workload: Workload, startUs: Float64Array) {
  const { arrivalUs, count } = workload
  const kept = new Map<number, [number, number]>()
  let inTime = 0
  for (let task = 0; task < count; task++) {
    const hour = Math.floor(arrivalUs[task] / 3.6e9)
    const row = kept.get(hour) ?? [0, 0]
    kept.set(hour, row)
    row[1]++
    if (startUs[task] - arrivalUs[task] > SLA_MS * 1_000) continue
    inTime++
    row[0]++
  }
  const worstHour = Math.min(...[...kept.values()].map(([own, all]) => own / all))
  return { attainment: inTime / count, worstHour }
}
