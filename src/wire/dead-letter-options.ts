/**
 * Options and cursors of calls about dead letters, checked the same way from the wire and from the
 * library.
 *
 * A cursor of a list is `<scheduler>.<epoch>.d<serial>`: letters that were made before that one, of
 * the scheduler that gave it, within one start. Several of them joined by `+` are what is left of
 * several schedulers' letters. A replay or a purge of many goes on with `r<serial>-<serial>`: from
 * the one to before the other, so that letters which it causes itself are not among them.
 */
import { isUtf8 } from 'node:buffer'
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import type { ListDeadLettersOptions, PurgeOptions, ReplayOptions } from '../promise-views.ts'
import type { JsonObject } from './json.ts'
import { badCursor, type CursorOrigin, refuseUnknownKeys, requireLimit } from './list-options.ts'
import { encodePayload, payloadText } from './payload.ts'
import { quote, requireToken } from './tokens.ts'

export interface LetterCursor extends CursorOrigin {
  /** The page before ended with it. */
  serial: number
}

/** Options of one page after the check; null stands for all, or for the newest. */
export interface CheckedLetterListOptions {
  name: string | null
  queue: string | null
  limit: number
  cursor: LetterCursor | null
}

const LIST_KEYS = ['name', 'queue', 'limit', 'cursor']

/** @throws bad_option, bad_token, not_supported */
export function checkLetterListOptions(
  options: {
    [Key in keyof ListDeadLettersOptions]: unknown
  },
): CheckedLetterListOptions {
  refuseUnknownKeys(options, LIST_KEYS)
  const { name, queue, limit = LIMITS.listTasksDefault, cursor } = options
  return {
    name: name === undefined ? null : requireToken(name, 'name of dead letters'),
    queue: queue === undefined ? null : requireToken(queue, 'queue'),
    limit: requireLimit(limit, LIMITS.listTasksMax),
    cursor: cursor === undefined || cursor === null ? null : parseLetterCursor(cursor),
  }
}

export function formatLetterCursor({ scheduler, epoch, serial }: LetterCursor): string {
  return `${scheduler}.${epoch}.d${serial}`
}

const LETTER_CURSOR = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})\.d(\d{1,15})$/

/** @throws bad_option */
export function parseLetterCursor(cursor: unknown): LetterCursor {
  const parts = LETTER_CURSOR.exec(typeof cursor === 'string' ? cursor : '')
  if (parts === null) throw badCursor(cursor)
  const [, scheduler, epoch, serial] = parts
  return { scheduler, epoch: Number(epoch), serial: Number(serial) }
}

/** What is left of a replay or purge of many. */
export interface LetterRange extends CursorOrigin {
  from: number
  until: number
}

export function formatLetterRange({ scheduler, epoch, from, until }: LetterRange): string {
  return `${scheduler}.${epoch}.r${from}-${until}`
}

const LETTER_RANGE = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})\.r(\d{1,15})-(\d{1,15})$/

/** @throws bad_option */
export function parseLetterRange(cursor: unknown): LetterRange {
  const parts = LETTER_RANGE.exec(typeof cursor === 'string' ? cursor : '')
  if (parts === null) throw badCursor(cursor)
  const [, scheduler, epoch, from, until] = parts
  return { scheduler, epoch: Number(epoch), from: Number(from), until: Number(until) }
}

export interface CheckedReplayOptions {
  name: string
  /** null for many. */
  id: string | null
  /** null for the letter's own. */
  payload: Uint8Array | null
  /** Infinity for all. */
  max: number
  range: LetterRange | null
}

const REPLAY_KEYS = ['name', 'id', 'payload', 'max']

/** Of a call of the library. @throws bad_option, bad_token, not_supported */
export function checkReplayOptions(options: ReplayOptions): CheckedReplayOptions {
  refuseUnknownKeys(options, REPLAY_KEYS)
  const payload = options.payload === undefined ? null : encodePayload(options.payload)
  return { ...replayOf(options, payload), range: null }
}

/** As a request says it: the payload as text, or as base64 where it is none. */
export function replayBody({ name, id, payload, max, range }: CheckedReplayOptions): JsonObject {
  return {
    name,
    ...(id === null ? {} : { id }),
    ...(payload === null ? {} : payloadBody(payload)),
    ...(max === Number.POSITIVE_INFINITY ? {} : { max }),
    ...(range === null ? {} : { cursor: formatLetterRange(range) }),
  }
}

function payloadBody(payload: Uint8Array): JsonObject {
  const body = isUtf8(payload)
    ? { payload: payloadText(payload) }
    : { payloadBase64: Buffer.from(payload).toString('base64') }
  if (Object.values(body)[0].length <= LIMITS.jsonStringLengthMax) return body
  throw new SignalboxError(
    'payload_too_large',
    `The edited payload is ${payload.length} bytes, and a replay takes ` +
      `${LIMITS.jsonStringLengthMax} characters: submit it as a task and purge the letter.`,
  )
}

/** Of a request. @throws bad_option, bad_token, not_supported */
export function readReplayBody(body: JsonObject): CheckedReplayOptions {
  refuseUnknownKeys(body, [...REPLAY_KEYS, 'payloadBase64', 'cursor'])
  const { payload, payloadBase64, cursor } = body
  const range = cursor === undefined ? null : parseLetterRange(cursor)
  return { ...replayOf(body, bytesOf(payload, payloadBase64)), range }
}

function bytesOf(text: unknown, base64: unknown): Uint8Array | null {
  if (text === undefined && base64 === undefined) return null
  if (typeof text === 'string' && base64 === undefined) return Buffer.from(text)
  if (typeof base64 === 'string' && text === undefined) return Buffer.from(base64, 'base64')
  throw new SignalboxError(
    'bad_option',
    'Give the edited payload as the text "payload" or as "payloadBase64", not both.',
  )
}

function replayOf(
  { name, id, max }: { [Key in 'name' | 'id' | 'max']?: unknown },
  payload: Uint8Array | null,
): Omit<CheckedReplayOptions, 'range'> {
  if (id === undefined && payload !== null) {
    throw new SignalboxError('bad_option', 'An edited payload is for one letter: give its id too.')
  }
  if (id !== undefined && max !== undefined) {
    throw new SignalboxError(
      'bad_option',
      'Give an id, for one letter, or max, for many; not both.',
    )
  }
  return {
    name: requireToken(name, 'name of dead letters'),
    id: id === undefined ? null : requireToken(id, 'task id'),
    payload,
    max: max === undefined ? Number.POSITIVE_INFINITY : requireMax(max),
  }
}

function requireMax(max: unknown): number {
  const isFine = typeof max === 'number' && Number.isInteger(max) && max >= 1
  if (isFine && max <= LIMITS.deadLettersMax) return max
  throw new SignalboxError(
    'bad_option',
    `Option "max" is ${quote(max)}: give a whole number from 1 to ${LIMITS.deadLettersMax}.`,
  )
}

export interface CheckedPurgeOptions {
  name: string
  /** null for all. */
  id: string | null
  range: LetterRange | null
}

/** @throws bad_token, not_supported */
export function checkPurgeOptions(options: PurgeOptions): CheckedPurgeOptions {
  refuseUnknownKeys(options, ['name', 'id'])
  return { ...purgeOf(options), range: null }
}

export function purgeBody({ name, id, range }: CheckedPurgeOptions): JsonObject {
  return {
    name,
    ...(id === null ? {} : { id }),
    ...(range === null ? {} : { cursor: formatLetterRange(range) }),
  }
}

/** Of a request. @throws bad_option, bad_token, not_supported */
export function readPurgeBody(body: JsonObject): CheckedPurgeOptions {
  refuseUnknownKeys(body, ['name', 'id', 'cursor'])
  return {
    ...purgeOf(body),
    range: body.cursor === undefined ? null : parseLetterRange(body.cursor),
  }
}

function purgeOf({
  name,
  id,
}: {
  name?: unknown
  id?: unknown
}): Omit<CheckedPurgeOptions, 'range'> {
  return {
    name: requireToken(name, 'name of dead letters'),
    id: id === undefined ? null : requireToken(id, 'task id'),
  }
}
