/**
 * What may be asked of schedulers: tasks, agents, strategies, queues. The further pages of a list come
 * from whoever gave the first.
 */
import type { LatencyReport, SchedulerStatus } from '../api.ts'
import type { TaskExplanation } from '../explanation.ts'
import type { LedgerPage, LedgerTailOptions } from '../ledger-views.ts'
import type { HistoryEntry, QueueRow, QueueView } from '../promise-views.ts'
import type { ShadowReport, StrategyView } from '../strategy-views.ts'
import type {
  AgentPage,
  AgentView,
  ListAgentsOptions,
  ListTasksOptions,
  TaskPage,
  TaskView,
} from '../task.ts'
import { allAgents } from '../wire/agent-list-options.ts'
import { parseLedgerCursor } from '../wire/ledger-options.ts'
import { checkListOptions, fillPage, refuseUnknownKeys } from '../wire/list-options.ts'
import { allQueues, type QueuePage } from '../wire/queue-list-options.ts'
import { requireToken } from '../wire/tokens.ts'
import { Asker } from './ask.ts'
import { DeadLettersApi } from './dead-letters-api.ts'
import { FleetApi } from './fleet-api.ts'
import type { Inbox } from './inbox.ts'
import type { Link } from './link.ts'
import { WorkApi } from './work-api.ts'

export class Api {
  readonly #asker: Asker
  readonly deadLetters: DeadLettersApi
  readonly fleet: FleetApi
  readonly work: WorkApi

  constructor(link: Link, inbox: Inbox) {
    this.#asker = new Asker(link, inbox)
    this.deadLetters = new DeadLettersApi(this.#asker)
    this.fleet = new FleetApi(this.#asker)
    this.work = new WorkApi(this.#asker)
  }

  status(): Promise<SchedulerStatus> {
    return this.#call('status', {})
  }

  latency(): Promise<LatencyReport> {
    return this.#call('latency', {})
  }

  async listAgents(options: ListAgentsOptions = {}): Promise<AgentView[]> {
    return allAgents(options, (part, from) =>
      this.#call<AgentPage>('agents', part, from?.scheduler),
    )
  }

  async getTask(id: string, queue?: string): Promise<TaskView> {
    return this.#call('task', taskBody(id, queue))
  }

  async listTasks(options: ListTasksOptions = {}): Promise<TaskPage> {
    refuseUnknownKeys(options)
    return fillPage(options, async (part) => {
      const { cursor } = checkListOptions(part)
      const page = await this.#call<TaskPage>('tasks', part, cursor?.scheduler)
      return { tasks: page.tasks, cursor: page.cursor }
    })
  }

  async cancel(id: string, queue?: string): Promise<TaskView> {
    return this.#call('cancel', taskBody(id, queue))
  }

  async drain(id: string): Promise<void> {
    await this.#call('drain', { agent: requireToken(id, 'agent id') })
  }

  async explain(id: string, queue?: string): Promise<TaskExplanation> {
    return this.#call('explain', taskBody(id, queue))
  }

  async listStrategies(): Promise<StrategyView[]> {
    return (await this.#call<{ strategies: StrategyView[] }>('strategies', {})).strategies
  }

  async setStrategy(strategy: string, queue?: string): Promise<void> {
    await this.#call('strategy', { strategy, ...inQueue(queue) })
  }

  async setShadow(queue: string, strategy: string | null): Promise<void> {
    await this.#call('shadow', { ...inQueue(queue), strategy })
  }

  async shadowReport(queue: string): Promise<ShadowReport> {
    return this.#call('shadow', inQueue(queue))
  }

  /** Of all schedulers, each queue once for each that has it. */
  async listQueues(): Promise<QueueRow[]> {
    const firsts = await this.#asker.gather<QueuePage>('queues', {})
    const all = firsts.map((first) =>
      allQueues(first, (part, { scheduler }) => this.#call('queues', part, scheduler)),
    )
    return (await Promise.all(all)).flat()
  }

  async getQueue(name: string): Promise<QueueView> {
    return this.#call('queue', { queue: requireToken(name, 'queue') })
  }

  async pauseQueue(name: string): Promise<void> {
    await this.#call('pause', { queue: requireToken(name, 'queue') })
  }

  async resumeQueue(name: string): Promise<void> {
    await this.#call('resume', { queue: requireToken(name, 'queue') })
  }

  async taskHistory(id: string, queue?: string): Promise<HistoryEntry[]> {
    const answer = await this.#call<{ entries: HistoryEntry[] }>('history', taskBody(id, queue))
    return answer.entries
  }

  async ledgerTail(options: LedgerTailOptions = {}): Promise<LedgerPage> {
    const { after } = options
    const target = after === undefined ? undefined : parseLedgerCursor(after).scheduler
    const { entries, cursor, isGap } = await this.#call<LedgerPage>('ledger', options, target)
    return { entries, cursor, isGap }
  }

  #call<T>(verb: string, body: object, target?: string): Promise<T> {
    return this.#asker.call<T>(verb, body, target)
  }
}

function taskBody(id: string, queue: string | undefined): object {
  return { id: requireToken(id, 'task id'), ...inQueue(queue) }
}

function inQueue(queue: string | undefined): object {
  return queue === undefined ? {} : { queue: requireToken(queue, 'queue') }
}
