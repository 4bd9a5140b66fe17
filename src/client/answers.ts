/**
 * What the headers of an answer say. Headers are decoded only where there are any: the answer to a
 * call that succeeded has none.
 */
import type { Msg, MsgHdrs } from 'nats'
import { ERROR_CODES, type ErrorCode, SignalboxError, TaskError } from '../errors.ts'
import { HEADER } from '../wire/headers.ts'

const NO_RESPONDERS = 503

/**
 * The bytes of a message that outlive it. What NATS hands out is a view of what was read from the
 * socket, so that one small payload that is kept would keep some 27 KB.
 */
export function ownBytes(data: Uint8Array): Uint8Array {
  return data.byteLength * 2 < data.buffer.byteLength ? Uint8Array.from(data) : data
}

/** @returns whether the NATS server says that nobody listens: an empty 503 of its own. */
export function isNoResponder(msg: Msg): boolean {
  return msg.headers?.code === NO_RESPONDERS && msg.data.length === 0
}

/**
 * @returns null when the headers tell of no error; a TaskError when a task has ended with one, a
 *   SignalboxError when a request was refused.
 */
export function errorOf(headers: MsgHdrs): TaskError | SignalboxError | null {
  if (!headers.has(HEADER.errorCode)) return null
  const code = headers.get(HEADER.code) || 'error'
  const message = headers.get(HEADER.error)
  if (!headers.has(HEADER.state)) return new SignalboxError(knownCode(code), message)
  return new TaskError(code, message, {
    retryable: headers.get(HEADER.retryable) !== '0',
    attempts: Number(headers.get(HEADER.attempt)) || 0,
  })
}

/** A newer scheduler may refuse with a code that this version does not have. */
function knownCode(code: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'error'
}
