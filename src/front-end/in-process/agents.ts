/**
 * Agents in this process. Their handlers run at the end of the turn, never inside a step of the
 * path; their results arrive in the inbox like any other. They hold no lease: they are here as long
 * as the process is.
 */
import { runBatch } from '../../agent-batch.ts'
import { checkHello, checkLoad, checkPull } from '../../agent-options.ts'
import {
  type AgentHandle,
  type AgentOptions,
  AgentTask,
  type AttemptResult,
  type BatchAgentOptions,
  type BatchHandler,
  type Handler,
  runHandler,
} from '../../agent-task.ts'
import { policyMs } from '../../clock.ts'
import { type ErrorCode, SignalboxError, TaskError } from '../../errors.ts'
import type { AgentState } from '../../policy/agents.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import type { Hello } from '../../wire/messages.ts'
import { payloadText } from '../../wire/payload.ts'
import type { ResultAddress } from '../../wire/subjects.ts'
import type { FrontEndContext } from '../context.ts'
import { attemptOf, taskOf } from '../hedging.ts'
import { type ResultBody, takeProgress, takeResult } from '../result.ts'
import type { AgentPort, Arrival } from '../transport.ts'
import { detailsOf } from './details.ts'

interface Finished {
  agent: LocalAgent
  address: ResultAddress
  body: ResultBody
}

interface Progressed {
  address: ResultAddress
  bytes: Uint8Array
}

/** A task that was dispatched and whose handler has not begun. */
interface Work {
  agent: LocalAgent
  task: AgentTask
  address: ResultAddress
}

/** What its scheduler does for an agent of this process. */
interface LocalWays {
  pull(agent: LocalAgent, count: number): void
  load(agent: LocalAgent, count: number): void
  stop(agent: LocalAgent): void
}

/** One agent of this process. */
class LocalAgent implements AgentHandle {
  readonly id: string
  readonly instance: string
  readonly isPuller: boolean
  readonly handler: Handler | BatchHandler
  /** Tasks of a call of the handler, at most; 0 for a handler that takes one at a time. */
  readonly batch: number
  /** Running tasks by attempt. */
  readonly running = new Map<number, AgentTask>()
  readonly closed: Promise<void>
  readonly #ways: LocalWays
  #resolveClosed!: () => void
  #rejectClosed!: (error: Error) => void
  stopping = false

  constructor(
    id: string,
    { instance, pull }: Hello,
    batch: number,
    handler: Handler | BatchHandler,
    ways: LocalWays,
  ) {
    this.id = id
    this.batch = batch
    this.instance = instance
    this.isPuller = pull === true
    this.handler = handler
    this.#ways = ways
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve
      this.#rejectClosed = reject
    })
    this.closed.catch(() => {})
  }

  async pull(n: number): Promise<void> {
    checkPull(n, this.isPuller)
    this.#ways.pull(this, n)
  }

  load(n: number): void {
    checkLoad(n)
    this.#ways.load(this, n)
  }

  stop(): Promise<void> {
    this.#ways.stop(this)
    return this.closed.catch(() => {})
  }

  end(error?: Error): void {
    if (error === undefined) this.#resolveClosed()
    else this.#rejectClosed(error)
  }
}

export class InProcessAgents implements AgentPort {
  readonly #context: FrontEndContext
  readonly #agents = new Map<string, LocalAgent>()
  /** Dispatched in this turn, to be run at its end. */
  readonly #work: Work[] = []

  constructor(context: FrontEndContext) {
    this.#context = context
  }

  /** @throws bad_token, bad_concurrency, bad_option, too_many_agents */
  join(options: BatchAgentOptions, handler: BatchHandler): AgentHandle
  join(options: AgentOptions, handler: Handler): AgentHandle
  /** Of what was checked by who calls. */
  join(options: AgentOptions | BatchAgentOptions, handler: Handler | BatchHandler): AgentHandle
  join(options: AgentOptions | BatchAgentOptions, handler: Handler | BatchHandler): AgentHandle {
    const { id, hello, batch } = checkHello(options)
    if (this.#context.people.has(id)) {
      throw new SignalboxError('fenced', `"${id}" is a person here: give the agent another id.`)
    }
    const agent = new LocalAgent(id, hello, batch, handler, this.#ways)
    // What reaches it begins at the end of the turn: there is nothing to hand back.
    const silent = { keeps: false, recalls: false, leased: false, claims: false }
    const spec = { ...hello, id, ...silent, link: this }
    const state = this.#context.core.hello(spec, policyMs())
    if (typeof state === 'string') {
      throw new SignalboxError(state as ErrorCode, `Agent "${id}" cannot join: ${state}.`)
    }
    this.#agents.set(agent.instance, agent)
    this.#context.inbox.wake()
    return agent
  }

  dispatch(record: TaskRecord, agent: AgentState): void {
    const local = this.#agents.get(agent.instance)!
    const { slot, counter, dispatchSeq } = record.attempt!
    const address: ResultAddress = {
      agent: agent.id,
      slot,
      epoch: this.#context.core.options.epoch,
      counter,
      seq: dispatchSeq,
    }
    const { inbox, arena } = this.#context
    const task = new AgentTask(
      taskOf(record).id,
      record.cls!.queue.name,
      attemptOf(record),
      Uint8Array.from(arena.get(record.payload, record.payloadBytes)),
      (bytes) => inbox.arrive(this.#progress, { address, bytes }),
      record.cls!.type,
      detailsOf(this.#context, record),
    )
    local.running.set(counter, task)
    this.#work.push({ agent: local, task, address })
  }

  /** What is dispatched in this process arrives. */
  repeat(): void {}

  #run({ agent, task, address }: Work): void {
    const outcome = runHandler(agent.handler as Handler, task)
    if (outcome instanceof Promise) {
      outcome.then((result) => this.#finished(agent, address, result))
    } else this.#finished(agent, address, outcome)
  }

  /** @param first from where on there is work of the agent's own. @returns how many were run. */
  #runBatch(first: number): number {
    const { agent, task } = this.#work[first]
    const batch: Work[] = []
    for (let i = first; i < this.#work.length && batch.length < agent.batch; i++) {
      const next = this.#work[i]
      if (next.agent !== agent || next.task.queue !== task.queue) break
      batch.push(next)
    }
    const tasks = batch.map((each) => each.task)
    const outcome = runBatch(agent.handler as BatchHandler, tasks)
    const finish = (results: AttemptResult[]) => {
      for (const [i, { address }] of batch.entries()) this.#finished(agent, address, results[i])
    }
    if (outcome instanceof Promise) outcome.then(finish)
    else finish(outcome)
    return batch.length
  }

  #finished(agent: LocalAgent, address: ResultAddress, result: AttemptResult): void {
    // The handler may use its buffer again before the turn in which the result is taken.
    const bytes = Uint8Array.from(result.bytes)
    const body = { ...result, bytes, start: 0, length: bytes.length }
    this.#context.inbox.arrive(this.#results, { agent, address, body })
  }

  readonly #results: Arrival<Finished> = {
    take: ({ agent, address, body }) => {
      agent.running.delete(address.counter)
      takeResult(this.#context, address, body)
      if (agent.stopping) this.#endWhenIdle(agent)
    },
  }

  readonly #progress: Arrival<Progressed> = {
    take: ({ address, bytes }) => takeProgress(this.#context, address, payloadText(bytes)),
  }

  /** End of a turn: the handlers of what was dispatched in it run. */
  flush(): void {
    const { length } = this.#work
    if (length === 0) return
    for (let i = 0; i < length; ) {
      if (this.#work[i].agent.batch > 0) i += this.#runBatch(i)
      else this.#run(this.#work[i++])
    }
    this.#work.splice(0, length)
  }

  readonly #ways: LocalWays = {
    pull: ({ id, instance }, count) => {
      const refusal = this.#context.core.pull(id, instance, count, policyMs())
      if (refusal !== null) {
        throw new SignalboxError(refusal, `Agent "${id}" has ended and takes no more work.`)
      }
      this.#context.inbox.wake()
    },
    load: ({ id, instance }, count) => {
      this.#context.core.beat(id, instance, null, policyMs(), count)
      this.#context.inbox.wake()
    },
    stop: (agent) => {
      if (agent.stopping) return
      agent.stopping = true
      this.#context.core.bye(agent.id, agent.instance, true, policyMs())
      this.#endWhenIdle(agent)
    },
  }

  #endWhenIdle(agent: LocalAgent): void {
    if (agent.running.size > 0 || !this.#agents.delete(agent.instance)) return
    this.#context.core.bye(agent.id, agent.instance, false, policyMs())
    agent.end()
  }

  cancel(agent: AgentState, counter: number, _dispatchSeq: number, reason: string): void {
    const task = this.#agents.get(agent.instance)?.running.get(counter)
    if (task === undefined) return
    // Not here: who listens may stop its agent, and an effect must not call back into the core.
    queueMicrotask(() => task.abort(new TaskError(reason, `The attempt was given up: ${reason}.`)))
  }

  preempt(record: TaskRecord, agent: AgentState): void {
    const task = this.#agents.get(agent.instance)?.running.get(record.attempt!.counter)
    // Not here: who listens may do anything, and an effect must not call back into the core.
    queueMicrotask(() => task?.preempt())
  }

  /** Never asked: nothing that reaches it waits, be it run one by one or in batches. */
  recall(): void {}

  drain(agent: AgentState): void {
    const local = this.#agents.get(agent.instance)
    if (local === undefined) return
    local.stopping = true
    // Not here: an effect must not call back into the core.
    queueMicrotask(() => this.#endWhenIdle(local))
  }

  fenced(agent: AgentState): void {
    const local = this.#agents.get(agent.instance)
    if (local === undefined) return
    this.#agents.delete(agent.instance)
    const message = `A newer instance of agent "${agent.id}" has taken over.`
    queueMicrotask(() => {
      for (const task of local.running.values()) task.abort(new TaskError('fenced', message))
    })
    local.end(new SignalboxError('fenced', message))
  }

  /** Stops every agent. */
  async stop(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.stop()))
  }

  /** Ends every agent at once, without waiting for what runs; none is given work any more. */
  abandon(): void {
    for (const agent of this.#agents.values()) {
      this.#context.core.bye(agent.id, agent.instance, true, policyMs())
      agent.end()
    }
    this.#agents.clear()
  }
}
