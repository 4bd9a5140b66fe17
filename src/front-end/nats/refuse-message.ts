/** Refusing a message as a whole: one answer, and one count of its reason. Main thread. */
import type { Msg } from 'nats'
import type { SignalboxError } from '../../errors.ts'
import { frameNumber } from '../../wire/frames.ts'
import { errorHeaders, HEADER } from '../../wire/headers.ts'
import type { FrontEndContext } from '../context.ts'
import type { Outlet } from './outlet.ts'

/** Counted where results are taken, in whichever form they came. */
const COUNTED: readonly string[] = ['late_result', 'result_unknown', 'preempted']

export function refuseMessage(
  context: FrontEndContext,
  outlet: Outlet,
  msg: Msg,
  error: SignalboxError,
): void {
  if (!COUNTED.includes(error.code)) context.count(error.code)
  outlet.answerError(msg.reply, error)
}

/** In plain form, as the sender may not speak ours; the answer names the frame where it can. */
export function refuseFrame(
  context: FrontEndContext,
  outlet: Outlet,
  msg: Msg,
  { code, message, status, retryable }: SignalboxError,
): void {
  context.count(code)
  const number = frameNumber(msg.data)
  const named = number < 0 ? [] : [`${HEADER.frame}: ${number}`]
  outlet.answer(msg.reply, undefined, errorHeaders(status, message, code, retryable, ...named))
}
