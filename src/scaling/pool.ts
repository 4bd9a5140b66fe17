/**
 * A kind of work: what a queue's tasks that require the same of an agent are together. What is known of
 * it from look to look. Main thread; pure.
 *
 * Invariant: it counts arrivals from the classes' own counters, so a look that comes late misses none.
 */
import type { ClassState } from '../policy/classes.ts'
import type { Profile } from '../policy/profiles.ts'
import type { QueueState } from '../policy/queues.ts'
import { Arrivals } from './arrivals.ts'
import type { StableNeed } from './stable-need.ts'

/** Running times change more slowly than arrivals: they are looked at for so many windows. */
const SERVICE_WINDOWS = 10
/** The last hundred are so much slower than all: no chance, they are believed at once. */
const SLOWER_FACTOR = 2

export class Pool {
  readonly queue: QueueState
  /** Sorted; empty for whoever serves the queue. */
  readonly requires: readonly string[]
  readonly classes: ClassState[] = []
  readonly arrivals = new Arrivals()
  /** Running time of an attempt, ms; null before the first. Smoothed. */
  serviceMs: number | null = null
  /** In lanes, offered and bound: not begun. */
  waiting = 0
  oldestMs = 0
  /** Attempts that run now, and on average lately. */
  running = 0
  busy = 0
  /** Of its agents each, as last seen; 0 before. */
  placesEach = 0
  /** Null before the first look. */
  stable: StableNeed | null = null
  /** Decayed sums of `meanMs`. */
  #serviceMs = 0
  #serviceWeight = 0
  #entered = 0
  #lookedAtMs = Number.NaN

  constructor(queue: QueueState, requires: readonly string[]) {
    this.queue = queue
    this.requires = requires
  }

  /** Who can do it: the same for each of its classes. */
  get profiles(): readonly Profile[] {
    return this.classes.length === 0 ? [] : this.classes[0].profiles
  }

  /** @param meanMs running time of the queue's last attempts. `waiting` and `running` are set already. */
  look(meanMs: number | null, windowMs: number, nowMs: number): void {
    const entered = this.classes.reduce((sum, cls) => sum + cls.entered, 0)
    const spanMs = nowMs - this.#lookedAtMs
    if (spanMs > 0) {
      this.arrivals.add(entered - this.#entered, spanMs, this.#windowOf(windowMs))
      this.busy += (1 - Math.exp((-2 * spanMs) / windowMs)) * (this.running - this.busy)
      if (meanMs !== null) this.#learn(meanMs, spanMs, windowMs)
    } else {
      this.busy = this.running
      this.serviceMs = meanMs
    }
    this.#entered = entered
    this.#lookedAtMs = nowMs
    this.oldestMs = this.waiting === 0 ? 0 : oldestOfClasses(this.classes, nowMs)
  }

  /** A hundred running times are a mean to some 10 %: those of many looks are taken together. */
  #learn(meanMs: number, spanMs: number, windowMs: number): void {
    const kept = Math.exp((-2 * spanMs) / (SERVICE_WINDOWS * windowMs))
    this.#serviceMs = this.#serviceMs * kept + meanMs * spanMs
    this.#serviceWeight = this.#serviceWeight * kept + spanMs
    const longMs = this.#serviceMs / this.#serviceWeight
    this.serviceMs = meanMs > longMs * SLOWER_FACTOR ? meanMs : longMs
  }

  /** Arrivals of long tasks are few: what arrived while three of them run is looked at, at least. */
  #windowOf(windowMs: number): number {
    return Math.max(windowMs, 3 * (this.serviceMs ?? 0))
  }
}

/** @returns ms; what is bound or offered may be older, and has its agent as good as found. */
function oldestOfClasses(classes: readonly ClassState[], nowMs: number): number {
  let sinceMs = nowMs
  for (const { lanes } of classes) {
    for (const { head } of lanes) {
      if (head !== null && head.readyAtMs < sinceMs) sinceMs = head.readyAtMs
    }
  }
  return nowMs - sinceMs
}

/** What makes a pool: one whose tasks go to whoever comes nearest has no requirement that counts. */
export function requiresOf({ match, requires }: ClassState): readonly string[] {
  return match === 'exact' ? requires : []
}

export function poolKey(queue: string, requires: readonly string[]): string {
  return `${queue}|${requires.join(',')}`
}
