/**
 * The light client: everything that `Signalbox` offers, over one NATS connection. It loads neither
 * Piscina nor the scheduler.
 */
import type {
  AgentHandle,
  AgentOptions,
  BatchAgentOptions,
  BatchHandler,
  Handler,
} from '../agent-task.ts'
import type {
  LatencyReport,
  Outcome,
  SchedulerStatus,
  Signalbox,
  SubmitTotals,
  TaskHandle,
} from '../api.ts'
import type {
  AgentProfile,
  AgentUtilization,
  RebalanceReport,
  ScalingAdvice,
  SchedulerMetrics,
} from '../balance-views.ts'
import type { TaskExplanation } from '../explanation.ts'
import type {
  FlowHandle,
  FlowOptions,
  FlowPage,
  FlowView,
  ListFlowsOptions,
} from '../flow-views.ts'
import type { LedgerPage, LedgerTailOptions } from '../ledger-views.ts'
import type {
  CalibrationView,
  ClaimOptions,
  CommentOptions,
  DecideOptions,
  DecisionView,
  InboxOptions,
  InboxRow,
  InboxView,
  TaskComment,
} from '../people-views.ts'
import type {
  DeadLetterPage,
  DeadLetterView,
  HistoryEntry,
  ListDeadLettersOptions,
  PurgeOptions,
  PurgeResult,
  QueueRow,
  QueueView,
  ReplayOptions,
  ReplayResult,
} from '../promise-views.ts'
import { requireFunction } from '../require-function.ts'
import type { ShadowReport, StrategyView } from '../strategy-views.ts'
import { Submissions } from '../submit/submissions.ts'
import type { Window } from '../submit/window.ts'
import type {
  AgentView,
  ListAgentsOptions,
  ListTasksOptions,
  SubmitManyOptions,
  SubmitOptions,
  TaskPage,
  TaskView,
} from '../task.ts'
import { NatsAgent } from './agent/agent.ts'
import { Api } from './api.ts'
import { listenForEvents, type ToldEvent } from './events.ts'
import { Flows } from './flows.ts'
import type { Inbox } from './inbox.ts'
import type { Link } from './link.ts'
import { Recovery } from './recovery.ts'
import type { Lane } from './submitter/lane.ts'
import { Submitter } from './submitter/submitter.ts'

export class Client implements Signalbox {
  readonly #link: Link
  readonly #inbox: Inbox
  readonly #submitter: Submitter
  readonly #submissions: Submissions<Lane>
  readonly #api: Api
  readonly #flows: Flows
  readonly #agents = new Set<NatsAgent>()
  #closing: Promise<void> | undefined

  /** Made by `connect`. */
  constructor(link: Link, inbox: Inbox, window: Window) {
    this.#link = link
    this.#inbox = inbox
    this.#submitter = new Submitter(link, inbox, window)
    this.#submissions = new Submissions(this.#submitter)
    this.#api = new Api(link, inbox)
    this.#flows = new Flows(link, inbox)
    new Recovery(link, this.#submitter, this.#api)
  }

  /** The NATS server that it is connected to, as `host:port`. */
  get natsServer(): string {
    return this.#link.nc.getServer()
  }

  run<T = unknown>(queue: string, payload?: unknown, options?: SubmitOptions): Promise<T> {
    return this.#submissions.run<T>(queue, payload, options)
  }

  submit(queue: string, payload?: unknown, options?: SubmitOptions): Promise<TaskHandle> {
    return this.#submissions.submit(queue, payload, options)
  }

  runMany(
    queue: string,
    payloads: Iterable<unknown> | AsyncIterable<unknown>,
    options?: SubmitManyOptions,
  ): AsyncIterableIterator<Outcome> {
    return this.#submissions.runMany(queue, payloads, options)
  }

  submitMany(
    queue: string,
    payloads: Iterable<unknown> | AsyncIterable<unknown>,
    options?: SubmitManyOptions & { onOutcome?(outcome: Outcome): void },
  ): Promise<SubmitTotals> {
    return this.#submissions.submitMany(queue, payloads, options)
  }

  /**
   * @throws bad_token, bad_option, bad_concurrency, permission_denied, or no_scheduler when none
   *   answers within `timeoutMs`.
   */
  agent(options: BatchAgentOptions, handler: BatchHandler): Promise<AgentHandle>
  agent(options: AgentOptions, handler: Handler): Promise<AgentHandle>
  async agent(
    options: AgentOptions | BatchAgentOptions,
    handler: Handler | BatchHandler,
  ): Promise<AgentHandle> {
    requireFunction(handler, 'agent')
    const agent = new NatsAgent(this.#link, this.#inbox, options, handler)
    this.#agents.add(agent)
    const forget = () => this.#agents.delete(agent)
    agent.closed.then(forget, forget)
    return agent.join()
  }

  getTask(id: string, queue?: string): Promise<TaskView> {
    return this.#api.getTask(id, queue)
  }

  cancelTask(id: string, queue?: string): Promise<TaskView> {
    return this.#api.cancel(id, queue)
  }

  listTasks(options?: ListTasksOptions): Promise<TaskPage> {
    return this.#api.listTasks(options)
  }

  listAgents(options?: ListAgentsOptions): Promise<AgentView[]> {
    return this.#api.listAgents(options)
  }

  drainAgent(id: string): Promise<void> {
    return this.#api.drain(id)
  }

  explainTask(id: string, queue?: string): Promise<TaskExplanation> {
    return this.#api.explain(id, queue)
  }

  listStrategies(): Promise<StrategyView[]> {
    return this.#api.listStrategies()
  }

  setStrategy(strategy: string, queue?: string): Promise<void> {
    return this.#api.setStrategy(strategy, queue)
  }

  setShadow(queue: string, strategy: string | null): Promise<void> {
    return this.#api.setShadow(queue, strategy)
  }

  shadowReport(queue: string): Promise<ShadowReport> {
    return this.#api.shadowReport(queue)
  }

  listQueues(): Promise<QueueRow[]> {
    return this.#api.listQueues()
  }

  getQueue(name: string): Promise<QueueView> {
    return this.#api.getQueue(name)
  }

  pauseQueue(name: string): Promise<void> {
    return this.#api.pauseQueue(name)
  }

  resumeQueue(name: string): Promise<void> {
    return this.#api.resumeQueue(name)
  }

  listDeadLetters(options?: ListDeadLettersOptions): Promise<DeadLetterPage> {
    return this.#api.deadLetters.list(options)
  }

  getDeadLetter(name: string, id: string): Promise<DeadLetterView> {
    return this.#api.deadLetters.get(name, id)
  }

  replayDeadLetters(options: ReplayOptions): Promise<ReplayResult> {
    return this.#api.deadLetters.replay(options)
  }

  purgeDeadLetters(options: PurgeOptions): Promise<PurgeResult> {
    return this.#api.deadLetters.purge(options)
  }

  taskHistory(id: string, queue?: string): Promise<HistoryEntry[]> {
    return this.#api.taskHistory(id, queue)
  }

  getUtilization(agent?: string): Promise<AgentUtilization[]> {
    return this.#api.fleet.getUtilization(agent)
  }

  agentProfile(agent: string): Promise<AgentProfile> {
    return this.#api.fleet.agentProfile(agent)
  }

  metrics(): Promise<SchedulerMetrics> {
    return this.#api.fleet.metrics()
  }

  scalingAdvice(queue?: string): Promise<ScalingAdvice[]> {
    return this.#api.fleet.scalingAdvice(queue)
  }

  rebalance(): Promise<RebalanceReport> {
    return this.#api.fleet.rebalance()
  }

  maintainAgent(agent: string, isOn = true): Promise<void> {
    return this.#api.fleet.maintainAgent(agent, isOn)
  }

  ledgerTail(options?: LedgerTailOptions): Promise<LedgerPage> {
    return this.#api.ledgerTail(options)
  }

  flow(options: FlowOptions): Promise<FlowHandle> {
    return this.#flows.submit(options)
  }

  getFlow(id: string): Promise<FlowView> {
    return this.#api.work.getFlow(id)
  }

  listFlows(options?: ListFlowsOptions): Promise<FlowPage> {
    return this.#api.work.listFlows(options)
  }

  cancelFlow(id: string, node?: string): Promise<FlowView> {
    return this.#api.work.cancelFlow(id, node)
  }

  taskInput(id: string, name: string, queue?: string): Promise<Uint8Array> {
    return this.#api.work.taskInput(id, name, queue)
  }

  listInbox(options?: InboxOptions): Promise<InboxRow[]> {
    return this.#api.work.listInbox(options)
  }

  inboxTask(id: string, queue?: string): Promise<InboxView> {
    return this.#api.work.inboxTask(id, queue)
  }

  claimTask(id: string, options: ClaimOptions): Promise<InboxView> {
    return this.#api.work.claimTask(id, options)
  }

  decideTask(id: string, options: DecideOptions): Promise<DecisionView> {
    return this.#api.work.decideTask(id, options)
  }

  commentTask(id: string, options: CommentOptions): Promise<TaskComment> {
    return this.#api.work.commentTask(id, options)
  }

  queueCalibration(queue: string): Promise<CalibrationView> {
    return this.#api.work.queueCalibration(queue)
  }

  status(): Promise<SchedulerStatus> {
    return this.#api.status()
  }

  latency(): Promise<LatencyReport> {
    return this.#api.latency()
  }

  /** Calls `listener` with what schedulers tell of until the returned function is called. */
  onEvent(listener: (event: ToldEvent) => void): () => void {
    requireFunction(listener, 'onEvent')
    return listenForEvents(this.#link, listener)
  }

  /**
   * Stops this client's agents, which finish what they run, and ends the connection. Whatever is
   * still awaited fails with `disconnected`.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const stopped = Promise.all([...this.#agents].map((agent) => agent.stop()))
    await Promise.race([stopped, this.#link.away()])
    this.#submitter.flush()
    await this.#link.close()
  }
}
