/**
 * Step 7 of 8, result. Before: an agent's answer with its token, or word that nobody was there.
 * After: the attempt has ended, its credit is free, the task is final or back in its lane; or the
 * result is refused because its attempt had ended before.
 */
import { nowUs } from '../clock.ts'
import { ERROR_CODES, SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { ResultAddress } from '../wire/subjects.ts'
import { isToken } from '../wire/tokens.ts'
import { type FrontEndContext, STAGE_WORK } from './context.ts'
import { learnResult } from './learned.ts'

/** What an agent said of an attempt; `code` null is success, with `length` of `bytes`. */
export interface ResultBody {
  code: string | null
  message: string
  retryable: boolean
  bytes: Uint8Array
  start: number
  length: number
}

const EMPTY = new Uint8Array(0)

/** @returns a body to be filled for each result anew. */
export function newResultBody(): ResultBody {
  return { code: null, message: '', retryable: false, bytes: EMPTY, start: 0, length: 0 }
}

/** @returns null when taken, else why it is refused. */
export function takeResult(
  context: FrontEndContext,
  address: Readonly<ResultAddress>,
  body: ResultBody,
): SignalboxError | null {
  const record = context.core.attempt(address.agent, address.slot, address.epoch, address.counter)
  if (typeof record === 'string') return refusedResult(context, record)
  endAttempt(context, record, body, nowUs())
  return null
}

/** The running attempt has a result, be it a failure. @param stampUs when that arrived. */
export function endAttempt(
  context: FrontEndContext,
  record: TaskRecord,
  body: ResultBody,
  stampUs: number,
): void {
  const { core, nowMs } = context
  context.resultUs = stampUs
  context.latency.record(STAGE_WORK, (stampUs - record.attempt!.dispatchedUs) | 0)
  if (body.code === null) {
    if (body.length > context.payloadBytesMax) {
      const message = `The result is ${body.length} bytes, the limit is ${context.payloadBytesMax}.`
      core.failed(record, 'payload_too_large', message, false, nowMs)
      return
    }
    record.view = body.bytes
    record.viewStart = body.start
    record.resultBytes = body.length
    learnResult(context, record, true, stampUs)
    core.succeeded(record, nowMs)
  } else {
    const code = isToken(body.code) ? body.code : 'error'
    const message = body.message.slice(0, LIMITS.errorMessageBytesMax)
    if (body.retryable) learnResult(context, record, false, stampUs)
    core.failed(record, code, message, body.retryable, nowMs)
  }
}

/** Nobody was subscribed to the agent's work subject. */
export function takeNoResponder(context: FrontEndContext, address: Readonly<ResultAddress>): void {
  const { core, nowMs } = context
  const record = core.attempt(address.agent, address.slot, address.epoch, address.counter)
  if (typeof record !== 'string') core.dispatchFailed(record, nowMs)
}

/** @param text at most `progressBytesMax` long. */
export function takeProgress(
  context: FrontEndContext,
  address: Readonly<ResultAddress>,
  text: string,
): void {
  const { core, nowMs } = context
  const record = core.running(address.agent, address.slot, address.epoch, address.counter)
  if (record === null) context.count('late_result')
  else core.heard(record, text, nowMs)
}

function refusedResult(
  context: FrontEndContext,
  code: 'late_result' | 'result_unknown',
): SignalboxError {
  context.count(code)
  return new SignalboxError(code, `${ERROR_CODES[code].meaning} It was not taken.`)
}
