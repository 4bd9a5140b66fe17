/**
 * Submitting over NATS. `run` is one request on `sb.call` whose reply is the outcome; `submit` is
 * one on `sb.task` with `Sb-Outcome: 1`, whose first reply is the acceptance and whose second is the
 * outcome.
 *
 *   sent ──► accepted (submit only) ──► outcome
 *     └── refused, timed out, connection lost (recovery.ts)
 *
 * Everything is checked before anything goes out. The usual way of `run` has no headers in either
 * direction and allocates one waiter besides its promise. `run` has no time-out of its own: how
 * long a task may wait for an agent is its submitter's to say, by cancelling it.
 */
import type { MsgHdrs } from 'nats'
import type { TaskHandle } from '../api.ts'
import { SignalboxError } from '../errors.ts'
import { PRIORITY_DEFAULT, type SubmitOptions } from '../task.ts'
import { type EncodedHeaders, encodeHeaders, HEADER } from '../wire/headers.ts'
import { encodePayload } from '../wire/payload.ts'
import { type CheckedOptions, checkOptions, NO_OPTIONS } from '../wire/submit-options.ts'
import { quote, requireToken } from '../wire/tokens.ts'
import type { Inbox } from './inbox.ts'
import { disconnected, type Link } from './link.ts'
import { type Awaited, Call, Submit } from './outcomes.ts'

const WANTS_OUTCOME = `${HEADER.outcome}: 1`
const ONLY_OUTCOME = encodeHeaders(WANTS_OUTCOME)

export class Submitter {
  readonly #link: Link
  readonly #inbox: Inbox
  /** Reused for every publish, which reads it before it returns. */
  readonly #publishOptions: { reply: string; headers?: MsgHdrs } = { reply: '' }

  constructor(link: Link, inbox: Inbox) {
    this.#link = link
    this.#inbox = inbox
  }

  run<T>(queue: string, payload: unknown, options: SubmitOptions | undefined): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      const checked = checkOptions(options)
      const subject = this.#link.subjects.call(requireToken(queue, 'queue'), levelOf(checked))
      const headers = checked === NO_OPTIONS ? undefined : optionHeaders(checked, false)
      const call = new Call(subject, queue, checked.id, resolve, reject)
      this.#send(call, encodePayload(payload), headers)
    }) as Promise<T>
  }

  submit(queue: string, payload: unknown, options: SubmitOptions | undefined): Promise<TaskHandle> {
    return new Promise((resolve, reject) => {
      const checked = checkOptions(options)
      const subject = this.#link.subjects.task(requireToken(queue, 'queue'), levelOf(checked))
      const headers = checked === NO_OPTIONS ? ONLY_OUTCOME : optionHeaders(checked, true)
      const submit = new Submit(subject, queue, resolve, reject)
      const number = this.#send(submit, encodePayload(payload), headers)
      const { timeoutMs } = this.#link
      submit.timer = setTimeout(() => this.#inbox.fail(number, this.#unanswered()), timeoutMs)
    })
  }

  #send(awaited: Awaited, payload: Uint8Array, headers: EncodedHeaders | undefined): number {
    if (!this.#link.connected) throw disconnected('nothing was submitted')
    const number = this.#inbox.add(awaited)
    const options = this.#publishOptions
    options.reply = this.#inbox.replyTo(number)
    options.headers = headers as MsgHdrs | undefined
    try {
      this.#link.nc.publish(awaited.subject, payload, options)
    } catch (error) {
      this.#inbox.remove(number)
      throw publishError(error, payload)
    }
    return number
  }

  #unanswered(): SignalboxError {
    const { connected, timeoutMs } = this.#link
    if (!connected) return disconnected('whether the task was accepted is unknown')
    return new SignalboxError(
      'no_scheduler',
      `No scheduler answered within ${timeoutMs} ms. Submit again with the same id: what was ` +
        'accepted is not run twice.',
    )
  }
}

function levelOf({ level }: Readonly<CheckedOptions>): number | undefined {
  return level === PRIORITY_DEFAULT ? undefined : level
}

/** @returns undefined when every option is told by the subject or left to the queue. */
function optionHeaders(
  checked: Readonly<CheckedOptions>,
  wantsOutcome: boolean,
): EncodedHeaders | undefined {
  const lines: string[] = []
  if (checked.id !== null) lines.push(`${HEADER.id}: ${checked.id}`)
  if (checked.requires.length > 0) lines.push(`${HEADER.requires}: ${checked.requires.join(',')}`)
  if (checked.timeoutMs !== null) lines.push(`${HEADER.timeoutMs}: ${checked.timeoutMs}`)
  if (checked.retryCount !== null) lines.push(`${HEADER.retryCount}: ${checked.retryCount}`)
  if (wantsOutcome) lines.push(WANTS_OUTCOME)
  return lines.length === 0 ? undefined : encodeHeaders(...lines)
}

function publishError(cause: unknown, payload: Uint8Array): unknown {
  const code = (cause as { code?: string }).code
  if (code === 'MAX_PAYLOAD_EXCEEDED') {
    return new SignalboxError(
      'payload_too_large',
      `The payload is ${payload.length} bytes, more than the NATS server takes: ` +
        'store it elsewhere and send where it is.',
      { cause },
    )
  }
  if (code === 'CONNECTION_CLOSED' || code === 'CONNECTION_DRAINING') {
    return disconnected(`the client was closed (${quote(code)})`)
  }
  return cause
}
