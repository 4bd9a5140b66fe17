/**
 * Step 7 of 8, result. Before: an agent's answer with its token, or word that nobody was there.
 * After: the attempt has ended, its credit is free, the task is final or back in its lane; or the
 * result is refused because its attempt had ended before.
 */
import { nowUs } from '../clock.ts'
import { ERROR_CODES, SignalboxError } from '../errors.ts'
import type { NextStage } from '../options.ts'
import { LIMITS } from '../options.ts'
import { RUNNING, type TaskRecord } from '../policy/task-record.ts'
import type { ResultAddress } from '../wire/subjects.ts'
import { isToken } from '../wire/tokens.ts'
import { dispatchMoved } from './commit.ts'
import { type FrontEndContext, STAGE_WORK } from './context.ts'
import { learnResult } from './learned.ts'
import { BAD_RESULT, hasRules, nextStage } from './next-stage.ts'

/** What an agent said of an attempt; `code` null is success, with `length` of `bytes`. */
export interface ResultBody {
  code: string | null
  message: string
  retryable: boolean
  /** It was asked to stop, and did: the bytes are its checkpoint, if there are any. */
  yields: boolean
  bytes: Uint8Array
  start: number
  length: number
}

const EMPTY = new Uint8Array(0)
/** Code of an agent that will not do a task: of one that may say so, no failure. */
const DECLINED = 'declined'

/** @returns a body to be filled for each result anew. */
export function newResultBody(): ResultBody {
  return {
    code: null,
    message: '',
    retryable: false,
    yields: false,
    bytes: EMPTY,
    start: 0,
    length: 0,
  }
}

/** @returns null when taken, else why it is refused. */
export function takeResult(
  context: FrontEndContext,
  address: Readonly<ResultAddress>,
  body: ResultBody,
): SignalboxError | null {
  const record = context.core.attempt(address.agent, address.slot, address.epoch, address.counter)
  if (typeof record === 'string') return refusedResult(context, record)
  if (isPersons(record)) return refusedResult(context, 'result_unknown')
  return endAttempt(context, record, body, nowUs())
}

/**
 * The running attempt has a result, be it a failure, or is handed back.
 * @param stampUs when that arrived.
 * @returns null, or why it goes on: it was handed back and nobody had asked for that.
 */
export function endAttempt(
  context: FrontEndContext,
  record: TaskRecord,
  body: ResultBody,
  stampUs: number,
): SignalboxError | null {
  if (body.yields) return handBack(context, record, body)
  finishAttempt(context, record, body, stampUs)
  return null
}

function handBack(
  context: FrontEndContext,
  record: TaskRecord,
  { bytes, start, length }: ResultBody,
): SignalboxError | null {
  const { core, nowMs } = context
  const { checkpointBytesMax: max } = LIMITS
  if (length > max) {
    const message = `The checkpoint is ${length} bytes, the limit is ${max}.`
    core.failed(record, 'payload_too_large', message, false, nowMs)
    return null
  }
  // The message's memory is not kept for its sake.
  const checkpoint = length === 0 ? null : Uint8Array.from(bytes.subarray(start, start + length))
  if (core.yielded(record, checkpoint, nowMs) === null) {
    // Called back, and begun elsewhere.
    if (record.state === RUNNING) dispatchMoved(context, record)
    return null
  }
  context.count('preempted')
  const message = 'The attempt was not asked to stop: go on, and send its result.'
  return new SignalboxError('preempted', message)
}

function finishAttempt(
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
    let next: NextStage | null = null
    if (hasRules(record)) {
      const found = nextStage(record, body.bytes, body.start, body.length)
      if (found === BAD_RESULT) {
        const message = `The result is no JSON, which the rules of queue "${record.cls!.queue.name}" read.`
        core.failed(record, BAD_RESULT, message, false, nowMs)
        return
      }
      next = found
    }
    record.view = body.bytes
    record.viewStart = body.start
    record.resultBytes = body.length
    learnResult(context, record, true, stampUs)
    core.succeeded(record, nowMs, next)
  } else {
    if (body.code === DECLINED && record.attempt!.agent!.declines) {
      core.declined(record, nowMs)
      return
    }
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
  if (typeof record !== 'string' && !isPersons(record)) core.dispatchFailed(record, nowMs)
}

/** @param text at most `progressBytesMax` long. */
export function takeProgress(
  context: FrontEndContext,
  address: Readonly<ResultAddress>,
  text: string,
): void {
  const { core, nowMs } = context
  const record = core.running(address.agent, address.slot, address.epoch, address.counter)
  if (record === null || isPersons(record)) context.count('late_result')
  else core.heard(record, text, nowMs)
}

/** What lies in an inbox ends by what its person says (`calls/people.ts`), and by no message. */
export function isPersons(record: TaskRecord): boolean {
  return record.attempt!.agent!.claims
}

function refusedResult(
  context: FrontEndContext,
  code: 'late_result' | 'result_unknown',
): SignalboxError {
  context.count(code)
  return new SignalboxError(code, `${ERROR_CODES[code].meaning} It was not taken.`)
}
