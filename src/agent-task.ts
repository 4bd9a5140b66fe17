/**
 * What a handler is given and what becomes of what it does: shared by agents over NATS and agents
 * in the scheduler's own process, so that both behave alike.
 */
import { TaskError } from './errors.ts'
import type { TaskInputView } from './flow-views.ts'
import { LIMITS } from './options.ts'
import { inputOf, NO_INPUTS } from './task-inputs.ts'
import { decodePayload, encodePayload, payloadText } from './wire/payload.ts'
import { isToken } from './wire/tokens.ts'

export interface AgentOptions {
  /** Its name in subjects, statuses and permissions; made up by default. */
  id?: string
  /** Queues it serves; `['*']` for all. */
  queues: string[]
  capabilities?: string[]
  /** Numbers that tasks may compare: `{ gpu: 24 }` meets `gpu>=24`. At most 64. */
  labels?: Record<string, number>
  /** How good it is at a type of task, 0 to 1, until its results show it. At most 256 types. */
  specializations?: Record<string, number>
  /** Tasks it runs at a time, unless it pulls. Default 1. */
  concurrency?: number
  /**
   * Tasks that may be sent to it beyond those that run, at most 1,024, so that the next is there when
   * one ends; how many are, its scheduler measures. 0 for none. Default 256, with `pull` 0.
   */
  prefetch?: number
  /** It gets and runs only as many tasks as it asks for by `pull(n)`. Default false. */
  pull?: boolean
  /**
   * Its tasks may be asked to stop for a critical one: `task.preempted` is aborted then, and the
   * handler returns `task.yield(checkpoint)`, from which the task goes on, here or elsewhere. Default
   * false.
   */
  preemptible?: boolean
  /**
   * Tasks that were sent and wait here for their turn may be called back for an agent that has nothing
   * to do: they are handed back unseen by the handler. One that was begun never is. Default true.
   */
  recall?: boolean
  /**
   * It may decline a task by throwing a `TaskError` of code `declined`: that is no failure, and the task
   * goes to each other agent once. Default false: what is assigned is to be done.
   */
  declines?: boolean
  /** See `BatchAgentOptions`. */
  batch?: undefined
}

/** Options of an agent whose handler takes several tasks at once. */
export interface BatchAgentOptions extends Omit<AgentOptions, 'batch'> {
  /**
   * Tasks of one queue of a call of the handler, 1 to 64: of those that are in hand together and may run,
   * so that a `concurrency` of as much is of use. It never waits for more.
   */
  batch: number
}

export type Handler = (task: AgentTask) => unknown

/**
 * Takes tasks of one queue and returns as many results in their order, or a promise of them. One that
 * is a `TaskError` fails its task, what `task.yield()` gave yields it; what the handler throws fails
 * all.
 */
export type BatchHandler = (tasks: AgentTask[]) => readonly unknown[] | Promise<readonly unknown[]>

export interface AgentHandle {
  readonly id: string
  /**
   * Asks for `n` more tasks, 1 to 65,535, of an agent with the option `pull`; of each scheduler, where
   * there are several.
   * @returns when a scheduler has heard it.
   * @throws bad_option, disconnected; no_scheduler when none answers in time.
   */
  pull(n: number): Promise<void>
  /**
   * Says that the agent has `n` tasks in hand, 0 to 65,535, that no scheduler gave it, until it says
   * another number: it gets so many fewer, unless it pulls. Told within 50 ms, and by every beat. With
   * several schedulers, each counts what the others gave it too while `n` is not 0.
   * @throws bad_option
   */
  load(n: number): void
  /** Takes no new work, finishes what it was given, says bye. */
  stop(): Promise<void>
  /** Settles when the agent has ended: normally, or with `fenced` when a newer one took its id. */
  readonly closed: Promise<void>
}

/** Where progress goes; the transport's side of a running task. */
export type ProgressSink = (bytes: Uint8Array) => void

const EMPTY = new Uint8Array(0)

/** What a handler returns, or throws, to hand an interrupted task back; made by `task.yield`. */
export class TaskYield {
  /** Empty where there is nothing to go on from. */
  readonly checkpoint: Uint8Array

  constructor(checkpoint: Uint8Array) {
    this.checkpoint = checkpoint
  }
}

/** What few tasks have. */
export interface TaskDetails {
  /** Where it was submitted; '' for the queue that serves it. */
  readonly sourceQueue: string
  /** What the attempt before handed back. */
  readonly checkpoint: Uint8Array | null
  /** The flow that it came with, and its name there; missing outside of one. */
  readonly flow?: string
  readonly node?: string
  /** Results that it may read; missing where there are none. */
  readonly inputs?: InputSource
}

/** Results that a running task may read, wherever they lie: the transport's side of them. */
export interface InputSource {
  /** What there is, without the bytes. */
  readonly list: readonly TaskInputView[]
  /**
   * The bytes of one of the list that has some, the caller's own to keep and to write into.
   * @returns a promise that rejects with a `TaskError`: `input_unknown` when they are not kept any more,
   *   `late_result` when the attempt has ended, a retryable one when nobody answers.
   */
  fetch(name: string): Promise<Uint8Array>
}

const NO_DETAILS: TaskDetails = { sourceQueue: '', checkpoint: null }

/** One task in an agent's hands. */
export class AgentTask {
  /** 1 for the first try. */
  readonly attempt: number
  readonly #id: string
  readonly #queue: string
  readonly #type: string
  readonly #payload: Uint8Array
  readonly #progress: ProgressSink | null
  readonly #details: TaskDetails
  #controller: AbortController | null = null
  #cancelReason: TaskError | null = null
  #preempted: AbortController | null = null
  #isPreempted = false

  constructor(
    id: string,
    queue: string,
    attempt: number,
    payload: Uint8Array,
    progress: ProgressSink | null,
    type: string = queue,
    details: TaskDetails = NO_DETAILS,
  ) {
    this.#id = id
    this.#queue = queue
    this.#type = type
    this.attempt = attempt
    this.#payload = payload
    this.#progress = progress
    this.#details = details
  }

  get id(): string {
    return this.#id
  }

  /** The queue that serves it. */
  get queue(): string {
    return this.#queue
  }

  /** Where it was submitted: another than `queue` when it was moved there. */
  get sourceQueue(): string {
    return this.details.sourceQueue || this.queue
  }

  /** What an attempt before this handed back by `yield`; null where there is nothing. */
  get checkpoint(): Uint8Array | null {
    return this.details.checkpoint
  }

  /** The checkpoint as JSON; undefined where there is none. *Throws* SyntaxError when it is none. */
  checkpointJson<T = unknown>(): T | undefined {
    const { checkpoint } = this
    return checkpoint === null ? undefined : decodePayload<T>(checkpoint)
  }

  protected get details(): TaskDetails {
    return this.#details
  }

  /** The flow that it came with; null outside of one. */
  get flow(): string | null {
    return this.details.flow ?? null
  }

  /** What it is called in its flow; null outside of one. */
  get node(): string | null {
    return this.details.node ?? null
  }

  /** Results that it may read by their names: of tasks that it depends on, of stages behind it, of votes. */
  get inputs(): readonly TaskInputView[] {
    return this.details.inputs?.list ?? NO_INPUTS
  }

  /**
   * One of `inputs` as JSON, undefined where it is empty; while the task runs.
   * @throws SyntaxError when it is none; and as `inputBytes`
   */
  async input<T = unknown>(name: string): Promise<T> {
    return decodePayload<T>(await this.inputBytes(name))
  }

  /**
   * One of `inputs`, the handler's own to keep and to write into; while the task runs.
   * @throws TaskError input_unknown when there is none of that name, or it has no result; either fails the
   *   attempt if it is not caught.
   */
  async inputBytes(name: string): Promise<Uint8Array> {
    const { inputs } = this.details
    inputOf(inputs?.list ?? NO_INPUTS, name)
    return inputs!.fetch(name)
  }

  /** What kind of work it is; the queue's name where its submitter said nothing else. */
  get type(): string {
    return this.#type
  }

  /** The handler's own, to keep and to write into. A small one may share its buffer with others. */
  get payload(): Uint8Array {
    return this.#payload
  }

  /** The payload as JSON. *Throws* SyntaxError when it is none, which fails the task as `error`. */
  json<T = unknown>(): T {
    return decodePayload<T>(this.payload)
  }

  text(): string {
    return payloadText(this.payload)
  }

  /** Aborted when the task is cancelled, timed out or the agent is fenced. Made on first use. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#cancelReason !== null) this.#controller.abort(this.#cancelReason)
    }
    return this.#controller.signal
  }

  /** Aborted when the task is to make room for a critical one, of a `preemptible` agent. Made on first use. */
  get preempted(): AbortSignal {
    if (this.#preempted === null) {
      this.#preempted = new AbortController()
      if (this.#isPreempted) this.#preempted.abort(preemption())
    }
    return this.#preempted.signal
  }

  /**
   * Hands the task back, when `preempted` says so: return what this gives, or throw it.
   *
   * ```
   * for (const page of pages.slice(task.checkpointJson<number>() ?? 0)) {
   *   if (task.preempted.aborted) return task.yield(page.number)
   *   await scan(page)
   * }
   * ```
   *
   * @param checkpoint bytes or JSON, at most 4 KiB, which the next attempt has as `checkpoint`.
   * @throws TaskError not_preempted when nobody has asked for it, payload_too_large beyond 4 KiB;
   *   either fails the attempt if it is not caught.
   */
  yield(checkpoint?: unknown): TaskYield {
    if (!this.#isPreempted) {
      throw new TaskError(
        'not_preempted',
        'The task was not asked to stop: yield only when `task.preempted.aborted` is true.',
      )
    }
    const bytes = checkpoint === undefined ? EMPTY : encodePayload(checkpoint)
    if (bytes.length <= LIMITS.checkpointBytesMax) return new TaskYield(bytes)
    const { checkpointBytesMax: max } = LIMITS
    throw new TaskError(
      'payload_too_large',
      `The checkpoint is ${bytes.length} bytes, the limit is ${max}: store it elsewhere and yield ` +
        'where it is.',
      { retryable: false },
    )
  }

  /**
   * Tells how far the work is; shown by `task get`. At most 1 KiB is kept. It is the heartbeat of a
   * task whose queue has a `heartbeatTimeoutMs`.
   */
  progress(value: unknown): void {
    this.sendProgress(encodePayload(value).subarray(0, LIMITS.progressBytesMax))
  }

  protected sendProgress(bytes: Uint8Array): void {
    this.#progress?.(bytes)
  }

  /** For transports: the scheduler has given the attempt up. */
  abort(reason: TaskError): void {
    this.#cancelReason = reason
    this.#controller?.abort(reason)
  }

  /** For transports: the scheduler asks for the task to be handed back. */
  preempt(): void {
    this.#isPreempted = true
    this.#preempted?.abort(preemption())
  }
}

function preemption(): TaskError {
  return new TaskError('preempted', 'The task is to make room for a critical one: yield.')
}

/** What an attempt came to. A success has `code` null. */
export interface AttemptResult {
  code: string | null
  message: string
  retryable: boolean
  /** It was handed back: `bytes` are its checkpoint. */
  yields: boolean
  bytes: Uint8Array
  /** Nobody else writes into `bytes`; the handler may into what it returned. */
  isOwn: boolean
}

const SUCCESS_EMPTY: AttemptResult = {
  code: null,
  message: '',
  retryable: false,
  yields: false,
  bytes: EMPTY,
  isOwn: true,
}

/**
 * Runs a user's handler.
 * @returns the result itself when the handler is synchronous, else a promise that never rejects.
 */
export function runHandler(
  handler: Handler,
  task: AgentTask,
): AttemptResult | Promise<AttemptResult> {
  try {
    const value = handler(task)
    if (isThenable(value)) return Promise.resolve(value).then(success, failure)
    return success(value)
  } catch (error) {
    return failure(error)
  }
}

/** Also promises of another kind than ours. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

/** @returns the result that a handler's value is. */
export function success(value: unknown): AttemptResult {
  if (value === undefined) return SUCCESS_EMPTY
  if (value instanceof TaskYield) return handedBack(value)
  try {
    const bytes = encodePayload(value)
    const isOwn = bytes !== value
    return { code: null, message: '', retryable: false, yields: false, bytes, isOwn }
  } catch (error) {
    return failure(error)
  }
}

function handedBack({ checkpoint: bytes }: TaskYield): AttemptResult {
  return { code: null, message: '', retryable: false, yields: true, bytes, isOwn: false }
}

/** A plain throw is code `error` and may be retried; a `TaskError` says for itself. */
export function failure(error: unknown): AttemptResult {
  if (error instanceof TaskYield) return handedBack(error)
  const text = error instanceof Error ? error.message : String(error)
  const message = text.slice(0, LIMITS.errorMessageBytesMax)
  if (!(error instanceof TaskError)) return failureResult('error', message, true)
  return failureResult(isToken(error.code) ? error.code : 'error', message, error.retryable)
}

/** A failure that the agent itself has to tell of. */
export function failureResult(code: string, message: string, retryable: boolean): AttemptResult {
  return { code, message, retryable, yields: false, bytes: EMPTY, isOwn: true }
}
