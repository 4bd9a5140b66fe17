/**
 * Submitting in the plain form, one task a message: the options are headers, and the reply subject
 * ends in the task's number.
 *
 * Runs in the thread of the client's connection. Invariant: a task that could not be handed to the
 * connection is told so at once.
 *
 * It is used for queues whose frames nobody takes, for tasks that depend on others or are decided by
 * several agents, of which frames cannot tell, and for payloads that would fill a frame alone: these gain
 * nothing from one and would only be copied once more.
 */
import type { MsgHdrs } from 'nats'
import { SignalboxError } from '../../errors.ts'
import { MATCHES } from '../../options.ts'
import { WANTS_ACCEPTED, WANTS_OUTCOME } from '../../submit/in-flight.ts'
import type { ItemOptions } from '../../submit/port.ts'
import type { OwnPromises, TaskAfter, TaskVotes } from '../../task.ts'
import type { SubmitExtension } from '../../wire/frames.ts'
import { type EncodedHeaders, encodeHeaders, HEADER } from '../../wire/headers.ts'
import { quote } from '../../wire/tokens.ts'
import { disconnected, type Link } from '../link.ts'
import type { Lane } from './lane.ts'

const WANTS_OUTCOME_LINE = `${HEADER.outcome}: 1`
const ONLY_OUTCOME = encodeHeaders(WANTS_OUTCOME_LINE)

/** Begins the last token of a task's reply subject; digits alone are those of other requests. */
export const TASK_REPLY = 't'

/** Of an item's options what headers say. */
export type PlainOptions = Pick<
  ItemOptions,
  | 'requiresText'
  | 'timeoutMs'
  | 'retryCount'
  | 'wants'
  | 'extension'
  | 'own'
  | 'atMs'
  | 'after'
  | 'votes'
>

export class PlainForm {
  readonly #link: Link
  readonly #inbox: string
  /** Reused for every publish, which reads it before it returns. */
  readonly #publishOptions: { reply: string; headers?: MsgHdrs } = { reply: '' }

  /** @param inbox the part of reply subjects before their last token, with its dot. */
  constructor(link: Link, inbox: string) {
    this.#link = link
    this.#inbox = inbox
  }

  /**
   * @param payload must not be written to before the connection has sent it, in a microtask.
   * @returns why it could not be sent; null when it was.
   */
  publish(
    lane: Lane,
    options: PlainOptions,
    number: number,
    id: string,
    payload: Uint8Array,
  ): SignalboxError | null {
    const publishOptions = this.#publishOptions
    publishOptions.reply = `${this.#inbox}${TASK_REPLY}${number}`
    publishOptions.headers = optionHeaders(options, id) as MsgHdrs | undefined
    try {
      this.#link.nc.publish(subjectOf(lane, options.wants), payload, publishOptions)
      return null
    } catch (error) {
      return publishError(error, payload.length)
    }
  }
}

/** @param wants flags of in-flight.ts. @returns where such a task goes in the plain form. */
export function subjectOf(lane: Lane, wants: number): string {
  return (wants & WANTS_ACCEPTED) === 0 ? lane.callSubject : lane.taskSubject
}

/** @returns undefined when every option is told by the subject or left to the queue. */
function optionHeaders(options: PlainOptions, id: string): EncodedHeaders | undefined {
  const { requiresText, timeoutMs, retryCount, wants, extension, own, atMs, after, votes } = options
  const tellsOutcome = wants === (WANTS_ACCEPTED | WANTS_OUTCOME)
  const saysNoPromise = own === null && atMs === null
  const isAlone = after === null && votes === null
  const isPlain =
    timeoutMs === null && retryCount === null && extension === null && saysNoPromise && isAlone
  if (isPlain && id === '' && requiresText === '') {
    return tellsOutcome ? ONLY_OUTCOME : undefined
  }
  const lines: string[] = []
  if (id !== '') lines.push(`${HEADER.id}: ${id}`)
  if (requiresText !== '') lines.push(`${HEADER.requires}: ${requiresText}`)
  if (timeoutMs !== null) lines.push(`${HEADER.timeoutMs}: ${timeoutMs}`)
  if (retryCount !== null) lines.push(`${HEADER.retryCount}: ${retryCount}`)
  if (extension !== null) lines.push(...extensionLines(extension))
  if (own !== null) lines.push(...promiseLines(own))
  if (atMs !== null) lines.push(`${HEADER.at}: ${atMs}`)
  if (after !== null) lines.push(...parentLines(after))
  if (votes !== null) lines.push(...voteLines(votes))
  if (tellsOutcome) lines.push(WANTS_OUTCOME_LINE)
  return encodeHeaders(...lines)
}

function extensionLines({ type, strategy, match, prefers, key }: SubmitExtension): string[] {
  const lines: string[] = []
  if (type !== '') lines.push(`${HEADER.type}: ${type}`)
  if (strategy !== '') lines.push(`${HEADER.strategy}: ${strategy}`)
  if (match !== 0) lines.push(`${HEADER.match}: ${MATCHES[match - 1]}`)
  if (prefers !== '') lines.push(`${HEADER.prefers}: ${prefers}`)
  if (key !== '') lines.push(`${HEADER.key}: ${key}`)
  return lines
}

function promiseLines(own: OwnPromises): string[] {
  const { ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs } = own
  const lines: string[] = []
  if (ttlMs !== null) lines.push(`${HEADER.ttlMs}: ${ttlMs}`)
  if (deadlineMs !== null) lines.push(`${HEADER.deadlineMs}: ${deadlineMs}`)
  if (slaTargetMs !== null) lines.push(`${HEADER.slaTargetMs}: ${slaTargetMs}`)
  if (retryDelayMs !== null) lines.push(`${HEADER.retryDelayMs}: ${retryDelayMs}`)
  if (delayMs > 0) lines.push(`${HEADER.delayMs}: ${delayMs}`)
  return lines
}

function parentLines({ ids, onFailure }: TaskAfter): string[] {
  return [`${HEADER.after}: ${ids.join(',')}`, `${HEADER.onParentFailure}: ${onFailure}`]
}

function voteLines({ voters, decide, by }: TaskVotes): string[] {
  const lines: string[] = []
  if (voters !== null) lines.push(`${HEADER.voters}: ${voters}`)
  if (decide !== null) lines.push(`${HEADER.decide}: ${decide}`)
  if (by !== null) lines.push(`${HEADER.decideBy}: ${by}`)
  return lines
}

function publishError(cause: unknown, payloadBytes: number): SignalboxError {
  const { code, message } = cause as { code?: string; message?: string }
  if (code === 'MAX_PAYLOAD_EXCEEDED') {
    return new SignalboxError(
      'payload_too_large',
      `The payload is ${payloadBytes} bytes, more than the NATS server takes: ` +
        'store it elsewhere and send where it is.',
      { cause },
    )
  }
  if (code === 'CONNECTION_CLOSED' || code === 'CONNECTION_DRAINING') {
    return disconnected(`the client was closed (${quote(code)})`)
  }
  const why = `The NATS client did not take the task (${quote(message)}): is the connection sound?`
  return new SignalboxError('error', why, { cause })
}
