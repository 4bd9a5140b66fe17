/**
 * How routers sleep and are woken.
 *
 * Runs on: each router for its own word; the front end and routers with a surplus wake.
 * Invariant: whenever work is published and no router is on its way to it, a router that sleeps is
 * found by `wakeOne`, or looks at the work itself before it sleeps.
 *
 * ```
 *  going to sleep (router)              publishing (front end, or a router with a surplus)
 *  1 announce: store ASLEEP             1 publish: store the ring's tail or the deque's bottom
 *  2 look again: rings, deques, stop    2 wakeOne: load the words, exchange ASLEEP for AWAKE
 *  3 found: retract, and go on          3 notify
 *    nothing: wait while ASLEEP
 *
 *  AWAKE ── announce ──► ASLEEP ── retract, wake, or time-out ──► AWAKE
 * ```
 *
 * Each side writes first and looks second. All four steps are sequentially consistent, so the two
 * looks cannot both miss: either the router sees the work, or the waker sees the router. A waker
 * that finds a router which is just about to retract has not wasted its wake: that router takes
 * work, and wakes another if there is a surplus.
 *
 * A router that dies asleep keeps its word ASLEEP; a wake spent on it is lost. Whoever replaces it
 * calls `retract` for it after its thread's exit, and then `wakeAll`.
 *
 * Not taken: one counter of sleepers (Go's `nmspinning`): the dead cannot be subtracted; spinning
 * before sleep: slower on few cores.
 *
 * Source: the two mirrored protocols in Go's `runtime/proc.go`.
 */
import * as atomics from './atomics.ts'
import type { RouterIndex } from './brands.ts'
import { LINE_WORDS, type SharedMemory } from './memory-map.ts'

const AWAKE = 0
const ASLEEP = 1

/** Sleep words and stop words of all routers. */
export class Sleepers {
  private readonly words: Int32Array
  private readonly sleepers: number
  private readonly stops: number
  private readonly routerCount: number

  constructor(memory: SharedMemory) {
    this.words = memory.words
    this.sleepers = memory.map.sleepers
    this.stops = memory.map.stops
    this.routerCount = memory.shape.routerCount
  }

  /** Says that a router is about to sleep. *Threads* that router. */
  announce(router: RouterIndex): void {
    // publishes ASLEEP; pairs with the load in Sleepers#wakeOne
    // must come before the last look at rings, deques and stop: otherwise what is published between
    // look and announcement finds nobody asleep, and the router sleeps on it
    atomics.store(this.words, this.word(router), ASLEEP)
  }

  /** Takes the announcement back: there is work. *Threads* that router, or its replacer. */
  retract(router: RouterIndex): void {
    // publishes AWAKE; pairs with the load in Sleepers#wakeOne
    atomics.store(this.words, this.word(router), AWAKE)
  }

  /**
   * Blocks until somebody wakes the router, or time runs out; it is awake afterwards.
   * @param timeoutMs 0 or more.
   * @returns `woken`, also when the wake came before the wait; else `timed-out`, which a notify
   * that belongs to an earlier wake can bring early: the caller looks and sleeps again.
   * *Threads* that router, after `announce` and a look that found nothing.
   */
  wait(router: RouterIndex, timeoutMs: number): 'woken' | 'timed-out' {
    const word = this.word(router)
    atomics.wait(this.words, word, ASLEEP, timeoutMs)
    // claims its own waking; a waker that was faster has put AWAKE there
    return atomics.exchange(this.words, word, AWAKE) === AWAKE ? 'woken' : 'timed-out'
  }

  /**
   * Wakes the first router that sleeps.
   * @returns whether there was one.
   * *Threads* any. *Cost* a load per router that is awake, one exchange and one notify otherwise.
   */
  wakeOne(): boolean {
    for (let router = 0; router < this.routerCount; router++) {
      if (this.wake(router as RouterIndex)) return true
    }
    return false
  }

  /** Wakes all. *Threads* any. */
  wakeAll(): void {
    for (let router = 0; router < this.routerCount; router++) this.wake(router as RouterIndex)
  }

  /** Tells whether a router sleeps or is about to. *Stale* either way. */
  isAsleep(router: RouterIndex): boolean {
    // sees ASLEEP; pairs with the store in Sleepers#announce
    return atomics.load(this.words, this.word(router)) === ASLEEP
  }

  /** Counts the routers that sleep or are about to. *Stale* either way. */
  asleepCount(): number {
    let count = 0
    for (let router = 0; router < this.routerCount; router++) {
      if (this.isAsleep(router as RouterIndex)) count++
    }
    return count
  }

  /** Asks a router to end, and wakes it for that. *Threads* front end. */
  requestStop(router: RouterIndex): void {
    // publishes the request; pairs with the load in Sleepers#stopRequested
    // must come before the wake: otherwise the router looks, sees no request, and sleeps on
    atomics.store(this.words, this.stops + router, 1)
    this.wake(router)
  }

  /** Tells a router whether it shall end; looked at once each turn, and after `announce`. */
  stopRequested(router: RouterIndex): boolean {
    // sees the request; pairs with the store in Sleepers#requestStop
    return atomics.load(this.words, this.stops + router) !== 0
  }

  /** Takes the request back, before a router is started again. *Threads* front end. */
  clearStop(router: RouterIndex): void {
    // publishes that there is no request; pairs with the load in Sleepers#stopRequested
    atomics.store(this.words, this.stops + router, 0)
  }

  private wake(router: RouterIndex): boolean {
    const word = this.word(router)
    // sees ASLEEP; pairs with the store in Sleepers#announce
    // must come after the work is published: otherwise the router looked before it, and sleeps on
    if (atomics.load(this.words, word) !== ASLEEP) return false
    // claims the waking; the loser goes on to the next router
    if (atomics.compareExchange(this.words, word, ASLEEP, AWAKE) !== ASLEEP) return false
    atomics.notify(this.words, word, 1)
    return true
  }

  private word(router: RouterIndex): number {
    return this.sleepers + router * LINE_WORDS
  }
}
