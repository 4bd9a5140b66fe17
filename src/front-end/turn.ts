/**
 * The front end's loop. One turn (`setImmediate`, with I/O in between) takes everything one step
 * further, always in this order:
 *
 *   results, beats, hellos, cancels, calls, in arrival order
 *   → agents' limits → bound tasks → bounced tasks → proposals → overdue offers → timers → bound tasks
 *   → submits → match → balance → hedge → flush
 *
 * The policy has one `now` a turn. No turn waits for anybody: what the routers have not proposed yet
 * is read in a later one. A turn that leaves work schedules the next; otherwise the front end goes
 * to sleep: it arms the doorbell, looks at the outboxes once more, and returns to the event loop.
 */
import { FrontEndBell, Sleepers } from '../../native-free/index.ts'
import { policyMs } from '../clock.ts'
import { LIMITS } from '../options.ts'
import type { RouterPool, StrategyFault } from '../router/pool.ts'
import { admitWaiting } from './admit.ts'
import { createBalancer } from './balance.ts'
import { commitProposals, placeBounced, placeBound } from './commit.ts'
import { Completion, type EventSink, stampFlushed } from './complete.ts'
import { FrontEndContext, type FrontEndOptions } from './context.ts'
import { createHedger } from './hedging.ts'
import { match } from './match.ts'
import { switchOff } from './strategy-off.ts'
import { offerAgain, placeOverdue } from './take-back.ts'

/** How often a router that stands still is looked for while work is out. */
const ROUTER_CHECK_MS = 50
/** So long without tasks, and the process may end. */
const LET_GO_MS = 50
/** `setTimeout` overflows beyond. */
const TIMER_MS_MAX = 2 ** 30

export class FrontEnd {
  readonly context: FrontEndContext
  readonly #event: EventSink
  readonly #bell: FrontEndBell
  readonly #sleepers: Sleepers
  #scheduled = false
  #running = true
  #hasMore = false
  #policyTimer: NodeJS.Timeout | undefined
  #policyTimerAtMs = Number.POSITIVE_INFINITY
  /** It keeps the process alive. */
  #isTimerHeld = false
  #balanceTimer: NodeJS.Timeout | undefined
  #balanceAtMs = Number.POSITIVE_INFINITY
  #offerTimer: NodeJS.Timeout | undefined
  #watchTimer: NodeJS.Timeout | undefined
  #offersCheckedMs = 0
  #routersCheckedMs = 0
  #idle: (() => void)[] = []
  #holds = false
  #letGoTimer: NodeJS.Timeout | undefined

  constructor(options: FrontEndOptions, event: EventSink) {
    const completion = new Completion(event)
    this.#event = event
    this.context = new FrontEndContext(options, completion, this.schedule, event)
    completion.context = this.context
    this.context.over = (record) => completion.over(record)
    this.context.balancer = createBalancer(this.context, event)
    this.context.hedger = createHedger(this.context, event)
    this.#bell = new FrontEndBell(this.context.memory)
    this.#sleepers = new Sleepers(this.context.memory)
  }

  /** Asks for a turn; cheap when one is due. Any callback of the main thread may call it. */
  readonly schedule = (): void => {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#turn)
  }

  /** The router's thread has ended; its offers are made again. */
  readonly routerGone = (): void => {
    this.context.nowMs = policyMs()
    commitProposals(this.context)
    offerAgain(this.context)
    this.schedule()
  }

  /** A user's strategy did what it must not: the default takes its place. */
  readonly strategyFault = (fault: StrategyFault): void => {
    switchOff(this.context, fault, this.#event)
    this.schedule()
  }

  /** Resolves when no task is open and none waits to be admitted. */
  idle(): Promise<void> {
    if (this.#openTasks() === 0 && this.context.inbox.isEmpty) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#policyTimer)
    clearTimeout(this.#balanceTimer)
    clearTimeout(this.#offerTimer)
    clearTimeout(this.#letGoTimer)
    clearInterval(this.#watchTimer)
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    if (!this.#running) return
    this.#bell.disarm()
    const { context } = this
    const { core, inbox } = context
    context.nowMs = policyMs()
    context.holdsBack = false
    for (const transport of context.transports) transport.startTurn()
    inbox.takeArrivals()
    context.agentHealth.act(context.nowMs)
    placeBound(context)
    placeBounced(context)
    commitProposals(context)
    this.#checkOffers()
    const timersLeft = core.tick(context.nowMs)
    placeBound(context)
    admitWaiting(context)
    const matched = match(context)
    if (core.isCriticalNext) core.requestPreemptions(context.nowMs)
    context.balancer.run(context.nowMs)
    // What it has begun is matched in the next turn.
    if (context.hedger.run(context.nowMs)) this.schedule()
    for (const transport of context.transports) transport.flush()
    const isFull = matched >= context.memory.shape.publishMax
    this.#hasMore = timersLeft || isFull || core.parkedToTry > 0
    queueMicrotask(this.#endTurn)
  }

  /**
   * What is left to do once everything is on its way: the NATS client writes in a microtask of its
   * own, which was queued before this one. So no book-keeping stands between a task and the socket,
   * and what is stamped as dispatched has been.
   */
  readonly #endTurn = (): void => {
    if (!this.#running) return
    stampFlushed(this.context)
    this.context.records.reclaim()
    if (this.#hasMore || !this.context.inbox.isEmpty) this.schedule()
    else this.#sleep()
  }

  #checkOffers(): void {
    const { context } = this
    if (context.core.totalOffered === 0) return
    if (context.nowMs - this.#offersCheckedMs >= 1) {
      this.#offersCheckedMs = context.nowMs
      if (placeOverdue(context) > 0) this.#watchRouters()
    }
    if (context.nowMs - this.#routersCheckedMs >= ROUTER_CHECK_MS) {
      this.#routersCheckedMs = context.nowMs
      context.routers?.check(context.nowMs)
    }
  }

  /**
   * Looks after a router that was late until all sleep: once its offers are taken back, nothing else
   * would notice that it stands still.
   */
  #watchRouters(): void {
    const { routers } = this.context
    if (routers === undefined || this.#watchTimer !== undefined) return
    this.#watchTimer = setInterval(() => {
      routers.check(policyMs())
      if (this.#sleepers.asleepCount() < routers.aliveCount) return
      clearInterval(this.#watchTimer)
      this.#watchTimer = undefined
    }, ROUTER_CHECK_MS)
    this.#watchTimer.unref()
  }

  #sleep(): void {
    const { context } = this
    if (context.core.totalOffered > 0) {
      this.#bell.arm()
      if (context.outboxes.some((outbox) => !outbox.isEmpty())) {
        this.#bell.disarm()
        this.schedule()
      }
      this.#armOfferTimer()
    } else if (context.holdsBack) this.#armOfferTimer()
    this.#armPolicyTimer()
    this.#armBalanceTimer()
    const isIdle = this.#openTasks() === 0
    this.#holdForClocks(!isIdle)
    if (context.routers !== undefined) this.#holdProcess(context.routers, isIdle)
    if (isIdle) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /**
   * Open tasks keep the process alive through the routers' ports. They are let go only after a while
   * without tasks: to and fro for each of sparse tasks costs 40 µs of CPU time a task.
   */
  #holdProcess(routers: RouterPool, isIdle: boolean): void {
    if (!isIdle && !this.#holds) {
      this.#holds = true
      routers.ref()
    }
    if (!isIdle || !this.#holds || this.#letGoTimer !== undefined) return
    this.#letGoTimer = setTimeout(() => {
      this.#letGoTimer = undefined
      if (this.#openTasks() > 0) return
      this.#holds = false
      routers.unref()
    }, LET_GO_MS)
    this.#letGoTimer.unref()
  }

  /** Wakes the front end when no router answers an offer in time. */
  #armOfferTimer(): void {
    if (this.#offerTimer === undefined) {
      this.#offerTimer = setTimeout(this.schedule, LIMITS.offerMs + 1)
    } else this.#offerTimer.refresh()
  }

  /**
   * One timer for all of the policy's; left alone when it rings before the next is due anyway. It may
   * ring a little early, since the event loop's clock stands still during a turn: then it is armed
   * again for the rest.
   */
  #armPolicyTimer(): void {
    const dueMs = this.context.core.nextTickMs()
    if (dueMs === Number.POSITIVE_INFINITY || this.#policyTimerAtMs < dueMs + 1) return
    clearTimeout(this.#policyTimer)
    const waitMs = this.#timerMs(dueMs)
    this.#policyTimerAtMs = this.context.nowMs + waitMs
    this.#policyTimer = setTimeout(this.#policyTimerRang, waitMs)
    this.#policyTimer.unref()
    this.#isTimerHeld = false
  }

  /** @returns how long a timer is to wait that is to ring then. */
  #timerMs(dueMs: number): number {
    return Math.min(TIMER_MS_MAX, Math.max(0, Math.ceil(dueMs - this.context.nowMs)))
  }

  /**
   * The balancer's next look, or the hedger's; none while there is nothing to look at, so that who rests
   * is left alone.
   */
  #armBalanceTimer(): void {
    const { balancer, hedger } = this.context
    const dueMs = Math.min(balancer.nextMs(), hedger.nextMs())
    if (dueMs === this.#balanceAtMs) return
    this.#balanceAtMs = dueMs
    clearTimeout(this.#balanceTimer)
    if (dueMs === Number.POSITIVE_INFINITY) return
    const waitMs = this.#timerMs(dueMs)
    this.#balanceTimer = setTimeout(this.#balanceTimerRang, waitMs)
    this.#balanceTimer.unref()
  }

  readonly #balanceTimerRang = (): void => {
    this.#balanceAtMs = Number.POSITIVE_INFINITY
    this.schedule()
  }

  /** A process is not over while a clock runs that will end or begin one of its tasks. */
  #holdForClocks(isHeld: boolean): void {
    if (isHeld === this.#isTimerHeld) return
    this.#isTimerHeld = isHeld
    if (isHeld) this.#policyTimer?.ref()
    else this.#policyTimer?.unref()
  }

  readonly #policyTimerRang = (): void => {
    this.#policyTimerAtMs = Number.POSITIVE_INFINITY
    this.schedule()
  }

  #openTasks(): number {
    const { accepted, completed, failed, cancelled, dead, expired } = this.context.core.counters
    return accepted - completed - failed - cancelled - dead - expired
  }
}
