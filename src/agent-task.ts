/**
 * What a handler is given and what becomes of what it does: shared by agents over NATS and agents
 * in the scheduler's own process, so that both behave alike.
 */
import { TaskError } from './errors.ts'
import { LIMITS } from './options.ts'
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
}

export type Handler = (task: AgentTask) => unknown

export interface AgentHandle {
  readonly id: string
  /**
   * Asks for `n` more tasks, 1 to 65,535, of an agent with the option `pull`; of each scheduler, where
   * there are several.
   * @returns when a scheduler has heard it.
   * @throws bad_option, disconnected; no_scheduler when none answers in time.
   */
  pull(n: number): Promise<void>
  /** Takes no new work, finishes what it was given, says bye. */
  stop(): Promise<void>
  /** Settles when the agent has ended: normally, or with `fenced` when a newer one took its id. */
  readonly closed: Promise<void>
}

/** Where progress goes; the transport's side of a running task. */
export type ProgressSink = (bytes: Uint8Array) => void

/** One task in an agent's hands. */
export class AgentTask {
  /** 1 for the first try. */
  readonly attempt: number
  readonly #id: string
  readonly #queue: string
  readonly #type: string
  readonly #payload: Uint8Array
  readonly #progress: ProgressSink | null
  #controller: AbortController | null = null
  #cancelReason: TaskError | null = null

  constructor(
    id: string,
    queue: string,
    attempt: number,
    payload: Uint8Array,
    progress: ProgressSink | null,
    type: string = queue,
  ) {
    this.#id = id
    this.#queue = queue
    this.#type = type
    this.attempt = attempt
    this.#payload = payload
    this.#progress = progress
  }

  get id(): string {
    return this.#id
  }

  get queue(): string {
    return this.#queue
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

  /** Tells how far the work is; shown by `task get`. At most 1 KiB is kept. */
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
}

/** What an attempt came to. A success has `code` null. */
export interface AttemptResult {
  code: string | null
  message: string
  retryable: boolean
  bytes: Uint8Array
  /** Nobody else writes into `bytes`; the handler may into what it returned. */
  isOwn: boolean
}

const EMPTY = new Uint8Array(0)
const SUCCESS_EMPTY: AttemptResult = {
  code: null,
  message: '',
  retryable: false,
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
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

function success(value: unknown): AttemptResult {
  if (value === undefined) return SUCCESS_EMPTY
  try {
    const bytes = encodePayload(value)
    return { code: null, message: '', retryable: false, bytes, isOwn: bytes !== value }
  } catch (error) {
    return failure(error)
  }
}

/** A plain throw is code `error` and may be retried; a `TaskError` says for itself. */
function failure(error: unknown): AttemptResult {
  const text = error instanceof Error ? error.message : String(error)
  const message = text.slice(0, LIMITS.errorMessageBytesMax)
  if (!(error instanceof TaskError)) return failureResult('error', message, true)
  return failureResult(isToken(error.code) ? error.code : 'error', message, error.retryable)
}

/** A failure that the agent itself has to tell of. */
export function failureResult(code: string, message: string, retryable: boolean): AttemptResult {
  return { code, message, retryable, bytes: EMPTY, isOwn: true }
}
