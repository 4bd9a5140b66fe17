/**
 * Agents in this process. Their handlers run at the end of the turn, never inside a step of the
 * path; their results arrive in the inbox like any other. They hold no lease: they are here as long
 * as the process is.
 */
import { checkHello, checkPull } from '../../agent-options.ts'
import {
  type AgentHandle,
  type AgentOptions,
  AgentTask,
  type AttemptResult,
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
import { type ResultBody, takeProgress, takeResult } from '../result.ts'
import type { AgentPort, Arrival } from '../transport.ts'

interface Finished {
  agent: LocalAgent
  address: ResultAddress
  body: ResultBody
}

interface Progressed {
  address: ResultAddress
  bytes: Uint8Array
}

/** What its scheduler does for an agent of this process. */
interface LocalWays {
  pull(agent: LocalAgent, count: number): void
  stop(agent: LocalAgent): void
}

/** One agent of this process. */
class LocalAgent implements AgentHandle {
  readonly id: string
  readonly instance: string
  readonly isPuller: boolean
  readonly handler: Handler
  /** Running tasks by attempt. */
  readonly running = new Map<number, AgentTask>()
  readonly closed: Promise<void>
  readonly #ways: LocalWays
  #resolveClosed!: () => void
  #rejectClosed!: (error: Error) => void
  stopping = false

  constructor(id: string, { instance, pull }: Hello, handler: Handler, ways: LocalWays) {
    this.id = id
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
  readonly #work: (() => void)[] = []

  constructor(context: FrontEndContext) {
    this.#context = context
  }

  /** @throws bad_token, bad_concurrency, bad_option, too_many_agents */
  join(options: AgentOptions, handler: Handler): AgentHandle {
    const { id, hello } = checkHello(options)
    const agent = new LocalAgent(id, hello, handler, this.#ways)
    const spec = { ...hello, id, keeps: false, leased: false, link: this }
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
      record.id,
      record.queueName,
      record.attempts,
      Uint8Array.from(arena.get(record.payload, record.payloadBytes)),
      (bytes) => inbox.arrive(this.#progress, { address, bytes }),
      record.cls!.type,
    )
    local.running.set(counter, task)
    this.#work.push(() => this.#run(local, task, address))
  }

  /** What is dispatched in this process arrives. */
  repeat(): void {}

  #run(agent: LocalAgent, task: AgentTask, address: ResultAddress): void {
    const outcome = runHandler(agent.handler, task)
    if (outcome instanceof Promise) {
      outcome.then((result) => this.#finished(agent, address, result))
    } else this.#finished(agent, address, outcome)
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
    for (let i = 0; i < length; i++) this.#work[i]()
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
