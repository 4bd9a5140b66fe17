/**
 * Control calls on `sb.api.<verb>.any`. Every scheduler hears them and those that are meant answer,
 * so the first answer is the answer, except that one who does not know the task, the agent or the
 * queue is outvoted by one who does. The further pages of a list come from whoever gave the first.
 */
import type { Msg } from 'nats'
import type { LatencyReport, SchedulerStatus } from '../api.ts'
import { SignalboxError } from '../errors.ts'
import type { TaskExplanation } from '../explanation.ts'
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
import { encodeJson } from '../wire/json.ts'
import { checkListOptions, fillPage, refuseUnknownKeys } from '../wire/list-options.ts'
import { decodePayload } from '../wire/payload.ts'
import { requireToken } from '../wire/tokens.ts'
import { errorOf, isNoResponder } from './answers.ts'
import type { Inbox, Waiter } from './inbox.ts'
import { disconnected, type Link } from './link.ts'

const TARGET = 'any'
/** Of somebody who is not the one to ask. */
const OUTVOTED = ['task_unknown', 'agent_unknown', 'queue_unknown']
/** How long another scheduler may take to know what one did not. */
const SECOND_OPINION_MS = 300

class ApiCall implements Waiter {
  readonly subject: string
  readonly #resolve: (value: never) => void
  readonly #reject: (error: unknown) => void
  /** Ends the call with the error that it is given. */
  readonly #giveUpIn: (ms: number, error: SignalboxError) => void
  timer: NodeJS.Timeout | undefined
  #refusal: SignalboxError | null = null

  constructor(
    subject: string,
    resolve: (value: never) => void,
    reject: (error: unknown) => void,
    giveUpIn: (ms: number, error: SignalboxError) => void,
  ) {
    this.subject = subject
    this.#resolve = resolve
    this.#reject = reject
    this.#giveUpIn = giveUpIn
  }

  answer(msg: Msg): boolean {
    const error = this.#errorOf(msg)
    if (error === null) {
      clearTimeout(this.timer)
      this.#resolve(decodePayload<never>(msg.data))
      return true
    }
    if (!OUTVOTED.includes(error.code)) {
      this.fail(error)
      return true
    }
    if (this.#refusal === null) this.#giveUpIn(SECOND_OPINION_MS, error)
    this.#refusal = error
    return false
  }

  #errorOf(msg: Msg): SignalboxError | null {
    if (isNoResponder(msg)) return noScheduler('No scheduler is connected to this NATS server')
    const { headers } = msg
    return headers === undefined ? null : (errorOf(headers) as SignalboxError | null)
  }

  fail(error: SignalboxError): void {
    clearTimeout(this.timer)
    this.#reject(error)
  }
}

export class Api {
  readonly #link: Link
  readonly #inbox: Inbox

  constructor(link: Link, inbox: Inbox) {
    this.#link = link
    this.#inbox = inbox
    link.listen({ onDisconnect: () => this.#failAll() })
  }

  /** An answer that was on its way is gone, and a call may be repeated at will. */
  #failAll(): void {
    for (const [number, waiter] of this.#inbox.waiters()) {
      if (waiter instanceof ApiCall) this.#inbox.fail(number, disconnected('the answer is lost'))
    }
  }

  status(): Promise<SchedulerStatus> {
    return this.#call('status', {})
  }

  latency(): Promise<LatencyReport> {
    return this.#call('latency', {})
  }

  async listAgents(options: ListAgentsOptions = {}): Promise<AgentView[]> {
    return allAgents(options, (part, from) =>
      this.#call<AgentPage>('agents', part, from === null ? TARGET : from.scheduler),
    )
  }

  async getTask(id: string, queue?: string): Promise<TaskView> {
    return this.#call('task', taskBody(id, queue))
  }

  async listTasks(options: ListTasksOptions = {}): Promise<TaskPage> {
    refuseUnknownKeys(options)
    return fillPage(options, async (part) => {
      const { cursor } = checkListOptions(part)
      const target = cursor === null ? TARGET : cursor.scheduler
      const page = await this.#call<TaskPage>('tasks', part, target)
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

  #call<T>(verb: string, body: object, target = TARGET): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.#link.connected) throw disconnected('nothing was asked')
      const subject = this.#link.subjects.api(verb, target)
      const giveUpIn = (ms: number, error: SignalboxError | null): void => {
        clearTimeout(call.timer)
        call.timer = setTimeout(() => {
          this.#inbox.fail(number, error ?? this.#silence())
        }, ms)
      }
      const call = new ApiCall(subject, resolve, reject, giveUpIn)
      const number = this.#inbox.add(call)
      giveUpIn(this.#link.timeoutMs, null)
      this.#link.nc.publish(subject, encodeJson(body), { reply: this.#inbox.replyTo(number) })
    })
  }

  #silence(): SignalboxError {
    return noScheduler(`No scheduler answered within ${this.#link.timeoutMs} ms`)
  }
}

function taskBody(id: string, queue: string | undefined): object {
  return { id: requireToken(id, 'task id'), ...inQueue(queue) }
}

function inQueue(queue: string | undefined): object {
  return queue === undefined ? {} : { queue: requireToken(queue, 'queue') }
}

function noScheduler(what: string): SignalboxError {
  return new SignalboxError(
    'no_scheduler',
    `${what}: start one with \`npx signalbox dev\`, or check the address.`,
  )
}
