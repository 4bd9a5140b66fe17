/**
 * Calls from outside about dead letters: list, show, replay, purge. The same functions serve `sb.api`
 * and the library. Main thread.
 *
 * Invariant: a call does a bounded piece of work and says where to go on. Who goes on sees no letter
 * that was made after its first call, so that tasks which die of their replay are not replayed for ever.
 */
import { SignalboxError } from '../../errors.ts'
import { LIMITS } from '../../options.ts'
import type { DeadLetterPage, DeadLetterView, ListDeadLettersOptions } from '../../promise-views.ts'
import {
  type CheckedPurgeOptions,
  type CheckedReplayOptions,
  checkLetterListOptions,
  formatLetterCursor,
  formatLetterRange,
  type LetterRange,
} from '../../wire/dead-letter-options.ts'
import type { PurgePage, ReplayPage } from '../../wire/dead-letter-pages.ts'
import type { CursorOrigin } from '../../wire/list-options.ts'
import { payloadText } from '../../wire/payload.ts'
import { requireToken } from '../../wire/tokens.ts'
import type { FrontEndContext } from '../context.ts'
import type { DeadLetter } from '../dead-letters/letter.ts'
import { replayLetter } from '../dead-letters/replay.ts'
import { learnRows } from '../learned.ts'
import { requireOwn, rowsBytesMax } from './list.ts'

const PAYLOAD_SHOWN_MAX = 64 * 1024
/** Names and numbers of a letter as JSON, without what has a length of its own. */
const LETTER_BYTES = 400
/** Quotes and a comma. */
const TEXT_BYTES = 3
/** A character of JSON takes at most so many: `\u001f`. */
const CHARACTER_BYTES_MAX = 6
/** Letters that one call replays, or looks at: as many as a turn admits. */
const REPLAYED_MAX = LIMITS.admitsPerTurn
/** Letters that one call deletes: about 2 ms, 1.6 µs each. */
const PURGED_MAX = 1_024

/** A page, and the cursor that begins before all that there is. */
export interface DeadLetterAnswer extends DeadLetterPage {
  start: string
}

/** One page, the newest first. @throws dead_letter_unknown, queue_unknown, bad_option, bad_token */
export function listDeadLetters(
  context: FrontEndContext,
  options: { [Key in keyof ListDeadLettersOptions]: unknown },
): DeadLetterAnswer {
  const { name, queue, limit, cursor } = checkLetterListOptions(options)
  if (name !== null) requireName(context, name)
  if (queue !== null && !context.core.queues.has(queue)) {
    throw new SignalboxError('queue_unknown', `There is no queue "${queue}" here.`)
  }
  requireOwn(context, cursor)
  const bytesMax = rowsBytesMax(context)
  const letters: DeadLetterView[] = []
  let bytes = 0
  const fits = (letter: DeadLetter): boolean => {
    if (queue !== null && letter.queue !== queue) return true
    if (letters.length >= limit) return false
    bytes += letterBytesMax(letter)
    if (letters.length > 0 && bytes > bytesMax) return false
    letters.push(letter.view())
    return true
  }
  const cursorAt = (serial: number) => formatLetterCursor({ ...originOf(context), serial })
  const { nextSerial } = context.deadLetters
  const from = cursor?.serial ?? nextSerial
  const next = context.deadLetters.before(name, from, LIMITS.listStepsMax, fits)
  return { letters, cursor: next < 0 ? null : cursorAt(next), start: cursorAt(nextSerial) }
}

/** With its payload, when that is at most 64 KiB. @throws dead_letter_unknown, bad_token */
export function getDeadLetter(
  context: FrontEndContext,
  name: unknown,
  id: unknown,
): DeadLetterView {
  const letter = requireLetter(context, name, id)
  const payload = context.deadLetters.payloadOf(letter)
  const isShown = payload !== null && payload.length <= PAYLOAD_SHOWN_MAX
  return letter.view(isShown ? payloadText(payload) : null)
}

/**
 * One letter, or some of a name, the oldest first. Letters whose tasks went on elsewhere, or that were
 * replayed already, are passed over unless one is named.
 * @throws dead_letter_unknown, bad_option; of one letter whatever its submit is refused with.
 */
export function replayDeadLetters(
  context: FrontEndContext,
  { name, id, payload, max, range }: CheckedReplayOptions,
): ReplayPage {
  if (id !== null) {
    const letter = requireLetter(context, name, id)
    const as = replayLetter(context, letter, payload)
    learnRows(context)
    return { replayed: [{ id, as }], refused: [], cursor: null }
  }
  requireName(context, name)
  const { from, until } = rangeOf(context, range)
  const page: ReplayPage = { replayed: [], refused: [], cursor: null }
  const atMost = Math.min(max, REPLAYED_MAX)
  const { letters, next } = context.deadLetters.from(name, from, until, atMost)
  const goesOn = letters.every((letter) => isDone(letter) || replayInto(context, letter, page))
  learnRows(context)
  if (goesOn && next >= 0)
    page.cursor = formatLetterRange({ ...originOf(context), from: next, until })
  return page
}

/** @throws dead_letter_unknown, bad_token */
export function purgeDeadLetters(
  context: FrontEndContext,
  { name, id, range }: CheckedPurgeOptions,
): PurgePage {
  if (id !== null) {
    context.deadLetters.remove(requireLetter(context, name, id))
    context.ledger?.writer.change('dead letter purged', `${name}: ${id}`)
    return { purged: 1, cursor: null }
  }
  requireName(context, name)
  const { from, until } = rangeOf(context, range)
  const { letters, next } = context.deadLetters.from(name, from, until, PURGED_MAX)
  for (const letter of letters) context.deadLetters.remove(letter)
  context.ledger?.writer.change('dead letters purged', `${name}: ${letters.length}`)
  const cursor = next < 0 ? null : formatLetterRange({ ...originOf(context), from: next, until })
  return { purged: letters.length, cursor }
}

/** Its task went on elsewhere, or did so once more. */
function isDone({ route }: DeadLetter): boolean {
  return route.startsWith('moved') || route.startsWith('replayed')
}

/** @returns false when the ones behind it would be refused as well. */
function replayInto(context: FrontEndContext, letter: DeadLetter, page: ReplayPage): boolean {
  try {
    const as = replayLetter(context, letter, null)
    page.replayed.push({ id: letter.id, as })
    return true
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error
    page.refused.push({ id: letter.id, code: error.code, message: error.message })
    return !error.retryable
  }
}

function originOf({ options, core }: FrontEndContext): CursorOrigin {
  return { scheduler: options.name, epoch: core.options.epoch }
}

function rangeOf(
  context: FrontEndContext,
  range: LetterRange | null,
): { from: number; until: number } {
  requireOwn(context, range)
  return range ?? { from: 0, until: context.deadLetters.nextSerial }
}

/** A name is known when a queue's dead letters have it, although none may be kept. */
function requireName({ core, deadLetters }: FrontEndContext, name: string): void {
  if (deadLetters.knows(name) || core.queues.has(name)) return
  for (const { options } of core.queues.values()) if (options.deadLetterQueue === name) return
  throw new SignalboxError(
    'dead_letter_unknown',
    `No queue has dead letters of the name "${name}": \`signalbox dead list\` shows those there are.`,
  )
}

function requireLetter(context: FrontEndContext, name: unknown, id: unknown): DeadLetter {
  const inName = requireToken(name, 'name of dead letters')
  const task = requireToken(id, 'task id')
  const letter = context.deadLetters.find(inName, task)
  if (letter !== null) return letter
  throw new SignalboxError(
    'dead_letter_unknown',
    `No dead letter of "${task}" is kept under "${inName}": it was purged, has gone for newer ones, ` +
      'or never was.',
  )
}

/** @returns at least the bytes of the row as JSON. */
function letterBytesMax(letter: DeadLetter): number {
  const { name, id, queue, route, agent, code, message, failedDestinations } = letter
  const names = [name, id, queue, route, agent ?? '', ...failedDestinations]
  const free = code.length + message.length
  return names.reduce(
    (sum, each) => sum + each.length + TEXT_BYTES,
    LETTER_BYTES + free * CHARACTER_BYTES_MAX,
  )
}
