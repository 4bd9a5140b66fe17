/**
 * What is said about a task, in the words that all ways of submitting share, and who is told.
 *
 * Runs in the thread that submits. One `Answer` is written again for each answer, whichever way it
 * came (a frame, a message of its own, a call within the process), so that telling allocates
 * nothing; what somebody keeps of it is copied out during the call.
 */
import { ERROR_CODES, type ErrorCode, SignalboxError, TaskError } from '../errors.ts'
import type { TaskState } from '../task.ts'

const NO_BYTES = new Uint8Array(0)

export class Answer {
  /** '' when it was not said. */
  id = ''
  state: TaskState = 'pending'
  waitingFor: string | null = null
  /** '' when the task completed. */
  code = ''
  message = ''
  retryable = false
  attempts = 0
  /** What the result is a range of: bytes that nobody writes to any more. */
  bytes: Uint8Array = NO_BYTES
  start = 0
  length = 0

  setAccepted(id: string, state: TaskState, waitingFor: string | null): void {
    this.id = id
    this.state = state
    this.waitingFor = waitingFor
  }

  setCompleted(id: string, attempts: number, bytes: Uint8Array, start: number, length: number) {
    this.#setEnd(id, 'completed', '', '', false, attempts)
    this.bytes = bytes
    this.start = start
    this.length = length
  }

  setEnded(
    id: string,
    state: TaskState,
    code: string,
    message: string,
    retryable: boolean,
    attempts: number,
  ): void {
    this.#setEnd(id, state, code, message, retryable, attempts)
    this.#setNoBytes()
  }

  setRefused(code: string, message: string, retryable: boolean): void {
    this.#setEnd('', 'pending', code, message, retryable, 0)
    this.#setNoBytes()
  }

  #setEnd(
    id: string,
    state: TaskState,
    code: string,
    message: string,
    retryable: boolean,
    attempts: number,
  ): void {
    this.id = id
    this.state = state
    this.code = code
    this.message = message
    this.retryable = retryable
    this.attempts = attempts
  }

  #setNoBytes(): void {
    this.bytes = NO_BYTES
    this.start = 0
    this.length = 0
  }
}

/** Told of tasks in flight; one object may stand for many, which it knows by their index. */
export interface Taker {
  /** At most once, and only for who asked for it. */
  accepted(index: number, answer: Answer): void
  /** The task is final. Nothing follows. */
  outcome(index: number, answer: Answer): void
  /** The task was not accepted. Nothing follows. */
  refused(index: number, answer: Answer): void
  /** No answer will come, or the task never left. Nothing follows. */
  failed(index: number, error: SignalboxError): void
}

/** @returns the error of a task that ended otherwise than completed. */
export function outcomeError({ code, message, retryable, attempts }: Answer): TaskError {
  return new TaskError(code || 'error', message, { retryable, attempts })
}

/** @returns the error of a refusal. */
export function refusalError({ code, message }: Answer): SignalboxError {
  return new SignalboxError(knownCode(code), message)
}

/** A newer scheduler may refuse with a code that this version does not have. */
export function knownCode(code: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'error'
}
