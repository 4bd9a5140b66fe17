/**
 * What may be asked of a scheduler of this process: tasks, agents, strategies, queues, dead letters,
 * what was recorded. Each is a call into the front end (`front-end/calls/`), outside of its turns; what
 * needs a turn afterwards asks for one. Main thread.
 *
 * Invariant: a call that goes through much does it in pieces, with turns in between.
 */
import { setImmediate as otherTurns } from 'node:timers/promises'
import type {
  AgentProfile,
  AgentUtilization,
  RebalanceReport,
  ScalingAdvice,
  SchedulerMetrics,
} from './balance-views.ts'
import { policyMs } from './clock.ts'
import type { TaskExplanation } from './explanation.ts'
import type { FlowHandle, FlowOptions, FlowPage, FlowView, ListFlowsOptions } from './flow-views.ts'
import { type AllocateOptions, type Allocation, allocate } from './front-end/calls/allocate.ts'
import { agentProfile, getUtilization } from './front-end/calls/capacity.ts'
import { checkedRoster, configurePeople } from './front-end/calls/configure-people.ts'
import {
  cancelTask,
  drainAgent,
  getTask,
  listAgents,
  listTasks,
} from './front-end/calls/control.ts'
import {
  getDeadLetter,
  listDeadLetters,
  purgeDeadLetters,
  replayDeadLetters,
} from './front-end/calls/dead-letters.ts'
import { cancelFlow, getFlow, listFlows, taskInput } from './front-end/calls/flows.ts'
import { ledgerTail, taskHistory } from './front-end/calls/history.ts'
import { maintainAgent } from './front-end/calls/maintenance.ts'
import { schedulerMetrics } from './front-end/calls/metrics.ts'
import { isFlowOver, isTaskOver, taskResult } from './front-end/calls/over.ts'
import {
  calibration,
  claimTask,
  commentTask,
  decideTask,
  inboxTask,
  listInbox,
} from './front-end/calls/people.ts'
import { getQueue, listQueues, pauseQueue, resumeQueue } from './front-end/calls/queues.ts'
import { rebalance } from './front-end/calls/rebalance.ts'
import { type ScalingQuestion, scalingAdvice, scalingOf } from './front-end/calls/scaling.ts'
import {
  listStrategies,
  setShadow,
  setStrategy,
  shadowReport,
} from './front-end/calls/strategies.ts'
import type { FrontEndContext } from './front-end/context.ts'
import { explainTask } from './front-end/explain/explain.ts'
import type { RosterChanges } from './front-end/people.ts'
import type { FrontEnd } from './front-end/turn.ts'
import type { LedgerPage, LedgerTailOptions } from './ledger-views.ts'
import type {
  CalibrationView,
  ClaimOptions,
  CommentOptions,
  DecideOptions,
  DecisionView,
  InboxOptions,
  InboxRow,
  InboxView,
  PersonOptions,
  TaskComment,
} from './people-views.ts'
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
} from './promise-views.ts'
import type { ShadowReport, StrategyView } from './strategy-views.ts'
import type { AgentView, ListAgentsOptions, ListTasksOptions, TaskPage, TaskView } from './task.ts'
import { allAgents, allUtilization } from './wire/agent-list-options.ts'
import {
  checkLetterListOptions,
  checkPurgeOptions,
  checkReplayOptions,
} from './wire/dead-letter-options.ts'
import { fillLetters, purgePages, replayPages } from './wire/dead-letter-pages.ts'
import { fillPage, refuseUnknownKeys } from './wire/list-options.ts'
import { allQueues } from './wire/queue-list-options.ts'

export abstract class SchedulerCalls {
  #frontEnd!: FrontEnd

  /** Before any call. */
  protected serve(frontEnd: FrontEnd): void {
    this.#frontEnd = frontEnd
  }

  abstract start(): Promise<unknown>

  get #context(): FrontEndContext {
    return this.#frontEnd.context
  }

  async getTask(id: string, queue?: string): Promise<TaskView> {
    return getTask(this.#context, id, queue)
  }

  async cancelTask(id: string, queue?: string): Promise<TaskView> {
    this.#context.nowMs = policyMs()
    const view = cancelTask(this.#context, id, queue)
    this.#frontEnd.schedule()
    return view
  }

  async listTasks(options: ListTasksOptions = {}): Promise<TaskPage> {
    refuseUnknownKeys(options)
    return fillPage(options, async (part) => {
      if (part !== options) await otherTurns()
      return listTasks(this.#context, part)
    })
  }

  async listAgents(options: ListAgentsOptions = {}): Promise<AgentView[]> {
    return allAgents(options, async (part, from) => {
      if (from !== null) await otherTurns()
      return listAgents(this.#context, part)
    })
  }

  async drainAgent(id: string): Promise<void> {
    drainAgent(this.#context, id)
    this.#frontEnd.schedule()
  }

  /**
   * An agent without a task: it could take one that asks for this, and has a place of its concurrency
   * less until it is released.
   * @returns null when nobody who may has room.
   * @throws bad_token, bad_option, not_supported, queue_unknown, too_many_queues, too_many_classes
   */
  allocate(options?: AllocateOptions): Allocation | null {
    return allocate(this.#context, options)
  }

  async explainTask(id: string, queue?: string): Promise<TaskExplanation> {
    return explainTask(this.#context, id, queue)
  }

  async listStrategies(): Promise<StrategyView[]> {
    return listStrategies(this.#context)
  }

  async setStrategy(strategy: string, queue?: string): Promise<void> {
    setStrategy(this.#context, strategy, queue)
  }

  async setShadow(queue: string, strategy: string | null): Promise<void> {
    setShadow(this.#context, queue, strategy)
  }

  async shadowReport(queue: string): Promise<ShadowReport> {
    return shadowReport(this.#context, queue)
  }

  async listQueues(): Promise<QueueRow[]> {
    return allQueues(listQueues(this.#context, {}), async (part) => {
      await otherTurns()
      return listQueues(this.#context, part)
    })
  }

  async getQueue(name: string): Promise<QueueView> {
    return getQueue(this.#context, name)
  }

  async pauseQueue(name: string): Promise<void> {
    this.#context.nowMs = policyMs()
    pauseQueue(this.#context, name)
    this.#frontEnd.schedule()
  }

  async resumeQueue(name: string): Promise<void> {
    this.#context.nowMs = policyMs()
    resumeQueue(this.#context, name)
    this.#frontEnd.schedule()
  }

  async listDeadLetters(options: ListDeadLettersOptions = {}): Promise<DeadLetterPage> {
    const { limit } = checkLetterListOptions(options)
    const { letters, cursor } = listDeadLetters(this.#context, options)
    return fillLetters(letters, cursor === null ? [] : [cursor], limit, async (part) => {
      await otherTurns()
      return listDeadLetters(this.#context, { ...options, ...part })
    })
  }

  async getDeadLetter(name: string, id: string): Promise<DeadLetterView> {
    return getDeadLetter(this.#context, name, id)
  }

  async replayDeadLetters(options: ReplayOptions): Promise<ReplayResult> {
    const checked = checkReplayOptions(options)
    await this.start()
    return replayPages(checked, async (part) => {
      if (part !== checked) await otherTurns()
      this.#context.nowMs = policyMs()
      const page = replayDeadLetters(this.#context, part)
      this.#frontEnd.schedule()
      return page
    })
  }

  async purgeDeadLetters(options: PurgeOptions): Promise<PurgeResult> {
    const checked = checkPurgeOptions(options)
    return purgePages(checked, async (part) => {
      if (part !== checked) await otherTurns()
      return purgeDeadLetters(this.#context, part)
    })
  }

  async getUtilization(agent?: string): Promise<AgentUtilization[]> {
    return allUtilization(agent, async (part, from) => {
      if (from !== null) await otherTurns()
      return getUtilization(this.#context, part)
    })
  }

  async agentProfile(agent: string): Promise<AgentProfile> {
    return agentProfile(this.#context, agent)
  }

  async metrics(): Promise<SchedulerMetrics> {
    return schedulerMetrics(this.#context)
  }

  async scalingAdvice(queue?: string): Promise<ScalingAdvice[]> {
    return scalingAdvice(this.#context, queue)
  }

  /** As `scalingAdvice`, for one kind of work, whether a task of it ever came or not. */
  scalingOf(queue: string, question: ScalingQuestion = {}): ScalingAdvice {
    return scalingOf(this.#context, queue, question)
  }

  async rebalance(): Promise<RebalanceReport> {
    this.#context.nowMs = policyMs()
    const report = rebalance(this.#context)
    this.#frontEnd.schedule()
    return report
  }

  async maintainAgent(agent: string, isOn = true): Promise<void> {
    this.#context.nowMs = policyMs()
    maintainAgent(this.#context, agent, isOn)
    this.#frontEnd.schedule()
  }

  abstract flow(options: FlowOptions): Promise<FlowHandle>

  async getFlow(id: string): Promise<FlowView> {
    return getFlow(this.#context, id)
  }

  async listFlows(options: ListFlowsOptions = {}): Promise<FlowPage> {
    return listFlows(this.#context, options)
  }

  async cancelFlow(id: string, node?: string): Promise<FlowView> {
    this.#context.nowMs = policyMs()
    const view = cancelFlow(this.#context, id, node)
    this.#frontEnd.schedule()
    return view
  }

  /** @returns the kept result as it came. @throws task_unknown, no_result */
  async taskResult(id: string, queue?: string): Promise<Uint8Array> {
    return taskResult(this.#context, id, queue)
  }

  /** Whether it is final or not known any more: a look-up, for whoever waits. */
  isTaskOver(id: string, queue: string): boolean {
    return isTaskOver(this.#context, id, queue)
  }

  /** The same of a flow. */
  isFlowOver(id: string): boolean {
    return isFlowOver(this.#context, id)
  }

  async taskInput(id: string, name: string, queue?: string): Promise<Uint8Array> {
    return taskInput(this.#context, id, name, queue)
  }

  /**
   * Another roster while tasks run: all of it or nothing. Who is in both keeps their inbox; what lies in
   * that of one who is not in it any more goes to others.
   * @throws bad_option, bad_token, too_many_agents
   */
  configurePeople(people: Record<string, PersonOptions>): RosterChanges {
    this.#context.nowMs = policyMs()
    const changes = configurePeople(this.#context, people)
    this.#frontEnd.schedule()
    return changes
  }

  /**
   * Whether `configurePeople` would take them, once there are those queues besides.
   * @throws bad_option, bad_token, too_many_agents
   */
  checkPeople(people: Record<string, PersonOptions>, queues: readonly string[]): void {
    checkedRoster(this.#context, people, queues)
  }

  async listInbox(options: InboxOptions = {}): Promise<InboxRow[]> {
    return listInbox(this.#context, { ...options })
  }

  async inboxTask(id: string, queue?: string): Promise<InboxView> {
    return inboxTask(this.#context, id, queue)
  }

  async claimTask(id: string, options: ClaimOptions): Promise<InboxView> {
    this.#context.nowMs = policyMs()
    const view = claimTask(this.#context, id, { ...options })
    this.#frontEnd.schedule()
    return view
  }

  async decideTask(id: string, options: DecideOptions): Promise<DecisionView> {
    this.#context.nowMs = policyMs()
    const view = decideTask(this.#context, id, { ...options })
    this.#frontEnd.schedule()
    return view
  }

  async commentTask(id: string, options: CommentOptions): Promise<TaskComment> {
    return commentTask(this.#context, id, { ...options })
  }

  async queueCalibration(queue: string): Promise<CalibrationView> {
    return calibration(this.#context, queue)
  }

  async taskHistory(id: string, queue?: string): Promise<HistoryEntry[]> {
    return taskHistory(this.#context, id, queue)
  }

  async ledgerTail(options: LedgerTailOptions = {}): Promise<LedgerPage> {
    return ledgerTail(this.#context, options)
  }
}
