/**
 * What a router does all day: its own deque, then the rings, then other routers' deques, then sleep.
 *
 * Runs on: router threads.
 * Invariant: it sleeps only after it announced so and then saw rings and all deques empty; a wake is
 * therefore never lost (native-free/sleepers.ts).
 *
 * ```
 *            ┌────────────── entry ──── route ◄─┐
 *  turn ─► own deque ─ empty ► rings ─ 16 ─► own deque
 *                                │ empty        ▲
 *                                ▼              │ half
 *                              steal ───────────┘
 *                                │ nothing
 *                                ▼
 *                    announce ► look again ► wait (woken, or after 1 s)
 * ```
 *
 * Rings are looked at from the highest priority down; a claim is pushed newest first, so that the
 * own pop yields the oldest first. A higher priority that arrives meanwhile waits for the at most 15
 * entries claimed before it.
 *
 * No spinning: on two cores a spinning router takes the front end's time (50 µs of it made sparse
 * traffic slower). Who leaves a surplus wakes one other router: when the ring still holds entries
 * after a claim, or when the rest of a claim waits for longer than a wake costs (a slow strategy).
 *
 * Proposals of a claim are published together: a store, a look at the bell and perhaps a wake of the
 * front end for sixteen tasks instead of for each.
 *
 * Source: the order of Go's `findRunnable` and Tokio's `Core::next_task`, without the global lock.
 */
import { EMPTY, RETRY, type RouterIndex, toGeneration, toSlot } from '../../native-free/brands.ts'
import { RouterBell } from '../../native-free/doorbell.ts'
import {
  CLAIM_MAX,
  ENTRY_WORDS,
  PRIORITY_LEVELS,
  type SharedMemory,
} from '../../native-free/memory-map.ts'
import { OutboxProducer } from '../../native-free/outbox.ts'
import type { RouterStatusWriter } from '../../native-free/router-status.ts'
import { Sleepers } from '../../native-free/sleepers.ts'
import { SlotTableReader } from '../../native-free/slot-table.ts'
import { TaskRingConsumer } from '../../native-free/task-ring.ts'
import { DequeOwner } from '../../native-free/work-stealing-deque.ts'
import { elapsedUs, nowUs } from '../clock.ts'
import { Chooser } from '../routing/chooser.ts'
import type { Strategy } from '../routing/strategy.ts'
import { Outstanding } from './outstanding.ts'
import { publishProposals, type RouteContext, route } from './route.ts'
import { Shadow } from './shadow.ts'
import { push, Thief } from './steal.ts'

/** A sleeper looks for itself once a second; only a wake lost by a dying waker needs it. */
const SLEEP_MAX_MS = 1_000
/** A hand-off between threads costs 51 µs: what would wait longer is worth waking a router for. */
const WAKE_WORTH_US = 50
/** Proposals are shown when the deque is empty, or when one has waited as long as a hand-off takes. */
const HOLD_MAX_US = 50
/** Lost races for one ring before the next level is looked at. */
const CLAIM_ATTEMPTS = 4

/** What a loop is made from. */
export interface RouterLoopParts {
  readonly memory: SharedMemory
  readonly router: RouterIndex
  /** By the strategy index that slots carry. */
  readonly strategies: readonly Strategy[]
  /** The same, instances of their own, to decide beside the others. */
  readonly shadows: readonly Strategy[]
  readonly status: RouterStatusWriter
  readonly port: RouteContext['port']
}

/** The loop of one router. */
export class RouterLoop {
  private readonly router: RouterIndex
  private readonly status: RouterStatusWriter
  private readonly sleepers: Sleepers
  private readonly deque: DequeOwner
  private readonly thief: Thief
  /** By level, 0 … 4. */
  private readonly rings: TaskRingConsumer[] = []
  private readonly context: RouteContext
  private readonly entry = new Int32Array(ENTRY_WORDS)
  private readonly claimed = new Int32Array(CLAIM_MAX * ENTRY_WORDS)
  /** When the entries in the deque were claimed or stolen, µs, wrapping. */
  private claimedUs = 0
  /** Whether somebody was woken for the rest of this claim. */
  private hasWoken = false
  /** When proposals were last published, or the claim began; µs, wrapping. */
  private shownUs = 0

  constructor(parts: RouterLoopParts) {
    const { memory, router, status } = parts
    this.router = router
    this.status = status
    this.sleepers = new Sleepers(memory)
    this.deque = new DequeOwner(memory, router)
    this.thief = new Thief(memory, router, this.deque)
    for (let level = 0; level < PRIORITY_LEVELS; level++) {
      this.rings.push(new TaskRingConsumer(memory, level))
    }
    const chooser = new Chooser(memory, parts.strategies)
    const outbox = new OutboxProducer(memory, router)
    this.context = {
      slots: new SlotTableReader(memory),
      chooser,
      outbox,
      outstanding: new Outstanding(outbox, chooser, memory.map.outboxCapacity),
      shadow: new Shadow(memory, router, chooser, parts.shadows),
      bell: new RouterBell(memory),
      status,
      port: parts.port,
    }
  }

  /** Takes turns until a stop is requested. *Threads* router; blocks it. */
  run(): void {
    // Ends: RouterPool#stop sets the stop word and wakes.
    while (!this.sleepers.stopRequested(this.router)) this.turn()
  }

  /** One entry, or one claim, or one theft, or one sleep. */
  turn(): void {
    if (this.deque.pop(this.entry)) this.routeEntry()
    else {
      publishProposals(this.context)
      if (!this.claim() && !this.steal()) this.sleep()
    }
    this.status.progress()
  }

  private routeEntry(): void {
    const { entry } = this
    const slot = toSlot(entry[0])
    const routedUs = route(this.context, slot, toGeneration(entry[1]), this.claimedUs)
    if (elapsedUs(this.shownUs, routedUs) >= HOLD_MAX_US) {
      publishProposals(this.context)
      this.shownUs = routedUs
    }
    if (this.hasWoken || elapsedUs(this.claimedUs, routedUs) < WAKE_WORTH_US) return
    if (this.deque.size() <= 0) return
    this.hasWoken = true
    this.sleepers.wakeOne()
  }

  /** Fills the empty deque from the highest ring that has something. */
  private claim(): boolean {
    for (let level = PRIORITY_LEVELS - 1; level >= 0; level--) {
      const count = this.claimFrom(this.rings[level])
      if (count === EMPTY) continue
      // Several routers are at this ring: not empty-handed for good, so no reason to sleep.
      if (count === RETRY) return true
      for (let i = count - 1; i >= 0; i--) push(this.deque, this.claimed, i)
      this.begin()
      if (this.ringsHaveWork()) this.sleepers.wakeOne()
      return true
    }
    return false
  }

  private claimFrom(ring: TaskRingConsumer): number {
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
      const count = ring.claim(this.claimed, CLAIM_MAX)
      if (count !== RETRY) return count
    }
    return RETRY
  }

  private steal(): boolean {
    const count = this.thief.steal()
    if (count === 0) return false
    this.status.stole(count)
    this.begin()
    return true
  }

  private begin(): void {
    this.claimedUs = nowUs()
    this.shownUs = this.claimedUs
    this.hasWoken = false
  }

  private sleep(): void {
    const { sleepers, router } = this
    sleepers.announce(router)
    // must come after announce: otherwise what is published in between wakes nobody
    if (sleepers.stopRequested(router) || this.ringsHaveWork() || this.thief.seesWork()) {
      sleepers.retract(router)
      return
    }
    this.status.slept()
    sleepers.wait(router, SLEEP_MAX_MS)
  }

  private ringsHaveWork(): boolean {
    for (let level = 0; level < PRIORITY_LEVELS; level++) {
      if (this.rings[level].size() > 0) return true
    }
    return false
  }
}
