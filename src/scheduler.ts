/**
 * The scheduler of one process: memory, front end, routers, transports, wired together. Embedded it
 * stands alone; with `nats` it joins a fleet. Main thread.
 */
import type {
  AgentHandle,
  AgentOptions,
  BatchAgentOptions,
  BatchHandler,
  Handler,
} from './agent-task.ts'
import type {
  LatencyReport,
  Outcome,
  SchedulerStatus,
  Signalbox,
  SubmitTotals,
  TaskHandle,
} from './api.ts'
import { policyMs } from './clock.ts'
import type { QueueConfiguration } from './config/require-queues.ts'
import { SignalboxError } from './errors.ts'
import type { FlowHandle, FlowOptions } from './flow-views.ts'
import { configureQueues, type QueueChanges } from './front-end/calls/configure.ts'
import { schedulerStatus } from './front-end/calls/status.ts'
import type { FrontEndContext } from './front-end/context.ts'
import { isConnected, schedulerFigures } from './front-end/figures.ts'
import { InProcessTransport } from './front-end/in-process/transport.ts'
import { NatsTransport } from './front-end/nats/transport.ts'
import { FrontEnd } from './front-end/turn.ts'
import { Watch } from './front-end/watch.ts'
import { SchedulerJournal } from './journal/scheduler-journal.ts'
import { Ledger, type LedgerEvent } from './ledger/ledger.ts'
import type { LatencyBuckets, NamedQueues, SchedulerFigures } from './observe/figures.ts'
import { LatencyObserver } from './observe/latency.ts'
import type { SchedulerOptions } from './options.ts'
import { requireFunction } from './require-function.ts'
import { RouterPool } from './router/pool.ts'
import { SchedulerCalls } from './scheduler-calls.ts'
import {
  frontEndOptions,
  journalOptions,
  natsOptions,
  requireOptionNames,
} from './scheduler-options.ts'
import { windowOf } from './submit/window.ts'
import type { SubmitManyOptions, SubmitOptions } from './task.ts'
import { encodeOwnPayload } from './wire/payload.ts'

export type {
  AgentHandle,
  AgentOptions,
  AgentTask,
  BatchAgentOptions,
  BatchHandler,
  Handler,
  TaskYield,
} from './agent-task.ts'
export type * from './api.ts'
export type * from './balance-views.ts'
export { ERROR_CODES, type ErrorCode, SignalboxError, TaskError } from './errors.ts'
export type * from './explanation.ts'
export type * from './flow-views.ts'
export type { AllocateOptions, Allocation } from './front-end/calls/allocate.ts'
export type * from './ledger-views.ts'
export type { SchedulerOptions } from './options.ts'
export type * from './people-views.ts'
export type * from './promise-views.ts'
export type * from './strategy-views.ts'
export type * from './task.ts'

/** Something that operators may want to know: agents up and down, routers replaced, NATS away. */
export interface SchedulerEvent {
  kind: string
  detail: Record<string, unknown>
}

export class Scheduler extends SchedulerCalls implements Signalbox {
  readonly name: string
  readonly #frontEnd: FrontEnd
  readonly #inProcess: InProcessTransport
  readonly #nats: NatsTransport | undefined
  readonly #latency: LatencyObserver
  readonly #journal: SchedulerJournal | undefined
  readonly #startedAtMs = policyMs()
  readonly #listeners = new Set<(event: SchedulerEvent) => void>()
  readonly #watch: Watch
  #starting: Promise<this> | undefined
  #stopping: Promise<void> | undefined

  /** @throws bad_option, bad_token */
  constructor(options: SchedulerOptions = {}) {
    super()
    const frontEnd = frontEndOptions(options)
    const journal = journalOptions(options)
    this.name = frontEnd.name
    this.#frontEnd = new FrontEnd(frontEnd, this.#emit)
    this.serve(this.#frontEnd)
    this.#latency = new LatencyObserver(this.#context.memory)
    this.#inProcess = new InProcessTransport(this.#context, windowOf(options))
    this.#context.transports.push(this.#inProcess)
    if (journal !== undefined) {
      this.#journal = new SchedulerJournal(this.#context.core, journal, this.#emit)
    }
    this.#context.ledger = ledgerOf(this.#context, options.ledger, this.#emit)
    this.#watch = new Watch(this.#context, this.#emit, this.#frontEnd.schedule)
    const nats = natsOptions(options)
    if (nats === undefined) return
    const sources = {
      startedAtMs: this.#startedAtMs,
      latency: () => this.latency(),
      onEvent: (listener: (event: SchedulerEvent) => void) => this.onEvent(listener),
    }
    this.#nats = new NatsTransport(this.#context, nats, sources, this.#emit)
    this.#context.transports.push(this.#nats)
  }

  get #context(): FrontEndContext {
    return this.#frontEnd.context
  }

  /** The NATS server that it is connected to, as `host:port`; empty without one. */
  get natsServer(): string {
    return this.#nats?.server ?? ''
  }

  /** Starts threads and listens. Every other method does it when it has not been done. */
  start(): Promise<this> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  async #start(): Promise<this> {
    if (this.#stopping !== undefined) throw stopped(this.name)
    try {
      if (this.#journal !== undefined) await this.#startJournal(this.#journal)
      await this.#context.ledger?.start()
      await this.#startRouters()
      this.#context.people.start(policyMs())
      for (const transport of this.#context.transports) {
        await transport.start()
        if (this.#stopping === undefined) continue
        // Stopped meanwhile, when there was nothing yet to stop.
        await transport.stop()
        throw stopped(this.name)
      }
    } catch (error) {
      if (error instanceof SignalboxError) this.#inProcess.submitters.close(error)
      await this.stop()
      throw error
    }
    if (this.#stopping === undefined) this.#watch.start()
    return this
  }

  async #startJournal(journal: SchedulerJournal): Promise<void> {
    await journal.start()
    if (this.#stopping !== undefined) throw stopped(this.name)
  }

  async #startRouters(): Promise<void> {
    const context = this.#context
    if (context.options.routers === 0) return
    const pool = new RouterPool({
      memory: context.memory,
      strategies: context.options.strategies,
      routing: context.options.routing,
      seed: context.options.seed,
      onBell: this.#frontEnd.schedule,
      onReturn: this.#frontEnd.routerGone,
      onFault: ({ router, kind, error }) =>
        this.#emit(error.code, { router, kind, message: error.message }),
      onStrategyFault: this.#frontEnd.strategyFault,
    })
    context.routers = pool
    await pool.start()
  }

  /** Calls `listener` with every event until the returned function is called. */
  onEvent(listener: (event: SchedulerEvent) => void): () => void {
    requireFunction(listener, 'onEvent')
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Events arise in the middle of a change, so listeners hear of them after it. */
  readonly #emit = (kind: string, detail: Record<string, unknown>): void => {
    if (this.#listeners.size === 0) return
    queueMicrotask(() => {
      for (const listener of this.#listeners) listener({ kind, detail })
    })
  }

  async run<T = unknown>(queue: string, payload?: unknown, options?: SubmitOptions): Promise<T> {
    if (!this.#isStarted)
      return this.#inProcess.submissions.run<T>(queue, await this.#own(payload), options)
    return this.#inProcess.submissions.run<T>(queue, payload, options)
  }

  async flow(options: FlowOptions): Promise<FlowHandle> {
    return this.#inProcess.flows.submit(options, () => this.start())
  }

  async submit(queue: string, payload?: unknown, options?: SubmitOptions): Promise<TaskHandle> {
    if (!this.#isStarted)
      return this.#inProcess.submissions.submit(queue, await this.#own(payload), options)
    return this.#inProcess.submissions.submit(queue, payload, options)
  }

  get #isStarted(): boolean {
    return !this.#inProcess.submitters.paused
  }

  /** Starts. @returns the payload as it was when it was given. */
  async #own(payload: unknown): Promise<Uint8Array> {
    const bytes = encodeOwnPayload(payload)
    await this.start()
    return bytes
  }

  runMany(
    queue: string,
    payloads: Iterable<unknown> | AsyncIterable<unknown>,
    options?: SubmitManyOptions,
  ): AsyncIterableIterator<Outcome> {
    const outcomes = this.#inProcess.submissions.runMany(queue, payloads, options)
    this.#startSoon()
    return outcomes
  }

  submitMany(
    queue: string,
    payloads: Iterable<unknown> | AsyncIterable<unknown>,
    options?: SubmitManyOptions & { onOutcome?(outcome: Outcome): void },
  ): Promise<SubmitTotals> {
    const totals = this.#inProcess.submissions.submitMany(queue, payloads, options)
    this.#startSoon()
    return totals
  }

  /** Who waits for it is told of a start that fails by the submitters, which close with its error. */
  #startSoon(): void {
    this.start().catch(() => {})
  }

  agent(options: BatchAgentOptions, handler: BatchHandler): Promise<AgentHandle>
  agent(options: AgentOptions, handler: Handler): Promise<AgentHandle>
  async agent(
    options: AgentOptions | BatchAgentOptions,
    handler: Handler | BatchHandler,
  ): Promise<AgentHandle> {
    requireFunction(handler, 'agent')
    await this.start()
    return this.#inProcess.agents.join(options, handler)
  }

  /**
   * Gives queues other options while tasks run, adds those that are new, and routes dead letters
   * otherwise: all of it, or nothing when something is amiss. Queues that are not named stay as they
   * are; `queueDefaults` are those of the named ones.
   * @throws bad_option, bad_token, too_many_queues
   */
  configureQueues(options: QueueConfiguration): QueueChanges {
    requireOptionNames(options)
    this.#context.nowMs = policyMs()
    const changes = configureQueues(this.#context, options)
    this.#nats?.serve(changes.added)
    for (const queue of changes.added) this.#emit('queue_configured', { queue, isNew: true })
    for (const queue of changes.changed) this.#emit('queue_configured', { queue, isNew: false })
    this.#frontEnd.schedule()
    return changes
  }

  async status(): Promise<SchedulerStatus> {
    return this.statusNow()
  }

  statusNow(): SchedulerStatus {
    return schedulerStatus(this.#context, this.#startedAtMs)
  }

  latency(): Promise<LatencyReport> {
    return this.#latency.report()
  }

  /** What metrics are made of. @param named which queues have a row of their own. */
  figures(named: NamedQueues): SchedulerFigures {
    return schedulerFigures(this.#context, this.#startedAtMs, named)
  }

  /** As `latency`, in buckets. */
  latencyBuckets(): Promise<LatencyBuckets> {
    return this.#latency.buckets()
  }

  /** Why it takes no tasks at the moment; null when it does. */
  get unready(): 'starting' | 'draining' | 'disconnected' | null {
    if (this.#context.draining) return 'draining'
    if (!this.#watch.isOn) return 'starting'
    return isConnected(this.#context) ? null : 'disconnected'
  }

  /**
   * The journal's file, null while it is kept in memory; and why it stopped by itself, which
   * `journal_stopped` told. Null when nothing is recorded.
   */
  get journal(): { file: string | null; stoppedBecause: string | null } | null {
    if (this.#journal === undefined) return null
    const { file, stoppedBecause } = this.#journal
    return { file, stoppedBecause }
  }

  /**
   * Writes the journal that is kept in memory to a file, and goes on recording. It holds the last
   * stretch, as long as `journal.bytesMax` allows.
   * @throws bad_option when no journal is kept in memory; journal_failed
   */
  async saveJournal(file: string): Promise<void> {
    if (this.#journal === undefined) {
      throw new SignalboxError(
        'bad_option',
        'Nothing is recorded: give the scheduler the option "journal".',
      )
    }
    await this.start()
    await this.#journal.save(file)
  }

  /** Ends a router's thread as a crash would; the pool replaces it. For tests and drills. */
  async terminateRouter(router: number): Promise<void> {
    await this.#context.routers?.terminate(router as never)
  }

  /** Takes no new tasks, waits for those it has, and stops. */
  close(): Promise<void> {
    return this.stop({ drain: true })
  }

  /**
   * @param options.drain wait until every accepted task is final, at most `timeoutMs` (30,000).
   *   Without it, open tasks end with the scheduler; who waits for one in this process gets
   *   `stopping`.
   */
  stop(options: { drain?: boolean; timeoutMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.drain ?? false, options.timeoutMs ?? 30_000)
    return this.#stopping
  }

  async #stop(drain: boolean, timeoutMs: number): Promise<void> {
    const context = this.#context
    context.draining = true
    for (const transport of context.transports) transport.stopSubmits()
    if (drain) await within(this.#frontEnd.idle(), timeoutMs)
    for (const transport of context.transports) await transport.stop()
    this.#watch.stop()
    this.#frontEnd.stop()
    await this.#journal?.stop()
    await context.ledger?.stop()
    await context.deadLetters.stop()
    await Promise.all([context.routers?.stop(), this.#latency.stop()])
  }
}

/** @returns undefined when it is switched off. */
function ledgerOf(
  { options, core }: FrontEndContext,
  given: SchedulerOptions['ledger'],
  event: LedgerEvent,
): Ledger | undefined {
  if (given === false) return undefined
  return new Ledger(
    {
      name: options.name,
      epoch: core.options.epoch,
      agentsMax: options.policy.agentsMax,
      strategies: options.strategies.map(({ name }) => name),
      options: given ?? {},
    },
    event,
  )
}

function stopped(name: string): SignalboxError {
  return new SignalboxError('stopping', `Scheduler "${name}" was stopped: make a new one.`)
}

async function within(promise: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  await Promise.race([promise, late])
  clearTimeout(timer)
}
