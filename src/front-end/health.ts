/**
 * The health of queues as the front end keeps it: fed by the policy's effects, looked at each second,
 * shown with the queue. Main thread; the arithmetic is in `src/health/`.
 *
 * Invariant: it changes nothing of the core, which knows nothing of it, and no journal holds it.
 */
import { policyMs } from '../clock.ts'
import { promisedMsOf, slaOf } from '../health/attainment.ts'
import { feasibilityOf } from '../health/feasibility.ts'
import { type AttemptCounts, HealthMonitor, type HealthSink } from '../health/monitor.ts'
import { waitingIn } from '../health/oldest.ts'
import type { AgentState } from '../policy/agents.ts'
import { runnableOf } from '../policy/credit.ts'
import type { QueueState } from '../policy/queues.ts'
import type { AttemptEnd } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { Feasibility, QueueHealth, QueueSla } from '../promise-views.ts'
import type { FrontEndContext } from './context.ts'

export class Health {
  readonly #context: FrontEndContext
  readonly monitor = new HealthMonitor()

  constructor(context: FrontEndContext) {
    this.#context = context
  }

  get attempts(): Readonly<AttemptCounts> {
    return this.monitor.counts
  }

  /** An attempt has ended; the record still knows when it began and where it was served. */
  ended(record: TaskRecord, agent: AgentState, how: AttemptEnd): void {
    const { nowMs, people } = this.#context
    // What lies in an inbox is not being worked on.
    const begunAtMs = agent.claims ? people.claimedAtMs(record) || nowMs : record.startedAtMs
    const ranMs = nowMs - begunAtMs
    this.monitor.ended(record.cls!.queue, how, Math.max(0, ranMs))
  }

  /** A task is final: also one that was never tried changes how its queue is. */
  outcome(record: TaskRecord): void {
    this.monitor.outcome(record.cls!.queue)
  }

  check(nowMs: number, tell: HealthSink): void {
    this.monitor.check(this.#context.core, nowMs, tell)
  }
}

/** As it is now, not as it was last told. */
export function queueHealth(context: FrontEndContext, queue: QueueState): QueueHealth {
  return context.health.monitor.healthOf(queue, policyMs())
}

export function queueSla(queue: QueueState): QueueSla | null {
  return slaOf(queue)
}

/** @returns null without a promise, or before anything is known of running times. */
export function queueFeasibility(context: FrontEndContext, queue: QueueState): Feasibility | null {
  const meanMs = context.health.monitor.meanMsOf(queue)
  const targetMs = promisedMsOf(queue.options)
  if (meanMs === null || targetMs === 0) return null
  const { slaAttainment: goal, slaClock: clock } = queue.options
  const tasks = waitingIn(queue)
  return feasibilityOf({ tasks, places: placesOf(context, queue), meanMs, targetMs, goal, clock })
}

/** Attempts of the queue that can run at a time: places of who serves it, within its own limit. */
function placesOf({ core }: FrontEndContext, { name, options }: QueueState): number {
  let places = 0
  for (const agent of core.agents.values()) {
    if (agent.profile.servesQueue(name)) places += runnableOf(agent)
  }
  return options.concurrency > 0 ? Math.min(places, options.concurrency) : places
}
