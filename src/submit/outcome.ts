/**
 * What became of one task of many, as its submitter gets to see it.
 *
 * Runs in the thread that submits. Invariant: an outcome never changes after it was given out.
 *
 * Its result is a range of the frame that brought it until somebody asks for the bytes, which are
 * then copied: most results are read once, as JSON, and need no copy.
 */
import type { Outcome, OutcomeState } from '../api.ts'
import type { SignalboxError } from '../errors.ts'
import { copyBytes } from '../wire/copy-bytes.ts'
import { decodePayload } from '../wire/payload.ts'
import type { Answer } from './answer.ts'

const NO_BYTES = new Uint8Array(0)

/** After these it is not known whether the task was accepted, or what became of it. */
const UNKNOWN_AFTER: readonly string[] = [
  'disconnected',
  'no_scheduler',
  'task_unknown',
  'stopping',
  'bad_body',
]

export class TaskOutcome implements Outcome {
  readonly index: number
  readonly state: OutcomeState
  readonly code: string | null
  readonly message: string
  readonly retryable: boolean
  readonly attempts: number
  #bytes: Uint8Array
  #start: number
  readonly #length: number
  #owned: boolean

  constructor(index: number, state: OutcomeState, answer: Answer) {
    this.index = index
    this.state = state
    this.code = answer.code === '' ? null : answer.code
    this.message = answer.message
    this.retryable = answer.retryable
    this.attempts = answer.attempts
    this.#length = answer.length
    this.#bytes = answer.length === 0 ? NO_BYTES : answer.bytes
    this.#start = answer.length === 0 ? 0 : answer.start
    this.#owned = answer.length === 0
  }

  get bytes(): Uint8Array {
    if (!this.#owned) {
      this.#bytes = copyOf(this.#bytes, this.#start, this.#length)
      this.#start = 0
      this.#owned = true
    }
    return this.#bytes
  }

  json<T = unknown>(): T {
    return decodePayload<T>(this.#bytes.subarray(this.#start, this.#start + this.#length))
  }
}

/** @returns the state of a task of which nothing more will be heard. */
export function stateAfter(error: SignalboxError): OutcomeState {
  return UNKNOWN_AFTER.includes(error.code) ? 'unknown' : 'refused'
}

/**
 * The bytes of a result that outlive its message. What NATS hands out is a view of what was read
 * from the socket, so that one small payload that is kept would keep some 27 KB.
 */
export function ownResult({ bytes, start, length }: Answer): Uint8Array {
  return length * 2 < bytes.buffer.byteLength
    ? copyOf(bytes, start, length)
    : new Uint8Array(bytes.buffer, bytes.byteOffset + start, length)
}

/** A `Uint8Array` of its own, also of a `Buffer`, whose `slice` copies nothing. */
function copyOf(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const own = new Uint8Array(length)
  copyBytes(own, 0, bytes, start, length)
  return own
}
