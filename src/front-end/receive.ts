/**
 * Step 1 of 8, receive. Before: a message of NATS or a call of this process. After: a task record in
 * the inbox, or one clear refusal. Main thread, outside of turns; touches nothing but the inbox.
 *
 * The record is made before, once, and is the only thing that we allocate for a task on its way; at a
 * steady load it is a used one.
 */
import { ERROR_CODES, type ErrorCode } from '../errors.ts'
import { LIMITS } from '../options.ts'
import type { Origin, TaskRecord } from '../policy/task-record.ts'
import type { FrontEndContext } from './context.ts'

/** @param record from `context.records`; whether it is taken or not, it is the front end's now. */
export function receive(context: FrontEndContext, record: TaskRecord): void {
  const { payloadBytesMax } = context
  if (record.payloadBytes > payloadBytesMax) {
    const message =
      `The payload is ${record.payloadBytes} bytes, the limit is ${payloadBytesMax}: ` +
      'store it elsewhere and send where it is.'
    refuseRecord(context, record, 'payload_too_large', message)
  } else if (context.draining) {
    const message = `Scheduler "${context.options.name}" is stopping: submit again to another one.`
    refuseRecord(context, record, 'stopping', message)
  } else if (!context.inbox.submit(record)) {
    const message =
      `More than ${LIMITS.submitsWaitingMax} tasks or ${LIMITS.submitsWaitingBytesMax} bytes wait ` +
      'to be admitted: slow down and submit again.'
    refuseRecord(context, record, 'too_many_submits', message)
  }
}

/** As `refuse`, of a task that has a record already; that is nobody's from then on. */
export function refuseRecord(
  context: FrontEndContext,
  record: TaskRecord,
  code: ErrorCode,
  message: string,
): void {
  refuse(context, record.origin, record.replyTo, code, message)
  context.records.forget(record)
}

/** Answers and counts one refusal; the only way a submit is ever turned away. */
export function refuse(
  context: FrontEndContext,
  origin: Pick<Origin, 'refused'>,
  replyTo: unknown,
  code: ErrorCode,
  message: string,
): void {
  context.count(code)
  const { status, retryable } = ERROR_CODES[code]
  origin.refused(replyTo, code, message, status, retryable)
}
