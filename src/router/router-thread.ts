/**
 * The life of one router as the front end sees it: threads come and go, the index stays.
 *
 * Runs on: the front end.
 * Invariant: a new thread gets the index only after the old one has really exited and what it held
 * was given back, so never two threads own one deque or one outbox.
 *
 * ```
 *            launch              RUNNING message
 *  IDLE ───────────► STARTING ────────────────────► RUNNING ──────────┐ stop: its run returns
 *                     ▲    │ run rejected, late       │ run rejected, ▼
 *                     │    ▼                          ▼ stood still  STOPPED
 *                     └── LEAVING: await exit, recover, onReturn
 *                               │ the sixth fault within 10 s
 *                               ▼
 *                            GIVEN_UP
 * ```
 *
 * Piscina may reject the run of a dying thread up to 5 ms before the thread's exit. So the thread is
 * terminated in any case, which resolves at its exit, also when that is past.
 */
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Worker,
} from 'node:worker_threads'
import type { RouterIndex } from '../../native-free/brands.ts'
import type { SharedMemory } from '../../native-free/memory-map.ts'
import { NOT_INSIDE, RouterStatusReader } from '../../native-free/router-status.ts'
import { Sleepers } from '../../native-free/sleepers.ts'
import { DequeOwner } from '../../native-free/work-stealing-deque.ts'
import { nowMs } from '../clock.ts'
import { SignalboxError } from '../errors.ts'
import type { StrategyEntry } from '../routing/registry.ts'
import type { StrategyOptions } from '../strategy-options.ts'
import type { PiscinaPorts } from './keep-alive.ts'
import {
  BELL,
  type FaultMessage,
  type LastWords,
  type RouterTask,
  RUNNING,
  type StrategyFault,
} from './messages.ts'

/** A router that works moves its progress word within microseconds, and a choice takes few. */
export const STILL_MAX_MS = 250
/** Longest stretch that one look counts for: a process that was stopped as a whole has no fault. */
const STILL_STEP_MAX_MS = 100
/** A thread starts in 50 ms; a strategy's module that is not loaded by then never will be. */
export const START_MAX_MS = 10_000
/** Faults within the window that are answered by a restart. */
export const RESTARTS_MAX = 5
export const RESTARTS_WINDOW_MS = 10_000

export type RouterState = 'idle' | 'starting' | 'running' | 'leaving' | 'given_up' | 'stopped'
export type RouterFaultKind = 'threw' | 'exited' | 'stood_still' | 'start_timeout'

/** What went wrong with a router. */
export interface RouterFault {
  readonly router: number
  readonly kind: RouterFaultKind
  /** `router_failed` when another thread is started, `router_given_up` when none is any more. */
  readonly error: SignalboxError
}

/** As much of Piscina as is needed here. */
export interface ThreadSource {
  readonly threads: Worker[]
  run(task: RouterTask, options: { transferList: MessagePort[] }): Promise<unknown>
}

/** What a router's life needs from, and tells, the pool. */
export interface RouterThreadParts {
  readonly memory: SharedMemory
  readonly router: RouterIndex
  readonly strategies: readonly StrategyEntry[]
  readonly routing: StrategyOptions
  readonly isGuarded: boolean
  readonly strategyBudgetUs: number
  readonly seed: number
  readonly piscina: ThreadSource
  readonly ports: PiscinaPorts
  readonly onBell: () => void
  readonly onReturn: (router: RouterIndex) => void
  readonly onFault: (fault: RouterFault) => void
  /** Called before `onReturn` when the thread has ended in a user's strategy. */
  readonly onStrategyFault: (fault: StrategyFault) => void
}

/** One router. */
export class RouterThread {
  state: RouterState = 'idle'
  restarts = 0
  readonly status: RouterStatusReader
  private readonly parts: RouterThreadParts
  private readonly sleepers: Sleepers
  private port: MessagePort | undefined
  private worker: Worker | undefined
  private startTimer: NodeJS.Timeout | undefined
  private isRef = false
  private isStopping = false
  /** Why the thread is being terminated, when we do it. */
  private ending: RouterFaultKind | 'requested' | undefined
  private incarnationBefore = 0
  private hasRun = false
  private lastWords: LastWords | undefined
  private seenProgress = 0
  private seenMs = 0
  private stillMs = 0
  private readonly faultsMs: number[] = []
  /** Settled at the next change of state; see `next`. */
  private waiting: (() => void)[] = []
  private startError: unknown

  constructor(parts: RouterThreadParts) {
    this.parts = parts
    this.status = new RouterStatusReader(parts.memory, parts.router)
    this.sleepers = new Sleepers(parts.memory)
  }

  /**
   * Starts the first thread.
   * @throws SignalboxError `router_given_up`, with the cause, when it failed before its loop began.
   */
  async start(): Promise<void> {
    this.launch()
    // Ends: the start timer ends STARTING.
    while (this.state === 'starting') await this.next()
    while (this.state === 'leaving') await this.next()
    if (this.hasRun) return
    throw this.startError ?? new SignalboxError('stopping', 'Routers were stopped as they started.')
  }

  /** Whether the thread keeps the process alive. */
  setRef(isRef: boolean): void {
    this.isRef = isRef
    if (isRef) this.port?.ref()
    else this.port?.unref()
  }

  /**
   * Notices a router that stands still.
   * @param atMs of the front end's clock; called about every 50 ms while tasks are out, so a router
   * that neither sleeps nor moves has one in its hands, or is about to look for it.
   */
  check(atMs: number): void {
    const stepMs = Math.min(atMs - this.seenMs, STILL_STEP_MAX_MS)
    this.seenMs = atMs
    const progress = this.status.progress()
    const isFine =
      this.state !== 'running' ||
      progress !== this.seenProgress ||
      this.sleepers.isAsleep(this.parts.router)
    this.seenProgress = progress
    this.stillMs = isFine ? 0 : this.stillMs + stepMs
    if (this.stillMs >= STILL_MAX_MS) this.end('stood_still')
  }

  /** Kills the thread; resolves when what it held was given back. */
  async terminate(): Promise<void> {
    // Ends: each state but the last two is left in bounded time.
    while (this.state === 'starting' || this.state === 'leaving') await this.next()
    if (this.state !== 'running') return
    this.end('requested')
    while (this.state === 'running' || this.state === 'leaving') await this.next()
  }

  /** Asks the loop to end and resolves when it has, or the thread is gone. */
  async stop(): Promise<void> {
    this.isStopping = true
    this.setRef(true)
    this.sleepers.requestStop(this.parts.router)
    if (this.state === 'idle') this.change('stopped')
    // Ends: the loop sees the stop word, or RouterPool#stop destroys the thread after a while.
    while (this.state !== 'stopped' && this.state !== 'given_up') await this.next()
  }

  /** Leaves the memory as a first thread wants to find it, after all threads have exited. */
  cleanUp(): void {
    this.sleepers.clearStop(this.parts.router)
    this.emptyDeque()
  }

  private launch(): void {
    const { memory, router, strategies, routing, isGuarded, strategyBudgetUs } = this.parts
    const { seed, piscina } = this.parts
    const { port1, port2 } = new MessageChannel()
    const task: RouterTask = {
      buffer: memory.buffer,
      shape: memory.shape,
      routerIndex: router,
      port: port2,
      strategies,
      routing,
      isGuarded,
      budgetUs: strategyBudgetUs,
      seed,
    }
    this.worker = undefined
    this.ending = undefined
    this.lastWords = undefined
    this.port = port1.on('message', (message) => this.hear(message))
    this.setRef(this.isRef)
    this.incarnationBefore = this.status.incarnation()
    this.change('starting')
    this.startTimer = setTimeout(() => this.end('start_timeout'), START_MAX_MS).unref()
    piscina.run(task, { transferList: [port2] }).then(
      () => this.leave(new Error('its loop returned without being asked to')),
      (error: unknown) => this.leave(error),
    )
  }

  private hear(message: unknown): void {
    if (message === BELL) this.parts.onBell()
    if (typeof message === 'object' && message !== null) {
      if ('fault' in message) this.parts.onStrategyFault((message as FaultMessage).fault)
      else this.lastWords = message as LastWords
    }
    if (message !== RUNNING) return
    this.hasRun = true
    if (this.state !== 'starting') return
    clearTimeout(this.startTimer)
    this.worker = this.findWorker()
    this.parts.ports.letGo(this.status.threadId())
    this.change('running')
  }

  /** Terminates the thread; its run is then rejected, which goes on in `leave`. */
  private end(why: RouterFaultKind | 'requested'): void {
    this.ending ??= why
    this.stillMs = 0
    const worker = this.worker ?? this.findWorker()
    if (worker !== undefined) void worker.terminate()
    else void this.leave(new Error(`no thread began its task within ${START_MAX_MS} ms`))
  }

  /** The thread's run is over: waits for its exit, gives back what it held, starts the next. */
  private async leave(cause: unknown): Promise<void> {
    if (this.state !== 'starting' && this.state !== 'running') return
    clearTimeout(this.startTimer)
    const worker = this.worker ?? this.findWorker()
    this.change('leaving')
    if (this.isStopping) return this.close('stopped')
    await worker?.terminate()
    this.hearTheRest()
    this.blameStrategy()
    this.emptyDeque()
    this.parts.onReturn(this.parts.router)
    // A wake that was spent on the dead thread is repeated.
    this.sleepers.wakeAll()
    if (this.isStopping) return this.close('stopped')
    if (this.ending === 'requested') return this.restart()
    if (this.lastWords === undefined) this.answerFault(this.ending ?? 'exited', cause)
    else this.answerFault('threw', this.lastWords.threw)
  }

  /**
   * Has a user's strategy switched off in which the thread has ended, before what it held is given
   * back. At the first start nothing is held, and a module that cannot be loaded fails the start.
   */
  private blameStrategy(): void {
    const { status, parts } = this
    const notLoaded = this.lastWords?.notLoaded
    const strategy = this.lastWords === undefined ? status.inside() : NOT_INSIDE
    if (!this.hasRun || this.ending === 'requested') return
    if (notLoaded !== undefined) parts.onStrategyFault(notLoaded)
    if (strategy === NOT_INSIDE) return
    const kind = this.ending === 'stood_still' ? 'stood_still' : 'exited'
    const reason =
      kind === 'stood_still'
        ? `did not come back from a decision within ${STILL_MAX_MS} ms`
        : 'ended the thread that it ran in'
    parts.onStrategyFault({ strategy, kind, reason })
  }

  /** Takes what the dead thread said last, should its exit have been faster. */
  private hearTheRest(): void {
    const { port } = this
    if (port === undefined) return
    // Ends: a thread that has exited says nothing more.
    for (let said = receiveMessageOnPort(port); said; said = receiveMessageOnPort(port)) {
      this.hear(said.message)
    }
  }

  private emptyDeque(): void {
    const { memory, router } = this.parts
    this.sleepers.retract(router)
    new DequeOwner(memory, router).recover()
  }

  private answerFault(kind: RouterFaultKind, cause: unknown): void {
    const { router, onFault } = this.parts
    const atMs = nowMs()
    this.faultsMs.push(atMs)
    while (atMs - this.faultsMs[0] > RESTARTS_WINDOW_MS) this.faultsMs.shift()
    // What failed before it ever ran, or hangs while it starts, would do so again.
    const isHopeless = !this.hasRun || kind === 'start_timeout'
    const isGivenUp = isHopeless || this.faultsMs.length > RESTARTS_MAX
    const error = this.loadError(kind) ?? faultError(router, kind, cause, isGivenUp)
    this.startError = error
    if (isGivenUp) this.giveUp()
    else this.restart()
    onFault({ router, kind, error })
  }

  /** @returns what to say of a first start that a user's module failed. */
  private loadError(kind: RouterFaultKind): SignalboxError | null {
    if (this.hasRun) return null
    const { strategies } = this.parts
    const fault = this.lastWords?.notLoaded
    const inside = this.status.inside()
    const index = fault?.strategy ?? (kind === 'threw' ? NOT_INSIDE : inside)
    if (index === NOT_INSIDE) return null
    const reason = fault?.reason ?? `${FAULT_WORDS[kind]} while its module was loaded`
    const { name } = strategies[index]
    return new SignalboxError(
      'bad_option',
      `Strategy "${name}" ${reason}. Correct the module, or its path in option "strategies".`,
      { cause: this.lastWords?.threw },
    )
  }

  private giveUp(): void {
    // Should a thread still take the task that timed out, it shall end at once.
    this.sleepers.requestStop(this.parts.router)
    this.close('given_up')
  }

  private restart(): void {
    this.port?.close()
    this.restarts++
    this.launch()
  }

  private close(state: 'stopped' | 'given_up'): void {
    this.port?.close()
    this.change(state)
  }

  /** Finds the thread that began this launch, while Piscina knows it. */
  private findWorker(): Worker | undefined {
    if (this.status.incarnation() === this.incarnationBefore) return undefined
    const threadId = this.status.threadId()
    return this.parts.piscina.threads.find((worker) => worker.threadId === threadId)
  }

  private change(state: RouterState): void {
    this.state = state
    const { waiting } = this
    this.waiting = []
    for (const resolve of waiting) resolve()
  }

  /** @returns a promise of the next change of state. */
  private next(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve))
  }
}

const FAULT_WORDS: Record<RouterFaultKind, string> = {
  threw: 'threw',
  exited: 'ended',
  stood_still: `stood still for ${STILL_MAX_MS} ms with work waiting`,
  start_timeout: `did not start within ${START_MAX_MS} ms`,
}

function faultError(
  router: number,
  kind: RouterFaultKind,
  cause: unknown,
  isGivenUp: boolean,
): SignalboxError {
  const reason = kind === 'threw' && cause instanceof Error ? `: ${cause.message}` : ''
  const next = isGivenUp
    ? 'it is not started again, the others and the front end place its tasks'
    : 'another thread takes its place'
  const code = isGivenUp ? 'router_given_up' : 'router_failed'
  return new SignalboxError(code, `Router ${router} ${FAULT_WORDS[kind]}${reason}; ${next}.`, {
    cause,
  })
}
