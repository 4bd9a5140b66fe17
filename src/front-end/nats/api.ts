/**
 * `sb.api.<verb>.<target>`: control, as a NATS micro service without a queue group, so that every
 * scheduler hears every call and those that are meant answer: by its name, by a queue it has, or
 * `any`.
 */
import type { Msg, NatsConnection } from 'nats'
import type { LatencyReport } from '../../api.ts'
import { SignalboxError } from '../../errors.ts'
import type { FlowView } from '../../flow-views.ts'
import type { DeadLetterView } from '../../promise-views.ts'
import type { TaskView } from '../../task.ts'
import { readPurgeBody, readReplayBody } from '../../wire/dead-letter-options.ts'
import { FRAME } from '../../wire/frames.ts'
import { encodeJson, type JsonObject, parseObject } from '../../wire/json.ts'
import { agentProfile, getUtilization } from '../calls/capacity.ts'
import { cancelTask, drainAgent, getTask, listAgents, listTasks } from '../calls/control.ts'
import {
  getDeadLetter,
  listDeadLetters,
  purgeDeadLetters,
  replayDeadLetters,
} from '../calls/dead-letters.ts'
import { cancelFlow, getFlow, listFlows, taskInput, withoutTasks } from '../calls/flows.ts'
import { ledgerTail, taskHistory } from '../calls/history.ts'
import { maintainAgent } from '../calls/maintenance.ts'
import { schedulerMetrics } from '../calls/metrics.ts'
import {
  calibration,
  claimTask,
  commentTask,
  decideTask,
  inboxTask,
  listInbox,
} from '../calls/people.ts'
import { getQueue, listQueues, pauseQueue, resumeQueue } from '../calls/queues.ts'
import { rebalance } from '../calls/rebalance.ts'
import { scalingAdvice } from '../calls/scaling.ts'
import { schedulerStatus } from '../calls/status.ts'
import { listStrategies, setShadow, setStrategy, shadowReport } from '../calls/strategies.ts'
import type { FrontEndContext } from '../context.ts'
import { explainTask } from '../explain/explain.ts'
import type { Arrival } from '../transport.ts'
import type { Outlet } from './outlet.ts'

const TARGET_ANY = 'any'
const VERSION = '0.1.0'
/** Of a sentence that is not ours. */
const FAILURE_LENGTH_MAX = 1_024

export interface ApiSources {
  startedAtMs: number
  latency(): Promise<LatencyReport>
}

export class NatsApi {
  readonly #context: FrontEndContext
  readonly #nc: NatsConnection
  readonly #outlet: Outlet
  readonly #prefix: string
  readonly #sources: ApiSources

  constructor(
    context: FrontEndContext,
    nc: NatsConnection,
    outlet: Outlet,
    prefix: string,
    sources: ApiSources,
  ) {
    this.#context = context
    this.#nc = nc
    this.#outlet = outlet
    this.#prefix = prefix
    this.#sources = sources
  }

  async start(): Promise<void> {
    const { inbox, options } = this.#context
    const service = await this.#nc.services.add({
      name: 'signalbox',
      version: VERSION,
      description: 'Task scheduler for fleets of agents.',
      metadata: { scheduler: options.name, frames: String(FRAME.version) },
    })
    // A group of its own keeps every scheduler in: members of one group would share the calls.
    service.addEndpoint('api', {
      subject: `${this.#prefix}.api.*.*`,
      queue: `sb-${options.name}`,
      handler: (error, msg) => {
        if (error === null) inbox.arrive(this.#calls, msg as unknown as Msg)
      },
    })
  }

  readonly #calls: Arrival<Msg> = {
    take: (msg) => {
      const [verb, target] = msg.subject.slice(`${this.#prefix}.api.`.length).split('.')
      if (!this.#isMeant(target)) return
      this.#answer(verb, target, msg).catch((error) => this.#fail(msg, error))
    },
  }

  #isMeant(target: string): boolean {
    const { core, options } = this.#context
    return target === TARGET_ANY || target === options.name || core.queues.has(target)
  }

  async #answer(verb: string, target: string, msg: Msg): Promise<void> {
    const answer = await this.#call(verb, target, parseObject(msg.data, 'request'))
    const isRaw = answer instanceof Uint8Array
    this.#outlet.answer(msg.reply, isRaw ? answer : this.#encode(verb, answer))
  }

  /** @throws answer_too_large when even what matters less left out does not help. */
  #encode(verb: string, answer: unknown): Uint8Array {
    const max = this.#nc.info?.max_payload ?? Number.POSITIVE_INFINITY
    const whole = encodeJson(answer)
    if (whole.length <= max) return whole
    const lean = encodeJson(leaner(verb, answer))
    if (lean.length <= max) return lean
    throw new SignalboxError(
      'answer_too_large',
      `The answer is ${lean.length} bytes and the NATS server lets ${max} through: ` +
        'ask for less, with a smaller limit, or raise its max_payload.',
    )
  }

  #call(verb: string, target: string, body: JsonObject): unknown {
    const context = this.#context
    const scheduler = context.options.name
    switch (verb) {
      case 'status':
        return schedulerStatus(context, this.#sources.startedAtMs)
      case 'latency':
        return this.#sources.latency()
      case 'agents':
        return { scheduler, ...listAgents(context, body) }
      case 'task':
        return getTask(context, body.id, body.queue)
      case 'tasks':
        return { scheduler, ...listTasks(context, body) }
      case 'cancel':
        return cancelTask(context, body.id, body.queue)
      case 'drain':
        drainAgent(context, body.agent)
        return {}
      case 'explain':
        return explainTask(context, body.id, body.queue)
      case 'strategies':
        return { scheduler, strategies: listStrategies(context) }
      case 'strategy':
        setStrategy(context, body.strategy, body.queue)
        return {}
      case 'shadow':
        // Without the key it asks, with null it ends.
        if (body.strategy === undefined) return shadowReport(context, body.queue)
        setShadow(context, body.queue, body.strategy)
        return {}
      case 'utilization':
        return { scheduler, ...getUtilization(context, body) }
      case 'profile':
        return agentProfile(context, body.agent)
      case 'metrics':
        return schedulerMetrics(context)
      case 'rebalance':
        return rebalance(context)
      case 'maintain':
        maintainAgent(context, body.agent, body.isOn ?? true)
        return {}
      default:
        return this.#queueCall(verb, body.queue ?? this.#queueOf(target), body)
    }
  }

  /** The queue that a call is addressed to; none when it is a scheduler, or any. */
  #queueOf(target: string): string | undefined {
    return this.#context.core.queues.has(target) ? target : undefined
  }

  /** Queues, dead letters and what was recorded. */
  #queueCall(verb: string, queue: unknown, body: JsonObject): unknown {
    const context = this.#context
    const scheduler = context.options.name
    switch (verb) {
      case 'queues':
        return { scheduler, ...listQueues(context, body) }
      case 'queue':
        return getQueue(context, queue)
      case 'pause':
        pauseQueue(context, queue)
        return {}
      case 'resume':
        resumeQueue(context, queue)
        return {}
      case 'advice':
        return { scheduler, advice: scalingAdvice(context, queue) }
      case 'dead':
        return { scheduler, ...listDeadLetters(context, body) }
      case 'letter':
        return getDeadLetter(context, body.name, body.id)
      case 'replay':
        return { scheduler, ...replayDeadLetters(context, readReplayBody(body)) }
      case 'purge':
        return { scheduler, ...purgeDeadLetters(context, readPurgeBody(body)) }
      case 'flow':
        return getFlow(context, body.id)
      case 'flows':
        return { scheduler, ...listFlows(context, body) }
      case 'cancel-flow':
        return cancelFlow(context, body.id, body.node)
      case 'input':
        return taskInput(context, body.id, body.name, body.queue)
      case 'inbox':
        return { scheduler, rows: listInbox(context, body) }
      case 'inbox-task':
        return inboxTask(context, body.id, body.queue)
      case 'claim':
        return claimTask(context, body.id, body)
      case 'decide':
        return decideTask(context, body.id, body)
      case 'comment':
        return commentTask(context, body.id, body)
      case 'calibration':
        return calibration(context, queue)
      case 'history':
        return taskHistory(context, body.id, body.queue).then((entries) => ({ scheduler, entries }))
      case 'ledger':
        return ledgerTail(context, body).then((page) => ({ scheduler, ...page }))
      default:
        throw new SignalboxError(
          'not_supported',
          'Verbs are status, latency, agents, task, tasks, cancel, drain, explain, strategies, ' +
            'strategy, shadow, utilization, profile, metrics, rebalance, maintain, queues, queue, ' +
            'pause, resume, advice, dead, letter, replay, purge, history, ledger, flow, flows, ' +
            'cancel-flow, input, inbox, inbox-task, claim, decide, comment and calibration.',
        )
    }
  }

  #fail(msg: Msg, error: unknown): void {
    const known =
      error instanceof SignalboxError
        ? error
        : new SignalboxError(
            'error',
            `The call failed: ${(error as Error).message.slice(0, FAILURE_LENGTH_MAX)}`,
          )
    this.#context.count(known.code)
    this.#outlet.answerError(msg.reply, known)
  }
}

/** The same answer without what may be long and is wanted least. */
function leaner(verb: string, answer: unknown): unknown {
  if (verb === 'task' || verb === 'cancel') return { ...(answer as TaskView), result: null }
  if (verb === 'letter') return { ...(answer as DeadLetterView), payload: null }
  if (verb === 'flow' || verb === 'cancel-flow') {
    return withoutTasks(answer as FlowView)
  }
  if (verb !== 'latency') return answer
  const stages = Object.entries(answer as LatencyReport)
  return Object.fromEntries(stages.map(([stage, row]) => [stage, { ...row, encoded: '' }]))
}
