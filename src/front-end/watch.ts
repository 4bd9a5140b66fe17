/**
 * The one timer of all that is looked at from time to time: the health of queues and of agents, samples
 * of load, advice on how many agents there should be. Main thread, between turns: what waits in vain
 * brings no turns.
 *
 * Invariant: each part is looked at when its interval is over, in the order of the table, with the
 * same `nowMs`, and a turn follows one that has changed the core.
 *
 * | part          | every                              | may change the core                  |
 * | ------------- | ---------------------------------- | ------------------------------------ |
 * | `health`      | `CHECK_MS`                         | no                                   |
 * | `agentHealth` | `options.agentHealth.intervalMs`   | limits, drains: a turn follows       |
 * | `capacity`    | `CHECK_MS` or `metrics.sampleMs`   | no                                   |
 * | `scaling`     | `options.scaling.intervalMs`       | no                                   |
 * | `people`      | `HOURS_CHECK_MS`                   | limits: a turn follows               |
 *
 * Not taken: a timer for each part, which is four wake-ups of a process that rests.
 */
import { policyMs } from '../clock.ts'
import { CHECK_MS } from '../health/monitor.ts'
import { AGENT_HEALTH_DEFAULTS, SCALING_DEFAULTS } from '../options.ts'
import type { EventSink } from './complete.ts'
import type { FrontEndContext } from './context.ts'
import { HOURS_CHECK_MS } from './people.ts'

/** A little more than the shortest interval, so that no look comes too early to be made. */
const SLACK_MS = 10
/** `setInterval` overflows beyond. */
const TIMER_MS_MAX = 2 ** 30

interface Part {
  readonly everyMs: number
  /** @returns true when a turn must follow. */
  readonly check: (nowMs: number) => unknown
  checkedAtMs: number
}

export class Watch {
  readonly #context: FrontEndContext
  readonly #schedule: () => void
  readonly #parts: readonly Part[]
  #timer: NodeJS.Timeout | undefined

  /** @param schedule asks for a turn. */
  constructor(context: FrontEndContext, tell: EventSink, schedule: () => void) {
    this.#context = context
    this.#schedule = schedule
    const agentHealth = context.options.agentHealth ?? AGENT_HEALTH_DEFAULTS
    const scaling = context.options.scaling ?? SCALING_DEFAULTS
    // It samples all agents in pieces, one a look.
    const capacityMs = Math.min(CHECK_MS, context.options.metrics.sampleMs)
    this.#parts = [
      part(CHECK_MS, (nowMs) => context.health.check(nowMs, tell)),
      part(agentHealth.intervalMs, (nowMs) => context.agentHealth.check(nowMs)),
      part(capacityMs, (nowMs) => context.capacity.check(nowMs)),
      part(scaling.intervalMs, (nowMs) => context.scaling.check(nowMs)),
      part(HOURS_CHECK_MS, (nowMs) => context.people.check(nowMs)),
    ]
  }

  get isOn(): boolean {
    return this.#timer !== undefined
  }

  /** Once. */
  start(): void {
    const shortestMs = Math.min(...this.#parts.map(({ everyMs }) => everyMs))
    const everyMs = Math.min(TIMER_MS_MAX, shortestMs + SLACK_MS)
    this.#timer = setInterval(() => this.check(policyMs()), everyMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Looks at those whose interval is over. */
  check(nowMs: number): void {
    this.#context.nowMs = nowMs
    let hasChanged = false
    for (const part of this.#parts) {
      if (nowMs - part.checkedAtMs < part.everyMs) continue
      part.checkedAtMs = nowMs
      if (part.check(nowMs) === true) hasChanged = true
    }
    if (hasChanged) this.#schedule()
  }
}

function part(everyMs: number, check: (nowMs: number) => unknown): Part {
  return { everyMs, check, checkedAtMs: Number.NEGATIVE_INFINITY }
}
