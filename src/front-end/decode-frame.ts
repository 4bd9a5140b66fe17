/**
 * Step 2 of 8, decode, for tasks that come many in a message. Before: the reader stands at an item of
 * a frame that was checked whole. After: a task record, or a refusal of this item alone. Main thread.
 *
 * Invariant: a record is all that an item takes, unless it has an id; its payload is a range of the
 * message. What was required, or said of placing, by a task before is shared, not made again.
 */
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import type { Origin, TaskRecord } from '../policy/task-record.ts'
import type { OwnPromises, SaidLevel, TaskRouting } from '../task.ts'
import { RETRY_COUNT_OF_QUEUE, type SubmitReader, TIMEOUT_OF_QUEUE } from '../wire/frames.ts'
import { bothSaid, checkAt, checkMs, delayedUntil, promises } from '../wire/own-promises.ts'
import {
  type CheckedOptions,
  NO_OPTIONS,
  routingOfTexts,
  termsOfText,
} from '../wire/submit-options.ts'
import { isToken, requireToken } from '../wire/tokens.ts'
import { saidLevel } from './decode.ts'
import type { Records } from './records.ts'

/** What the subject of a frame says: one queue and one level for all of its tasks. */
export interface FrameAddress {
  readonly queue: string
  /** 0 for the queue's. */
  readonly level: SaidLevel
}

/** Sets of terms remembered, of at most so many characters, and as many of the rest; emptied when full. */
const SETS_MAX = 1_024
const SET_LENGTH_MAX = 1_024

/**
 * @param start length of `<prefix>.frame.`
 * @throws bad_subject, bad_token, bad_priority
 */
export function parseFrameSubject(subject: string, start: number): FrameAddress {
  const [queue, level, ...more] = subject.slice(start).split('.')
  if (level === undefined || more.length > 0) {
    throw new SignalboxError('bad_subject', 'Submit frames on <prefix>.frame.<queue>.<0-5>.')
  }
  return { queue: requireToken(queue, 'queue'), level: levelOf(level) }
}

/** @throws bad_priority unless the subject's last token is `0` to `5`. */
function levelOf(token: string): SaidLevel {
  const level = saidLevel(token)
  if (level >= 0) return level as SaidLevel
  throw new SignalboxError(
    'bad_priority',
    `The subject ends in ${isToken(token) ? `"${token}"` : 'a bad token'}: use a priority 1 to 5, ` +
      'or 0 for the queue’s.',
  )
}

export class FrameDecoder {
  readonly #records: Records
  readonly #sets = new Map<string, readonly string[]>()
  readonly #routings = new Map<string, TaskRouting | null>()
  /** Written for every item; the record takes what it needs. */
  readonly #options: { -readonly [Key in keyof CheckedOptions]: CheckedOptions[Key] } = {
    ...NO_OPTIONS,
  }

  constructor(records: Records) {
    this.#records = records
  }

  /** @throws bad_token or bad_option */
  decode(
    address: FrameAddress,
    item: SubmitReader,
    origin: Origin,
    receivedUs: number,
  ): TaskRecord {
    const options = this.#options
    options.level = address.level
    options.requires = this.#setOf(item.requires())
    options.timeoutMs = timeoutOf(item)
    options.retryCount = retriesOf(item)
    const isExtended = item.extensionLength > 0
    options.routing = isExtended ? this.#routingOf(item) : null
    options.key = isExtended ? keyOf(item) : null
    options.own = item.hasPromises ? ownOf(item) : null
    const { bytes, payloadStart, payloadLength } = item
    return this.#records.take(
      idOf(item),
      address.queue,
      options,
      bytes,
      payloadStart,
      payloadLength,
      origin,
      item.number | 0,
      item.wantsAccepted,
      item.wantsOutcome,
      receivedUs,
    )
  }

  #setOf(text: string): readonly string[] {
    if (text === '') return NO_OPTIONS.requires
    const known = this.#sets.get(text)
    if (known !== undefined) return known
    const set = termsOfText('requires', text)
    if (text.length > SET_LENGTH_MAX) return set
    if (this.#sets.size >= SETS_MAX) this.#sets.clear()
    this.#sets.set(text, set)
    return set
  }

  #routingOf(item: SubmitReader): TaskRouting | null {
    const text = item.routingText()
    const known = this.#routings.get(text)
    if (known !== undefined) return known
    const { type, strategy, match, prefers } = item.extension()!
    const routing = routingOfTexts(type, strategy, match, prefers)
    if (text.length > SET_LENGTH_MAX) return routing
    if (this.#routings.size >= SETS_MAX) this.#routings.clear()
    this.#routings.set(text, routing)
    return routing
  }
}

/** @throws bad_option */
function ownOf(item: SubmitReader): OwnPromises | null {
  const { own, atMs } = item.promises()!
  const { ttlMs, deadlineMs, slaTargetMs, retryDelayMs, delayMs } = own!
  if (ttlMs !== null) checkMs('ttlMs', ttlMs)
  if (deadlineMs !== null) checkMs('deadlineMs', deadlineMs)
  if (slaTargetMs !== null) checkMs('slaTargetMs', slaTargetMs)
  if (retryDelayMs !== null) checkMs('retryDelayMs', retryDelayMs)
  checkMs('delayMs', delayMs)
  if (atMs === null) return promises(own!)
  if (delayMs > 0) throw bothSaid()
  const now = Date.now()
  checkAt('at', atMs, now)
  return delayedUntil(promises(own!), atMs, now)
}

function keyOf(item: SubmitReader): string | null {
  const key = item.key()
  return key === '' ? null : requireToken(key, 'key')
}

function idOf(item: SubmitReader): string {
  const id = item.id()
  return id === '' ? id : requireToken(id, 'task id')
}

function timeoutOf({ timeoutMs }: SubmitReader): number | null {
  if (timeoutMs === TIMEOUT_OF_QUEUE) return null
  if (timeoutMs <= LIMITS.timeoutMsMax) return timeoutMs
  throw new SignalboxError(
    'bad_option',
    `The time-out is ${timeoutMs} ms: give 1 to ${LIMITS.timeoutMsMax}, or ${TIMEOUT_OF_QUEUE} for the queue’s.`,
  )
}

function retriesOf({ retryCount }: SubmitReader): number | null {
  if (retryCount === RETRY_COUNT_OF_QUEUE) return null
  if (retryCount <= LIMITS.retryCountMax) return retryCount
  throw new SignalboxError(
    'bad_option',
    `The retry count is ${retryCount}: give 0 to ${LIMITS.retryCountMax}, or ` +
      `${RETRY_COUNT_OF_QUEUE} for the queue’s.`,
  )
}
