/**
 * Step 1 of 8, receive. Before: a message of NATS or a call of this process. After: a task record in
 * the inbox, or one clear refusal. Main thread, outside of turns; touches nothing but the inbox.
 *
 * The record is made here, once, and is the only thing allocated for a task by us on its way.
 */
import { ERROR_CODES, type ErrorCode } from '../errors.ts'
import { LIMITS } from '../options.ts'
import type { Origin, TaskRecord } from '../policy/task-record.ts'
import type { FrontEndContext } from './context.ts'

export function receive(context: FrontEndContext, record: TaskRecord): void {
  const { payloadBytesMax } = context
  if (record.payloadBytes > payloadBytesMax) {
    const message =
      `The payload is ${record.payloadBytes} bytes, the limit is ${payloadBytesMax}: ` +
      'store it elsewhere and send where it is.'
    refuse(context, record.origin, record.replyTo, 'payload_too_large', message)
  } else if (context.draining) {
    const message = `Scheduler "${context.options.name}" is stopping: submit again to another one.`
    refuse(context, record.origin, record.replyTo, 'stopping', message)
  } else if (!context.inbox.submit(record)) {
    const message =
      `More than ${LIMITS.submitsWaitingMax} tasks or ${LIMITS.submitsWaitingBytesMax} bytes wait ` +
      'to be admitted: slow down and submit again.'
    refuse(context, record.origin, record.replyTo, 'too_many_submits', message)
  }
}

/** Answers and counts one refusal; the only way a submit is ever turned away. */
export function refuse(
  context: FrontEndContext,
  origin: Origin,
  replyTo: unknown,
  code: ErrorCode,
  message: string,
): void {
  context.count(code)
  const { status, retryable } = ERROR_CODES[code]
  origin.refused(replyTo, code, message, status, retryable)
}
