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
  /** Tasks it runs at a time. Default 1. */
  concurrency?: number
}

export type Handler = (task: AgentTask) => unknown

export interface AgentHandle {
  readonly id: string
  /** Takes no new work, finishes what runs, says bye. */
  stop(): Promise<void>
  /** Settles when the agent has ended: normally, or with `fenced` when a newer one took its id. */
  readonly closed: Promise<void>
}

/** Where progress goes; the transport's side of a running task. */
export type ProgressSink = (bytes: Uint8Array) => void

/** One task in an agent's hands. */
export class AgentTask {
  readonly id: string
  readonly queue: string
  /** 1 for the first try. */
  readonly attempt: number
  readonly payload: Uint8Array
  #controller: AbortController | null = null
  #cancelReason: TaskError | null = null
  readonly #progress: ProgressSink

  constructor(
    id: string,
    queue: string,
    attempt: number,
    payload: Uint8Array,
    progress: ProgressSink,
  ) {
    this.id = id
    this.queue = queue
    this.attempt = attempt
    this.payload = payload
    this.#progress = progress
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
    this.#progress(encodePayload(value).subarray(0, LIMITS.progressBytesMax))
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
}

const EMPTY = new Uint8Array(0)
const SUCCESS_EMPTY: AttemptResult = { code: null, message: '', retryable: false, bytes: EMPTY }

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
    return { code: null, message: '', retryable: false, bytes: encodePayload(value) }
  } catch (error) {
    return failure(error)
  }
}

/** A plain throw is code `error` and may be retried; a `TaskError` says for itself. */
function failure(error: unknown): AttemptResult {
  const message = (error instanceof Error ? error.message : String(error)).slice(
    0,
    LIMITS.errorMessageBytesMax,
  )
  if (error instanceof TaskError) {
    const code = isToken(error.code) ? error.code : 'error'
    return { code, message, retryable: error.retryable, bytes: EMPTY }
  }
  return { code: 'error', message, retryable: true, bytes: EMPTY }
}
