/**
 * Step 2 of 8, decode. Before: subject, headers and body of one NATS message. After: a task record,
 * or a refusal. Payload bytes are never looked at. Main thread.
 */
import { SignalboxError } from '../errors.ts'
import type { Origin, TaskRecord } from '../policy/task-record.ts'
import type { PriorityLevel, SaidLevel } from '../task.ts'
import { delayedUntil } from '../wire/own-promises.ts'
import {
  type CheckedOptions,
  type HeaderSource,
  NO_OPTIONS,
  optionsFromHeaders,
} from '../wire/submit-options.ts'
import { messageTask } from '../wire/task-message.ts'
import { isToken, requireToken } from '../wire/tokens.ts'
import type { Records } from './records.ts'

/** What the subject of a submit says. */
export interface SubmitAddress {
  readonly queue: string
  readonly level: PriorityLevel | null
  /** `sb.call`: the reply is the outcome; otherwise it is the acceptance. */
  readonly call: boolean
}

/**
 * @param start length of `<prefix>.`
 * @throws bad_subject, bad_token, bad_priority.
 */
export function parseSubmitSubject(subject: string, start: number): SubmitAddress {
  const [verb, queue, level, ...more] = subject.slice(start).split('.')
  if ((verb !== 'task' && verb !== 'call') || more.length > 0) {
    throw new SignalboxError('bad_subject', 'Submit on <prefix>.task.<queue>[.<1-5>].')
  }
  requireToken(queue, 'queue')
  return { queue, level: level === undefined ? null : levelOf(level), call: verb === 'call' }
}

/** @throws bad_priority unless the subject's last token is `1` to `5`. */
function levelOf(token: string): PriorityLevel {
  const level = saidLevel(token)
  if (level > 0) return level as PriorityLevel
  throw new SignalboxError(
    'bad_priority',
    `The subject ends in ${isToken(token) ? `"${token}"` : 'a bad token'}: use a priority 1 to 5.`,
  )
}

/** @returns the level of `0` to `5`, or -1. */
export function saidLevel(token: string): SaidLevel | -1 {
  return /^[0-5]$/.test(token) ? (Number(token) as SaidLevel) : -1
}

/** @throws whatever `optionsFromHeaders` does. *Cost* one record; more only when there are headers. */
export function decode(
  records: Records,
  address: SubmitAddress,
  headers: HeaderSource | undefined,
  payload: Uint8Array,
  origin: Origin,
  replyTo: string,
  receivedUs: number,
): TaskRecord {
  if (headers === undefined && address.level === null) {
    return records.take(
      '',
      address.queue,
      NO_OPTIONS,
      payload,
      0,
      payload.length,
      origin,
      replyTo,
      !address.call,
      address.call,
      receivedUs,
    )
  }
  const said = optionsFromHeaders(headers, address.level)
  const task = said.form === 'message' ? messageTask(payload, said, address) : { said, payload }
  const options = taken(task.said)
  return records.take(
    options.id ?? '',
    address.queue,
    options,
    task.payload,
    0,
    task.payload.length,
    origin,
    replyTo,
    !address.call,
    address.call || said.outcome === true,
    receivedUs,
  )
}

/** A time of day becomes a delay here. */
function taken(said: Readonly<CheckedOptions>): Readonly<CheckedOptions> {
  if (said.atMs === null) return said
  return { ...said, own: delayedUntil(said.own, said.atMs, Date.now()) }
}
