/**
 * The health of all queues: attempts are noted as they end, and about once a second whoever changed or
 * has something to do is looked at. Main thread; pure and clockless: `nowMs` is handed in.
 *
 * Invariant: a queue of which nothing was ever tried has no window, and one that rests costs no check.
 * Noting an attempt allocates nothing after the first of its queue.
 *
 * Attempts count for the queue that served them, waiting tasks for the queue that serves them: a task
 * that moved is no more the trouble of the queue it came from.
 */
import type { QueueState } from '../policy/queues.ts'
import type { AttemptEnd, PolicyState } from '../policy/state.ts'
import type { QueueHealth } from '../promise-views.ts'
import { isBusy, oldestWaitingMs, waitingIn } from './oldest.ts'
import { QueueWatch } from './queue-watch.ts'
import { healthOf } from './states.ts'
import { countWords } from './words.ts'

/** Of each queue at most one check in so long. */
export const CHECK_MS = 1_000

/** `detail` has the queue, and a sentence as `message`. */
export type HealthSink = (
  kind: 'health_changed' | 'backlog_growing',
  detail: Record<string, unknown>,
) => void

/** Attempts by how they ended, over all queues. */
export type AttemptCounts = Record<AttemptEnd, number>

export class HealthMonitor {
  readonly counts: AttemptCounts = {
    succeeded: 0,
    failed: 0,
    timeout: 0,
    cancelled: 0,
    agent_lost: 0,
    dispatch_failed: 0,
    undelivered: 0,
    heartbeat_timeout: 0,
    deadline_expired: 0,
    preempted: 0,
    recalled: 0,
    declined: 0,
    handed_on: 0,
  }
  readonly #watches = new Map<QueueState, QueueWatch>()
  /** Tasks of a queue come in a row: the last one spares the look-up. */
  #lastQueue: QueueState | null = null
  #lastWatch: QueueWatch | null = null
  #checkedAtMs = Number.NEGATIVE_INFINITY

  /**
   * An attempt has ended. What the queue is not to blame for (cancelled, the agent gone, interrupted,
   * called back) is counted, and not judged.
   */
  ended(queue: QueueState, how: AttemptEnd, ranMs: number): void {
    const watch = queue === this.#lastQueue ? this.#lastWatch! : this.#watchOf(queue)
    watch.changed = true
    watch.ended++
    if (how === 'succeeded') {
      this.counts.succeeded++
      watch.add(false, ranMs)
      return
    }
    this.counts[how]++
    if (isError(how)) watch.add(true, ranMs)
  }

  /** A task of the queue is final. */
  outcome(queue: QueueState): void {
    const watch = queue === this.#lastQueue ? this.#lastWatch! : this.#watchOf(queue)
    watch.changed = true
  }

  /** As it is at `nowMs`, without waiting for a check. */
  healthOf(queue: QueueState, nowMs: number): QueueHealth {
    const watch = this.#watches.get(queue)
    const window = watch?.window
    return healthOf({
      ended: watch?.ended ?? 0,
      attempts: window?.count ?? 0,
      errors: window?.errors ?? 0,
      meanMs: window?.meanMs ?? null,
      oldestMs: oldestWaitingMs(queue, nowMs),
      maxAgeMs: queue.options.maxAgeMs,
      maxTimeMs: queue.options.maxTimeMs,
    })
  }

  /** Mean running time of the last attempts; null before the first. */
  meanMsOf(queue: QueueState): number | null {
    return this.#watches.get(queue)?.window?.meanMs ?? null
  }

  /** Looks at all queues that need it, unless they were looked at within `CHECK_MS`. */
  check(core: PolicyState, nowMs: number, tell: HealthSink): void {
    if (nowMs - this.#checkedAtMs < CHECK_MS) return
    this.#checkedAtMs = nowMs
    for (const queue of core.queues.values()) {
      const watch = this.#watches.get(queue)
      if (watch === undefined) {
        if (isBusy(queue)) this.#checkQueue(queue, this.#watchOf(queue), nowMs, tell)
      } else if (watch.changed || watch.isUnsettled || isBusy(queue)) {
        this.#checkQueue(queue, watch, nowMs, tell)
      }
    }
  }

  #checkQueue(queue: QueueState, watch: QueueWatch, nowMs: number, tell: HealthSink): void {
    watch.changed = false
    const health = this.healthOf(queue, nowMs)
    const before = watch.settle(health.state)
    if (before !== null) {
      tell('health_changed', {
        queue: queue.name,
        from: before,
        to: health.state,
        reasons: health.reasons,
        message: [`Queue ${queue.name} is ${health.state}.`, ...health.reasons].join(' '),
      })
    }
    const waiting = waitingIn(queue)
    const grown = watch.backlog.check(waiting, queue.options.backlogAlert)
    if (grown === 0) return
    tell('backlog_growing', {
      queue: queue.name,
      waiting,
      grown,
      message: `${countWords(waiting, 'task')} wait in ${queue.name}, and there are more at each check.`,
    })
  }

  #watchOf(queue: QueueState): QueueWatch {
    let watch = this.#watches.get(queue)
    if (watch === undefined) {
      watch = new QueueWatch()
      this.#watches.set(queue, watch)
    }
    this.#lastQueue = queue
    this.#lastWatch = watch
    return watch
  }
}

function isError(how: AttemptEnd): boolean {
  return (
    how === 'failed' ||
    how === 'timeout' ||
    how === 'heartbeat_timeout' ||
    how === 'deadline_expired'
  )
}
